-- An entry that is in a new partition of the index under schema 3.
INSERT INTO story VALUES (70000, 'urn:warraq:70000', 70000, 1, 1, '2026-11-02T12:01:00Z');
INSERT INTO entry (id, outlet_id, feed_id, story_id, key, iri, title, title_from, published_at, first_seen_at, order_at, feed_updated_at, shown)
VALUES (70000, 1, 1, 70000, '70000', 'urn:warraq:70000', 'Un titre', 'title', '2026-11-02T09:30:00Z', '2026-11-02T12:01:00Z',
        '2026-11-02T09:30:00Z', '2026-11-02T12:01:00Z', 70000);
INSERT INTO entry_text (entry_id, extras, folded_title, folded_body) VALUES (70000, '{}', 'متحف', 'nouveau');
SELECT ensure_search_partition(70000);
INSERT INTO entry_search (entry_id, words)
SELECT entry_id, search_words(folded_title, folded_body) FROM entry_text WHERE entry_id > (SELECT indexed_to FROM search_state);
UPDATE search_state SET indexed_to = 70000;
UPDATE tally SET entries = 4, stories = 4, last_entry = 70000, last_story = 70000;
-- Somebody reads the view of enclosures, and an outlet states a length that no bigint holds.
GRANT SELECT ON enclosures TO reader_of_words;
UPDATE entry_text SET extras = '{"enclosures":[{"url":"https://ville.invalid/1.mp3","type":"audio/mpeg","length":18446744073709551615}]}' WHERE entry_id = 1;
UPDATE entry_text SET extras = '{"enclosures":[{"url":"https://ville.invalid/2.mp3","type":"audio/mpeg","length":9223372036854775807}]}' WHERE entry_id = 2;
UPDATE entry_text SET extras = '{"enclosures":[{"url":"https://ville.invalid/3.mp3","type":null,"length":null}]}' WHERE entry_id = 3;
