-- A report of the day after, in a feed that lists it with one that came before; the index by hash holds all of them.
INSERT INTO story (id, iri, first_entry_id, members, outlets, created_at)
VALUES (3, 'urn:uuid:7a1c7f0e-2b7d-4f60-8a55-5b1b3a0f9e44', 4, 1, 1, '2026-11-04T08:01:00Z');
INSERT INTO entry (id, outlet_id, feed_id, story_id, key, iri, title, title_from, link, link_key, language, published, believed,
                   published_at, first_seen_at, order_at, feed_updated_at, shown)
VALUES (4, 1, 1, 3, '4', 'urn:uuid:7a1c7f0e-2b7d-4f60-8a55-5b1b3a0f9e44', 'Un titre du matin', 'title', 'https://ville.invalid/4', 78, 'fr',
        '2026-11-04T07:30:00Z', '2026-11-04T07:30:00Z', '2026-11-04T07:30:00Z', '2026-11-04T08:01:00Z', '2026-11-04T08:01:00Z',
        '2026-11-04T08:01:00Z', 4);
INSERT INTO entry_text VALUES (4, '<p>Un texte du matin.</p>', NULL, '{}', 'un titre du matin', 'un texte du matin');
INSERT INTO sighting (id, feed_id, key_hash, entry_id, raw, first_seen_at) VALUES (5, 1, 15, 4, -25, '2026-11-04T08:01:00Z');
INSERT INTO story_member (entry_id, story_id, joined_at, rule, evidence)
VALUES (4, 3, '2026-11-04T08:01:00Z', 'first', 'first report: no matching entry');
INSERT INTO place (channel_id, order_at, published_at, story_id, entry_id)
VALUES (1, '2026-11-04T08:01:00Z', '2026-11-04T07:30:00Z', 3, 4);
UPDATE feed SET listed = unhex(hex(listed) || printf('%016x%016x', 5, -25)) WHERE id = 1;
