-- Entries that are deleted and added after the index was told how to merge, as retention and the writer do.
INSERT INTO entry_search (entry_search, rowid, folded_title, folded_body)
SELECT 'delete', entry_id, folded_title, folded_body FROM entry_text ORDER BY entry_id LIMIT 1;
INSERT INTO entry_search (rowid, folded_title, folded_body)
SELECT entry_id, folded_title, folded_body FROM entry_text ORDER BY entry_id LIMIT 1;
INSERT INTO entry_search (entry_search, rank) VALUES ('merge', 32);
INSERT INTO entry_search (entry_search) VALUES ('integrity-check');
