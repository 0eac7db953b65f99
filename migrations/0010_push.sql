-- WebSub in both directions (W3C Recommendation of 2018-01-23), and webhooks.

CREATE TABLE hub_subscription (
    -- A verified subscriber of this server's own hub.
    topic      TEXT NOT NULL,              -- path of the edition
    callback   TEXT NOT NULL,              -- address that receives the deliveries; at most 2048 bytes
    secret     TEXT,                       -- key that signs deliveries; NULL = unsigned
    expires_at TEXT NOT NULL,              -- end of the lease
    sent       TEXT,                       -- entity tag of the edition last delivered
    failures   INTEGER NOT NULL DEFAULT 0, -- number of consecutive failed deliveries
    next_try_at TEXT,                      -- earliest time of the next delivery
    last_error TEXT,
    PRIMARY KEY (topic, callback)
) STRICT, WITHOUT ROWID;

CREATE TABLE hub_ping (
    -- The editions whose changes were announced to a configured hub.
    topic TEXT NOT NULL PRIMARY KEY,       -- path of the edition
    hub   TEXT NOT NULL,
    sent  TEXT NOT NULL                    -- entity tag of the edition last announced
) STRICT, WITHOUT ROWID;

CREATE TABLE hub_lease (
    -- Subscription of a feed at the hub that the feed names.
    feed_id     INTEGER NOT NULL PRIMARY KEY REFERENCES feed (id),
    hub         TEXT NOT NULL,
    topic       TEXT NOT NULL,             -- address of the feed at the hub
    token       TEXT NOT NULL UNIQUE,      -- last segment of the callback address: 256 random bits
    secret      TEXT NOT NULL,             -- key with which the hub signs deliveries
    state       TEXT NOT NULL CHECK (state IN ('asking', 'active', 'leaving')),
    expires_at  TEXT,                      -- end of the lease; NULL = the hub has not verified it yet
    next_try_at TEXT NOT NULL,             -- time of the next request: subscribe, renew or unsubscribe
    failures    INTEGER NOT NULL DEFAULT 0,
    last_error  TEXT,
    last_push_at TEXT                      -- when the hub last delivered
) STRICT;

CREATE TABLE webhook (
    -- The state of a channel's webhook.
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    channel    TEXT NOT NULL,              -- slug
    target     TEXT NOT NULL,              -- hash of its address, because the address may contain a secret
    host       TEXT NOT NULL,              -- host of its address
    outlets    INTEGER NOT NULL,           -- number of outlets that must carry a story
    queued     INTEGER NOT NULL DEFAULT 0, -- number of the newest story in its queue, counted from 1
    sent       INTEGER NOT NULL DEFAULT 0, -- number of the story last sent
    dropped    INTEGER NOT NULL DEFAULT 0, -- number of stories dropped because the queue was full
    failures   INTEGER NOT NULL DEFAULT 0, -- number of consecutive failed requests
    next_try_at TEXT,                      -- earliest time of the next request
    last_error TEXT,
    last_sent_at TEXT,
    UNIQUE (channel, target, outlets)
) STRICT;

CREATE TABLE webhook_queue (
    -- Stories that a webhook has not sent yet. A row is written in the same transaction as its story.
    webhook_id INTEGER NOT NULL REFERENCES webhook (id) ON DELETE CASCADE,
    number     INTEGER NOT NULL,           -- counted from 1 for each webhook
    story_id   INTEGER NOT NULL,
    entry_id   INTEGER NOT NULL,           -- the report that is shown
    order_at   TEXT NOT NULL,              -- when the story met the webhook's conditions
    PRIMARY KEY (webhook_id, number)
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 10;
