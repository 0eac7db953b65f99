-- A new entry costs as many written bytes in a large file as in a small one.
-- No key that is a hash is inserted into an index over the whole file any more: each insertion changed a page of its own.

CREATE TABLE lookup_0 (
    -- The rows that a hash stands for: kind 0, a sighting by its key_hash; kind 1, an entry by its link_key. Three tables of the
    -- same columns are one index, a log-structured merge tree: new rows are in lookup_0, which is small, go together into
    -- lookup_1, and from there, one thirty-second of the hashes at a time, into lookup_2. Who looks for a hash asks all three.
    hash   INTEGER NOT NULL,
    kind   INTEGER NOT NULL,
    row_id INTEGER NOT NULL, -- of the sighting or entry
    PRIMARY KEY (hash, kind, row_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE lookup_1 (
    -- See lookup_0.
    hash   INTEGER NOT NULL,
    kind   INTEGER NOT NULL,
    row_id INTEGER NOT NULL,
    PRIMARY KEY (hash, kind, row_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE lookup_2 (
    -- See lookup_0.
    hash   INTEGER NOT NULL,
    kind   INTEGER NOT NULL,
    row_id INTEGER NOT NULL,
    PRIMARY KEY (hash, kind, row_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE lookup_state (
    -- Which thirty-second of the hashes goes from lookup_1 into lookup_2 next; one row.
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    next INTEGER NOT NULL
) STRICT;
INSERT INTO lookup_state (id, next) VALUES (1, 0);

INSERT INTO lookup_2 (hash, kind, row_id)
SELECT hash, kind, row_id
FROM (SELECT key_hash AS hash, 0 AS kind, id AS row_id FROM sighting
      UNION ALL
      SELECT link_key, 1, id FROM entry WHERE link_key IS NOT NULL)
ORDER BY hash, kind, row_id;

-- What a feed lists as of its last read document, in the feed's row: a poll reads one value instead of a row for each entry.
ALTER TABLE feed ADD COLUMN listed BLOB /* sighting.id and raw of each, 8 bytes each, most significant first; NULL = nothing */;
UPDATE feed SET listed = (SELECT unhex(group_concat(printf('%016x%016x', id, raw), ''))
                          FROM sighting WHERE feed_id = feed.id AND left_at IS NULL);

DROP INDEX sighting_by_key;
DROP INDEX sighting_listed;
DROP INDEX entry_by_link;

CREATE TRIGGER sighting_added AFTER INSERT ON sighting
BEGIN
    INSERT INTO lookup_0 (hash, kind, row_id) VALUES (new.key_hash, 0, new.id);
END;

CREATE TABLE tally (
    -- How many rows there are: counting them takes half a second in a file of a million. One row.
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    entries INTEGER NOT NULL,
    stories INTEGER NOT NULL
) STRICT;
INSERT INTO tally (id, entries, stories) VALUES (1, (SELECT count(*) FROM entry), (SELECT count(*) FROM story));

CREATE TRIGGER entry_added AFTER INSERT ON entry
BEGIN
    INSERT INTO lookup_0 (hash, kind, row_id) SELECT new.link_key, 1, new.id WHERE new.link_key IS NOT NULL;
    UPDATE tally SET entries = entries + 1;
END;

CREATE TRIGGER entry_moved AFTER UPDATE OF link_key ON entry WHEN old.link_key IS NOT new.link_key
BEGIN
    DELETE FROM lookup_0 WHERE hash = old.link_key AND kind = 1 AND row_id = old.id;
    DELETE FROM lookup_1 WHERE hash = old.link_key AND kind = 1 AND row_id = old.id;
    DELETE FROM lookup_2 WHERE hash = old.link_key AND kind = 1 AND row_id = old.id;
    INSERT INTO lookup_0 (hash, kind, row_id) SELECT new.link_key, 1, new.id WHERE new.link_key IS NOT NULL;
END;

CREATE TRIGGER entry_removed AFTER DELETE ON entry
BEGIN
    DELETE FROM lookup_0 WHERE hash = old.link_key AND kind = 1 AND row_id = old.id;
    DELETE FROM lookup_1 WHERE hash = old.link_key AND kind = 1 AND row_id = old.id;
    DELETE FROM lookup_2 WHERE hash = old.link_key AND kind = 1 AND row_id = old.id;
    UPDATE tally SET entries = entries - 1;
END;

CREATE TRIGGER story_added AFTER INSERT ON story
BEGIN
    UPDATE tally SET stories = stories + 1;
END;

CREATE TRIGGER story_removed AFTER DELETE ON story
BEGIN
    UPDATE tally SET stories = stories - 1;
END;

PRAGMA user_version = 7;
