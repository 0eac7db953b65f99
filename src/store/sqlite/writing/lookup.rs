//! Looks up what the database knows about a batch of arrivals, with three statements for a batch of any size.

use crate::store::instant;
use crate::store::sqlite::error::ErrorContext;
use crate::{
    dedup::{Arrival, KnownEntries, KnownEntry, KnownSighting, Stamp, files_of, is_backdated, path_id, rules},
    model::{EntryId, Extras, FeedId, LinkKey, OutletId, PlainText, StoryId},
    store::{error::StoreError, sqlite::row},
};
use sqlx::SqliteConnection;
use std::collections::{BTreeSet, HashMap, HashSet};

#[derive(sqlx::FromRow)]
struct KnownSightingRow {
    key_hash: i64,
    feed_id: i64,
    entry_id: Option<i64>,
    dropped: bool,
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
    source_id: Option<String>,
    link: Option<String>,
    language: Option<String>,
    believed: Option<String>,
    extras: String,
    feed_removed: bool,
    short_html: Option<String>,
    has_article: bool,
}

/// Returns the known sightings by key, the entries by link, and these entries themselves.
pub(in crate::store) async fn known_entries(
    connection: &mut SqliteConnection,
    arrivals: &[Arrival],
) -> Result<KnownEntries, StoreError> {
    let mut known = KnownEntries::default();
    if arrivals.is_empty() {
        return Ok(known);
    }
    let mut keys: HashSet<i64> = arrivals.iter().flat_map(Arrival::key_hashes).collect();
    let named = keys.clone();
    // Entries that the document itself lists cannot be the same as an arrival.
    keys.extend(documents(arrivals).flat_map(|a| a.listing.keys()));
    let sightings: Vec<KnownSightingRow> = sqlx::query_as(
        "WITH w (hash) AS MATERIALIZED (SELECT value FROM json_each($1)), \
         found (id) AS ( \
            SELECT row_id FROM w CROSS JOIN lookup_0 AS l ON l.hash = w.hash AND l.kind = 0 UNION ALL \
            SELECT row_id FROM w CROSS JOIN lookup_1 AS l ON l.hash = w.hash AND l.kind = 0 UNION ALL \
            SELECT row_id FROM w CROSS JOIN lookup_2 AS l ON l.hash = w.hash AND l.kind = 0) \
         SELECT s.key_hash, s.feed_id, s.entry_id, \
                s.entry_id IS NULL AND EXISTS (SELECT 1 FROM dropped_entry WHERE id = s.id) AS dropped \
         FROM found CROSS JOIN sighting AS s ON s.id = found.id ORDER BY s.id",
    )
    .bind(row::rows(&keys.into_iter().collect::<Vec<_>>()))
    .fetch_all(&mut *connection)
    .await
    .while_doing("recalling sightings")?;
    let mut ids: HashSet<i64> = HashSet::new();
    // An entry that a rule leaves out is decided each time it comes, as if it had not been seen before.
    for row in sightings.into_iter().filter(|row| !row.dropped) {
        if named.contains(&row.key_hash) {
            ids.extend(row.entry_id);
        }
        let sighted = KnownSighting { feed: FeedId(row.feed_id), entry: row.entry_id.map(EntryId) };
        known.by_key.entry(row.key_hash).or_default().push(sighted);
    }
    let links: HashSet<i64> = arrivals.iter().filter_map(|a| a.entry.link_key).map(|k| k.0).collect();
    let linked: Vec<(i64, i64)> = sqlx::query_as(
        "WITH w (hash) AS MATERIALIZED (SELECT value FROM json_each($1)) \
         SELECT l.hash, l.row_id FROM w CROSS JOIN lookup_0 AS l ON l.hash = w.hash AND l.kind = 1 UNION ALL \
         SELECT l.hash, l.row_id FROM w CROSS JOIN lookup_1 AS l ON l.hash = w.hash AND l.kind = 1 UNION ALL \
         SELECT l.hash, l.row_id FROM w CROSS JOIN lookup_2 AS l ON l.hash = w.hash AND l.kind = 1 ORDER BY 2",
    )
    .bind(row::rows(&links.into_iter().collect::<Vec<_>>()))
    .fetch_all(&mut *connection)
    .await
    .while_doing("recalling links")?;
    for (link, id) in linked {
        ids.insert(id);
        known.by_link.entry(LinkKey(link)).or_default().push(EntryId(id));
    }
    known.dated = dated(connection, arrivals, &known).await?;
    ids.extend(known.dated.values().flatten().map(|id| id.0));
    known.late = late(connection, arrivals).await?;
    let rows = entries(connection, &ids).await?;
    known.with_article = rows.iter().filter(|row| row.has_article).map(|row| EntryId(row.id)).collect();
    known.entries =
        rows.into_iter().map(|row| known_entry(row).map(|entry| (entry.id, entry))).collect::<Result<_, _>>()?;
    Ok(known)
}

/// An arrival of a document.
fn documents(arrivals: &[Arrival]) -> impl Iterator<Item = &Arrival> {
    let mut met = HashSet::new();
    arrivals.iter().filter(move |a| met.insert((a.feed, a.poll)))
}

/// Maximum number of an outlet's entries examined for one minute. If more share it, dates are not a sign of identity.
const DATED: i64 = 500;

