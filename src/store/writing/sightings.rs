//! Writes what feeds list.

use crate::{
    model::FeedId,
    store::{
        error::StoreError,
        instant::second,
        listed::{self, ListedSighting},
        rows::{DelistedEntries, SightingRow},
    },
};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// A stored sighting that the feed lists again.
#[derive(Debug, Serialize)]
pub(in crate::store) struct Seen {
    id: i64,
    raw: i64,
}

/// A new sighting.
#[derive(Debug)]
pub(in crate::store) struct NewSighting<'a> {
    pub id: i64,
    pub row: &'a SightingRow,
}

/// The sightings that feeds list, by feed.
type Lists = BTreeMap<i64, Vec<ListedSighting>>;

/// A sighting without an entry that gets one: a rule left the entry out before.
#[derive(Debug, Serialize)]
pub(in crate::store) struct FilledSighting<'a> {
    pub id: i64,
    #[serde(flatten)]
    row: &'a SightingRow,
}

/// The ids of sightings, by feed and key.
pub(in crate::store) type SightingIds = HashMap<(i64, i64), i64>;

/// The statements about sightings.
pub(in crate::store) trait SightingRows {
    /// Returns what these feeds list, as bytes; feeds that list nothing are left out.
    async fn lists(&mut self, feeds: &[i64]) -> Result<Vec<(i64, Vec<u8>)>, StoreError>;
    /// Returns the sightings with these keys: feed, key, id, and whether it has no entry.
    async fn known(&mut self, keys: &[i64]) -> Result<Vec<(i64, i64, i64, bool)>, StoreError>;
    /// Returns the id of the next sighting.
    async fn next_sighting(&mut self) -> Result<i64, StoreError>;
    /// Writes new sightings.
    async fn add_sightings(&mut self, new: &[NewSighting<'_>]) -> Result<(), StoreError>;
    /// Marks sightings as listed.
    async fn see_again(&mut self, seen: &[Seen]) -> Result<(), StoreError>;
    /// Gives entries to sightings that had none, and forgets what was kept aside of them.
    async fn fill(&mut self, filled: &[FilledSighting<'_>]) -> Result<(), StoreError>;
    /// Marks sightings as no longer listed.
    async fn leave(&mut self, ids: &[i64], at: &str) -> Result<(), StoreError>;
    /// Writes what feeds list.
    async fn write_lists(&mut self, lists: &[(i64, Option<Vec<u8>>)]) -> Result<(), StoreError>;
}

/// Writes which entries feeds list now and which they no longer list. A feed has one sighting for each key. Returns the ids of
/// the sightings.
pub(in crate::store) async fn write(
    connection: &mut impl SightingRows,
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
    let mut next = connection.next_sighting().await?;
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
    connection.add_sightings(&new).await?;
    let seen: Vec<Seen> = seen.into_iter().map(|(id, raw)| Seen { id, raw }).collect();
    if !seen.is_empty() {
        connection.see_again(&seen).await?;
    }
    if !filled.is_empty() {
        connection.fill(&filled).await?;
    }
    for gone in delisted {
        delist(connection, gone, lists.entry(gone.feed.0).or_default()).await?;
    }
    let lists: Vec<_> = lists.iter().map(|(feed, list)| (*feed, listed::write(list))).collect();
    connection.write_lists(&lists).await?;
    Ok(known)
}

/// Returns what these feeds list.
async fn lists(connection: &mut impl SightingRows, feeds: &BTreeSet<i64>) -> Result<Lists, StoreError> {
    let rows = connection.lists(&feeds.iter().copied().collect::<Vec<_>>()).await?;
    rows.into_iter().map(|(feed, bytes)| Ok((feed, listed::read(FeedId(feed), &bytes)?))).collect()
}

/// Returns the sightings that exist already, by feed and key, and which of them have no entry.
async fn known(
    connection: &mut impl SightingRows,
    rows: &[SightingRow],
) -> Result<(SightingIds, HashSet<i64>), StoreError> {
    let keys: BTreeSet<i64> = rows.iter().map(|row| row.key).collect();
    let known = connection.known(&keys.into_iter().collect::<Vec<_>>()).await?;
    let vacant = known.iter().filter(|(_, _, _, vacant)| *vacant).map(|(_, _, id, _)| *id).collect();
    Ok((known.into_iter().map(|(feed, key, id, _)| ((feed, key), id)).collect(), vacant))
}

/// Marks sightings that a feed no longer lists, and removes them from its list.
async fn delist(
    connection: &mut impl SightingRows,
    gone: &DelistedEntries,
    list: &mut Vec<ListedSighting>,
) -> Result<(), StoreError> {
    let raw: HashSet<i64> = gone.raw.iter().copied().collect();
    let left: Vec<i64> = list.extract_if(.., |listed| raw.contains(&listed.raw)).map(|left| left.id).collect();
    if left.is_empty() {
        return Ok(());
    }
    connection.leave(&left, &second(gone.at)).await
}
