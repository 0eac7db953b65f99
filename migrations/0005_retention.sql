-- Retention finds the archive pages that it has to drop without reading the others.

CREATE INDEX archive_kept ON archive (made_at) WHERE atom IS NOT NULL; -- the oldest pages whose document is kept

PRAGMA user_version = 5;
