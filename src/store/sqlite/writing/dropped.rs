//! The statements about dropped entries.

use crate::store::{
    driver::ErrorContext,
    error::StoreError,
    sqlite::row,
    writing::dropped::{DroppedRows, KeptAside, KeptRow, StayingRow},
};
use sqlx::SqliteConnection;

impl DroppedRows for SqliteConnection {
    async fn keep_dropped(&mut self, kept: &[KeptRow<'_>]) -> Result<(), StoreError> {
        let kept = row::rows(kept);
        sqlx::query(
            "WITH r (v) AS MATERIALIZED (SELECT value FROM json_each($1)) \
         INSERT INTO dropped_entry (id, feed_id, title, link, link_key, seen_at, rule, bytes, entry) \
         SELECT v ->> 'id', v ->> 'feed', v ->> 'title', v ->> 'link', v ->> 'link_key', \
                coalesce((SELECT min(d.seen_at) FROM dropped_entry AS d WHERE d.feed_id = v ->> 'feed' \
                   AND d.link_key = v ->> 'link_key' AND d.title = v ->> 'title'), v ->> 'at'), \
                v ->> 'rule', v ->> 'bytes', v ->> 'entry' FROM r WHERE true \
         ON CONFLICT (id) DO UPDATE SET title = excluded.title, link = excluded.link, link_key = excluded.link_key, \
             rule = excluded.rule, bytes = excluded.bytes, entry = excluded.entry",
        )
        .bind(&kept)
        .execute(&mut *self)
        .await
        .while_doing("keeping dropped entries")?;
        sqlx::query(
            "WITH r (v) AS MATERIALIZED (SELECT value FROM json_each($1)) \
         DELETE FROM dropped_entry WHERE id IN (SELECT d.id FROM r CROSS JOIN dropped_entry AS d \
            ON d.feed_id = v ->> 'feed' AND d.link_key = v ->> 'link_key' \
            WHERE d.title = v ->> 'title' AND d.id < v ->> 'id')",
        )
        .bind(&kept)
        .execute(self)
        .await
        .map(drop)
        .while_doing("removing dropped entries stored under a former id")
    }

    async fn outlet_rules(&mut self) -> Result<Vec<(i64, String)>, StoreError> {
        sqlx::query_as("SELECT id, rules FROM outlet").fetch_all(self).await.while_doing("reading the rules of outlets")
    }

    async fn feeds_with_dropped(&mut self, outlet: i64) -> Result<Vec<i64>, StoreError> {
        sqlx::query_scalar("SELECT id FROM feed AS f WHERE outlet_id = $1 AND EXISTS (SELECT 1 FROM dropped_entry WHERE feed_id = f.id)")
            .bind(outlet)
            .fetch_all(self)
            .await
            .while_doing("looking for dropped entries")
    }

    async fn write_rules(&mut self, outlet: i64, rules: &str) -> Result<(), StoreError> {
        sqlx::query("UPDATE outlet SET rules = $2 WHERE id = $1")
            .bind(outlet)
            .bind(rules)
            .execute(self)
            .await
            .map(drop)
            .while_doing("writing the rules of outlets")
    }

    async fn dropped(&mut self, ids: &[i64]) -> Result<Vec<KeptAside>, StoreError> {
        sqlx::query_as(
            "SELECT d.id, d.seen_at, d.rule, d.entry, f.url AS feed_url, f.guids_void \
             FROM dropped_entry AS d JOIN feed AS f ON f.id = d.feed_id \
             WHERE d.id IN (SELECT value FROM json_each($1)) ORDER BY d.id",
        )
        .bind(row::rows(ids))
        .fetch_all(self)
        .await
        .while_doing("reading dropped entries")
    }

    async fn dropped_after(&mut self, feed: i64, id: i64, limit: i64) -> Result<Vec<(i64, i64)>, StoreError> {
        sqlx::query_as("SELECT id, bytes FROM dropped_entry WHERE feed_id = $1 AND id > $2 ORDER BY id LIMIT $3")
            .bind(feed)
            .bind(id)
            .bind(limit)
            .fetch_all(self)
            .await
            .while_doing("looking for dropped entries")
    }

    async fn write_staying(&mut self, rows: &[StayingRow]) -> Result<(), StoreError> {
        sqlx::query(
            "WITH r (v) AS MATERIALIZED (SELECT value FROM json_each($1)) \
                 UPDATE dropped_entry SET rule = v ->> 'rule' FROM r WHERE dropped_entry.id = v ->> 'id'",
        )
        .bind(row::rows(rows))
        .execute(self)
        .await
        .map(drop)
        .while_doing("writing why entries stay dropped")
    }
}
