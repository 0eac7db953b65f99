//! Reads and writes entries that wait for their pages.

use crate::{
    dedup::{Arrival, ArrivalPage, Listing},
    model::{Entry, FeedId, FeedUrl, OutletId, WaitingKey},
    store::{
        batch::AskedPage,
        error::StoreError,
        sqlite::{
            error::ErrorContext,
            row::{self, RowRef},
        },
        waiting::{PageRow, WaitingNow, WaitingRows},
    },
};
use jiff::Timestamp;
use sqlx::SqliteConnection;
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

/// Returns the stored facts about waiting entries that concern these arrivals.
pub(in crate::store) async fn now(
    connection: &mut SqliteConnection,
    arrivals: &[Arrival],
) -> Result<WaitingNow, StoreError> {
    let is_any: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM waiting_entry)")
        .fetch_one(&mut *connection)
        .await
        .while_doing("looking for waiting entries")?;
    if !is_any {
        return Ok(WaitingNow::default());
    }
    let entries = entries(connection, arrivals.iter().filter(|a| !matches!(a.page, ArrivalPage::Asked(_)))).await?;
    let wanted = arrivals.iter().filter(|a| matches!(a.page, ArrivalPage::Wanted));
    let links = wanted.filter_map(|a| FeedUrl::parse(a.entry.link.as_deref()?).ok());
    let hosts: BTreeSet<String> = links.map(|url| url.host().to_owned()).collect();
    let hosts: Vec<(String, i64)> = sqlx::query_as(
        "SELECT h.value, (SELECT count(*) FROM waiting_entry WHERE host = h.value) FROM json_each($1) AS h",
    )
    .bind(row::rows(&hosts.into_iter().collect::<Vec<_>>()))
    .fetch_all(connection)
    .await
    .while_doing("counting waiting entries")?;
    let hosts = hosts.into_iter().map(|(host, n)| (host, usize::try_from(n).unwrap_or(usize::MAX))).collect();
    Ok(WaitingNow { entries, hosts })
}

/// Returns those of these arrivals that wait already: the hash of their bytes, and the end of their waiting time.
async fn entries(
    connection: &mut SqliteConnection,
    arrivals: impl Iterator<Item = &Arrival>,
) -> Result<HashMap<WaitingKey, (i64, Timestamp)>, StoreError> {
    let keys: Vec<WaitingKey> = arrivals.map(|a| (a.feed, a.entry.key.hash())).collect();
    let rows: Vec<(i64, i64, i64, i64, String)> = sqlx::query_as(
        "SELECT w.id, w.feed_id, w.key_hash, w.raw, w.wait_until FROM json_each($1) AS k \
         CROSS JOIN waiting_entry AS w ON w.feed_id = k.value ->> 0 AND w.key_hash = k.value ->> 1",
    )
    .bind(row::rows(&keys))
    .fetch_all(connection)
    .await
    .while_doing("reading waiting entries")?;
    let waiting = rows.into_iter().map(|(id, feed, key, raw, until)| {
        let until = RowRef { table: "waiting_entry", row: id }.time("wait_until", &until)?;
        Ok(((FeedId(feed), key), (raw, until)))
    });
    waiting.collect()
}

#[derive(sqlx::FromRow)]
struct LateRow {
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
    connection: &mut SqliteConnection,
    pages: &[AskedPage],
    first: usize,
) -> Result<(Vec<Arrival>, Vec<Option<Timestamp>>), StoreError> {
    if pages.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let keys: Vec<WaitingKey> = pages.iter().map(|asked| asked.key).collect();
    let rows: Vec<LateRow> = sqlx::query_as(
        "SELECT w.id, w.feed_id, w.key_hash, w.read_at, w.seen_at, w.link_repeats, w.entry, d.previous_success, d.stated_at, \
                d.listing, f.url AS feed_url, f.outlet_id \
         FROM json_each($1) AS k CROSS JOIN waiting_entry AS w ON w.feed_id = k.value ->> 0 AND w.key_hash = k.value ->> 1 \
         JOIN waiting_document AS d ON d.feed_id = w.feed_id AND d.read_at = w.read_at JOIN feed AS f ON f.id = w.feed_id",
    )
    .bind(row::rows(&keys))
    .fetch_all(connection)
    .await
    .while_doing("reading entries that have waited")?;
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
            feed_url: row.feed_url,
            outlet: OutletId(row.outlet_id),
            seen_at: place.time("seen_at", &row.seen_at)?,
            previous_success: place.maybe_time("previous_success", row.previous_success.as_deref())?,
            link_repeats: row.link_repeats,
            listing,
            returns: false,
            entry,
            page: ArrivalPage::Asked(Box::new(page.page.clone())),
        });
    }
    Ok((arrivals, documents))
}

