//! Stores entries that a rule leaves out, and checks them again when the rules of their outlet change: entries that the new rules
//! accept come back. An outlet's row holds the rules by which all its dropped entries were checked. It is written last, so that
//! an interrupted check starts again.

use crate::{
    dedup::{Arrival, Listing},
    model::{EntryRules, FeedId, OutletId},
    rules::{self, RuleSubject},
    store::{
        catalog::Catalog,
        dropped::{DroppedEntry, DroppedRow, DroppedSource},
        error::StoreError,
        row::RowRef,
        writing::sightings::SightingIds,
    },
};
use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;
use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
};

/// Maximum number of dropped entries that are checked in one transaction.
const STRIDE: i64 = 100;
/// Maximum total size of these entries, in bytes. A larger entry is checked alone.
const STRIDE_BYTES: i64 = 2 << 20;

/// A dropped entry with the id of its sighting.
#[derive(Serialize)]
pub(in crate::store) struct KeptRow<'a> {
    id: i64,
    #[serde(flatten)]
    row: &'a DroppedRow,
}

/// The statements about dropped entries.
pub(in crate::store) trait DroppedRows {
    /// Writes dropped entries. Removes those stored under a former id: of the same feed, link and title.
    async fn keep_dropped(&mut self, kept: &[KeptRow<'_>]) -> Result<(), StoreError>;
    /// Returns the rules by which the dropped entries of each outlet were checked.
    async fn outlet_rules(&mut self) -> Result<Vec<(i64, String)>, StoreError>;
    /// Returns the feeds of an outlet that have dropped entries.
    async fn feeds_with_dropped(&mut self, outlet: i64) -> Result<Vec<i64>, StoreError>;
    /// Writes the rules by which the dropped entries of an outlet were checked.
    async fn write_rules(&mut self, outlet: i64, rules: &str) -> Result<(), StoreError>;
    /// Returns these dropped entries, in order of their ids.
    async fn dropped(&mut self, ids: &[i64]) -> Result<Vec<KeptAside>, StoreError>;
    /// Returns id and size of the dropped entries of a feed after this one.
    async fn dropped_after(&mut self, feed: i64, id: i64, limit: i64) -> Result<Vec<(i64, i64)>, StoreError>;
    /// Writes by which rules entries stay dropped.
    async fn write_staying(&mut self, rows: &[StayingRow]) -> Result<(), StoreError>;
}

/// Writes dropped entries. Removes the earlier row of an entry whose id in the feed has changed, but neither its title nor its
/// link.
pub(in crate::store) async fn write(
    connection: &mut impl DroppedRows,
    rows: &[DroppedRow],
    ids: &SightingIds,
) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let kept: Vec<KeptRow<'_>> =
        rows.iter().filter_map(|row| Some(KeptRow { id: *ids.get(&(row.feed, row.key))?, row })).collect();
    connection.keep_dropped(&kept).await
}

/// An outlet whose dropped entries are being checked again, because its rules changed.
#[derive(Debug, Clone)]
pub(in crate::store) struct DroppedCheck {
    pub outlet: OutletId,
    pub slug: String,
    rules: EntryRules,
    zone: TimeZone,
    /// When the new rules were read.
    pub now: Timestamp,
    /// The feeds of the outlet that still have to be checked.
    feeds: VecDeque<i64>,
    /// The last checked entry of the first of these feeds.
    after: i64,
}

/// The result of checking some dropped entries again.
#[derive(Debug, Default)]
pub(in crate::store) struct CheckedEntries {
    /// Entries that the rules accept now.
    pub returning: Vec<Arrival>,
    /// Entries that stay dropped, but by another rule than before.
    pub staying: Vec<StayingRow>,
    /// The rest of the check; `None` at its end.
    pub next: Option<DroppedCheck>,
}

#[derive(Debug, Serialize)]
pub(in crate::store) struct StayingRow {
    id: i64,
    rule: String,
}

/// A dropped entry as stored.
#[derive(sqlx::FromRow)]
pub(in crate::store) struct KeptAside {
    id: i64,
    seen_at: String,
    rule: String,
    entry: String,
    feed_url: String,
    guids_void: bool,
}

/// Returns the outlets whose rules have changed and that have dropped entries. Stores the new rules of an outlet without dropped
/// entries immediately.
pub(in crate::store) async fn changed(
    connection: &mut impl DroppedRows,
    catalog: &Catalog,
    configured: &HashSet<&str>,
    now: Timestamp,
) -> Result<Vec<DroppedCheck>, StoreError> {
    let before = connection.outlet_rules().await?;
    let before: HashMap<i64, String> = before.into_iter().collect();
    let mut changed = Vec::new();
    for (id, outlet) in &catalog.outlets {
        // The dropped entries of a removed outlet stay dropped: it has no rules that could accept them.
        let is_other = before.get(&id.0).is_some_and(|before| *before != outlet.rules.definition());
        if is_other && configured.contains(outlet.slug.as_str()) {
            changed.push((*id, outlet));
        }
    }
    let mut checks = Vec::new();
    for (id, outlet) in changed {
        let feeds = connection.feeds_with_dropped(id.0).await?;
        if feeds.is_empty() {
            finish(connection, id, &outlet.rules).await?;
            continue;
        }
        let (slug, rules, zone) = (outlet.slug.clone(), outlet.rules.clone(), outlet.zone.clone());
        checks.push(DroppedCheck { outlet: id, slug, rules, zone, now, feeds: feeds.into(), after: i64::MIN });
    }
    checks.sort_by_key(|outlet| outlet.outlet.0);
    Ok(checks)
}

/// Stores the rules by which all dropped entries of an outlet were checked.
async fn finish(connection: &mut impl DroppedRows, outlet: OutletId, rules: &EntryRules) -> Result<(), StoreError> {
    connection.write_rules(outlet.0, &rules.definition()).await
}

impl DroppedCheck {
    /// Reads and checks the next entries.
    pub(in crate::store) async fn stride(
        &self,
        connection: &mut impl DroppedRows,
    ) -> Result<CheckedEntries, StoreError> {
        let Some(&feed) = self.feeds.front() else { return Ok(CheckedEntries::default()) };
        let ids = self.next_ids(connection, feed).await?;
        let rows = connection.dropped(&ids).await?;
        let mut checked = CheckedEntries::default();
        for row in rows {
            self.check_row(FeedId(feed), &row, &mut checked)?;
        }
        let mut next = self.clone();
        if let Some(last) = ids.last() {
            next.after = *last;
        } else {
            next.feeds.pop_front();
            next.after = i64::MIN;
        }
        checked.next = (!next.feeds.is_empty()).then_some(next);
        Ok(checked)
    }

