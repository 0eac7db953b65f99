//! The statements about entries that wait for their pages.

use crate::{
    model::WaitingKey,
    store::{
        driver::ErrorContext,
        error::StoreError,
        sqlite::row,
        waiting::{PageRow, WaitingRows},
        writing::waiting::{LateRow, StoredWait, WaitingStatements},
    },
};
use sqlx::SqliteConnection;

impl WaitingStatements for SqliteConnection {
    async fn any_waits(&mut self) -> Result<bool, StoreError> {
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM waiting_entry)")
            .fetch_one(self)
            .await
            .while_doing("looking for waiting entries")
    }

    async fn waiting_of(&mut self, hosts: &[String]) -> Result<Vec<(String, i64)>, StoreError> {
        sqlx::query_as(
            "SELECT h.value, (SELECT count(*) FROM waiting_entry WHERE host = h.value) FROM json_each($1) AS h",
        )
        .bind(row::rows(hosts))
        .fetch_all(self)
        .await
        .while_doing("counting waiting entries")
    }

    async fn waiting_now(&mut self, keys: &[WaitingKey]) -> Result<Vec<StoredWait>, StoreError> {
        sqlx::query_as(
            "SELECT w.id, w.feed_id, w.key_hash, w.raw, w.wait_until FROM json_each($1) AS k \
         CROSS JOIN waiting_entry AS w ON w.feed_id = k.value ->> 0 AND w.key_hash = k.value ->> 1",
        )
        .bind(row::rows(keys))
        .fetch_all(self)
        .await
        .while_doing("reading waiting entries")
    }

    async fn waited(&mut self, keys: &[WaitingKey]) -> Result<Vec<LateRow>, StoreError> {
        sqlx::query_as("SELECT w.id, w.feed_id, w.key_hash, w.read_at, w.seen_at, w.link_repeats, w.entry, d.previous_success, d.stated_at, \
                d.listing, f.url AS feed_url, f.outlet_id \
         FROM json_each($1) AS k CROSS JOIN waiting_entry AS w ON w.feed_id = k.value ->> 0 AND w.key_hash = k.value ->> 1 \
         JOIN waiting_document AS d ON d.feed_id = w.feed_id AND d.read_at = w.read_at JOIN feed AS f ON f.id = w.feed_id")
            .bind(row::rows(keys))
            .fetch_all(self)
            .await
            .while_doing("reading entries that have waited")
    }

    async fn begin_waiting(&mut self, waiting: &WaitingRows) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO waiting_document (feed_id, read_at, previous_success, stated_at, listing) \
         SELECT value ->> 'feed', value ->> 'read_at', value ->> 'previous_success', value ->> 'stated_at', \
                value ->> 'listing' FROM json_each($1) WHERE true ON CONFLICT DO NOTHING",
        )
        .bind(row::rows(&waiting.documents))
        .execute(&mut *self)
        .await
        .while_doing("writing documents with waiting entries")?;
        sqlx::query("INSERT INTO waiting_entry (feed_id, key_hash, read_at, seen_at, wait_until, url, host, words, link_repeats, raw, entry) \
         SELECT value ->> 'feed', value ->> 'key', value ->> 'read_at', value ->> 'read_at', value ->> 'until', \
                value ->> 'url', value ->> 'host', value ->> 'words', value ->> 'link_repeats', value ->> 'raw', \
                value ->> 'entry' FROM json_each($1) WHERE true \
         ON CONFLICT (feed_id, key_hash) DO UPDATE SET read_at = excluded.read_at, url = excluded.url, host = excluded.host, \
            words = excluded.words, link_repeats = excluded.link_repeats, raw = excluded.raw, entry = excluded.entry")
        .bind(row::rows(&waiting.entries))
        .execute(self)
        .await
        .map(drop)
        .while_doing("writing waiting entries")
    }

    async fn end_waiting(&mut self, keys: &[WaitingKey]) -> Result<(), StoreError> {
        sqlx::query(
            "DELETE FROM waiting_entry WHERE id IN (SELECT w.id FROM json_each($1) AS k \
            CROSS JOIN waiting_entry AS w ON w.feed_id = k.value ->> 0 AND w.key_hash = k.value ->> 1)",
        )
        .bind(row::rows(keys))
        .execute(&mut *self)
        .await
        .while_doing("removing entries that no longer wait")?;
        // The table has few rows: each document has a waiting entry, or had one until this statement.
        sqlx::query(
            "DELETE FROM waiting_document WHERE NOT EXISTS (SELECT 1 FROM waiting_entry AS w \
            WHERE w.feed_id = waiting_document.feed_id AND w.read_at = waiting_document.read_at)",
        )
        .execute(self)
        .await
        .map(drop)
        .while_doing("removing documents without waiting entries")
    }

    async fn write_pages(&mut self, pages: &[PageRow]) -> Result<(), StoreError> {
        if pages.is_empty() {
            return Ok(());
        }
        sqlx::query(
            "INSERT INTO entry_page (entry_id, url, asked_at, article, missing, detail) \
         SELECT value ->> 'entry', value ->> 'url', value ->> 'at', value ->> 'article', value ->> 'missing', \
                value ->> 'detail' FROM json_each($1) WHERE true \
         ON CONFLICT (entry_id) DO UPDATE SET url = excluded.url, asked_at = excluded.asked_at, \
            article = excluded.article, missing = excluded.missing, detail = excluded.detail \
         WHERE excluded.article IS NOT NULL OR entry_page.article IS NULL",
        )
        .bind(row::rows(pages))
        .execute(self)
        .await
        .map(drop)
        .while_doing("writing pages")
    }
}