/// Writes entries that start to wait, and removes those whose waiting has ended, in the caller's transaction.
pub(in crate::store) async fn write(
    connection: &mut SqliteConnection,
    waiting: &WaitingRows,
    ended: &[WaitingKey],
) -> Result<(), StoreError> {
    if !waiting.entries.is_empty() {
        begin(connection, waiting).await?;
    }
    if waiting.entries.is_empty() && ended.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "DELETE FROM waiting_entry WHERE id IN (SELECT w.id FROM json_each($1) AS k \
            CROSS JOIN waiting_entry AS w ON w.feed_id = k.value ->> 0 AND w.key_hash = k.value ->> 1)",
    )
    .bind(row::rows(ended))
    .execute(&mut *connection)
    .await
    .while_doing("removing entries that no longer wait")?;
    // The table has few rows: each document has a waiting entry, or had one until this statement.
    sqlx::query(
        "DELETE FROM waiting_document WHERE NOT EXISTS (SELECT 1 FROM waiting_entry AS w \
            WHERE w.feed_id = waiting_document.feed_id AND w.read_at = waiting_document.read_at)",
    )
    .execute(connection)
    .await
    .while_doing("removing documents without waiting entries")?;
    Ok(())
}

/// Writes entries that start to wait. A new version of a waiting entry replaces it and waits until the same time.
async fn begin(connection: &mut SqliteConnection, waiting: &WaitingRows) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO waiting_document (feed_id, read_at, previous_success, stated_at, listing) \
         SELECT value ->> 'feed', value ->> 'read_at', value ->> 'previous_success', value ->> 'stated_at', \
                value ->> 'listing' FROM json_each($1) WHERE true ON CONFLICT DO NOTHING",
    )
    .bind(row::rows(&waiting.documents))
    .execute(&mut *connection)
    .await
    .while_doing("writing documents with waiting entries")?;
    sqlx::query(
        "INSERT INTO waiting_entry (feed_id, key_hash, read_at, seen_at, wait_until, url, host, words, link_repeats, raw, entry) \
         SELECT value ->> 'feed', value ->> 'key', value ->> 'read_at', value ->> 'read_at', value ->> 'until', \
                value ->> 'url', value ->> 'host', value ->> 'words', value ->> 'link_repeats', value ->> 'raw', \
                value ->> 'entry' FROM json_each($1) WHERE true \
         ON CONFLICT (feed_id, key_hash) DO UPDATE SET read_at = excluded.read_at, url = excluded.url, host = excluded.host, \
            words = excluded.words, link_repeats = excluded.link_repeats, raw = excluded.raw, entry = excluded.entry",
    )
    .bind(row::rows(&waiting.entries))
    .execute(connection)
    .await
    .while_doing("writing waiting entries")?;
    Ok(())
}

/// Writes the results of page requests. A later request without an article does not replace a stored article.
pub(in crate::store) async fn write_pages(
    connection: &mut SqliteConnection,
    pages: &[PageRow],
) -> Result<(), StoreError> {
    if pages.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO entry_page (entry_id, url, asked_at, article, missing, detail) \
         SELECT value ->> 'entry', value ->> 'url', value ->> 'at', value ->> 'article', value ->> 'missing', \
                value ->> 'detail' FROM json_each($1) WHERE true \
         ON CONFLICT (entry_id) DO UPDATE SET url = excluded.url, asked_at = excluded.asked_at, \
            article = excluded.article, missing = excluded.missing, detail = excluded.detail \
         WHERE excluded.article IS NOT NULL OR entry_page.article IS NULL",
    )
    .bind(row::rows(pages))
    .execute(connection)
    .await
    .while_doing("writing pages")?;
    Ok(())
}
