-- The desk: what pages and searches need, so that each of their questions is a bounded one.

CREATE VIRTUAL TABLE entry_search USING fts5 (
    folded_title, folded_body,
    content = 'entry_text', content_rowid = 'entry_id', columnsize = 0, tokenize = 'unicode61 remove_diacritics 0'
);

CREATE TABLE search_state (
    -- How far entry_search reaches. It is an index over entry_text's folded columns: ask it for folded words, each in
    -- double quotes. Entries up to this id are in it as they stand now, later ones not yet; one row.
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    indexed_to INTEGER NOT NULL
) STRICT;
INSERT INTO search_state (id, indexed_to) VALUES (1, 0);

-- External content: FTS5 has to be told the old values, which are at hand only while the row changes.
CREATE TRIGGER entry_text_revised AFTER UPDATE OF folded_title, folded_body ON entry_text
WHEN old.entry_id <= (SELECT indexed_to FROM search_state)
    AND (old.folded_title <> new.folded_title OR old.folded_body <> new.folded_body)
BEGIN
    INSERT INTO entry_search (entry_search, rowid, folded_title, folded_body)
    VALUES ('delete', old.entry_id, old.folded_title, old.folded_body);
    INSERT INTO entry_search (rowid, folded_title, folded_body)
    VALUES (new.entry_id, new.folded_title, new.folded_body);
END;

CREATE TRIGGER entry_text_pruned AFTER DELETE ON entry_text
WHEN old.entry_id <= (SELECT indexed_to FROM search_state)
BEGIN
    INSERT INTO entry_search (entry_search, rowid, folded_title, folded_body)
    VALUES ('delete', old.entry_id, old.folded_title, old.folded_body);
END;

CREATE TABLE feed_day (
    -- A feed's day in UTC, added up as its polls are written; for plots, and for people.
    feed_id   INTEGER NOT NULL REFERENCES feed (id),
    day       TEXT NOT NULL,    -- 2026-11-02
    new       INTEGER NOT NULL, -- entries
    fresh     INTEGER NOT NULL, -- polls that read something
    unchanged INTEGER NOT NULL, -- polls that found nothing changed
    failed    INTEGER NOT NULL, -- polls that failed, or found the feed gone
    PRIMARY KEY (feed_id, day)
) STRICT, WITHOUT ROWID;

INSERT INTO feed_day (feed_id, day, new, fresh, unchanged, failed)
SELECT feed_id, substr(ended_at, 1, 10), sum(new), sum(outcome IN ('fresh', 'moved')),
       sum(outcome IN ('not_modified', 'same_bytes')), sum(outcome IN ('failed', 'gone'))
FROM poll GROUP BY 1, 2;

CREATE TRIGGER poll_counted AFTER INSERT ON poll
BEGIN
    INSERT INTO feed_day (feed_id, day, new, fresh, unchanged, failed)
    VALUES (new.feed_id, substr(new.ended_at, 1, 10), new.new, new.outcome IN ('fresh', 'moved'),
            new.outcome IN ('not_modified', 'same_bytes'), new.outcome IN ('failed', 'gone'))
    ON CONFLICT (feed_id, day) DO UPDATE SET new = new + excluded.new, fresh = fresh + excluded.fresh,
        unchanged = unchanged + excluded.unchanged, failed = failed + excluded.failed;
END;

CREATE INDEX poll_failed ON poll (ended_at) WHERE outcome IN ('failed', 'gone'); -- feeds that broke, newest first

ALTER TABLE place ADD COLUMN page INTEGER /* the archive page that holds it; NULL = none yet. entry_id: */;
CREATE INDEX place_unpaged ON place (channel_id, order_at) WHERE page IS NULL; -- what the next archive page takes

ALTER TABLE sighting ADD COLUMN evidence TEXT /* what showed that it is an entry known from elsewhere. left_at: */;

CREATE TABLE archive (
    -- A page of a channel's history (RFC 5005 4), as it was rendered. Its row stays when retention drops the document.
    channel TEXT NOT NULL,    -- slug: a channel that comes back counts on
    number  INTEGER NOT NULL, -- from 1
    made_at TEXT NOT NULL,
    stories INTEGER NOT NULL,
    atom    BLOB,             -- the document, in brotli; NULL = retention has passed over it
    PRIMARY KEY (channel, number)
) STRICT;

PRAGMA user_version = 2;
