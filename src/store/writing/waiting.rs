//! Reads and writes entries that wait for their pages.

use crate::{
    dedup::{Arrival, ArrivalPage, Listing},
    model::{Entry, FeedId, FeedUrl, OutletId, WaitingKey},
    store::{
        batch::AskedPage,
        error::StoreError,
        row::RowRef,
        waiting::{PageRow, WaitingNow, WaitingRows},
    },
};
use jiff::Timestamp;
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

/// A waiting entry as stored: id, feed, hash of its key, hash of its bytes, and the end of its waiting time.
pub(in crate::store) type StoredWait = (i64, i64, i64, i64, String);

/// The statements about entries that wait for their pages.
pub(in crate::store) trait WaitingStatements {
    /// Returns whether any entry waits.
    async fn any_waits(&mut self) -> Result<bool, StoreError>;
    /// Returns how many entries wait for pages of these hosts.
    async fn waiting_of(&mut self, hosts: &[String]) -> Result<Vec<(String, i64)>, StoreError>;
    /// Returns those of these entries that wait.
    async fn waiting_now(&mut self, keys: &[WaitingKey]) -> Result<Vec<StoredWait>, StoreError>;
    /// Returns those of these entries that wait, with their documents.
    async fn waited(&mut self, keys: &[WaitingKey]) -> Result<Vec<LateRow>, StoreError>;
    /// Writes entries that start to wait. A new version of a waiting entry replaces it and waits until the same time.
    async fn begin_waiting(&mut self, waiting: &WaitingRows) -> Result<(), StoreError>;
    /// Removes entries, and documents of which no entry waits any more.
    async fn end_waiting(&mut self, keys: &[WaitingKey]) -> Result<(), StoreError>;
    /// Writes the results of page requests. A later request without an article does not replace a stored article.
    async fn write_pages(&mut self, pages: &[PageRow]) -> Result<(), StoreError>;
}

/// Returns the stored facts about waiting entries that concern these arrivals.
pub(in crate::store) async fn now(
    connection: &mut impl WaitingStatements,
    arrivals: &[Arrival],
) -> Result<WaitingNow, StoreError> {
    let is_any = connection.any_waits().await?;
    if !is_any {
        return Ok(WaitingNow::default());
    }
    let entries = entries(connection, arrivals.iter().filter(|a| !matches!(a.page, ArrivalPage::Asked(_)))).await?;
    let wanted = arrivals.iter().filter(|a| matches!(a.page, ArrivalPage::Wanted));
    let links = wanted.filter_map(|a| FeedUrl::parse(a.entry.link.as_deref()?).ok());
    let hosts: BTreeSet<String> = links.map(|url| url.host().to_owned()).collect();
    let hosts = connection.waiting_of(&hosts.into_iter().collect::<Vec<_>>()).await?;
    let hosts = hosts.into_iter().map(|(host, n)| (host, usize::try_from(n).unwrap_or(usize::MAX))).collect();
    Ok(WaitingNow { entries, hosts })
}

/// Returns those of these arrivals that wait already: the hash of their bytes, and the end of their waiting time.
async fn entries(
    connection: &mut impl WaitingStatements,
    arrivals: impl Iterator<Item = &Arrival>,
) -> Result<HashMap<WaitingKey, (i64, Timestamp)>, StoreError> {
    let keys: Vec<WaitingKey> = arrivals.map(|a| (a.feed, a.entry.key.hash())).collect();
    let rows = connection.waiting_now(&keys).await?;
    let waiting = rows.into_iter().map(|(id, feed, key, raw, until)| {
        let until = RowRef { table: "waiting_entry", row: id }.time("wait_until", &until)?;
        Ok(((FeedId(feed), key), (raw, until)))
    });
    waiting.collect()
}

/// An entry that has waited, with its document.
#[derive(sqlx::FromRow)]
pub(in crate::store) struct LateRow {
    id: i64,
    feed_id: i64,
    key_hash: i64,
    read_at: String,
    seen_at: String,
    link_repeats: bool,
    entry: String,
    previous_success: Option<String>,
    stated_at: Option<String>,
    listing: String,
    feed_url: String,
    outlet_id: i64,
}

/// Returns the arrivals whose waiting has ended, and the time at which each of their documents says that it last changed. The
/// documents are numbered from `first`. Entries that no longer wait are left out.
pub(in crate::store) async fn arrivals(
    connection: &mut impl WaitingStatements,
    pages: &[AskedPage],
    first: usize,
) -> Result<(Vec<Arrival>, Vec<Option<Timestamp>>), StoreError> {
    if pages.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let keys: Vec<WaitingKey> = pages.iter().map(|asked| asked.key).collect();
    let rows = connection.waited(&keys).await?;
    let mut asked: HashMap<WaitingKey, &AskedPage> = pages.iter().map(|asked| (asked.key, asked)).collect();
    let mut listings: HashMap<(i64, String), (usize, Arc<Listing>)> = HashMap::new();
    let (mut arrivals, mut documents) = (Vec::with_capacity(rows.len()), Vec::new());
    for row in rows {
        let Some(page) = asked.remove(&(FeedId(row.feed_id), row.key_hash)) else { continue };
        let place = RowRef { table: "waiting_entry", row: row.id };
        let document = (row.feed_id, row.read_at.clone());
        let (poll, listing) = if let Some((poll, listing)) = listings.get(&document) {
            (*poll, Arc::clone(listing))
        } else {
            let listing: Arc<Listing> = Arc::new(place.json("listing", &row.listing)?);
            let poll = first + documents.len();
            documents.push(place.maybe_time("stated_at", row.stated_at.as_deref())?);
            listings.insert(document, (poll, Arc::clone(&listing)));
            (poll, listing)
        };
        let mut entry: Entry = place.json("entry", &row.entry)?;
        if let Ok(article) = &page.page.article {
            entry.folded.body.clone_from(&article.folded);
        }
        arrivals.push(Arrival {
            poll,
            feed: FeedId(row.feed_id),
            feed_url: row.feed_url.into(),
            outlet: OutletId(row.outlet_id),
            seen_at: place.time("seen_at", &row.seen_at)?,
            previous_success: place.maybe_time("previous_success", row.previous_success.as_deref())?,
            link_repeats: row.link_repeats,
            listing,
            returns: false,
            entry: Arc::new(entry),
            page: ArrivalPage::Asked(Box::new(page.page.clone())),
        });
    }
    Ok((arrivals, documents))
}

/// Writes entries that start to wait, and removes those whose waiting has ended, in the caller's transaction.
pub(in crate::store) async fn write(
    connection: &mut impl WaitingStatements,
    waiting: &WaitingRows,
    ended: &[WaitingKey],
) -> Result<(), StoreError> {
    if !waiting.entries.is_empty() {
        connection.begin_waiting(waiting).await?;
    }
    if waiting.entries.is_empty() && ended.is_empty() {
        return Ok(());
    }
    connection.end_waiting(ended).await
}
