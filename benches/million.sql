-- A million entries in a migrated file, for the benchmark of the questions: 40 outlets with 60 feeds over the last 90 days,
-- a fifth of the entries joined into stories of others, 3 % revised, a month of polls. Texts are invented words.
-- Bulk inserts, as the writer's own way would take far longer; the foreign keys hold and no index is left out.
-- Chance is arithmetic: the same number always gives the same row, and only the days move with today.

CREATE TEMP TABLE number (value INTEGER PRIMARY KEY);
WITH RECURSIVE counted (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM counted WHERE value < 1000000)
INSERT INTO number SELECT value FROM counted;

CREATE TEMP TABLE word (n INTEGER PRIMARY KEY, word TEXT NOT NULL);
INSERT INTO word (word)
SELECT value FROM json_each('["المدينة","الميناء","القرية","الجسر","المدرسة","السوق","النهر","الحديقة","متحف","الطريق",
 "القطار","المطار","المكتبة","المسرح","الملعب","المستشفى","الجامعة","الواحة","الجبل","الساحل","يفتح","يغلق","يعلن","يناقش",
 "يستقبل","ينظم","يطلق","يدعم","يرمم","يزور","جديد","قديم","كبير","صغير","محلي","وطني","دولي","سنوي","شهري","مفتوح","مجلس",
 "لجنة","برنامج","مشروع","معرض","مهرجان","لقاء","تقرير","دراسة","حملة","أشغال","توسيع","تجديد","افتتاح","إطلاق","le","port",
 "marché","pont","école","train","musée","rivière","jardin","théâtre","rouvre","annonce","accueille","lance","the","harbour",
 "market","bridge","school","museum","river","garden","theatre","opens","closes","visits","builds"]');
INSERT INTO outlet (id, slug, name, language, tags)
SELECT value, CASE value WHEN 1 THEN 'alalam' WHEN 4 THEN 'courrier' ELSE 'outlet-' || value END, 'Outlet ' || value, iif(value % 4 = 0, 'fr', 'ar'), '[]'
FROM number WHERE value <= 40;

-- Feeds 41 to 60 are second feeds of the outlets 1 to 20. Three fail, two ignore their validators, one was removed.
INSERT INTO feed (id, outlet_id, url, schedule, removed, ask_url, etag, state, failures, last_poll_at, last_success_at,
    last_outcome, last_error, next_poll_at, why, gaps, repairs)
SELECT value, 1 + (value - 1) % 40, 'https://outlet-' || (1 + (value - 1) % 40) || '.invalid/feed/' || value, 'adaptive', value = 60,
    'https://outlet-' || (1 + (value - 1) % 40) || '.invalid/feed/' || value, x'223122', iif(value IN (7, 8, 9), 'failing', 'active'),
    4 * (value IN (7, 8, 9)), strftime('%Y-%m-%dT%H:%M:%fZ', 'now', -value || ' seconds'),
    strftime('%Y-%m-%dT%H:%M:%fZ', 'now', -value || ' seconds', iif(value IN (7, 8, 9), '-1 day', '0 days')),
    iif(value IN (7, 8, 9), 'failed', iif(value IN (11, 12), 'same_bytes', 'not_modified')),
    iif(value IN (7, 8, 9), 'the server answered 503', NULL), strftime('%Y-%m-%dT%H:%M:%fZ', 'now', (30 - value % 20) || ' minutes'),
    '{"schedule":"adaptive","decided":"rate"}', value % 9 = 0, iif(value % 6 = 0, '["bare-ampersand"]', '[]')
FROM number WHERE value <= 60;

-- What each entry is: outlet and feed by chance (the first outlets publish most), a time every 7.776 s, and for every fifth
-- entry another outlet's report that it copies: mostly one of the last three hours, at times the big story of the hour.
CREATE TEMP TABLE chance AS
SELECT value AS n, (value * 2654435761 >> 9) % 4096 AS a, (value * 2246822519 >> 11) % 4096 AS b, (value * 3266489917 >> 10) % 4096 AS c
FROM number;
CREATE TEMP TABLE fact (n INTEGER PRIMARY KEY, outlet INTEGER, feed INTEGER, lead INTEGER, at INTEGER, dated INTEGER,
    a INTEGER, b INTEGER, c INTEGER);
