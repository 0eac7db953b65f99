//! The statements about what is configured.

use crate::store::{
    driver::ErrorContext,
    error::StoreError,
    sqlite::row,
    writing::configured::{ConfigRows, ConfiguredFeedRow, KnownFeed, OutletRow, StoredOutlet},
};
use sqlx::SqliteConnection;

impl ConfigRows for SqliteConnection {
    async fn write_public_url(&mut self, url: &str) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO setting (name, value) VALUES ('public_url', $1) \
                 ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE value <> excluded.value",
        )
        .bind(url)
        .execute(self)
        .await
        .map(drop)
        .while_doing("writing settings")
    }

    async fn outlets(&mut self) -> Result<Vec<StoredOutlet>, StoreError> {
        sqlx::query_as("SELECT slug, name, language, tags, private, publishes_page FROM outlet")
            .fetch_all(self)
            .await
            .while_doing("reading outlets")
    }

    async fn write_outlets(&mut self, rows: &[OutletRow<'_>]) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO outlet (slug, name, language, tags, private, publishes_page) \
         SELECT value ->> 'slug', value ->> 'name', value ->> 'language', value ->> 'tags', value ->> 'private', \
                value ->> 'publishes_page' FROM json_each($1) WHERE true \
         ON CONFLICT (slug) DO UPDATE SET name = excluded.name, language = excluded.language, tags = excluded.tags, \
             private = excluded.private, publishes_page = excluded.publishes_page",
        )
        .bind(row::rows(rows))
        .execute(self)
        .await
        .map(drop)
        .while_doing("writing outlets")
    }

    async fn outlet_ids(&mut self) -> Result<Vec<(String, i64)>, StoreError> {
        sqlx::query_as("SELECT slug, id FROM outlet").fetch_all(self).await.while_doing("reading outlets")
    }

    async fn known_feeds(&mut self) -> Result<Vec<KnownFeed>, StoreError> {
        sqlx::query_as("SELECT id, url, outlet_id, schedule, public_url, removed FROM feed")
            .fetch_all(self)
            .await
            .while_doing("reading feeds")
    }

    async fn former_feeds(&mut self, outlet: i64, urls: &[&str]) -> Result<Vec<(i64, i64)>, StoreError> {
        sqlx::query_as("SELECT id, outlet_id FROM feed WHERE url IN (SELECT value FROM json_each($2)) AND removed = 1 AND outlet_id <> $1")
            .bind(outlet)
            .bind(row::rows(urls))
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
        sqlx::query("INSERT INTO feed (url, ask_url, outlet_id, schedule, public_url, next_poll_at) \
             SELECT value ->> 'url', value ->> 'url', value ->> 'outlet', value ->> 'schedule', value ->> 'public_url', $2 \
             FROM json_each($1) WHERE true \
             ON CONFLICT (url) DO UPDATE SET outlet_id = excluded.outlet_id, schedule = excluded.schedule, \
                 public_url = excluded.public_url, removed = 0")
            .bind(row::rows(rows))
            .bind(now)
            .execute(self)
            .await
            .map(drop)
            .while_doing("writing feeds")
    }

    async fn remove_feeds(&mut self, feeds: &[i64]) -> Result<(), StoreError> {
        sqlx::query("UPDATE feed SET removed = 1 WHERE id IN (SELECT value FROM json_each($1))")
            .bind(row::rows(feeds))
            .execute(self)
            .await
            .map(drop)
            .while_doing("removing feeds")
    }

    async fn known_outlets(&mut self) -> Result<Vec<(i64, String, String, String, bool)>, StoreError> {
        sqlx::query_as("SELECT id, slug, name, tags, private FROM outlet")
            .fetch_all(self)
            .await
            .while_doing("reading outlets")
    }

    async fn remove_channels(&mut self, others: &[&str]) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM channel WHERE id <> 1 AND slug NOT IN (SELECT value FROM json_each($1))")
            .bind(row::rows(others))
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
            "INSERT INTO channel (slug, title, definition) VALUES ($1, $2, $3) \
         ON CONFLICT (slug) DO UPDATE SET title = excluded.title, definition = excluded.definition RETURNING id",
        )
        .bind(slug)
        .bind(title)
        .bind(definition)
        .fetch_one(self)
        .await
        .while_doing("writing channels")
    }
}
