-- Outlets whose entries only readers with a key may see.

ALTER TABLE outlet ADD COLUMN private INTEGER NOT NULL DEFAULT 0; -- 1 = hidden from readers without a key

PRAGMA user_version = 8;
