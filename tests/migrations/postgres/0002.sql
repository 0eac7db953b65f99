-- What was waiting is indexed under schema 2.
INSERT INTO entry_search (entry_id, words)
SELECT entry_id, search_words(folded_title, folded_body) FROM entry_text WHERE entry_id > (SELECT indexed_to FROM search_state);
UPDATE search_state SET indexed_to = 3;
-- Somebody reads the index.
CREATE ROLE reader_of_words;
GRANT SELECT ON entry_search TO reader_of_words;
