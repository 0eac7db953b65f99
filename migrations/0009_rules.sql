-- Entries that the keep and drop rules of their outlet leave out.

ALTER TABLE outlet ADD COLUMN rules TEXT NOT NULL DEFAULT ''; -- the rules by which all its dropped entries were judged
ALTER TABLE poll ADD COLUMN dropped INTEGER NOT NULL DEFAULT 0; -- entries that rules left out

CREATE TABLE dropped_entry (
    -- An entry that a rule keeps out: whole, so that it can come back when the rule goes. Its sighting has no entry.
    id       INTEGER PRIMARY KEY REFERENCES sighting (id) ON DELETE CASCADE,
    feed_id  INTEGER NOT NULL REFERENCES feed (id),
    title    TEXT NOT NULL,    -- as it would be shown
    link     TEXT,
    link_key INTEGER,          -- of its link, if that identifies it: an entry that changes its id is kept once
    seen_at  TEXT NOT NULL,    -- when Warraq first saw it
    rule     TEXT NOT NULL,    -- the rule, and in which list it is
    bytes    INTEGER NOT NULL, -- of the column entry
    entry    TEXT NOT NULL     -- JSON: the entry as it was read last
) STRICT;
CREATE INDEX dropped_entry_by_feed ON dropped_entry (feed_id);                                        -- when rules change
CREATE INDEX dropped_entry_by_link ON dropped_entry (feed_id, link_key) WHERE link_key IS NOT NULL;   -- is it kept already?

CREATE VIEW dropped AS
-- An entry that a rule of its outlet keeps out.
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
