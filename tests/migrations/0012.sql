-- An entry that is indexed after the index was told how to merge.
INSERT INTO entry_search (rowid, folded_title, folded_body)
SELECT entry_id, folded_title, folded_body FROM entry_text WHERE entry_id > (SELECT indexed_to FROM search_state);
UPDATE search_state SET indexed_to = (SELECT max(entry_id) FROM entry_text);
INSERT INTO entry_search (entry_search) VALUES ('integrity-check');
