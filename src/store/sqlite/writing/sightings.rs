//! Writes what feeds list.

mod merging;

pub(in crate::store) use merging::merge_lookup;

use crate::{
    model::FeedId,
    store::{
        error::StoreError,
        instant::second,
        rows::{DelistedEntries, SightingRow},
        sqlite::{
            error::ErrorContext,
            listed::{self, ListedSighting},
            row,
            writing::insert::{self, Query},
        },
    },
};
use serde::Serialize;
use sqlx::SqliteConnection;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// A stored sighting that the feed lists again.
#[derive(Debug, Serialize)]
struct Seen {
    id: i64,
    raw: i64,
}

/// A new sighting.
#[derive(Debug)]
struct NewSighting<'a> {
    id: i64,
    row: &'a SightingRow,
}

/// The sightings that feeds list, by feed.
type Lists = BTreeMap<i64, Vec<ListedSighting>>;

/// A sighting without an entry that gets one: a rule left the entry out before.
#[derive(Debug, Serialize)]
struct FilledSighting<'a> {
    id: i64,
    #[serde(flatten)]
    row: &'a SightingRow,
}

/// The ids of sightings, by feed and key.
pub(in crate::store) type SightingIds = HashMap<(i64, i64), i64>;

/// Writes which entries feeds list now and which they no longer list. A feed has one sighting for each key. Returns the ids of
/// the sightings.
pub(in crate::store) async fn write(
    connection: &mut SqliteConnection,
    rows: &[SightingRow],
    delisted: &[DelistedEntries],
) -> Result<SightingIds, StoreError> {
    if rows.is_empty() && delisted.is_empty() {
        return Ok(SightingIds::new());
    }
    let listed = rows.iter().filter(|row| row.listed);
    let feeds = listed.map(|row| row.feed).chain(delisted.iter().map(|gone| gone.feed.0)).collect();
    let mut lists = lists(connection, &feeds).await?;
    let (mut known, vacant) = known(connection, rows).await?;
    let mut next = next_id(connection).await?;
    let (mut new, mut seen, mut filled) = (Vec::new(), BTreeMap::new(), Vec::new());
    for row in rows {
        let id = *known.entry((row.feed, row.key)).or_insert(next);
        if row.entry.is_some() && vacant.contains(&id) {
            filled.push(FilledSighting { id, row });
        }
        if !row.listed {
            continue;
        }
        let list = lists.entry(row.feed).or_default();
        if id == next {
            new.push(NewSighting { id, row });
            list.push(ListedSighting { id, raw: row.raw });
            next += 1;
            continue;
        }
        seen.insert(id, row.raw);
        match list.iter_mut().find(|listed| listed.id == id) {
            Some(listed) => listed.raw = row.raw,
            None => list.push(ListedSighting { id, raw: row.raw }),
        }
    }
    insert::rows(connection, &new, &insert::SIGHTINGS, bind_sighting, "writing sightings").await?;
    let seen: Vec<Seen> = seen.into_iter().map(|(id, raw)| Seen { id, raw }).collect();
    see_again(connection, &seen).await?;
    fill(connection, &filled).await?;
    for gone in delisted {
        delist(connection, gone, lists.entry(gone.feed.0).or_default()).await?;
    }
    keep(connection, &lists).await?;
    Ok(known)
}

/// Returns what these feeds list.
async fn lists(connection: &mut SqliteConnection, feeds: &BTreeSet<i64>) -> Result<Lists, StoreError> {
    let rows: Vec<(i64, Vec<u8>)> = sqlx::query_as(
        "SELECT id, listed FROM feed WHERE id IN (SELECT value FROM json_each($1)) AND listed IS NOT NULL",
    )
    .bind(row::rows(&feeds.iter().collect::<Vec<_>>()))
    .fetch_all(connection)
    .await
    .while_doing("reading what feeds list")?;
    rows.into_iter().map(|(feed, bytes)| Ok((feed, listed::read(FeedId(feed), &bytes)?))).collect()
}

