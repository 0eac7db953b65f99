-- An entry whose text became long under schema 15.
UPDATE entry_text SET folded_body = 'un deux trois quatre cinq six sept huit neuf dix onze douze treize' WHERE entry_id = 4;
DELETE FROM short_text WHERE entry_id = 4;
