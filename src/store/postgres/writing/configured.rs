//! The statements about what is configured.

use crate::store::{
    driver::ErrorContext,
    error::StoreError,
    postgres::text::{json, text},
    writing::configured::{ConfigRows, ConfiguredFeedRow, KnownFeed, OutletRow, StoredOutlet},
};
use sqlx::PgConnection;

impl ConfigRows for PgConnection {
    async fn write_public_url(&mut self, url: &str) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO setting (name, value) VALUES ('public_url', $1) \
                 ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE setting.value <> excluded.value",
        )
        .bind(text(url))
        .execute(self)
        .await
        .map(drop)
        .while_doing("writing settings")
    }

    async fn outlets(&mut self) -> Result<Vec<StoredOutlet>, StoreError> {
        sqlx::query_as("SELECT slug, name, language, tags, private <> 0, publishes_page <> 0 FROM outlet")
            .fetch_all(self)
            .await
            .while_doing("reading outlets")
    }

    async fn write_outlets(&mut self, rows: &[OutletRow<'_>]) -> Result<(), StoreError> {
        sqlx::query(
            // Not ON CONFLICT, which would use up an id for each row that is there.
            "WITH r AS (SELECT * FROM json_to_recordset($1::json) \
                AS r (slug text, name text, language text, tags text, private boolean, publishes_page boolean)), \
            known AS (UPDATE outlet SET name = r.name, language = r.language, tags = r.tags, private = r.private::int, \
                publishes_page = r.publishes_page::int FROM r WHERE outlet.slug = r.slug) \
         INSERT INTO outlet (slug, name, language, tags, private, publishes_page) \
         SELECT slug, name, language, tags, private::int, publishes_page::int FROM r \
         WHERE NOT EXISTS (SELECT 1 FROM outlet WHERE outlet.slug = r.slug)",
        )
        .bind(json(rows))
        .execute(self)
        .await
        .map(drop)
        .while_doing("writing outlets")
    }

    async fn outlet_ids(&mut self) -> Result<Vec<(String, i64)>, StoreError> {
        sqlx::query_as("SELECT slug, id FROM outlet").fetch_all(self).await.while_doing("reading outlets")
    }

    async fn known_feeds(&mut self) -> Result<Vec<KnownFeed>, StoreError> {
        sqlx::query_as("SELECT id, url, outlet_id, schedule, public_url, removed <> 0 AS removed FROM feed")
            .fetch_all(self)
            .await
            .while_doing("reading feeds")
    }

    async fn former_feeds(&mut self, outlet: i64, urls: &[&str]) -> Result<Vec<(i64, i64)>, StoreError> {
        sqlx::query_as("SELECT id, outlet_id FROM feed WHERE url = ANY($2) AND removed = 1 AND outlet_id <> $1")
            .bind(outlet)
            .bind(urls)
            .fetch_all(self)
            .await
            .while_doing("reading former feeds")
    }

    async fn move_feed(&mut self, feed: i64, from: i64, to: i64) -> Result<(), StoreError> {
        for sql in [
            "UPDATE feed SET outlet_id = $1 WHERE outlet_id = $2 AND id = $3",
            // By the former outlet, for which there is an index; there is none by feed.
            "UPDATE entry SET outlet_id = $1 WHERE outlet_id = $2 AND feed_id = $3",
        ] {
            let query = sqlx::query(sql).bind(to).bind(from).bind(feed);
            query.execute(&mut *self).await.while_doing("moving the entries of former feeds")?;
        }
        Ok(())
    }

    async fn write_configured_feeds(&mut self, rows: &[ConfiguredFeedRow<'_>], now: &str) -> Result<(), StoreError> {
        sqlx::query(
            "WITH r AS (SELECT * FROM json_to_recordset($1::json) \
                AS r (url text, outlet bigint, schedule text, public_url text)), \
            known AS (UPDATE feed SET outlet_id = r.outlet, schedule = r.schedule, public_url = r.public_url, removed = 0 \
                FROM r WHERE feed.url = r.url) \
         INSERT INTO feed (url, ask_url, outlet_id, schedule, public_url, next_poll_at) \
         SELECT url, url, outlet, schedule, public_url, $2 FROM r WHERE NOT EXISTS (SELECT 1 FROM feed WHERE feed.url = r.url)",
        )
        .bind(json(rows))
        .bind(now)
        .execute(self)
        .await
        .map(drop)
        .while_doing("writing feeds")
    }

    async fn remove_feeds(&mut self, feeds: &[i64]) -> Result<(), StoreError> {
        sqlx::query("UPDATE feed SET removed = 1 WHERE id = ANY($1)")
            .bind(feeds)
            .execute(self)
            .await
            .map(drop)
            .while_doing("removing feeds")
    }

    async fn known_outlets(&mut self) -> Result<Vec<(i64, String, String, String, bool)>, StoreError> {
        sqlx::query_as("SELECT id, slug, name, tags, private <> 0 FROM outlet")
            .fetch_all(self)
            .await
            .while_doing("reading outlets")
    }

    async fn remove_channels(&mut self, others: &[&str]) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM channel WHERE id <> 1 AND slug <> ALL($1)")
            .bind(others)
            .execute(self)
            .await
            .map(drop)
            .while_doing("removing channels")
    }

    async fn channel(&mut self, slug: &str) -> Result<Option<(i64, String, String)>, StoreError> {
        sqlx::query_as("SELECT id, definition, title FROM channel WHERE slug = $1")
            .bind(slug)
            .fetch_optional(self)
            .await
            .while_doing("reading channels")
    }

    async fn write_channel(&mut self, slug: &str, title: &str, definition: &str) -> Result<i64, StoreError> {
        sqlx::query_scalar(
            "WITH known AS (UPDATE channel SET title = $2, definition = $3 WHERE slug = $1 RETURNING id), \
            made AS (INSERT INTO channel (slug, title, definition) SELECT $1, $2, $3 \
                WHERE NOT EXISTS (SELECT 1 FROM channel WHERE slug = $1) RETURNING id) \
         SELECT id FROM known UNION ALL SELECT id FROM made",
        )
        .bind(slug)
        .bind(text(title))
        .bind(text(definition))
        .fetch_one(self)
        .await
        .while_doing("writing channels")
    }
}
