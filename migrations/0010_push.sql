-- WebSub in both directions (W3C Recommendation of 2018-01-23), and webhooks.

CREATE TABLE hub_subscription (
    -- A subscriber of this server's own hub. Its intent was verified.
    topic      TEXT NOT NULL,              -- path of the edition
    callback   TEXT NOT NULL,              -- where it is delivered; at most 2048 bytes
    secret     TEXT,                       -- signs deliveries; NULL = they are not signed
    expires_at TEXT NOT NULL,              -- end of the lease
    sent       TEXT,                       -- entity tag of the edition last delivered
    failures   INTEGER NOT NULL DEFAULT 0, -- deliveries in a row that failed
    next_try_at TEXT,                      -- no delivery before this
    last_error TEXT,
    PRIMARY KEY (topic, callback)
) STRICT, WITHOUT ROWID;

CREATE TABLE hub_ping (
    -- The editions that a configured hub was told of.
    topic TEXT NOT NULL PRIMARY KEY,       -- path of the edition
    hub   TEXT NOT NULL,
    sent  TEXT NOT NULL                    -- entity tag of the edition of which it was told
) STRICT, WITHOUT ROWID;

CREATE TABLE hub_lease (
    -- A feed's subscription at the hub that it names.
    feed_id     INTEGER NOT NULL PRIMARY KEY REFERENCES feed (id),
    hub         TEXT NOT NULL,
    topic       TEXT NOT NULL,             -- the address by which the hub knows the feed
    token       TEXT NOT NULL UNIQUE,      -- last part of the callback's address: 256 random bits
    secret      TEXT NOT NULL,             -- with which the hub signs what it delivers
    state       TEXT NOT NULL CHECK (state IN ('asking', 'active', 'leaving')),
    expires_at  TEXT,                      -- end of the lease; NULL = the hub has not verified it yet
    next_try_at TEXT NOT NULL,             -- when it is asked for, renewed or given up next
    failures    INTEGER NOT NULL DEFAULT 0,
    last_error  TEXT,
    last_push_at TEXT                      -- when the hub last delivered
) STRICT;

CREATE TABLE webhook (
    -- The state of a channel's webhook.
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    channel    TEXT NOT NULL,              -- slug
    target     TEXT NOT NULL,              -- hash of its address, which may hold a secret
    host       TEXT NOT NULL,              -- of its address
    outlets    INTEGER NOT NULL,           -- outlets that must carry a story
    queued     INTEGER NOT NULL DEFAULT 0, -- number of the newest story in its queue, counted from 1
    sent       INTEGER NOT NULL DEFAULT 0, -- number of the story last sent
    dropped    INTEGER NOT NULL DEFAULT 0, -- stories that did not fit into the queue
    failures   INTEGER NOT NULL DEFAULT 0, -- requests in a row that failed
    next_try_at TEXT,                      -- no request before this
    last_error TEXT,
    last_sent_at TEXT,
    UNIQUE (channel, target, outlets)
) STRICT;

CREATE TABLE webhook_queue (
    -- Stories that a webhook has not sent yet, written together with the story.
    webhook_id INTEGER NOT NULL REFERENCES webhook (id) ON DELETE CASCADE,
    number     INTEGER NOT NULL,           -- counted from 1 for each webhook
    story_id   INTEGER NOT NULL,
    entry_id   INTEGER NOT NULL,           -- the report that is shown
    order_at   TEXT NOT NULL,              -- when the story came to qualify
    PRIMARY KEY (webhook_id, number)
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 10;
