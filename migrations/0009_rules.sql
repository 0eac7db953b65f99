-- Entries that the keep and drop rules of their outlet exclude.

ALTER TABLE outlet ADD COLUMN rules TEXT NOT NULL DEFAULT ''; -- the rules by which all its dropped entries were judged
ALTER TABLE poll ADD COLUMN dropped INTEGER NOT NULL DEFAULT 0; -- number of entries that rules excluded

CREATE TABLE dropped_entry (
    -- An entry that a rule excludes. It is stored completely, so that it can return when the rule is removed. Its sighting has no
    -- entry_id.
    id       INTEGER PRIMARY KEY REFERENCES sighting (id) ON DELETE CASCADE,
    feed_id  INTEGER NOT NULL REFERENCES feed (id),
    title    TEXT NOT NULL,    -- as it would be shown
    link     TEXT,
    link_key INTEGER,          -- key of its link, if the link identifies it: an entry whose id changes is stored once
    seen_at  TEXT NOT NULL,    -- when Warraq first saw it
    rule     TEXT NOT NULL,    -- the rule and its list (keep or drop)
    bytes    INTEGER NOT NULL, -- size of column entry
    entry    TEXT NOT NULL     -- JSON: the entry as last read
) STRICT;
CREATE INDEX dropped_entry_by_feed ON dropped_entry (feed_id);                                        -- when rules change
CREATE INDEX dropped_entry_by_link ON dropped_entry (feed_id, link_key) WHERE link_key IS NOT NULL;   -- finds an entry that is stored already

CREATE VIEW dropped AS
-- An entry that a rule of its outlet excludes.
SELECT o.slug AS outlet,
       f.url AS feed,
       d.title,
       d.link,
       d.seen_at,
       d.rule
FROM dropped_entry AS d
JOIN feed AS f ON f.id = d.feed_id
JOIN outlet AS o ON o.id = f.outlet_id
ORDER BY d.seen_at DESC, d.id DESC;

PRAGMA user_version = 9;
