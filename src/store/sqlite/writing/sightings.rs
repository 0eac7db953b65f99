//! The statements about sightings.

mod merging;

pub(in crate::store) use merging::merge_lookup;

use crate::store::{
    driver::ErrorContext,
    error::StoreError,
    sqlite::{
        row,
        writing::insert::{self, Query},
    },
    writing::sightings::{FilledSighting, NewSighting, Seen, SightingRows},
};
use sqlx::SqliteConnection;

impl SightingRows for SqliteConnection {
    async fn lists(&mut self, feeds: &[i64]) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
        sqlx::query_as(
            "SELECT id, listed FROM feed WHERE id IN (SELECT value FROM json_each($1)) AND listed IS NOT NULL",
        )
        .bind(row::rows(feeds))
        .fetch_all(self)
        .await
        .while_doing("reading what feeds list")
    }

    async fn known(&mut self, keys: &[i64]) -> Result<Vec<(i64, i64, i64, bool)>, StoreError> {
        sqlx::query_as(
            "WITH w (hash) AS MATERIALIZED (SELECT value FROM json_each($1)), \
         found (id) AS ( \
            SELECT row_id FROM w CROSS JOIN lookup_0 AS l ON l.hash = w.hash AND l.kind = 0 UNION ALL \
            SELECT row_id FROM w CROSS JOIN lookup_1 AS l ON l.hash = w.hash AND l.kind = 0 UNION ALL \
            SELECT row_id FROM w CROSS JOIN lookup_2 AS l ON l.hash = w.hash AND l.kind = 0) \
         SELECT s.feed_id, s.key_hash, s.id, s.entry_id IS NULL FROM found CROSS JOIN sighting AS s ON s.id = found.id",
        )
        .bind(row::rows(keys))
        .fetch_all(self)
        .await
        .while_doing("looking for sightings")
    }

    async fn next_sighting(&mut self) -> Result<i64, StoreError> {
        sqlx::query_scalar("SELECT coalesce(max(id), 0) + 1 FROM sighting")
            .fetch_one(self)
            .await
            .while_doing("numbering sightings")
    }

    async fn add_sightings(&mut self, new: &[NewSighting<'_>]) -> Result<(), StoreError> {
        insert::rows(self, new, &insert::SIGHTINGS, bind_sighting, "writing sightings").await
    }

    async fn see_again(&mut self, seen: &[Seen]) -> Result<(), StoreError> {
        sqlx::query(
            "WITH r (v) AS MATERIALIZED (SELECT value FROM json_each($1)) \
         UPDATE sighting SET raw = v ->> 'raw', left_at = NULL FROM r WHERE sighting.id = v ->> 'id'",
        )
        .bind(row::rows(seen))
        .execute(self)
        .await
        .map(drop)
        .while_doing("writing what feeds list again")
    }

    async fn fill(&mut self, filled: &[FilledSighting<'_>]) -> Result<(), StoreError> {
        sqlx::query(
            "WITH r (v) AS MATERIALIZED (SELECT value FROM json_each($1)) \
         UPDATE sighting SET entry_id = v ->> 'entry', guid = v ->> 'guid', link = v ->> 'link', \
                evidence = v ->> 'evidence' FROM r WHERE sighting.id = v ->> 'id'",
        )
        .bind(row::rows(filled))
        .execute(&mut *self)
        .await
        .while_doing("writing the entries of sightings")?;
        let ids: Vec<i64> = filled.iter().map(|sighting| sighting.id).collect();
        sqlx::query("DELETE FROM dropped_entry WHERE id IN (SELECT value FROM json_each($1))")
            .bind(row::rows(&ids))
            .execute(self)
            .await
            .map(drop)
            .while_doing("forgetting dropped entries that came back")
    }

    async fn leave(&mut self, ids: &[i64], at: &str) -> Result<(), StoreError> {
        sqlx::query("UPDATE sighting SET left_at = $1 WHERE id IN (SELECT value FROM json_each($2))")
            .bind(at)
            .bind(row::rows(ids))
            .execute(self)
            .await
            .map(drop)
            .while_doing("marking what feeds list no longer")
    }

    async fn write_lists(&mut self, lists: &[(i64, Option<Vec<u8>>)]) -> Result<(), StoreError> {
        for (feed, listed) in lists {
            sqlx::query("UPDATE feed SET listed = $2 WHERE id = $1")
                .bind(feed)
                .bind(listed)
                .execute(&mut *self)
                .await
                .while_doing("writing what feeds list")?;
        }
        Ok(())
    }
}

/// Binds the columns in the order of [`insert::SIGHTINGS`].
fn bind_sighting<'q>(query: Query<'q>, new: &'q NewSighting<'_>) -> Query<'q> {
    let NewSighting { id, row } = new;
    query
        .bind(id)
        .bind(row.feed)
        .bind(row.key)
        .bind(row.entry)
        .bind(row.raw)
        .bind(&row.guid)
        .bind(&row.link)
        .bind(&row.at)
        .bind(&row.evidence)
}
