-- The house: outlets and feeds, polls, entries, stories, channels, and the views that people query.
-- Times are UTC text. Hashes are the first 8 bytes of BLAKE3 as a signed integer.

PRAGMA application_id = 1466004081; -- "Waqq" in the file's header: this file is Warraq's

CREATE TABLE setting (
    -- What views and restarts need to know of the configuration.
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE outlet (
    -- A publisher, as configured. Never deleted: its entries outlive its place in the configuration.
    id         INTEGER PRIMARY KEY,
    slug       TEXT NOT NULL UNIQUE,
    name       TEXT NOT NULL,
    language   TEXT,                      -- of entries that state none
    tags       TEXT NOT NULL DEFAULT '[]' -- JSON array
) STRICT;

CREATE TABLE feed (
    -- One polled document. What is configured, what the last visits left behind, and when it is due.
    id              INTEGER PRIMARY KEY,
    outlet_id       INTEGER NOT NULL REFERENCES outlet (id),
    url             TEXT NOT NULL UNIQUE,                -- as configured: the feed's name
    schedule        TEXT NOT NULL,                       -- as configured: a change makes it due anew
    removed         INTEGER NOT NULL DEFAULT 0,          -- 1 = no longer configured: not polled, entries stay
    ask_url         TEXT NOT NULL,                       -- where it is asked: url, or what it moved to, or the feed its page announces
    etag            BLOB,                                -- validators, byte for byte as received, of the last document
    last_modified   BLOB,                                --   whose entries were committed
    body_hash       INTEGER,                             -- of that document: the same bytes are not parsed again
    state           TEXT NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'active', 'failing', 'held', 'gone')),
    failures        INTEGER NOT NULL DEFAULT 0,          -- in a row
    hold_until      TEXT,                                -- no request before this (Retry-After)
    last_poll_at    TEXT,                                -- end of the last visit
    last_success_at TEXT,                                -- end of the last visit that read it or found it unchanged
    last_outcome    TEXT CHECK (last_outcome IN ('fresh', 'not_modified', 'same_bytes', 'moved', 'gone', 'failed')),
    last_error      TEXT,                                -- of the last visit, if it failed
    next_poll_at    TEXT NOT NULL,
    why             TEXT NOT NULL DEFAULT '{}',          -- JSON: why the next poll is when it is
    hints           TEXT NOT NULL DEFAULT '{}',          -- JSON: what the document asks of pollers
    rhythm          TEXT NOT NULL DEFAULT '',            -- the schedule's memory of how news arrives here
    moving_to       TEXT,                                -- target of a permanent redirect, not adopted yet
    moving_visits   INTEGER NOT NULL DEFAULT 0,          -- visits that confirmed it
    moving_since    TEXT,                                -- the first of them
    guids_void      INTEGER NOT NULL DEFAULT 0,          -- 1 = its guids repeat for different articles
    gaps            INTEGER NOT NULL DEFAULT 0,          -- times its window had moved on entirely between two visits
    title           TEXT,                                -- what it says of itself
    link            TEXT,
    language        TEXT,
    repairs         TEXT NOT NULL DEFAULT '[]'           -- JSON array: what the last document needed mended
) STRICT;
CREATE INDEX feed_by_outlet ON feed (outlet_id); -- the feeds of an outlet

CREATE TABLE poll (
    -- One visit to one feed; kept for [retention] polls.
    id           INTEGER PRIMARY KEY,
    feed_id      INTEGER NOT NULL REFERENCES feed (id),
    ended_at     TEXT NOT NULL,
    ms           INTEGER NOT NULL,              -- from the start of the request to the decision
    outcome      TEXT NOT NULL,
    fault        TEXT,                          -- short name, when outcome is 'failed'
    error        TEXT,                          -- in words
    status       INTEGER,                       -- HTTP
    bytes        INTEGER NOT NULL DEFAULT 0,    -- of the body, decoded
    listed       INTEGER NOT NULL DEFAULT 0,    -- entries in the document
    new          INTEGER NOT NULL DEFAULT 0,
    revised      INTEGER NOT NULL DEFAULT 0,
    duplicate    INTEGER NOT NULL DEFAULT 0,
    gap          INTEGER NOT NULL DEFAULT 0,    -- 1 = nothing in it was in the last document
    repairs      TEXT,                          -- JSON array, when it needed any
    next_poll_at TEXT NOT NULL,
    why          TEXT NOT NULL                  -- JSON: why then
) STRICT;
CREATE INDEX poll_by_feed ON poll (feed_id, ended_at); -- a feed's history: status page, explain feed
CREATE INDEX poll_by_time ON poll (ended_at);           -- retention; polls of the last hours

CREATE TABLE story (
    -- What subscribers see once. Its number is part of public addresses and is never used twice.
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    iri            TEXT NOT NULL,    -- its id in published feeds, for good
    first_entry_id INTEGER NOT NULL,
    members        INTEGER NOT NULL, -- entries in it
    outlets        INTEGER NOT NULL, -- outlets that carried it
    created_at     TEXT NOT NULL
) STRICT;

