//! Positions of stories in channels.

use crate::{
    model::EntryRules,
    store::{
        driver::ErrorContext,
        error::StoreError,
        rows::{BatchRows, PlaceRow},
        sqlite::{
            row,
            writing::insert::{self, Query},
        },
        writing::channel_order::{ChannelRows, Member, StoredSubject, batch_places},
    },
};
use futures_util::TryStreamExt as _;
use sqlx::SqliteConnection;
use std::collections::HashSet;

/// Writes the positions of new entries.
pub(in crate::store) async fn insert_batch(
    connection: &mut SqliteConnection,
    batch_rows: &BatchRows,
) -> Result<(), StoreError> {
    let (certain, rows) = batch_places(batch_rows);
    insert::rows(connection, &certain, &insert::PLACES, bind_place, "writing places").await?;
    if rows.is_empty() { Ok(()) } else { connection.place(&rows).await }
}

/// Binds the columns in the order of [`insert::PLACES`].
fn bind_place<'q>(query: Query<'q>, place: &'q &PlaceRow) -> Query<'q> {
    query.bind(place.channel).bind(&place.order_at).bind(&place.published_at).bind(place.story).bind(place.entry)
}

impl ChannelRows for SqliteConnection {
    async fn members(&mut self, stories: &[i64]) -> Result<Vec<Member>, StoreError> {
        sqlx::query_as(
            "SELECT id AS entry_id, story_id, outlet_id, language, order_at, published_at FROM entry \
         WHERE story_id IN (SELECT value FROM json_each($1)) ORDER BY id",
        )
        .bind(row::rows(stories))
        .fetch_all(self)
        .await
        .while_doing("reading the members of stories")
    }

    async fn stories_of(&mut self, entries: &[i64]) -> Result<Vec<i64>, StoreError> {
        sqlx::query_scalar("SELECT story_id FROM entry WHERE id IN (SELECT value FROM json_each($1))")
            .bind(row::rows(entries))
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
        let ids = row::rows(entries);
        let mut rows = sqlx::query_as(
            "SELECT e.id, CASE WHEN e.title_from <> 'outlet' THEN e.title END AS title, e.link, e.language, \
                t.summary, t.content, t.extras, t.folded_body \
         FROM entry AS e JOIN entry_text AS t ON t.entry_id = e.id WHERE e.id IN (SELECT value FROM json_each($1))",
        )
        .bind(&ids)
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
        sqlx::query(
            "WITH r (v) AS MATERIALIZED (SELECT value FROM json_each($1)) \
         INSERT INTO place (channel_id, order_at, published_at, story_id, entry_id) \
         SELECT v ->> 'channel', v ->> 'order_at', v ->> 'published_at', v ->> 'story', \
                v ->> 'entry' FROM r \
         WHERE v ->> 'each' OR NOT EXISTS (SELECT 1 FROM place AS p \
            WHERE p.story_id = v ->> 'story' AND p.channel_id = v ->> 'channel') \
         ON CONFLICT DO NOTHING",
        )
        .bind(row::rows(rows))
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
