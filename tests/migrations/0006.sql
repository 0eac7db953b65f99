-- Texts, a file and a category of the first entry, a revision of a text and one that gave the entry its content.
UPDATE entry_text SET content = '<p>Un <b>texte</b> &amp; la suite.</p><p>Fin.</p>',
    extras = '{"categories":[{"term":"Culture","scheme":null,"label":null}],"enclosures":[{"url":"https://ville.invalid/1.mp3","type":"audio/mpeg","length":123}]}'
WHERE entry_id = 1;
INSERT INTO revision (entry_id, seen_at, material, what, old_title, new_title, old_content)
VALUES (1, '2026-11-02T12:03:00Z', 1, 'text', 'Un titre', 'Un titre', ''), (1, '2026-11-02T12:04:00Z', 1, 'text', 'Un titre', 'Un titre', '<p>Un début.</p>');