CREATE TABLE entry (
    -- One article of an outlet, as kept. Its texts are in entry_text.
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    outlet_id       INTEGER NOT NULL REFERENCES outlet (id),
    feed_id         INTEGER NOT NULL REFERENCES feed (id), -- the first that brought it
    story_id        INTEGER NOT NULL REFERENCES story (id),
    key             TEXT NOT NULL,                         -- what it is known by within its feed
    source_id       TEXT,                                  -- guid or atom:id as its outlet wrote it
    iri             TEXT NOT NULL,                         -- its id where every report is listed
    title           TEXT NOT NULL,                         -- as shown
    title_from      TEXT NOT NULL CHECK (title_from IN ('title', 'text', 'outlet')),
    link            TEXT,
    link_key        INTEGER,                               -- hash of the link's canonical form
    author          TEXT,                                  -- names, joined
    language        TEXT,
    published       TEXT,                                  -- as stated, believed or not
    updated         TEXT,                                  -- as stated, believed or not
    believed        TEXT,                                  -- the stated date, where it can be true
    published_at    TEXT NOT NULL,                         -- believed date or first_seen_at, whichever is earlier
    first_seen_at   TEXT NOT NULL,
    order_at        TEXT NOT NULL,                         -- its place in channels
    revised_at      TEXT,                                  -- last material revision
    feed_updated_at TEXT NOT NULL,                         -- what its feed said of itself at the poll that brought it
    shown           INTEGER NOT NULL                       -- hash of all that readers see of it
) STRICT;
CREATE INDEX entry_by_outlet ON entry (outlet_id, first_seen_at); -- what did an outlet publish; entries_7d
CREATE INDEX entry_by_story ON entry (story_id);                  -- the members of a story
CREATE INDEX entry_by_link ON entry (link_key) WHERE link_key IS NOT NULL; -- the same page, wherever it was listed
CREATE INDEX entry_by_time ON entry (first_seen_at);              -- the window of stories; entries a day

CREATE TABLE entry_text (
    -- The wide half of an entry.
    entry_id     INTEGER PRIMARY KEY REFERENCES entry (id) ON DELETE CASCADE,
    summary      TEXT,          -- safe HTML
    content      TEXT,          -- safe HTML
    extras       TEXT NOT NULL, -- JSON: authors, categories, enclosures, image, rights, comments, source
    folded_title TEXT NOT NULL, -- folded for comparing and searching, never shown
    folded_body  TEXT NOT NULL
) STRICT;

CREATE TABLE sighting (
    -- An entry seen in a feed. It stays when retention prunes the entry, so that the entry never returns as new.
    id            INTEGER PRIMARY KEY,
    feed_id       INTEGER NOT NULL REFERENCES feed (id),
    key_hash      INTEGER NOT NULL,                                  -- of what the feed calls it
    entry_id      INTEGER REFERENCES entry (id) ON DELETE SET NULL,  -- NULL = pruned
    raw           INTEGER NOT NULL,                                  -- hash of its bytes when last read
    guid          TEXT,                                              -- where it differs from the entry's source_id
    link          TEXT,                                              -- where it differs from the entry's
    first_seen_at TEXT NOT NULL,
    left_at       TEXT                                               -- last successful poll that listed it; NULL while it is listed
) STRICT;
CREATE UNIQUE INDEX sighting_by_key ON sighting (key_hash, feed_id);                       -- do we know it?
CREATE INDEX sighting_listed ON sighting (feed_id, raw) WHERE left_at IS NULL;             -- what the feed lists now
CREATE INDEX sighting_by_entry ON sighting (entry_id) WHERE entry_id IS NOT NULL;          -- last_listed_at, retention

CREATE TABLE revision (
    -- A change an outlet made to its entry: what stood there before, where it changed.
    id          INTEGER PRIMARY KEY,
    entry_id    INTEGER NOT NULL REFERENCES entry (id) ON DELETE CASCADE,
    seen_at     TEXT NOT NULL,
    material    INTEGER NOT NULL, -- 1 = a new title, or over a fifth of the text: moves "updated" in published feeds
    what        TEXT NOT NULL,    -- in words
    old_title   TEXT NOT NULL,
    new_title   TEXT NOT NULL,
    old_link    TEXT,
    old_summary TEXT,
    old_content TEXT
) STRICT;
CREATE INDEX revision_by_entry ON revision (entry_id); -- the history of an entry
CREATE INDEX revision_by_time ON revision (seen_at);   -- what was edited lately

