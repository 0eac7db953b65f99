-- A kept edition, a page rendered by the rules of today, and a feed that shows another address than it is polled at.
INSERT INTO edition (path, hash, changed_at, fingerprint, packed)
VALUES ('/channels/la-une.atom', x'22616222', '2026-11-03T09:00:00Z', 'f1', x'0b028068690a03');
UPDATE archive SET fingerprint = 'f1', rendered_at = '2026-11-03T09:00:00Z';
UPDATE feed SET public_url = 'https://ville.invalid/public' WHERE id = 1;
