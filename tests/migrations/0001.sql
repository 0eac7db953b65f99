-- A small life under schema 1: two outlets, a story that both carried, a revision, a failure, a tombstone.
INSERT INTO setting VALUES ('public_url', 'http://news.invalid/') ON CONFLICT DO UPDATE SET value = excluded.value;
INSERT INTO outlet (id, slug, name, language, tags) VALUES (1, 'ville', 'La Ville', 'fr', '["maroc"]'), (2, 'madina', 'المدينة', 'ar', '[]');
INSERT INTO feed (id, outlet_id, url, schedule, ask_url, etag, state, last_poll_at, last_success_at, last_outcome, next_poll_at)
VALUES (1, 1, 'https://ville.invalid/rss', 'every 10m', 'https://ville.invalid/rss', x'223122', 'active',
        '2026-11-02T12:02:00.000Z', '2026-11-02T12:02:00.000Z', 'not_modified', '2026-11-02T12:13:00.000Z'),
       (2, 2, 'https://madina.invalid/rss', 'every 10m', 'https://madina.invalid/rss', NULL, 'active',
        '2026-11-02T12:02:00.000Z', '2026-11-02T12:01:00.000Z', 'fresh', '2026-11-02T12:13:00.000Z');
INSERT INTO feed (id, outlet_id, url, schedule, ask_url, state, failures, last_poll_at, last_outcome, last_error, next_poll_at)
VALUES (3, 2, 'https://madina.invalid/sport', 'every 10m', 'https://madina.invalid/sport', 'failing', 1,
        '2026-11-02T12:02:00.000Z', 'failed', 'the server answered 500', '2026-11-02T12:20:00.000Z');
INSERT INTO poll (feed_id, ended_at, ms, outcome, fault, error, status, next_poll_at, why)
VALUES (3, '2026-11-02T12:02:00.000Z', 31, 'failed', 'status', 'the server answered 500', 500, '2026-11-02T12:20:00.000Z', '{}');
INSERT INTO story (id, iri, first_entry_id, members, outlets, created_at)
VALUES (1, 'urn:uuid:5f0f4b2e-54d4-4c3b-8f3e-7c2a7b1f0a11', 1, 2, 2, '2026-11-02T12:01:00Z');
INSERT INTO entry (id, outlet_id, feed_id, story_id, key, source_id, iri, title, title_from, link, link_key, language,
                   published, believed, published_at, first_seen_at, order_at, feed_updated_at, shown)
VALUES (1, 1, 1, 1, '1', '1', 'urn:uuid:5f0f4b2e-54d4-4c3b-8f3e-7c2a7b1f0a11', 'Un titre', 'title', 'https://ville.invalid/1',
        77, 'fr', '2026-11-02T09:30:00Z', '2026-11-02T09:30:00Z', '2026-11-02T09:30:00Z', '2026-11-02T12:01:00Z',
        '2026-11-02T09:30:00Z', '2026-11-02T12:01:00Z', 1),
       (2, 2, 2, 1, '2', NULL, 'urn:uuid:0b9bd0a4-6a7f-4a55-9f0e-2f8a7f2d9c22', 'عنوان', 'title', 'https://ville.invalid/1',
        77, 'ar', NULL, NULL, '2026-11-02T12:01:00Z', '2026-11-02T12:01:00Z', '2026-11-02T12:01:00Z', '2026-11-02T12:01:00Z', 2);
INSERT INTO entry_text VALUES (1, '<p>Un texte.</p>', NULL, '{}', 'un titre', 'un texte'), (2, NULL, NULL, '{}', 'عنوان', '');
INSERT INTO sighting (feed_id, key_hash, entry_id, raw, first_seen_at, left_at)
VALUES (1, 11, 1, 21, '2026-11-02T12:01:00Z', NULL), (2, 12, 2, 22, '2026-11-02T12:01:00Z', NULL),
       (1, 13, NULL, 23, '2026-05-02T12:01:00Z', '2026-05-03T12:01:00Z');
INSERT INTO revision (entry_id, seen_at, material, what, old_title, new_title)
VALUES (1, '2026-11-02T12:02:00Z', 1, 'new title, same words in the text', 'Un titer', 'Un titre');
INSERT INTO story_member (entry_id, story_id, joined_at, rule, evidence)
VALUES (1, 1, '2026-11-02T12:01:00Z', 'first', 'first report: nothing known tells the same'),
       (2, 1, '2026-11-02T12:01:00Z', 'link', 'same link as entry 1 of another outlet');
INSERT INTO place VALUES (1, '2026-11-02T09:30:00Z', '2026-11-02T09:30:00Z', 1, 1);
INSERT INTO edition VALUES ('/feed.atom', x'01', '2026-11-02T12:01:00Z');
