//! Reads older pages of a feed, to find entries that left its first page between two polls.
//!
//! A document that shares no entry with the previous one leaves a gap. If the feed has older pages, they are read during the same
//! poll until one contains a known entry, which closes the gap. Gaps that stay open are counted.

use super::{PlannedPoll, Poller, Reading, fetched::FetchedDocument, memory::PollShare};
use crate::{
    clock::Clock,
    fetch::Fetched,
    model::{Entry, Fault, FeedId, FeedUrl, ParsedFeed, RawHash, Validators},
    store::{Document, PageFault, StoreError},
};
use std::{collections::HashSet, sync::Arc, time::Duration};
use tokio::time::{sleep, timeout_at};

/// Maximum number of older pages read in one poll. An outlet that publishes fifteen reports into a feed of ten needs one.
const PAGES: usize = 5;
/// No further page is requested after this many bytes of older pages.
const BYTES: u64 = 10_000_000;
/// Time limit for all older pages, pauses included.
const PATIENCE: Duration = Duration::from_mins(1);
/// Pause before each page, unless `[fetch] host_pause` is longer.
const PAUSE: Duration = Duration::from_millis(500);

/// Returns the URL of a document's next older page on its own host: the one that the document names, else the one by WordPress's
/// scheme, which WordPress does not announce.
pub(super) fn older(feed: &ParsedFeed, base: &FeedUrl) -> Option<FeedUrl> {
    let stated = feed.older.as_deref().and_then(|url| FeedUrl::parse(url).ok());
    let is_wordpress = || feed.generator.as_ref().is_some_and(|name| name.to_ascii_lowercase().contains("wordpress"));
    let url = stated.or_else(|| is_wordpress().then(|| next_paged(base)).flatten())?;
    (url.host() == base.host() && url != *base).then_some(url)
}

/// Returns the URL of the next page by WordPress's scheme: `paged=2`, `paged=3`, …
fn next_paged(base: &FeedUrl) -> Option<FeedUrl> {
    let (mut page, mut others) = (1_u32, Vec::new());
    for (name, value) in base.url().query_pairs().into_owned() {
        if name == "paged" {
            page = value.parse().unwrap_or(1);
        } else {
            others.push((name, value));
        }
    }
    let mut url = base.url().clone();
    url.query_pairs_mut().clear().extend_pairs(others).append_pair("paged", &page.saturating_add(1).to_string());
    FeedUrl::new(url).ok()
}

/// The result of reading older pages.
#[derive(Default)]
struct OlderPages {
    asked: HashSet<FeedUrl>,
    /// Keys of the entries found in this poll.
    met: HashSet<i64>,
    read: usize,
    entries: usize,
    bytes: u64,
    closed: bool,
    fault: Option<PageFault>,
}

impl Poller {
    /// Checks for a gap between the previous document and the new one, and reads older pages to close it.
    ///
    /// # Errors
    /// Fails if the store has failed. A page that cannot be read is not an error: the gap stays open.
    pub(super) async fn backfill(
        &self,
        planned: &PlannedPoll,
        mut reading: Reading,
        share: &mut PollShare,
    ) -> Result<Reading, StoreError> {
        let Some(document) = reading.document.as_mut() else { return Ok(reading) };
        if !self.leaves_gap(planned.feed.id, document).await? {
            return Ok(reading);
        }
        let mut pages = OlderPages { met: keys(&document.entries).collect(), ..OlderPages::default() };
        pages.asked.insert(planned.feed.ask.clone());
        self.read_older(planned, document, reading.older.take(), &mut pages, share).await?;
        document.gap = !pages.closed;
        reading.older_bytes += pages.bytes;
        if pages.asked.len() > 1 {
            tracing::info!(
                outlet = %planned.feed.outlet,
                feed = %planned.feed.url.shown(),
                pages = pages.read,
                entries = pages.entries,
                bytes = pages.bytes,
                closed = pages.closed,
                error = pages.fault.as_ref().map(|page| page.fault.to_string()),
                "read older pages into a gap"
            );
        }
        reading.older_fault = pages.fault;
        Ok(reading)
    }

