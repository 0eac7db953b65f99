-- Editions outlive a stop, and what is published says by which rules it was rendered.

CREATE TABLE edition_kept (
    -- A published feed as it was rendered last: served at once after a start. changed_at is its Last-Modified.
    path        TEXT NOT NULL PRIMARY KEY,
    hash        BLOB NOT NULL,             -- of its bytes
    changed_at  TEXT NOT NULL,             -- when these bytes last changed
    fingerprint TEXT NOT NULL DEFAULT '',  -- of the program's rules and the settings: one with another is rendered anew
    packed      BLOB                       -- the document, in brotli; NULL = not kept yet
) STRICT;
INSERT INTO edition_kept (path, hash, changed_at) SELECT path, hash, changed_at FROM edition;
DROP TABLE edition;
ALTER TABLE edition_kept RENAME TO edition;

ALTER TABLE archive ADD COLUMN fingerprint TEXT NOT NULL DEFAULT '' /* as an edition's. rendered_at: */;
ALTER TABLE archive ADD COLUMN rendered_at TEXT /* when it was rendered anew; NULL = never since made_at */;

ALTER TABLE feed ADD COLUMN public_url TEXT /* what is shown in place of url; NULL = url, without a query that may hold a secret */;

CREATE INDEX place_paged ON place (channel_id, page) WHERE page IS NOT NULL; -- the stories of an archive page

-- Links of entries lose user:password@, as new ones do when they come in.
UPDATE entry SET link = part.head || substr(part.rest, instr(part.rest, '@') + 1)
FROM (
    SELECT id, head, rest, min(coalesce(nullif(instr(rest, '/'), 0), length(rest) + 1),
                               coalesce(nullif(instr(rest, '?'), 0), length(rest) + 1),
                               coalesce(nullif(instr(rest, '#'), 0), length(rest) + 1)) AS authority_end
    FROM (
        SELECT id, substr(link, 1, instr(link, '://') + 2) AS head, substr(link, instr(link, '://') + 3) AS rest
        FROM entry WHERE link LIKE 'http%://%@%'
    )
) AS part
WHERE part.id = entry.id AND instr(part.rest, '@') BETWEEN 1 AND part.authority_end - 1;

PRAGMA user_version = 4;