/// Looks up entries with an arrival's date that no key names: those with the same stamp, and those with the id in their path. The
/// index over outlet and date finds them.
async fn dated(
    connection: &mut SqliteConnection,
    arrivals: &[Arrival],
    known: &KnownEntries,
) -> Result<HashMap<OutletId, BTreeSet<EntryId>>, StoreError> {
    let is_here = |a: &Arrival| {
        known.by_key.get(&a.entry.key.hash()).is_some_and(|sighted| sighted.iter().any(|s| s.feed == a.feed))
    };
    let mut wanted: HashSet<(i64, String)> = HashSet::new();
    let (mut stamps, mut ids, mut texts) = (HashSet::new(), HashSet::new(), HashSet::new());
    for arrival in arrivals.iter().filter(|a| !is_here(a)) {
        let Some(at) = arrival.entry.believed else { continue };
        wanted.insert((arrival.outlet.0, instant::second(at)));
        stamps.extend(Stamp::of(&arrival.entry));
        texts.insert(arrival.entry.folded.body.as_str());
        ids.extend(arrival.entry.link.as_deref().and_then(path_id));
    }
    if wanted.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<DatedRow> = sqlx::query_as(
        "SELECT e.id, e.outlet_id, e.believed, t.folded_title, t.folded_body, e.link FROM json_each($1) AS w \
         JOIN entry AS e ON e.id IN (SELECT id FROM entry \
            WHERE outlet_id = w.value ->> 0 AND published_at = w.value ->> 1 LIMIT $2) \
         JOIN entry_text AS t ON t.entry_id = e.id",
    )
    .bind(row::rows(&wanted.into_iter().collect::<Vec<_>>()))
    .bind(DATED)
    .fetch_all(connection)
    .await
    .while_doing("recalling entries by their dates")?;
    let mut found: HashMap<OutletId, BTreeSet<EntryId>> = HashMap::new();
    for row in rows {
        let place = row::RowRef { table: "entry", row: row.id };
        let stamp = Stamp::new(place.maybe_time("believed", row.believed.as_deref())?, &row.folded_title);
        let has_id = || row.link.as_deref().and_then(path_id).is_some_and(|id| ids.contains(&id));
        if stamp.is_some_and(|stamp| stamps.contains(&stamp)) || texts.contains(row.folded_body.as_str()) || has_id() {
            found.entry(OutletId(row.outlet_id)).or_default().insert(EntryId(row.id));
        }
    }
    Ok(found)
}

#[derive(sqlx::FromRow)]
struct DatedRow {
    id: i64,
    outlet_id: i64,
    believed: Option<String>,
    folded_title: String,
    folded_body: String,
    link: Option<String>,
}

/// Returns the backdated entries that appeared at the top on the day of the arrivals, by feed; only for feeds that bring
/// backdated entries.
async fn late(connection: &mut SqliteConnection, arrivals: &[Arrival]) -> Result<HashMap<FeedId, u32>, StoreError> {
    let mut late = HashMap::new();
    let mut met = HashSet::new();
    for arrival in arrivals.iter().filter(|a| is_backdated(a)) {
        if !met.insert(arrival.feed) {
            continue;
        }
        let day = instant::second(arrival.seen_at);
        let before = arrival.seen_at.saturating_sub(rules::BACKDATED).unwrap_or(jiff::Timestamp::MIN);
        let count: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM entry WHERE outlet_id = $1 AND first_seen_at >= $2 AND feed_id = $3 \
             AND believed < $4 AND order_at = first_seen_at",
        )
        .bind(arrival.outlet.0)
        .bind(format!("{}T00:00:00Z", day.get(..10).unwrap_or_default()))
        .bind(arrival.feed.0)
        .bind(instant::second(before))
        .fetch_one(&mut *connection)
        .await
        .while_doing("counting late entries")?;
        late.insert(arrival.feed, u32::try_from(count).unwrap_or(u32::MAX));
    }
    Ok(late)
}

async fn entries(connection: &mut SqliteConnection, ids: &HashSet<i64>) -> Result<Vec<KnownRow>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    sqlx::query_as(
        "SELECT e.id, e.outlet_id, e.feed_id, e.story_id, e.shown, e.title, e.title_from, e.link_key, t.folded_body, s.members, \
                e.source_id, e.link, e.language, e.believed, t.extras, f.removed AS feed_removed, \
                CASE WHEN length(t.folded_body) < 400 THEN coalesce(t.content, t.summary) END AS short_html, \
                EXISTS (SELECT 1 FROM entry_page AS p WHERE p.entry_id = e.id AND p.article IS NOT NULL) AS has_article \
         FROM entry AS e JOIN entry_text AS t ON t.entry_id = e.id JOIN story AS s ON s.id = e.story_id \
         JOIN feed AS f ON f.id = e.feed_id WHERE e.id IN (SELECT value FROM json_each($1))",
    )
    .bind(row::rows(&ids.iter().collect::<Vec<_>>()))
    .fetch_all(connection)
    .await
    .while_doing("recalling entries")
}

fn known_entry(row: KnownRow) -> Result<KnownEntry, StoreError> {
    let place = row::RowRef { table: "entry", row: row.id };
    let story = row::RowRef { table: "story", row: row.story_id };
    Ok(KnownEntry {
        id: EntryId(row.id),
        outlet: OutletId(row.outlet_id),
        feed: FeedId(row.feed_id),
        feed_removed: row.feed_removed,
        believed: place.maybe_time("believed", row.believed.as_deref())?,
        files: {
            let is_short = row.folded_body.split(' ').nth(rules::SHORT).is_none();
            let extras: Extras = place.json("extras", &row.extras)?;
            files_of(&extras, row.short_html.as_deref().filter(|_| is_short))
        },
        source_id: row.source_id,
        link: row.link,
        language: row.language,
        story: StoryId(row.story_id),
        shown: row.shown,
        title: (row.title_from == "title").then(|| PlainText::vouch(row.title)),
        link_key: row.link_key.map(LinkKey),
        folded_body: row.folded_body,
        story_members: story.count("members", row.members)?,
    })
}