CREATE TABLE story_member (
    -- Why an entry stands in its story.
    entry_id    INTEGER PRIMARY KEY REFERENCES entry (id) ON DELETE CASCADE,
    story_id    INTEGER NOT NULL REFERENCES story (id),
    joined_at   TEXT NOT NULL,
    rule        TEXT NOT NULL, -- first, link, text, title, title_only
    lmin        REAL,          -- the smaller share of the two leads found in the other text
    containment REAL,          -- share of the shorter text's three-word runs found in the longer
    start       REAL,          -- the smaller share of the two beginnings found in the other
    evidence    TEXT NOT NULL  -- in words
) STRICT;
CREATE INDEX story_member_by_story ON story_member (story_id);                           -- a story's reports
CREATE INDEX story_member_joined ON story_member (joined_at) WHERE rule <> 'first';      -- the duplicates view

CREATE TABLE channel (
    -- A merged feed; 'all' is number 1.
    id         INTEGER PRIMARY KEY,
    slug       TEXT NOT NULL UNIQUE,
    title      TEXT NOT NULL,
    definition TEXT NOT NULL -- what it takes, as text: its places are laid anew when this changes
) STRICT;

CREATE TABLE place (
    -- The order of each channel, kept as rows in order: an edition reads the last few.
    channel_id   INTEGER NOT NULL REFERENCES channel (id) ON DELETE CASCADE,
    order_at     TEXT NOT NULL,    -- when the story came into the channel
    published_at TEXT NOT NULL,
    story_id     INTEGER NOT NULL,
    entry_id     INTEGER NOT NULL, -- the report that is shown
    PRIMARY KEY (channel_id, order_at, published_at, story_id, entry_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX place_by_story ON place (story_id, channel_id); -- is the story in the channel already?

CREATE TABLE edition (
    -- When the bytes of a published feed last changed: its Last-Modified, the same after a restart.
    path       TEXT NOT NULL PRIMARY KEY,
    hash       BLOB NOT NULL,
    changed_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE VIEW latest AS
-- A story of channel 'all', in its order, newest first.
SELECT p.story_id,
       e.title,
       coalesce(e.link, (SELECT value FROM setting WHERE name = 'public_url') || 'stories/' || p.story_id) AS link,
       o.slug AS outlet,
       e.language,
       e.published_at,
       e.first_seen_at,
       p.order_at,
       s.outlets
FROM place AS p
JOIN entry AS e ON e.id = p.entry_id
JOIN outlet AS o ON o.id = e.outlet_id
JOIN story AS s ON s.id = p.story_id
WHERE p.channel_id = 1
ORDER BY p.order_at DESC, p.published_at DESC, p.story_id DESC;

CREATE VIEW entries AS
-- An entry: one article of one outlet, as kept.
SELECT e.id AS entry_id,
       e.story_id,
       o.slug AS outlet,
       f.url AS feed,
       e.source_id,
       e.title,
       e.link,
       e.author,
       e.language,
       e.published_at,
       e.first_seen_at,
       (SELECT max(substr(coalesce(s.left_at, sf.last_success_at), 1, 19) || 'Z')
        FROM sighting AS s JOIN feed AS sf ON sf.id = s.feed_id
        WHERE s.entry_id = e.id) AS last_listed_at
FROM entry AS e
JOIN outlet AS o ON o.id = e.outlet_id
JOIN feed AS f ON f.id = e.feed_id;

CREATE VIEW feed_health AS
-- A configured feed: how it fares and when it is polled next.
SELECT o.slug AS outlet,
       f.url,
       f.state,
       substr(f.last_poll_at, 1, 19) || 'Z' AS last_poll_at,
       f.last_outcome,
       f.last_error,
       f.failures,
       substr(f.next_poll_at, 1, 19) || 'Z' AS next_poll_at,
       (SELECT count(*) FROM entry AS e
        WHERE e.outlet_id = f.outlet_id AND e.feed_id = f.id
          AND e.first_seen_at >= strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-7 days')) AS entries_7d,
       f.gaps,
       f.repairs
FROM feed AS f
JOIN outlet AS o ON o.id = f.outlet_id
WHERE f.removed = 0;

CREATE VIEW duplicates AS
-- An entry that joined a story it did not start, and what showed that it is the same report.
SELECT m.story_id,
       m.entry_id,
       o.slug AS outlet,
       e.title,
       e.link,
       m.joined_at,
       m.rule,
       m.evidence,
       m.lmin,
       m.containment,
       m.start
FROM story_member AS m
JOIN entry AS e ON e.id = m.entry_id
JOIN outlet AS o ON o.id = e.outlet_id
WHERE m.rule <> 'first'
ORDER BY m.joined_at DESC, m.entry_id DESC;

CREATE VIEW revisions AS
-- A change that an outlet made to an entry after publishing it.
SELECT r.entry_id,
       o.slug AS outlet,
       r.seen_at,
       r.old_title,
       r.new_title,
       r.material,
       r.what
FROM revision AS r
JOIN entry AS e ON e.id = r.entry_id
JOIN outlet AS o ON o.id = e.outlet_id
ORDER BY r.seen_at DESC, r.id DESC;

INSERT INTO channel (id, slug, title, definition) VALUES (1, 'all', 'all', '');
INSERT INTO setting (name, value) VALUES ('public_url', 'http://127.0.0.1:8080/');

PRAGMA user_version = 1;
