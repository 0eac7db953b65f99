//! The statements of retention.

use crate::store::{
    driver::ErrorContext,
    error::StoreError,
    sqlite::row,
    writing::retention::{Candidate, PruneRows},
};
use sqlx::SqliteConnection;

/// Number of pages of 4 kB of the search index that a step of retention merges, if it has parts to merge: a few milliseconds.
const MERGED: i64 = 32;

impl PruneRows for SqliteConnection {
    async fn candidates(&mut self, since: &str, after: i64, limit: i64) -> Result<Vec<Candidate>, StoreError> {
        sqlx::query_as(
            "SELECT s.id, s.members, s.created_at < $1 AS old, s.created_at < $1 AND NOT EXISTS ( \
            SELECT 1 FROM entry AS m JOIN sighting AS n ON n.entry_id = m.id JOIN feed AS f ON f.id = n.feed_id \
            WHERE m.story_id = s.id AND ((n.left_at IS NULL AND f.removed = 0) \
              OR coalesce(n.left_at, f.last_success_at, n.first_seen_at) >= $1)) AS gone \
         FROM story AS s WHERE s.id > $2 ORDER BY s.id LIMIT $3",
        )
        .bind(since)
        .bind(after)
        .bind(limit)
        .fetch_all(self)
        .await
        .while_doing("looking for stories to forget")
    }

    async fn forget_stories(&mut self, stories: &[i64]) -> Result<Vec<i64>, StoreError> {
        let stories = row::rows(stories);
        sqlx::query("DELETE FROM place WHERE story_id IN (SELECT value FROM json_each($1))")
            .bind(&stories)
            .execute(&mut *self)
            .await
            .while_doing("forgetting the places of stories")?;
        // Texts, revisions and membership are deleted with the entry; sightings stay, without an entry.
        let deleted =
            sqlx::query_scalar("DELETE FROM entry WHERE story_id IN (SELECT value FROM json_each($1)) RETURNING id")
                .bind(&stories)
                .fetch_all(&mut *self)
                .await
                .while_doing("forgetting the entries of stories")?;
        sqlx::query("DELETE FROM story WHERE id IN (SELECT value FROM json_each($1))")
            .bind(&stories)
            .execute(&mut *self)
            .await
            .while_doing("forgetting stories")?;
        // What is deleted adds small parts to the search index faster than its own steps merge them (FTS5, 6.8 and 6.9).
        sqlx::query("INSERT INTO entry_search (entry_search, rank) VALUES ('merge', $1)")
            .bind(MERGED)
            .execute(&mut *self)
            .await
            .while_doing("merging the search index")?;
        Ok(deleted)
    }

    async fn count_after(&mut self, story: i64, limit: i64) -> Result<i64, StoreError> {
        sqlx::query_scalar("SELECT count(*) FROM (SELECT 1 FROM story WHERE id > $1 LIMIT $2)")
            .bind(story)
            .bind(limit)
            .fetch_one(self)
            .await
            .while_doing("counting stories that stay")
    }

    async fn forget_pages(&mut self, before: &str, limit: i64) -> Result<u64, StoreError> {
        sqlx::query(
            "UPDATE archive SET atom = NULL WHERE rowid IN ( \
            SELECT rowid FROM archive WHERE atom IS NOT NULL AND made_at < $1 ORDER BY made_at LIMIT $2)",
        )
        .bind(before)
        .bind(limit)
        .execute(self)
        .await
        .map(|done| done.rows_affected())
        .while_doing("forgetting archive pages")
    }

    async fn look_at_dropped(&mut self, since: &str, after: i64, limit: i64) -> Result<Vec<(i64, bool)>, StoreError> {
        sqlx::query_as(
            "SELECT d.id, (n.left_at IS NOT NULL OR f.removed = 1) \
                AND coalesce(n.left_at, f.last_success_at, n.first_seen_at) < $1 AS gone \
         FROM (SELECT id FROM dropped_entry WHERE id > $2 ORDER BY id LIMIT $3) AS d \
         JOIN sighting AS n ON n.id = d.id JOIN feed AS f ON f.id = n.feed_id ORDER BY d.id",
        )
        .bind(since)
        .bind(after)
        .bind(limit)
        .fetch_all(self)
        .await
        .while_doing("looking for dropped entries to forget")
    }

    async fn forget_dropped(&mut self, ids: &[i64]) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM dropped_entry WHERE id IN (SELECT value FROM json_each($1))")
            .bind(row::rows(ids))
            .execute(self)
            .await
            .map(drop)
            .while_doing("forgetting dropped entries")
    }

    async fn forget_polls(&mut self, before: &str, limit: i64) -> Result<u64, StoreError> {
        sqlx::query("DELETE FROM poll WHERE id IN (SELECT id FROM poll WHERE ended_at < $1 ORDER BY ended_at LIMIT $2)")
            .bind(before)
            .bind(limit)
            .execute(self)
            .await
            .map(|done| done.rows_affected())
            .while_doing("forgetting poll history")
    }

    async fn last_feed(&mut self, after: i64, limit: i64) -> Result<Option<i64>, StoreError> {
        sqlx::query_scalar("SELECT max(id) FROM (SELECT id FROM feed WHERE id > $1 ORDER BY id LIMIT $2)")
            .bind(after)
            .bind(limit)
            .fetch_one(self)
            .await
            .while_doing("looking for feeds")
    }

    async fn forget_days(&mut self, after: i64, last: i64, before: &str) -> Result<u64, StoreError> {
        sqlx::query(
            "DELETE FROM feed_day WHERE feed_id IN (SELECT id FROM feed WHERE id > $1 AND id <= $2) AND day < $3",
        )
        .bind(after)
        .bind(last)
        .bind(before)
        .execute(self)
        .await
        .map(|done| done.rows_affected())
        .while_doing("forgetting daily totals")
    }

    async fn count_polls(&mut self, before: &str) -> Result<i64, StoreError> {
        sqlx::query_scalar("SELECT count(*) FROM poll WHERE ended_at < $1")
            .bind(before)
            .fetch_one(self)
            .await
            .while_doing("counting poll history to forget")
    }
}
