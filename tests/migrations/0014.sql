-- A later revision, of the first entry's summary.
INSERT INTO revision (entry_id, seen_at, material, what, old_title, new_title, old_summary)
VALUES (1, '2026-11-02T12:05:00Z', 0, 'text', 'Un titre', 'Un titre', '<p>Un résumé.</p>');
-- Texts of eleven words, of twelve, and of few words with many letters.
UPDATE entry_text SET folded_body = 'un deux trois quatre cinq six sept huit neuf dix onze' WHERE entry_id = 1;
UPDATE entry_text SET folded_body = 'un deux trois quatre cinq six sept huit neuf dix onze douze treize' WHERE entry_id = 2;
UPDATE entry_text SET folded_body = replace(hex(zeroblob(180)), '0', 'é') WHERE entry_id = 3;
