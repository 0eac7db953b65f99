-- An entry whose text became long under schema 5.
UPDATE entry_text SET folded_body = 'un texte deux trois quatre cinq six sept huit neuf dix onze douze treize' WHERE entry_id = 3;
UPDATE entry_search SET words = search_words(t.folded_title, t.folded_body)
FROM entry_text AS t WHERE t.entry_id = 3 AND entry_search.entry_id = 3;
DELETE FROM short_text WHERE entry_id = 3;
