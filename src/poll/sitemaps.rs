//! News sitemaps that are found instead of a feed, and sitemap indexes. An index is read at every poll, because some sites rename
//! their sitemaps daily.

use super::{PlannedPoll, Poller, Reading, document::UnreadableDocument, fetched::FetchedDocument, memory::PollShare};
use crate::{
    clock::Clock,
    discover,
    fetch::Fetched,
    model::{Fault, FeedUrl, Hints, Outcome, RawHash, Validators},
    parse::{self, SitemapRef},
    store::{BodyState, Document},
};
use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};
use tokio::time::{sleep, timeout, timeout_at};

/// Time limit for all sitemaps of an index, and for all usual addresses of a site: a server that never answers must not occupy a
/// poll for ten timeouts.
const PATIENCE: Duration = Duration::from_mins(1);

/// URL of an index, its validators, and the hash of its bytes.
type Index = (FeedUrl, Validators, i64);

/// The sitemaps of an index, combined into one document.
#[derive(Default)]
struct Joined {
    reading: Option<Reading>,
    bytes: u64,
    hashes: Vec<u8>,
    fault: Option<Fault>,
}

impl Poller {
    /// Looks for a news sitemap on the site of `page`.
    pub(super) async fn find_sitemap(
        &self,
        planned: &PlannedPoll,
        page: &FeedUrl,
        listed_before: &Arc<HashSet<RawHash>>,
        share: &mut PollShare,
    ) -> Option<Reading> {
        let search = async {
            sleep(planned.host_pause).await;
            for url in discover::sitemaps(self.fetcher(planned), page, self.clock.now(), &mut share.body).await {
                if let Some(reading) = self.try_address(planned, url, listed_before, share).await {
                    return Some(reading);
                }
            }
            None
        };
        timeout(PATIENCE, search).await.ok().flatten()
    }

    /// Reads the sitemaps of an index as one document. Entries of sitemaps that could not be read do not count as removed.
    pub(super) async fn read_index(
        &self,
        planned: &PlannedPoll,
        (url, validators, hash): Index,
        listed: Vec<SitemapRef>,
        listed_before: &Arc<HashSet<RawHash>>,
        share: &mut PollShare,
    ) -> Reading {
        let chosen = discover::choose(&url, listed);
        // Only an index with dates changes whenever one of its sitemaps does.
        let mut dated = chosen.iter().all(|(_, changed)| changed.is_some());
        let deadline = Clock::monotonic() + PATIENCE;
        let mut joined = Joined { hashes: hash.to_le_bytes().to_vec(), ..Joined::default() };
        let mut asked = HashSet::from([url]);
        let mut waiting: VecDeque<(FeedUrl, bool)> = chosen.into_iter().map(|(url, _)| (url, false)).collect();
        while let Some((url, is_inner)) = waiting.pop_front() {
            if asked.len() > discover::ASKED_TOGETHER || joined.is_full() {
                break;
            }
            if !asked.insert(url.clone()) {
                continue;
            }
            sleep(planned.host_pause).await;
            let page = timeout_at(deadline, self.sitemap(planned, &url, listed_before, &mut joined, share));
            match page.await.unwrap_or(Err(UnreadableDocument::of(Fault::Timeout(PATIENCE)))) {
                Ok(reading) => joined.add(reading),
                // An index in the index: its sitemaps come in its place. sitemaps.org allows none, but some sites have one.
                Err(UnreadableDocument { sitemaps: Some(inner), .. }) if !is_inner => {
                    // The outer index may keep its date when a sitemap of the inner one changes.
                    dated = false;
                    let inner = discover::choose(&url, inner);
                    inner.into_iter().rev().for_each(|(url, _)| waiting.push_front((url, true)));
                }
                // A sitemap of pages, not of news.
                Err(UnreadableDocument { fault: Fault::NotAFeed(_), .. }) => {}
                Err(unread) => joined.fault = Some(unread.fault),
            }
        }
        joined.finish(planned, if dated { validators } else { Validators::default() })
    }

    /// Requests a sitemap and parses it.
    async fn sitemap(
        &self,
        planned: &PlannedPoll,
        url: &FeedUrl,
        listed_before: &Arc<HashSet<RawHash>>,
        joined: &mut Joined,
        share: &mut PollShare,
    ) -> Result<Reading, UnreadableDocument> {
        share.release_document();
        let answer = self.fetcher(planned).get(url, &Validators::default(), self.clock.now(), &mut share.body).await;
        let base = answer.base(url).clone();
        joined.bytes += answer.bytes;
        let result = answer.result.map_err(UnreadableDocument::of)?;
        let Fetched::Document { body, content_type, validators } = result else {
            return Err(UnreadableDocument::of(Fault::Status(answer.status.unwrap_or_default())));
        };
        joined.hashes.extend(body.hash().to_le_bytes());
        let found = FetchedDocument { body, base, content_type, validators };
        self.parse(planned, found, Arc::clone(listed_before), share).await
    }
}

impl Joined {
    /// Appends a sitemap.
    fn add(&mut self, reading: Reading) {
        let Some(known) = &mut self.reading else {
            self.reading = Some(reading);
            return;
        };
        if let (Some(into), Some(document)) = (&mut known.document, reading.document) {
            append(into, document);
        }
        if let (Some(known), Some(body)) = (&mut known.body, reading.body) {
            known.guids_void |= body.guids_void;
        }
    }

    /// Returns whether the number of entries has reached the limit of a document.
    fn is_full(&self) -> bool {
        self.reading.iter().filter_map(|r| r.document.as_ref()).any(|d| d.raw.len() >= parse::ENTRIES)
    }

    fn finish(self, planned: &PlannedPoll, validators: Validators) -> Reading {
        let is_full = self.is_full();
        let Some(mut reading) = self.reading else {
            let none = || Fault::NotAFeed("an index of sitemaps, without news sitemaps of its site".to_owned());
            return Reading::of(Outcome::Failed(self.fault.unwrap_or_else(none)));
        };
        let hash = RawHash::of(&self.hashes).0;
        let is_whole = self.fault.is_none();
        let validators = if is_whole { validators } else { Validators::default() };
        let is_same = is_whole && planned.feed.body_hash == Some(hash);
        let read = reading.body.as_ref().is_some_and(|body| body.guids_void);
        let guids_void = if is_same { planned.feed.guids_void } else { read };
        let body = Some(BodyState { validators, hash, hints: Hints::default(), guids_void });
        if is_same {
            return Reading { body, older_bytes: self.bytes, ..Reading::of(Outcome::SameBytes) };
        }
        if let Some(document) = &mut reading.document {
            document.partial |= !is_whole || is_full;
        }
        reading.body = body;
        reading.older_bytes = self.bytes;
        reading
    }
}

/// Appends the entries of a sitemap. An article that is listed twice is kept once.
fn append(into: &mut Document, document: Document) {
    let repeated: HashSet<RawHash> = {
        let listed = &into.listing;
        document.entries.iter().filter(|e| listed.lists(e.key.hash())).map(|e| e.raw).collect()
    };
    Arc::make_mut(&mut into.listing).join(&document.listing);
    into.raw.extend(document.raw.into_iter().filter(|raw| !repeated.contains(raw)));
    into.entries.extend(document.entries.into_iter().filter(|entry| !repeated.contains(&entry.raw)));
    into.partial |= document.partial;
    into.updated = into.updated.max(document.updated);
    for repair in document.repairs {
        if !into.repairs.contains(&repair) {
            into.repairs.push(repair);
        }
    }
}
