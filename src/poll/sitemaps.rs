//! News sitemaps that are found instead of a feed, and the indexes that list them. An index is read at every poll: the sitemaps
//! that it lists change their names daily at some sites.

use super::{FetchedDocument, PlannedPoll, Poller, Reading};
use crate::{
    clock::Clock,
    discover,
    fetch::{BodyShare, Fetched},
    model::{Fault, FeedUrl, Hints, Outcome, RawHash, Validators},
    parse::{self, SitemapRef},
    store::{BodyState, Document},
};
use std::{collections::HashSet, sync::Arc, time::Duration};
use tokio::time::{sleep, timeout, timeout_at};

/// Time for all sitemaps of an index together, and for all addresses at which a site may have one: a server that never answers
/// must not keep the place of other polls for ten timeouts.
const PATIENCE: Duration = Duration::from_mins(1);

/// The address of an index, its validators, and the hash of its bytes.
type Index = (FeedUrl, Validators, i64);

/// The sitemaps of an index as one document, in the making.
#[derive(Default)]
struct Joined {
    reading: Option<Reading>,
    bytes: u64,
    hashes: Vec<u8>,
    fault: Option<Fault>,
}

impl Poller {
    /// Looks for a news sitemap of the site of `page`.
    pub(super) async fn find_sitemap(
        &self,
        planned: &PlannedPoll,
        page: &FeedUrl,
        listed_before: &Arc<HashSet<RawHash>>,
        share: &mut BodyShare,
    ) -> Option<Reading> {
        let search = async {
            sleep(planned.host_pause).await;
            for url in discover::sitemaps(self.fetcher(planned), page, self.clock.now(), share).await {
                if let Some(reading) = self.try_address(planned, url, listed_before, share).await {
                    return Some(reading);
                }
            }
            None
        };
        timeout(PATIENCE, search).await.ok().flatten()
    }

    /// Reads the sitemaps that an index lists as one document. What could not be had has not left the feed.
    pub(super) async fn read_index(
        &self,
        planned: &PlannedPoll,
        (url, validators, hash): Index,
        listed: Vec<SitemapRef>,
        listed_before: &Arc<HashSet<RawHash>>,
        share: &mut BodyShare,
    ) -> Reading {
        let chosen = discover::choose(&url, listed);
        // Only an index that dates its sitemaps changes whenever one of them does.
        let dated = chosen.iter().all(|(_, changed)| changed.is_some());
        let deadline = Clock::monotonic() + PATIENCE;
        let mut joined = Joined { hashes: hash.to_le_bytes().to_vec(), ..Joined::default() };
        for (url, _) in chosen {
            sleep(planned.host_pause).await;
            let page = timeout_at(deadline, self.sitemap(planned, &url, listed_before, &mut joined, share));
            match page.await.unwrap_or(Err(Fault::Timeout(PATIENCE))) {
                Ok(reading) => joined.add(reading),
                // A sitemap of pages among those of news.
                Err(Fault::NotAFeed(_)) => {}
                Err(fault) => joined.fault = Some(fault),
            }
            if joined.is_full() {
                break;
            }
        }
        joined.finish(planned, if dated { validators } else { Validators::default() })
    }

    /// Asks for one sitemap and reads it.
    async fn sitemap(
        &self,
        planned: &PlannedPoll,
        url: &FeedUrl,
        listed_before: &Arc<HashSet<RawHash>>,
        joined: &mut Joined,
        share: &mut BodyShare,
    ) -> Result<Reading, Fault> {
        let answer = self.fetcher(planned).get(url, &Validators::default(), self.clock.now(), share).await;
        let base = answer.base(url).clone();
        joined.bytes += answer.bytes;
        let Fetched::Document { body, content_type, validators } = answer.result? else {
            return Err(Fault::Status(answer.status.unwrap_or_default()));
        };
        joined.hashes.extend(body.hash().to_le_bytes());
        let found = FetchedDocument { body, base, content_type, validators };
        self.parse(planned, found, Arc::clone(listed_before), share).await.map_err(|unread| unread.fault)
    }
}

impl Joined {
    /// Adds a sitemap behind those before.
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

    /// Whether there are as many entries as one document may have.
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

/// Puts what a sitemap lists behind what those before it list; an article that stands in two is listed once.
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
