//! What the file knows about a batch of arrivals: three statements, whatever the size of the batch.

use super::{
    cell,
    error::{StoreError, While},
};
use crate::{
    dedup::{Arrival, Known, KnownEntry, Sighted},
    model::{EntryId, FeedId, LinkKey, OutletId, PlainText, StoryId},
};
use sqlx::SqliteConnection;
use std::collections::{HashMap, HashSet};

#[derive(sqlx::FromRow)]
struct SightingRow {
    key_hash: i64,
    feed_id: i64,
    entry_id: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct KnownRow {
    id: i64,
    outlet_id: i64,
    feed_id: i64,
    story_id: i64,
    shown: i64,
    title: String,
    title_from: String,
    link_key: Option<i64>,
    folded_body: String,
    members: i64,
}

/// Recalls sightings by key, entries by link, and those entries themselves.
pub(super) async fn recall(connection: &mut SqliteConnection, arrivals: &[Arrival]) -> Result<Known, StoreError> {
    let mut known = Known::default();
    if arrivals.is_empty() {
        return Ok(known);
    }
    let keys: HashSet<i64> = arrivals.iter().map(|a| a.entry.key.hash()).collect();
    let sightings: Vec<SightingRow> = sqlx::query_as(
        "SELECT key_hash, feed_id, entry_id FROM sighting \
         WHERE key_hash IN (SELECT value FROM json_each($1)) ORDER BY id",
    )
    .bind(cell::rows(&keys.into_iter().collect::<Vec<_>>()))
    .fetch_all(&mut *connection)
    .await
    .while_doing("recalling sightings")?;
    let mut ids: HashSet<i64> = HashSet::new();
    for row in sightings {
        ids.extend(row.entry_id);
        let sighted = Sighted { feed: FeedId(row.feed_id), entry: row.entry_id.map(EntryId) };
        known.by_key.entry(row.key_hash).or_default().push(sighted);
    }
    let links: HashSet<i64> = arrivals.iter().filter_map(|a| a.entry.link_key).map(|k| k.0).collect();
    let linked: Vec<(i64, i64)> = sqlx::query_as(
        "SELECT link_key, id FROM entry WHERE link_key IN (SELECT value FROM json_each($1)) ORDER BY id",
    )
    .bind(cell::rows(&links.into_iter().collect::<Vec<_>>()))
    .fetch_all(&mut *connection)
    .await
    .while_doing("recalling links")?;
    for (link, id) in linked {
        ids.insert(id);
        known.by_link.entry(LinkKey(link)).or_default().push(EntryId(id));
    }
    known.entries = entries(connection, &ids).await?;
    Ok(known)
}

async fn entries(
    connection: &mut SqliteConnection,
    ids: &HashSet<i64>,
) -> Result<HashMap<EntryId, KnownEntry>, StoreError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<KnownRow> = sqlx::query_as(
        "SELECT e.id, e.outlet_id, e.feed_id, e.story_id, e.shown, e.title, e.title_from, e.link_key, t.folded_body, s.members \
         FROM entry AS e JOIN entry_text AS t ON t.entry_id = e.id JOIN story AS s ON s.id = e.story_id \
         WHERE e.id IN (SELECT value FROM json_each($1))",
    )
    .bind(cell::rows(&ids.iter().collect::<Vec<_>>()))
    .fetch_all(connection)
    .await
    .while_doing("recalling entries")?;
    rows.into_iter().map(|row| known_entry(row).map(|entry| (entry.id, entry))).collect()
}

fn known_entry(row: KnownRow) -> Result<KnownEntry, StoreError> {
    let story = cell::Place { table: "story", row: row.story_id };
    Ok(KnownEntry {
        id: EntryId(row.id),
        outlet: OutletId(row.outlet_id),
        feed: FeedId(row.feed_id),
        story: StoryId(row.story_id),
        shown: row.shown,
        title: (row.title_from == "title").then(|| PlainText::vouch(row.title)),
        link_key: row.link_key.map(LinkKey),
        folded_body: row.folded_body,
        story_members: story.count("members", row.members)?,
    })
}
