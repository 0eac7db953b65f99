-- An entry that a rule of its outlet leaves out.
INSERT INTO sighting (id, feed_id, key_hash, entry_id, raw, first_seen_at)
SELECT max(id) + 1, (SELECT min(id) FROM feed), 909, NULL, 919, '2026-11-04T09:00:00Z' FROM sighting;
INSERT INTO dropped_entry (id, feed_id, title, link, link_key, seen_at, rule, bytes, entry)
SELECT max(id), (SELECT min(id) FROM feed), 'Publicité', 'https://ville.example/pub', 929, '2026-11-04T09:00:00Z',
       'drop: "publicité"', 2, '{}' FROM sighting;
UPDATE outlet SET rules = '{"drop":["publicité"],"keep":[]}' WHERE id = (SELECT outlet_id FROM feed ORDER BY id LIMIT 1);
