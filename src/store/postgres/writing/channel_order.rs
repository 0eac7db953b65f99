//! Positions of stories in channels.

use crate::{
    model::EntryRules,
    store::{
        driver::ErrorContext,
        error::StoreError,
        postgres::{text::json, writing::insert},
        rows::{BatchRows, PlaceRow},
        writing::channel_order::{ChannelRows, Member, StoredSubject, batch_places},
    },
};
use futures_util::TryStreamExt as _;
use sqlx::PgConnection;
use std::collections::HashSet;

/// Writes the positions of new entries.
pub(in crate::store) async fn insert_batch(
    connection: &mut PgConnection,
    batch_rows: &BatchRows,
) -> Result<(), StoreError> {
    let (certain, rows) = batch_places(batch_rows);
    insert::places(connection, &certain).await?;
    if rows.is_empty() { Ok(()) } else { connection.place(&rows).await }
}

impl ChannelRows for PgConnection {
    async fn members(&mut self, stories: &[i64]) -> Result<Vec<Member>, StoreError> {
        sqlx::query_as(
            "SELECT id AS entry_id, story_id, outlet_id, language, order_at, published_at FROM entry \
         WHERE story_id = ANY($1) ORDER BY id",
        )
        .bind(stories)
        .fetch_all(self)
        .await
        .while_doing("reading the members of stories")
    }

    async fn stories_of(&mut self, entries: &[i64]) -> Result<Vec<i64>, StoreError> {
        sqlx::query_scalar("SELECT story_id FROM entry WHERE id = ANY($1)")
            .bind(entries)
            .fetch_all(self)
            .await
            .while_doing("reading the stories of revised entries")
    }

    async fn members_below(&mut self, story: i64, limit: i64) -> Result<Vec<Member>, StoreError> {
        sqlx::query_as(
            "SELECT id AS entry_id, story_id, outlet_id, language, order_at, published_at FROM entry \
             WHERE story_id IN (SELECT id FROM story WHERE id < $1 ORDER BY id DESC LIMIT $2) ORDER BY id",
        )
        .bind(story)
        .bind(limit)
        .fetch_all(self)
        .await
        .while_doing("reading the members of stories")
    }

    async fn left_out(&mut self, rules: &EntryRules, entries: &[i64]) -> Result<HashSet<i64>, StoreError> {
        let mut left_out = HashSet::new();

        let mut rows = sqlx::query_as(
            "SELECT e.id, CASE WHEN e.title_from <> 'outlet' THEN e.title END AS title, e.link, e.language, \
                t.summary, t.content, t.extras, t.folded_body \
         FROM entry AS e JOIN entry_text AS t ON t.entry_id = e.id WHERE e.id = ANY($1)",
        )
        .bind(entries)
        .fetch(self);
        while let Some(stored) = rows.try_next().await.while_doing("reading entries for a channel's rules")? {
            let stored: StoredSubject = stored;
            if stored.is_left_out(rules)? {
                left_out.insert(stored.id);
            }
        }
        Ok(left_out)
    }

    async fn place(&mut self, rows: &[&PlaceRow]) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO place (channel_id, order_at, published_at, story_id, entry_id) \
         SELECT channel, order_at, published_at, story, entry \
         FROM json_to_recordset($1::json) AS r (channel bigint, order_at text, published_at text, story bigint, entry bigint, each boolean) \
         WHERE each OR NOT EXISTS (SELECT 1 FROM place AS p WHERE p.story_id = r.story AND p.channel_id = r.channel) \
         ON CONFLICT DO NOTHING")
        .bind(json(rows))
        .execute(self)
        .await
        .map(drop)
        .while_doing("writing places")
    }

    async fn clear_places(&mut self, channel: i64, limit: i64) -> Result<u64, StoreError> {
        let cleared = sqlx::query(
            "DELETE FROM place WHERE (channel_id, order_at, published_at, story_id, entry_id) IN ( \
            SELECT channel_id, order_at, published_at, story_id, entry_id FROM place WHERE channel_id = $1 \
            ORDER BY order_at, published_at, story_id, entry_id LIMIT $2)",
        )
        .bind(channel)
        .bind(limit)
        .execute(self)
        .await
        .while_doing("removing a channel's places")?;
        Ok(cleared.rows_affected())
    }

    async fn define(&mut self, channel: i64, definition: &str) -> Result<(), StoreError> {
        sqlx::query("UPDATE channel SET definition = $2 WHERE id = $1")
            .bind(channel)
            .bind(definition)
            .execute(self)
            .await
            .map(drop)
            .while_doing("writing a channel's definition")
    }
}
