//! Looks up what the database knows about a batch of arrivals, with few statements for a batch of any size.

use crate::store::instant;
use crate::{
    dedup::{Arrival, KnownEntries, KnownEntry, KnownSighting, Stamp, files_of, is_backdated, path_id, rules},
    model::{EntryId, Extras, FeedId, LinkKey, OutletId, PlainText, StoryId},
    store::{error::StoreError, row},
};
use std::collections::{BTreeSet, HashMap, HashSet};

#[derive(sqlx::FromRow)]
pub(in crate::store) struct KnownSightingRow {
    key_hash: i64,
    feed_id: i64,
    entry_id: Option<i64>,
    dropped: bool,
}

#[derive(sqlx::FromRow)]
pub(in crate::store) struct KnownRow {
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

/// The statements of looking up.
pub(in crate::store) trait LookupRows {
    /// Returns the sightings with these keys, given as hashes, in order of their ids.
    async fn sightings(&mut self, keys: &[i64]) -> Result<Vec<KnownSightingRow>, StoreError>;
    /// Returns the entries with these links, given as hashes, each after its hash, in order of their ids.
    async fn linked(&mut self, links: &[i64]) -> Result<Vec<(i64, i64)>, StoreError>;
    /// Returns at most [`DATED`] entries for each of these pairs of outlet and date.
    async fn dated(&mut self, wanted: &[(i64, String)]) -> Result<Vec<DatedRow>, StoreError>;
    /// Counts the backdated entries of the arrival's feed that appeared at the top on the day of the arrival.
    async fn late(&mut self, arrival: &Arrival) -> Result<i64, StoreError>;
    /// Returns these entries.
    async fn entries(&mut self, ids: &[i64]) -> Result<Vec<KnownRow>, StoreError>;
}

/// Returns the first second of the day of an arrival, and the time before which an entry that is dated then is backdated.
pub(in crate::store) fn late_since(arrival: &Arrival) -> (String, String) {
    let day = instant::second(arrival.seen_at);
    let before = arrival.seen_at.saturating_sub(rules::BACKDATED).unwrap_or(jiff::Timestamp::MIN);
    (format!("{}T00:00:00Z", day.get(..10).unwrap_or_default()), instant::second(before))
}

/// Returns the known sightings by key, the entries by link, and these entries themselves.
pub(in crate::store) async fn known_entries(
    connection: &mut impl LookupRows,
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
    let sightings = connection.sightings(&keys.into_iter().collect::<Vec<_>>()).await?;
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
    let linked = connection.linked(&links.into_iter().collect::<Vec<_>>()).await?;
    for (link, id) in linked {
        ids.insert(id);
        known.by_link.entry(LinkKey(link)).or_default().push(EntryId(id));
    }
    known.dated = dated(connection, arrivals, &known).await?;
    ids.extend(known.dated.values().flatten().map(|id| id.0));
    known.late = late(connection, arrivals).await?;
    let rows =
        if ids.is_empty() { Vec::new() } else { connection.entries(&ids.into_iter().collect::<Vec<_>>()).await? };
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
pub(in crate::store) const DATED: i64 = 500;

/// Looks up entries with an arrival's date that no key names: those with the same stamp, and those with the id in their path. The
/// index over outlet and date finds them.
async fn dated(
    connection: &mut impl LookupRows,
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
    let rows = connection.dated(&wanted.into_iter().collect::<Vec<_>>()).await?;
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
pub(in crate::store) struct DatedRow {
    id: i64,
    outlet_id: i64,
    believed: Option<String>,
    folded_title: String,
    folded_body: String,
    link: Option<String>,
}

/// Returns the backdated entries that appeared at the top on the day of the arrivals, by feed; only for feeds that bring
/// backdated entries.
async fn late(connection: &mut impl LookupRows, arrivals: &[Arrival]) -> Result<HashMap<FeedId, u32>, StoreError> {
    let mut late = HashMap::new();
    let mut met = HashSet::new();
    for arrival in arrivals.iter().filter(|a| is_backdated(a)) {
        if !met.insert(arrival.feed) {
            continue;
        }
        let count = connection.late(arrival).await?;
        late.insert(arrival.feed, u32::try_from(count).unwrap_or(u32::MAX));
    }
    Ok(late)
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