INSERT INTO fact (n, outlet, lead, at, a, b, c)
SELECT n, 1 + min(a % 40, b % 40),
    CASE WHEN n % 5 > 0 OR n <= 2000 THEN n WHEN c % 5 = 0 THEN n / 500 * 500 - 499 ELSE n - 5 * (c % 280) - 1 - a % 4 END,
    unixepoch('now') - 90 * 86400 + n * 7776 / 1000 - 60, a, b, c
FROM chance;
UPDATE fact SET outlet = 1 + outlet % 40
WHERE lead < n AND outlet = (SELECT first.outlet FROM fact AS first WHERE first.n = fact.lead);
-- Half an hour late at most, one in fifty by hours.
UPDATE fact SET dated = at - a / 2 - iif(b % 50 = 0, 4 * c, 0);
-- Feed 59 lists nothing that is new.
UPDATE fact SET feed = outlet + iif(outlet <= 20 AND outlet <> 19 AND c % 2 = 0, 40, 0);

INSERT INTO story (id, iri, first_entry_id, members, outlets, created_at)
SELECT lead, 'urn:warraq:' || lead, lead, count(*), count(DISTINCT outlet), strftime('%Y-%m-%dT%H:%M:%SZ', min(at), 'unixepoch')
FROM fact GROUP BY lead;

INSERT INTO entry (id, outlet_id, feed_id, story_id, key, source_id, iri, title, title_from, link, link_key, author, language,
    published, believed, published_at, first_seen_at, order_at, revised_at, feed_updated_at, shown)
SELECT f.n, f.outlet, f.feed, f.lead, f.n, f.n, 'urn:warraq:' || f.n,
    (SELECT group_concat(word, ' ') FROM word WHERE n IN (1 + f.a % 70, 1 + f.b % 70, 1 + f.c % 70, 1 + f.n % 70)) || ' ' || f.n,
    'title', 'https://outlet-' || f.outlet || '.invalid/2026/' || f.n, f.n * 2654435761 << 13,
    iif(f.a % 3 = 0, NULL, iif(f.c % 20 = 0, 'هدى المرسي', 'Author ' || f.c % 400)), iif(f.outlet % 4 = 0, 'fr', 'ar'),
    strftime('%Y-%m-%dT%H:%M:%SZ', f.dated, 'unixepoch'), strftime('%Y-%m-%dT%H:%M:%SZ', f.dated, 'unixepoch'),
    strftime('%Y-%m-%dT%H:%M:%SZ', f.dated, 'unixepoch'), strftime('%Y-%m-%dT%H:%M:%SZ', f.at, 'unixepoch'),
    strftime('%Y-%m-%dT%H:%M:%SZ', f.at, 'unixepoch'), NULL, strftime('%Y-%m-%dT%H:%M:%SZ', f.at, 'unixepoch'), f.n
FROM fact AS f;

INSERT INTO entry_text (entry_id, summary, content, extras, folded_title, folded_body)
SELECT n, '<p>' || body || '</p>', NULL, '{}', title, body
FROM (SELECT f.n, e.title, coalesce((SELECT group_concat(word, ' ') FROM word WHERE (n * f.a + f.b) % 3 = 0), '') AS body
      FROM fact AS f JOIN entry AS e ON e.id = f.n);

-- A feed lists its last fifty; what left it was listed for a day, some of it for half an hour only.
INSERT INTO sighting (feed_id, key_hash, entry_id, raw, first_seen_at, left_at)
SELECT feed, n * 2654435761 << 11, n, n, strftime('%Y-%m-%dT%H:%M:%SZ', at, 'unixepoch'),
    iif(n > 997000, NULL, strftime('%Y-%m-%dT%H:%M:%SZ', at + iif(c % 200 = 0, 1800, 86400), 'unixepoch'))
FROM fact;

INSERT INTO story_member (entry_id, story_id, joined_at, rule, lmin, containment, start, evidence)
SELECT n, lead, strftime('%Y-%m-%dT%H:%M:%SZ', at, 'unixepoch'),
    CASE WHEN lead = n THEN 'first' WHEN a % 5 = 0 THEN 'link' ELSE 'text' END,
    iif(lead = n OR a % 5 = 0, NULL, 0.3 + b / 6000.0), iif(lead = n OR a % 5 = 0, NULL, 0.35 + c / 6500.0),
    iif(lead = n OR a % 5 = 0, NULL, 0.2 + a / 5200.0),
    CASE WHEN lead = n THEN 'first report: nothing known tells the same' WHEN a % 5 = 0 THEN 'same link as entry ' || lead || ' of another outlet'
        ELSE 'same report as entry ' || lead END
