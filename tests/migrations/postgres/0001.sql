-- A small life under schema 1: an entry that is indexed, with signs that the index of words treats as spaces, and one that is not yet.
INSERT INTO outlet (id, slug, name) VALUES (1, 'ville', 'La Ville');
INSERT INTO feed (id, outlet_id, url, schedule, ask_url, next_poll_at)
VALUES (1, 1, 'https://ville.invalid/rss', 'every 10m', 'https://ville.invalid/rss', '2026-11-02T12:13:00.000Z');
INSERT INTO story (id, iri, first_entry_id, members, outlets, created_at)
SELECT n, 'urn:warraq:' || n, n, 1, 1, '2026-11-02T12:01:00Z' FROM generate_series(1, 3) AS n;
INSERT INTO entry (id, outlet_id, feed_id, story_id, key, iri, title, title_from, published_at, first_seen_at, order_at, feed_updated_at, shown)
SELECT n, 1, 1, n, n::text, 'urn:warraq:' || n, 'Un titre', 'title', '2026-11-02T09:30:00Z', '2026-11-02T12:01:00Z',
       '2026-11-02T09:30:00Z', '2026-11-02T12:01:00Z', n
FROM generate_series(1, 3) AS n;
INSERT INTO entry_text (entry_id, extras, folded_title, folded_body)
VALUES (1, '{}', 'un titre', U&'2.5 pour cent 3\FE0F\20E3 points\FE0Ea b.c متحف'),
       (2, '{}', 'long', repeat('متحف.', 30000) || repeat('x', 49988) || ' dedans dehors'),
       (3, '{}', 'pas encore', 'un texte.');
INSERT INTO entry_search (entry_id, words)
SELECT entry_id, search_words(folded_title || ' ' || folded_body) FROM entry_text WHERE entry_id <= 2;
UPDATE search_state SET indexed_to = 2;
UPDATE tally SET entries = 3, stories = 3, last_entry = 3, last_story = 3;