    /// Returns whether a document shares no entry with the previous, non-empty one. A document that broke off may have lost the
    /// entries that both share; what lies beyond a limit of ours is never read.
    async fn leaves_gap(&self, feed: FeedId, document: &Document) -> Result<bool, StoreError> {
        let Document { raw, listed_before, .. } = document;
        let broke_off = document.partial && !document.is_limited();
        if broke_off || raw.is_empty() || listed_before.is_empty() || raw.iter().any(|raw| listed_before.contains(raw))
        {
            return Ok(false);
        }
        // Counters and signed URLs change the bytes of an entry at every poll, but not its key.
        let keys: Vec<i64> = keys(&document.entries).collect();
        if !self.reader.sighted(feed, &keys, true).await?.is_empty() {
            return Ok(false);
        }
        // The same applies to guids that change at each poll, and to a changed host name.
        Ok(self.reader.familiar(feed, &document.entries, true).await?.is_empty())
    }

    /// Reads page after page until one contains a known entry, brings nothing new, fails, or a limit is reached.
    async fn read_older(
        &self,
        planned: &PlannedPoll,
        document: &mut Document,
        mut next: Option<FeedUrl>,
        pages: &mut OlderPages,
        share: &mut PollShare,
    ) -> Result<(), StoreError> {
        let deadline = Clock::monotonic() + PATIENCE;
        while pages.read < PAGES && pages.bytes < BYTES {
            let Some(url) = next.filter(|url| pages.asked.insert(url.clone())) else { break };
            let page = timeout_at(deadline, self.page(planned, &url, &document.listed_before, share));
            let (page, bytes) = match page.await.unwrap_or_else(|_| Err(fault(Fault::Timeout(PATIENCE)))) {
                Ok(page) => page,
                Err(page_fault) => {
                    pages.fault = Some(page_fault);
                    break;
                }
            };
            pages.bytes += bytes;
            pages.read += 1;
            next = page.older;
            let Some(page) = page.document else { break };
            let listed: Vec<i64> = keys(&page.entries).collect();
            let mut known = self.reader.sighted(planned.feed.id, &listed, false).await?;
            known.extend(self.reader.familiar(planned.feed.id, &page.entries, false).await?);
            if !pages.add_page(page, &known, document) || pages.closed {
                break;
            }
        }
        Ok(())
    }

    /// Requests a page and parses it. Also returns the number of bytes.
    async fn page(
        &self,
        planned: &PlannedPoll,
        url: &FeedUrl,
        listed_before: &Arc<HashSet<RawHash>>,
        share: &mut PollShare,
    ) -> Result<(Reading, u64), PageFault> {
        sleep(planned.host_pause.max(PAUSE)).await;
        share.release_document();
        let answer = self.fetcher(planned).get(url, &Validators::default(), self.clock.now(), &mut share.body).await;
        let base = answer.base(url).clone();
        let retry_after = answer.freshness.retry_after;
        let result = answer.result.map_err(|fault| PageFault { fault, retry_after })?;
        let Fetched::Document { body, content_type, validators } = result else {
            return Err(fault(Fault::GONE));
        };
        if base.host() != url.host() {
            return Err(fault(Fault::BadRedirect("the older page is at another host".to_owned())));
        }
        let found = FetchedDocument { body, base, content_type, validators };
        let reading = self.parse(planned, found, Arc::clone(listed_before), share).await;
        let reading = reading.map_err(|unread| fault(unread.fault))?;
        Ok((reading, answer.bytes))
    }
}

impl OlderPages {
    /// Adds a page's unknown entries to the document. Returns whether there were any. An entry that the feed has listed before
    /// closes the gap.
    fn add_page(&mut self, page: Document, known: &HashSet<i64>, document: &mut Document) -> bool {
        Arc::make_mut(&mut document.listing).append(&page.listing, &page.entries);
        self.closed = !known.is_empty() || page.raw.iter().any(|raw| document.listed_before.contains(raw));
        let had = document.entries.len();
        for entry in page.entries {
            let key = entry.key.hash();
            // A known entry keeps the content of the feed's first page.
            if !known.contains(&key) && self.met.insert(key) {
                document.older.push(entry.raw);
                document.entries.push(entry);
            }
        }
        let taken = document.entries.len() - had;
        self.entries += taken;
        taken > 0
    }
}

/// Returns an error of a page whose server named no time to wait.
fn fault(fault: Fault) -> PageFault {
    PageFault { fault, retry_after: None }
}

fn keys(entries: &[Entry]) -> impl Iterator<Item = i64> + '_ {
    entries.iter().map(|entry| entry.key.hash())
}
