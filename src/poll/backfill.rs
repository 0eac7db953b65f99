//! Older pages: what a feed posted and pushed out of its window between two polls (polling.md, "Loss").
//!
//! A document that shares nothing with the last one leaves a gap. Where the feed has older pages, they are read at the same
//! poll until one shows an entry that is known, which closes the gap. What remains open is counted.

use super::{FetchedDocument, PlannedPoll, Poller, Reading, memory::PollShare};
use crate::{
    clock::Clock,
    fetch::Fetched,
    model::{Entry, Fault, FeedId, FeedUrl, ParsedFeed, RawHash, Validators},
    store::{Document, PageFault, StoreError},
};
use std::{collections::HashSet, sync::Arc, time::Duration};
use tokio::time::{sleep, timeout_at};

/// Older pages read at one poll. A paper that posts fifteen reports into a window of ten needs one.
const PAGES: usize = 5;
/// No further page is asked for after so many bytes of them.
const BYTES: u64 = 10_000_000;
/// No page is waited for after this time, pauses included.
const PATIENCE: Duration = Duration::from_mins(1);
/// Before each page, where `[fetch] host_pause` is no longer: the host has answered just now.
const PAUSE: Duration = Duration::from_millis(500);

/// Where a document's next older page is, at its own host: as it says, else as WordPress does it, which says nothing.
pub(super) fn older(feed: &ParsedFeed, base: &FeedUrl) -> Option<FeedUrl> {
    let stated = feed.older.as_deref().and_then(|url| FeedUrl::parse(url).ok());
    let is_wordpress = || feed.generator.as_ref().is_some_and(|name| name.to_ascii_lowercase().contains("wordpress"));
    let url = stated.or_else(|| is_wordpress().then(|| next_paged(base)).flatten())?;
    (url.host() == base.host() && url != *base).then_some(url)
}

/// WordPress gives any list's further pages at `paged=2`, `paged=3`, …
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

/// What reading older pages came to.
#[derive(Default)]
struct OlderPages {
    asked: HashSet<FeedUrl>,
    /// Keys of the entries met at this poll.
    met: HashSet<i64>,
    read: usize,
    entries: usize,
    bytes: u64,
    closed: bool,
    fault: Option<PageFault>,
}

impl Poller {
    /// Looks for a gap between the last document and what was read now, and reads older pages into it.
    ///
    /// # Errors
    /// When the store has failed. A page that fails is no fault of the feed: it leaves the gap open.
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

    /// Whether nothing in the document was in the last one, which was not empty. A cut document may have lost what they
    /// share.
    async fn leaves_gap(&self, feed: FeedId, document: &Document) -> Result<bool, StoreError> {
        let Document { partial, raw, listed_before, .. } = document;
        if *partial || raw.is_empty() || listed_before.is_empty() || raw.iter().any(|raw| listed_before.contains(raw)) {
            return Ok(false);
        }
        // Counters and signed addresses change an entry's bytes at every poll, but not what it is known by.
        let keys: Vec<i64> = keys(&document.entries).collect();
        if !self.reader.sighted(feed, &keys, true).await?.is_empty() {
            return Ok(false);
        }
        // Nor does a guid that rotates, or a host that changed, make an entry another one.
        Ok(self.reader.familiar(feed, &document.entries, true).await?.is_empty())
    }

    /// Reads page after page until one shows a known entry, brings nothing, fails, or a limit is reached.
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

    /// Asks for one page and reads it; with the bytes it took.
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
            return Err(fault(Fault::Status(410)));
        };
        if base.host() != url.host() {
            return Err(fault(Fault::BadRedirect("an older page at another host".to_owned())));
        }
        let found = FetchedDocument { body, base, content_type, validators };
        let reading = self.parse(planned, found, Arc::clone(listed_before), share).await;
        let reading = reading.map_err(|unread| fault(unread.fault))?;
        Ok((reading, answer.bytes))
    }
}

impl OlderPages {
    /// Takes what a page has and nobody knows into the document; answers whether there was anything. An entry that the feed
    /// has listed before closes the gap.
    fn add_page(&mut self, page: Document, known: &HashSet<i64>, document: &mut Document) -> bool {
        Arc::make_mut(&mut document.listing).append(&page.listing, &page.entries);
        self.closed = !known.is_empty() || page.raw.iter().any(|raw| document.listed_before.contains(raw));
        let had = document.entries.len();
        for entry in page.entries {
            let key = entry.key.hash();
            // What is known stays as the feed itself last said it.
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

/// A page's own fault: its server asked for no time.
fn fault(fault: Fault) -> PageFault {
    PageFault { fault, retry_after: None }
}

fn keys(entries: &[Entry]) -> impl Iterator<Item = i64> + '_ {
    entries.iter().map(|entry| entry.key.hash())
}