/// Returns the sightings that exist already, by feed and key, and which of them have no entry.
async fn known(
    connection: &mut SqliteConnection,
    rows: &[SightingRow],
) -> Result<(SightingIds, HashSet<i64>), StoreError> {
    let keys: BTreeSet<i64> = rows.iter().map(|row| row.key).collect();
    let known: Vec<(i64, i64, i64, bool)> = sqlx::query_as(
        "WITH w (hash) AS MATERIALIZED (SELECT value FROM json_each($1)), \
         found (id) AS ( \
            SELECT row_id FROM w CROSS JOIN lookup_0 AS l ON l.hash = w.hash AND l.kind = 0 UNION ALL \
            SELECT row_id FROM w CROSS JOIN lookup_1 AS l ON l.hash = w.hash AND l.kind = 0 UNION ALL \
            SELECT row_id FROM w CROSS JOIN lookup_2 AS l ON l.hash = w.hash AND l.kind = 0) \
         SELECT s.feed_id, s.key_hash, s.id, s.entry_id IS NULL FROM found CROSS JOIN sighting AS s ON s.id = found.id",
    )
    .bind(row::rows(&keys.into_iter().collect::<Vec<_>>()))
    .fetch_all(connection)
    .await
    .while_doing("looking for sightings")?;
    let vacant = known.iter().filter(|(_, _, _, vacant)| *vacant).map(|(_, _, id, _)| *id).collect();
    Ok((known.into_iter().map(|(feed, key, id, _)| ((feed, key), id)).collect(), vacant))
}

/// Gives entries to sightings that had none, and forgets what was kept aside of them.
async fn fill(connection: &mut SqliteConnection, filled: &[FilledSighting<'_>]) -> Result<(), StoreError> {
    if filled.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "WITH r (v) AS MATERIALIZED (SELECT value FROM json_each($1)) \
         UPDATE sighting SET entry_id = v ->> 'entry', guid = v ->> 'guid', link = v ->> 'link', \
                evidence = v ->> 'evidence' FROM r WHERE sighting.id = v ->> 'id'",
    )
    .bind(row::rows(filled))
    .execute(&mut *connection)
    .await
    .while_doing("writing the entries of sightings")?;
    let ids: Vec<i64> = filled.iter().map(|sighting| sighting.id).collect();
    sqlx::query("DELETE FROM dropped_entry WHERE id IN (SELECT value FROM json_each($1))")
        .bind(row::rows(&ids))
        .execute(connection)
        .await
        .while_doing("forgetting dropped entries that came back")?;
    Ok(())
}

/// Returns the id of the next sighting.
async fn next_id(connection: &mut SqliteConnection) -> Result<i64, StoreError> {
    sqlx::query_scalar("SELECT coalesce(max(id), 0) + 1 FROM sighting")
        .fetch_one(connection)
        .await
        .while_doing("numbering sightings")
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

async fn see_again(connection: &mut SqliteConnection, seen: &[Seen]) -> Result<(), StoreError> {
    if seen.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "WITH r (v) AS MATERIALIZED (SELECT value FROM json_each($1)) \
         UPDATE sighting SET raw = v ->> 'raw', left_at = NULL FROM r WHERE sighting.id = v ->> 'id'",
    )
    .bind(row::rows(seen))
    .execute(connection)
    .await
    .while_doing("writing what feeds list again")?;
    Ok(())
}

/// Marks sightings that a feed no longer lists, and removes them from its list.
async fn delist(
    connection: &mut SqliteConnection,
    gone: &DelistedEntries,
    list: &mut Vec<ListedSighting>,
) -> Result<(), StoreError> {
    let raw: HashSet<i64> = gone.raw.iter().copied().collect();
    let left: Vec<i64> = list.extract_if(.., |listed| raw.contains(&listed.raw)).map(|left| left.id).collect();
    if left.is_empty() {
        return Ok(());
    }
    sqlx::query("UPDATE sighting SET left_at = $1 WHERE id IN (SELECT value FROM json_each($2))")
        .bind(second(gone.at))
        .bind(row::rows(&left))
        .execute(connection)
        .await
        .while_doing("marking what feeds list no longer")?;
    Ok(())
}

async fn keep(connection: &mut SqliteConnection, lists: &Lists) -> Result<(), StoreError> {
    for (feed, list) in lists {
        sqlx::query("UPDATE feed SET listed = $2 WHERE id = $1")
            .bind(feed)
            .bind(listed::write(list))
            .execute(&mut *connection)
            .await
            .while_doing("writing what feeds list")?;
    }
    Ok(())
}
