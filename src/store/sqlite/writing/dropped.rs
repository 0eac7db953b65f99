//! Stores entries that a rule leaves out, and checks them again when the rules of their outlet change: entries that the new rules
//! accept come back. An outlet's row holds the rules by which all its dropped entries were checked. It is written last, so that
//! an interrupted check starts again.

use crate::store::sqlite::error::ErrorContext;
use crate::{
    dedup::{Arrival, Listing},
    model::{EntryRules, FeedId, OutletId},
    rules::{self, RuleSubject},
    store::{
        catalog::Catalog,
        dropped::{DroppedEntry, DroppedRow, DroppedSource},
        error::StoreError,
        sqlite::{
            row::{self, RowRef},
            writing::sightings::SightingIds,
        },
    },
};
use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;
use sqlx::SqliteConnection;
use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
};

/// Maximum number of dropped entries that are checked in one transaction.
const STRIDE: i64 = 100;
/// Maximum total size of these entries, in bytes. A larger entry is checked alone.
const STRIDE_BYTES: i64 = 2 << 20;

#[derive(Serialize)]
struct KeptRow<'a> {
    id: i64,
    #[serde(flatten)]
    row: &'a DroppedRow,
}

/// Writes dropped entries. Removes the earlier row of an entry whose id in the feed has changed, but neither its title nor its
/// link.
pub(in crate::store) async fn write(
    connection: &mut SqliteConnection,
    rows: &[DroppedRow],
    ids: &SightingIds,
) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let kept: Vec<KeptRow<'_>> =
        rows.iter().filter_map(|row| Some(KeptRow { id: *ids.get(&(row.feed, row.key))?, row })).collect();
    let kept = row::rows(&kept);
    sqlx::query(
        "WITH r (v) AS MATERIALIZED (SELECT value FROM json_each($1)) \
         INSERT INTO dropped_entry (id, feed_id, title, link, link_key, seen_at, rule, bytes, entry) \
         SELECT v ->> 'id', v ->> 'feed', v ->> 'title', v ->> 'link', v ->> 'link_key', \
                coalesce((SELECT min(d.seen_at) FROM dropped_entry AS d WHERE d.feed_id = v ->> 'feed' \
                   AND d.link_key = v ->> 'link_key' AND d.title = v ->> 'title'), v ->> 'at'), \
                v ->> 'rule', v ->> 'bytes', v ->> 'entry' FROM r WHERE true \
         ON CONFLICT (id) DO UPDATE SET title = excluded.title, link = excluded.link, link_key = excluded.link_key, \
             rule = excluded.rule, bytes = excluded.bytes, entry = excluded.entry",
    )
    .bind(&kept)
    .execute(&mut *connection)
    .await
    .while_doing("keeping dropped entries")?;
    sqlx::query(
        "WITH r (v) AS MATERIALIZED (SELECT value FROM json_each($1)) \
         DELETE FROM dropped_entry WHERE id IN (SELECT d.id FROM r CROSS JOIN dropped_entry AS d \
            ON d.feed_id = v ->> 'feed' AND d.link_key = v ->> 'link_key' \
            WHERE d.title = v ->> 'title' AND d.id < v ->> 'id')",
    )
    .bind(&kept)
    .execute(connection)
    .await
    .while_doing("removing dropped entries stored under a former id")?;
    Ok(())
}