FROM fact;

-- Every second revision changed the text, too.
INSERT INTO revision (entry_id, seen_at, material, what, old_title, new_title, old_summary)
SELECT f.n, strftime('%Y-%m-%dT%H:%M:%SZ', min(f.at + 600 + 7 * f.b, unixepoch('now')), 'unixepoch'), f.b % 2,
    iif(f.c % 66, 'new title, same words in the text', 'new title, 12 % of the text''s words changed'),
    iif(f.b % 2, 'عاجل ' || e.title, e.title), e.title, iif(f.c % 66, NULL, '<p>' || e.title || '</p>')
FROM fact AS f JOIN entry AS e ON e.id = f.n WHERE f.c % 33 = 0;

INSERT INTO channel (id, slug, title, definition) VALUES (2, 'several', 'Several', '{}');
INSERT INTO place (channel_id, order_at, published_at, story_id, entry_id, page)
SELECT 1, e.order_at, e.published_at, s.id, e.id, 1 FROM story AS s JOIN entry AS e ON e.id = s.id
UNION ALL SELECT 2, e.order_at, e.published_at, s.id, e.id, 1 FROM story AS s JOIN entry AS e ON e.id = s.id WHERE s.outlets > 1;

INSERT INTO archive (channel, number, made_at, stories)
SELECT slug, 1, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), (SELECT count(*) FROM place WHERE channel_id = c.id) FROM channel AS c;

-- A month of polls, every half hour; the trigger adds up days, which then get the entries and the months before.
INSERT INTO poll (feed_id, ended_at, ms, outcome, fault, error, status, bytes, listed, new, next_poll_at, why)
SELECT feed, strftime('%Y-%m-%dT%H:%M:%fZ', at, 'unixepoch'), 80 + k % 400, outcome, iif(outcome = 'failed', 'status', NULL),
    iif(outcome = 'failed', 'the server answered 503', NULL), CASE outcome WHEN 'failed' THEN 503 WHEN 'not_modified' THEN 304 ELSE 200 END,
    iif(outcome IN ('fresh', 'same_bytes'), 30000 + 10 * (k % 999), 0), 50 * (outcome = 'fresh'), 8 * (outcome = 'fresh'),
    strftime('%Y-%m-%dT%H:%M:%fZ', at + 1800, 'unixepoch'), '{"schedule":"adaptive","decided":"rate"}'
FROM (SELECT k, 1 + k % 60 AS feed, unixepoch('now') - 30 * 86400 + k * 30 AS at,
          CASE WHEN k % 60 IN (10, 11) THEN 'same_bytes' WHEN (k * 2654435761 >> 9) % 100 < 4 THEN 'failed'
              WHEN (k * 2654435761 >> 9) % 100 < 50 THEN 'not_modified' ELSE 'fresh' END AS outcome
      FROM (SELECT value AS k FROM number WHERE value <= 60 * 48 * 30));
INSERT INTO feed_day (feed_id, day, new, fresh, unchanged, failed)
SELECT feed_id, substr(first_seen_at, 1, 10), count(*), 24, 22, 2 FROM entry GROUP BY 1, 2
ON CONFLICT (feed_id, day) DO UPDATE SET new = excluded.new;

INSERT INTO entry_search (rowid, folded_title, folded_body) SELECT entry_id, folded_title, folded_body FROM entry_text;
UPDATE search_state SET indexed_to = 1000000;

-- As if the writer had written all of it: the index by hash is merged, and feeds list what has not left them.
INSERT INTO lookup_2 (hash, kind, row_id) SELECT hash, kind, row_id FROM lookup_0 ORDER BY hash, kind, row_id;
DELETE FROM lookup_0;
UPDATE feed SET listed = l.listed
FROM (SELECT feed_id, unhex(group_concat(printf('%016x%016x', id, raw), '')) AS listed FROM sighting WHERE left_at IS NULL GROUP BY 1) AS l
WHERE l.feed_id = feed.id;
