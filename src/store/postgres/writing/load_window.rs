//! The statements of loading the window of stories.

use crate::store::{
    driver::ErrorContext,
    error::StoreError,
    writing::load_window::{SignatureRow, StoredEntryRow, WindowPlace, WindowRows},
};
use sqlx::{FromRow as _, PgConnection, postgres::PgRow};

impl WindowRows for PgConnection {
    type Row = PgRow;

    async fn recent(&mut self, after: &WindowPlace, limit: i64) -> Result<Vec<PgRow>, StoreError> {
        sqlx::query(
            "SELECT e.id, e.outlet_id, e.feed_id, e.story_id, s.members, e.believed, e.first_seen_at, e.link, \
                    t.folded_title, t.folded_body \
             FROM entry AS e JOIN entry_text AS t ON t.entry_id = e.id \
             JOIN story AS s ON s.id = e.story_id \
             WHERE (e.first_seen_at, e.id) > ($1, $2) ORDER BY e.first_seen_at, e.id LIMIT $3",
        )
        .bind(&after.0)
        .bind(after.1)
        .bind(limit)
        .fetch_all(self)
        .await
        .while_doing("remembering the window of stories")
    }

    fn signature(row: &PgRow) -> Result<SignatureRow<'_>, StoreError> {
        SignatureRow::from_row(row).while_doing("remembering the window of stories")
    }

    async fn first_since(&mut self, since: &str) -> Result<Option<i64>, StoreError> {
        sqlx::query_scalar("SELECT id FROM entry WHERE first_seen_at >= $1 ORDER BY first_seen_at, id LIMIT 1")
            .bind(since)
            .fetch_optional(self)
            .await
            .while_doing("remembering titles")
    }

    async fn short_texts(&mut self, after: i64, limit: i64) -> Result<String, StoreError> {
        // One row for all: each row of its own costs more than reading it. Subqueries with a limit are looked up by their keys, whatever
        // the planner expects.
        sqlx::query_scalar(
            "SELECT coalesce(json_agg(json_build_array(e.id, e.outlet_id, e.at, t.folded_title, t.folded_body)), '[]')::text \
             FROM (SELECT entry_id FROM short_text WHERE entry_id > $1 ORDER BY entry_id LIMIT $2) AS s \
             CROSS JOIN LATERAL (SELECT id, outlet_id, coalesce(believed, first_seen_at) AS at FROM entry \
                 WHERE id = s.entry_id LIMIT 1) AS e \
             CROSS JOIN LATERAL (SELECT folded_title, folded_body FROM entry_text WHERE entry_id = s.entry_id LIMIT 1) AS t",
        )
        .bind(after)
        .bind(limit)
        .fetch_one(self)
        .await
        .while_doing("remembering titles")
    }

    async fn former_titles(&mut self, ids: &[i64]) -> Result<Vec<(i64, String)>, StoreError> {
        sqlx::query_as(
            "SELECT entry_id, old_title FROM revision \
         WHERE entry_id = ANY($1) AND old_title <> new_title ORDER BY id",
        )
        .bind(ids)
        .fetch_all(self)
        .await
        .while_doing("remembering former titles")
    }

    async fn stored(&mut self, ids: &[i64]) -> Result<Vec<StoredEntryRow>, StoreError> {
        sqlx::query_as("SELECT e.id, e.outlet_id, e.feed_id, e.story_id, e.believed, e.first_seen_at, e.link, e.language, e.source_id, \
                t.extras, CASE WHEN length(t.folded_body) < 400 THEN coalesce(t.content, t.summary) END AS short_html, \
                t.folded_title, t.folded_body \
         FROM unnest($1::bigint[]) AS wanted (id) JOIN entry AS e ON e.id = wanted.id \
         JOIN entry_text AS t ON t.entry_id = e.id")
        .bind(ids)
        .fetch_all(self)
        .await
        .while_doing("reading the texts of entries that may be the same")
    }
}
