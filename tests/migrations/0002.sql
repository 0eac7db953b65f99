-- The entry of 0001 is indexed for search, and its channel has one archive page.
INSERT INTO entry_search (rowid, folded_title, folded_body) SELECT entry_id, folded_title, folded_body FROM entry_text;
UPDATE search_state SET indexed_to = (SELECT max(entry_id) FROM entry_text);
INSERT INTO archive (channel, number, made_at, stories, atom) VALUES ('all', 1, '2026-11-03T00:00:00Z', 1, x'00');
UPDATE place SET page = 1;
