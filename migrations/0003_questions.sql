-- Questions that people ask: each of deploy/database.md answers in under 50 ms in a file of a million entries.

CREATE INDEX entry_by_date ON entry (
    -- What did an outlet publish, newest first; its days and hours.
    outlet_id, published_at
);

DROP INDEX entry_by_outlet;
CREATE INDEX entry_by_outlet ON entry (
    -- What of an outlet came last. With the feed in it, feed_health counts entries_7d without reading one of them.
    outlet_id, first_seen_at, feed_id
);

PRAGMA user_version = 3;
