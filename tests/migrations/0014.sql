-- A later revision, of the first entry's summary.
INSERT INTO revision (entry_id, seen_at, material, what, old_title, new_title, old_summary)
VALUES (1, '2026-11-02T12:05:00Z', 0, 'text', 'Un titre', 'Un titre', '<p>Un résumé.</p>');
