//! The statements about sightings.

use crate::store::{
    driver::ErrorContext,
    error::StoreError,
    postgres::{text::json, writing::insert},
    writing::sightings::{FilledSighting, NewSighting, Seen, SightingRows},
};
use sqlx::PgConnection;

impl SightingRows for PgConnection {
    async fn lists(&mut self, feeds: &[i64]) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
        sqlx::query_as("SELECT id, listed FROM feed WHERE id = ANY($1) AND listed IS NOT NULL")
            .bind(feeds)
            .fetch_all(self)
            .await
            .while_doing("reading what feeds list")
    }

    async fn known(&mut self, keys: &[i64]) -> Result<Vec<(i64, i64, i64, bool)>, StoreError> {
        sqlx::query_as("SELECT feed_id, key_hash, id, entry_id IS NULL FROM sighting WHERE key_hash = ANY($1)")
            .bind(keys)
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
        insert::sightings(self, new).await
    }

    async fn see_again(&mut self, seen: &[Seen]) -> Result<(), StoreError> {
        sqlx::query("UPDATE sighting SET raw = r.raw, left_at = NULL FROM json_to_recordset($1::json) AS r (id bigint, raw bigint) \
             WHERE sighting.id = r.id")
            .bind(json(seen))
            .execute(self)
            .await
            .map(drop)
            .while_doing("writing what feeds list again")
    }

    async fn fill(&mut self, filled: &[FilledSighting<'_>]) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE sighting SET entry_id = r.entry, guid = r.guid, link = r.link, evidence = r.evidence \
         FROM json_to_recordset($1::json) AS r (id bigint, entry bigint, guid text, link text, evidence text) \
         WHERE sighting.id = r.id",
        )
        .bind(json(filled))
        .execute(&mut *self)
        .await
        .while_doing("writing the entries of sightings")?;
        let ids: Vec<i64> = filled.iter().map(|sighting| sighting.id).collect();
        sqlx::query("DELETE FROM dropped_entry WHERE id = ANY($1)")
            .bind(&ids)
            .execute(self)
            .await
            .map(drop)
            .while_doing("forgetting dropped entries that came back")
    }

    async fn leave(&mut self, ids: &[i64], at: &str) -> Result<(), StoreError> {
        sqlx::query("UPDATE sighting SET left_at = $1 WHERE id = ANY($2)")
            .bind(at)
            .bind(ids)
            .execute(self)
            .await
            .map(drop)
            .while_doing("marking what feeds list no longer")
    }

    async fn write_lists(&mut self, lists: &[(i64, Option<Vec<u8>>)]) -> Result<(), StoreError> {
        let (feeds, lists): (Vec<i64>, Vec<Option<&[u8]>>) =
            lists.iter().map(|(feed, list)| (*feed, list.as_deref())).unzip();
        sqlx::query(
            "UPDATE feed SET listed = r.listed FROM unnest($1::bigint[], $2::bytea[]) AS r (id, listed) WHERE feed.id = r.id",
        )
        .bind(feeds)
        .bind(lists)
        .execute(self)
        .await
        .map(drop)
        .while_doing("writing what feeds list")
    }
}
