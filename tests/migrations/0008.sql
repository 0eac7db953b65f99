-- An outlet that only readers with a key see.
UPDATE outlet SET private = 1 WHERE id = (SELECT max(id) FROM outlet);
