-- A report of today: what the new indexes order beside the entries of 0001.
INSERT INTO story (id, iri, first_entry_id, members, outlets, created_at)
VALUES (2, 'urn:uuid:3d2f6c61-8f0e-4a43-9a41-0c6f0f6d5b33', 3, 1, 1, '2026-11-03T08:01:00Z');
INSERT INTO entry (id, outlet_id, feed_id, story_id, key, iri, title, title_from, link, language, published, believed,
                   published_at, first_seen_at, order_at, feed_updated_at, shown)
VALUES (3, 1, 1, 2, '3', 'urn:uuid:3d2f6c61-8f0e-4a43-9a41-0c6f0f6d5b33', 'Un autre titre', 'title', 'https://ville.invalid/3', 'fr',
        '2026-11-03T07:30:00Z', '2026-11-03T07:30:00Z', '2026-11-03T07:30:00Z', '2026-11-03T08:01:00Z', '2026-11-03T08:01:00Z',
        '2026-11-03T08:01:00Z', 3);
INSERT INTO entry_text VALUES (3, '<p>Un autre texte.</p>', NULL, '{}', 'un autre titre', 'un autre texte');
INSERT INTO sighting (feed_id, key_hash, entry_id, raw, first_seen_at) VALUES (1, 14, 3, 24, '2026-11-03T08:01:00Z');
INSERT INTO story_member (entry_id, story_id, joined_at, rule, evidence)
VALUES (3, 2, '2026-11-03T08:01:00Z', 'first', 'first report: nothing known tells the same');
INSERT INTO place (channel_id, order_at, published_at, story_id, entry_id)
VALUES (1, '2026-11-03T08:01:00Z', '2026-11-03T07:30:00Z', 2, 3);