    /// Returns the ids of the next entries, within [`STRIDE`] and [`STRIDE_BYTES`].
    async fn next_ids(&self, connection: &mut impl DroppedRows, feed: i64) -> Result<Vec<i64>, StoreError> {
        let rows = connection.dropped_after(feed, self.after, STRIDE).await?;
        let mut left = STRIDE_BYTES;
        let mut ids = Vec::new();
        for (id, bytes) in rows {
            if bytes > left && !ids.is_empty() {
                break;
            }
            left -= bytes;
            ids.push(id);
        }
        Ok(ids)
    }

    fn check_row(&self, feed: FeedId, row: &KeptAside, checked: &mut CheckedEntries) -> Result<(), StoreError> {
        let place = RowRef { table: "dropped_entry", row: row.id };
        let kept: DroppedEntry = place.json("entry", &row.entry)?;
        let seen_at = place.time("seen_at", &row.seen_at)?;
        let listing = Arc::new(Listing::of([], &[], HashSet::new(), row.guids_void, self.zone.clone()));
        let source = DroppedSource { feed, feed_url: &row.feed_url, outlet: self.outlet, seen_at, listing: &listing };
        let arrival = kept.into_arrival(checked.returning.len(), &source);
        match rules::left_out(&self.rules, &RuleSubject::of(&arrival.entry)) {
            None => checked.returning.push(arrival),
            Some(rule) if rule != row.rule => checked.staying.push(StayingRow { id: row.id, rule }),
            Some(_) => {}
        }
        Ok(())
    }

    /// Writes the new reasons of entries that stay dropped and, after the last entry, the rules of the outlet.
    pub(in crate::store) async fn write(
        &self,
        connection: &mut impl DroppedRows,
        checked: &CheckedEntries,
    ) -> Result<(), StoreError> {
        if !checked.staying.is_empty() {
            connection.write_staying(&checked.staying).await?;
        }
        if checked.next.is_none() { finish(connection, self.outlet, &self.rules).await } else { Ok(()) }
    }
}
