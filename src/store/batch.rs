//! The polls that the writer takes from its queue together. A long document is decided and stored in parts, one per transaction,
//! with other feeds' polls between them. Its validators and its row of poll history are stored with the last part.

use super::{
    catalog::Catalog,
    finished_poll::{CommittedPoll, DecidedPoll, Document, FinishedPoll, PollFindings},
};
use crate::{
    dedup::{Arrival, ArrivalPage, Listing},
    model::{Entry, EntryPage, Tally, WaitingKey},
};
use jiff::Timestamp;
use std::{cmp::Reverse, sync::Arc};
use tokio::sync::oneshot;

/// Maximum number of polls that are decided and committed together. It limits the time until readers see new entries.
const MAX_POLLS: usize = 256;
/// Number of entries from which no further poll is added to a batch.
const MAX_ENTRIES: usize = 4_000;
/// Most entries of one document decided in one transaction.
const STRIDE: usize = 500;
/// Maximum size of their texts, in bytes. An entry with a longer text has a transaction of its own.
const STRIDE_BYTES: usize = 4 << 20;
/// Memory of documents, in bytes, from which no further poll is added to a batch: half of what all polls may hold, so that
/// others are read while it is written.
const MAX_MEMORY: usize = 6_000_000;

/// A poll of which some entries are not stored yet.
pub(super) struct PendingPoll {
    pub poll: FinishedPoll,
    pub reply: oneshot::Sender<CommittedPoll>,
    /// The result of the parts stored so far.
    pub findings: PollFindings,
}

/// The result of a page request, and the entry that waits for it.
#[derive(Debug, Clone)]
pub struct AskedPage {
    /// The waiting entry.
    pub key: WaitingKey,
    /// The result of the request.
    pub page: EntryPage,
}

/// Polls that are decided and committed together.
#[derive(Default)]
pub(super) struct Batch {
    pub polls: Vec<PendingPoll>,
    /// Entries whose waiting has ended, with the results of their page requests.
    pub pages: Vec<AskedPage>,
    entries: usize,
    memory: usize,
}

impl PendingPoll {
    /// Adds a poll. The entries of a long document are sorted into the order in which they are decided, so that splitting the
    /// document does not change the decisions.
    pub(super) fn new(mut poll: FinishedPoll, reply: oneshot::Sender<CommittedPoll>) -> Self {
        let findings = brought_before(&poll);
        if let Some(Document { entries, listing, .. }) = poll.document.as_mut().filter(|d| stride(d) < d.entries.len())
        {
            entries.sort_by(|a, b| order(a, listing).cmp(&order(b, listing)));
        }
        Self { poll, reply, findings }
    }

    /// Returns the parts of the poll that its decisions need.
    pub(super) fn decided(&mut self) -> DecidedPoll<'_> {
        let updated = self.poll.document.as_ref().and_then(|document| document.updated);
        DecidedPoll { findings: &mut self.findings, updated }
    }

    /// Returns whether the document is too long for one transaction.
    pub(super) fn is_long(&self) -> bool {
        self.poll.document.as_ref().is_some_and(|d| stride(d) < d.entries.len())
    }

    /// Returns whether all entries of its document have been taken out.
    pub(super) fn is_whole(&self) -> bool {
        self.poll.document.as_ref().is_none_or(|d| d.entries.is_empty())
    }
}

/// Returns the number of entries of a document that are decided next.
fn stride(document: &Document) -> usize {
    let mut left = STRIDE_BYTES;
    let fits = |entry: &&Entry| {
        let html = [&entry.summary, &entry.content].into_iter().flatten().map(|text| text.as_str().len());
        let size = html.sum::<usize>() + entry.folded.body.len();
        let is_within = size <= left;
        left = left.saturating_sub(size);
        is_within
    };
    let within = document.entries.iter().take(STRIDE).take_while(fits).count();
    within.max(1).min(document.entries.len())
}

/// Compares entries by the order in which `dedup` decides those of one document.
fn order<'a>(entry: &'a Entry, listing: &Listing) -> impl Ord + use<'a> {
    (entry.believed.is_none(), entry.believed, Reverse(listing.place(entry.key.hash())), &entry.key)
}

impl Batch {
    pub(super) fn is_empty(&self) -> bool {
        self.polls.is_empty() && self.pages.is_empty()
    }

    /// Returns when the last of its documents and pages was read.
    pub(super) fn latest(&self) -> Timestamp {
        let pages = self.pages.iter().map(|asked| asked.page.asked_at);
        self.polls.iter().map(|pending| pending.poll.ended_at).chain(pages).max().unwrap_or_default()
    }

    pub(super) fn is_full(&self) -> bool {
        self.polls.len() >= MAX_POLLS || self.entries >= MAX_ENTRIES || self.memory >= MAX_MEMORY
    }

    pub(super) fn add(&mut self, poll: PendingPoll) {
        self.entries += poll.poll.document.as_ref().map_or(0, stride);
        self.memory += poll.poll.document.as_ref().map_or(0, Document::memory);
        self.polls.push(poll);
    }

    /// Takes the next part of the entries of each poll, in the order of the queue. `decide` sorts them again.
    /// Entries that were checked by other rules than the current ones are checked again.
    pub(super) fn arrivals(&mut self, catalog: &Catalog) -> Vec<Arrival> {
        let mut arrivals = Vec::with_capacity(self.entries);
        for (index, pending) in self.polls.iter_mut().enumerate() {
            let FinishedPoll { feed, ended_at, document: Some(document), .. } = &mut pending.poll else { continue };
            let later = stride(document);
            let Document { entries, listing, pages, rules, .. } = document;
            let later = entries.split_off(later);
            let is_current = *rules == catalog.rules(feed.outlet_id);
            let feed_url: Arc<str> = Arc::from(feed.url.as_str());
            for entry in std::mem::replace(entries, later) {
                let mut arrival = Arrival {
                    poll: index,
                    feed: feed.id,
                    feed_url: Arc::clone(&feed_url),
                    outlet: feed.outlet_id,
                    seen_at: *ended_at,
                    previous_success: feed.last_success_at,
                    link_repeats: entry.link_key.is_some_and(|key| listing.link_repeats(key)),
                    listing: Arc::clone(listing),
                    page: if pages.contains(&entry.key.hash()) { ArrivalPage::Wanted } else { ArrivalPage::Unwanted },
                    returns: false,
                    entry: Arc::new(entry),
                };
                if !is_current {
                    catalog.reapply_rules(&mut arrival);
                }
                arrivals.push(arrival);
            }
        }
        arrivals
    }
}

/// What is known about a poll before its entries are decided.
fn brought_before(poll: &FinishedPoll) -> PollFindings {
    let Some(document) = &poll.document else { return PollFindings::default() };
    let listed = u32::try_from(document.raw.len()).unwrap_or(u32::MAX);
    let known = document.raw.iter().filter(|raw| document.listed_before.contains(raw)).count();
    let known = u32::try_from(known).unwrap_or(u32::MAX);
    PollFindings { tally: Tally { listed, known, ..Tally::default() }, gap: document.gap, ..PollFindings::default() }
}