/// An outlet whose dropped entries are being checked again, because its rules changed.
#[derive(Debug, Clone)]
pub(in crate::store) struct Rejudging {
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
pub(in crate::store) struct Judged {
    /// Entries that the rules accept now.
    pub returning: Vec<Arrival>,
    /// Entries that stay dropped, but by another rule than before.
    pub staying: Vec<StayingRow>,
    /// The rest of the check; `None` at its end.
    pub next: Option<Rejudging>,
}

#[derive(Debug, Serialize)]
pub(in crate::store) struct StayingRow {
    id: i64,
    rule: String,
}

#[derive(sqlx::FromRow)]
struct KeptAside {
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
    connection: &mut SqliteConnection,
    catalog: &Catalog,
    configured: &HashSet<&str>,
    now: Timestamp,
) -> Result<Vec<Rejudging>, StoreError> {
    let before: Vec<(i64, String)> = sqlx::query_as("SELECT id, rules FROM outlet")
        .fetch_all(&mut *connection)
        .await
        .while_doing("reading the rules of outlets")?;
    let before: HashMap<i64, String> = before.into_iter().collect();
    let mut changed = Vec::new();
    for (id, outlet) in &catalog.outlets {
        // The dropped entries of a removed outlet stay dropped: it has no rules that could accept them.
        let is_other = before.get(&id.0).is_some_and(|before| *before != outlet.rules.definition());
        if is_other && configured.contains(outlet.slug.as_str()) {
            changed.push((*id, outlet));
        }
    }
    let mut rejudging = Vec::new();
    for (id, outlet) in changed {
        let feeds: Vec<i64> = sqlx::query_scalar(
            "SELECT id FROM feed AS f WHERE outlet_id = $1 AND EXISTS (SELECT 1 FROM dropped_entry WHERE feed_id = f.id)",
        )
        .bind(id.0)
        .fetch_all(&mut *connection)
        .await
        .while_doing("looking for dropped entries")?;
        if feeds.is_empty() {
            finish(connection, id, &outlet.rules).await?;
            continue;
        }
        let (slug, rules, zone) = (outlet.slug.clone(), outlet.rules.clone(), outlet.zone.clone());
        rejudging.push(Rejudging { outlet: id, slug, rules, zone, now, feeds: feeds.into(), after: i64::MIN });
    }
    rejudging.sort_by_key(|outlet| outlet.outlet.0);
    Ok(rejudging)
}

/// Stores the rules by which all dropped entries of an outlet were checked.
async fn finish(connection: &mut SqliteConnection, outlet: OutletId, rules: &EntryRules) -> Result<(), StoreError> {
    sqlx::query("UPDATE outlet SET rules = $2 WHERE id = $1")
        .bind(outlet.0)
        .bind(rules.definition())
        .execute(connection)
        .await
        .while_doing("writing the rules of outlets")?;
    Ok(())
}

impl Rejudging {
    /// Reads and checks the next entries.
    pub(in crate::store) async fn stride(&self, connection: &mut SqliteConnection) -> Result<Judged, StoreError> {
        let Some(&feed) = self.feeds.front() else { return Ok(Judged::default()) };
        let ids = self.next_ids(connection, feed).await?;
        let rows: Vec<KeptAside> = sqlx::query_as(
            "SELECT d.id, d.seen_at, d.rule, d.entry, f.url AS feed_url, f.guids_void \
             FROM dropped_entry AS d JOIN feed AS f ON f.id = d.feed_id \
             WHERE d.id IN (SELECT value FROM json_each($1)) ORDER BY d.id",
        )
        .bind(row::rows(&ids))
        .fetch_all(connection)
        .await
        .while_doing("reading dropped entries")?;
        let mut judged = Judged::default();
        for row in rows {
            self.judge(FeedId(feed), &row, &mut judged)?;
        }
        let mut next = self.clone();
        if let Some(last) = ids.last() {
            next.after = *last;
        } else {
            next.feeds.pop_front();
            next.after = i64::MIN;
        }
        judged.next = (!next.feeds.is_empty()).then_some(next);
        Ok(judged)
    }

    /// Returns the ids of the next entries, within [`STRIDE`] and [`STRIDE_BYTES`].
    async fn next_ids(&self, connection: &mut SqliteConnection, feed: i64) -> Result<Vec<i64>, StoreError> {
        let rows: Vec<(i64, i64)> =
            sqlx::query_as("SELECT id, bytes FROM dropped_entry WHERE feed_id = $1 AND id > $2 ORDER BY id LIMIT $3")
                .bind(feed)
                .bind(self.after)
                .bind(STRIDE)
                .fetch_all(connection)
                .await
                .while_doing("looking for dropped entries")?;
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

    fn judge(&self, feed: FeedId, row: &KeptAside, judged: &mut Judged) -> Result<(), StoreError> {
        let place = RowRef { table: "dropped_entry", row: row.id };
        let kept: DroppedEntry = place.json("entry", &row.entry)?;
        let seen_at = place.time("seen_at", &row.seen_at)?;
        let listing = Arc::new(Listing::of([], &[], HashSet::new(), row.guids_void, self.zone.clone()));
        let source = DroppedSource { feed, feed_url: &row.feed_url, outlet: self.outlet, seen_at, listing: &listing };
        let arrival = kept.into_arrival(judged.returning.len(), &source);
        match rules::left_out(&self.rules, &RuleSubject::of(&arrival.entry)) {
            None => judged.returning.push(arrival),
            Some(rule) if rule != row.rule => judged.staying.push(StayingRow { id: row.id, rule }),
            Some(_) => {}
        }
        Ok(())
    }

    /// Writes the new reasons of entries that stay dropped and, after the last entry, the rules of the outlet.
    pub(in crate::store) async fn write(
        &self,
        connection: &mut SqliteConnection,
        judged: &Judged,
    ) -> Result<(), StoreError> {
        if !judged.staying.is_empty() {
            sqlx::query(
                "WITH r (v) AS MATERIALIZED (SELECT value FROM json_each($1)) \
                 UPDATE dropped_entry SET rule = v ->> 'rule' FROM r WHERE dropped_entry.id = v ->> 'id'",
            )
            .bind(row::rows(&judged.staying))
            .execute(&mut *connection)
            .await
            .while_doing("writing why entries stay dropped")?;
        }
        if judged.next.is_none() { finish(connection, self.outlet, &self.rules).await } else { Ok(()) }
    }
}
