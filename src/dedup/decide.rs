//! Decides what each arrival is.

mod batch;

use super::identity::{self, Taken};
use super::{Arrival, Changes, Decision, IdAllocator, KnownEntries, KnownSighting, StoredEntry, Window};
use super::{dates, rules};
use crate::model::{EntryId, FeedId};
use batch::BatchDecider;
use jiff::Timestamp;
use std::cmp::Reverse;
use std::collections::{HashMap, HashSet, VecDeque};

/// Number of following arrivals whose missing texts are requested together with those of the next one.
const LOOK_AHEAD: usize = 64;

/// Decides what each arrival is, with a window that holds the texts of all its entries.
///
/// The batch is sorted by credible date (entries without one last), feed address, and position in the document from its end. Each
/// decision then takes the earlier ones of the batch into account.
#[must_use]
pub fn decide(arrivals: Vec<Arrival>, known: KnownEntries, window: &mut Window, ids: &mut IdAllocator) -> Changes {
    let now = latest(&arrivals);
    let mut deciding = Deciding::new(arrivals, known, (window, now), ids);
    while !deciding.advance().is_empty() {
        deciding.supply([]);
    }
    deciding.finish()
}

/// Decides a batch like [`decide`], but with a window that holds only some of the texts: it pauses when it needs others.
pub struct Deciding<'a> {
    batch: BatchDecider<'a>,
    waiting: VecDeque<Arrival>,
    /// The next arrival, and why its guid counts as reused, if it does.
    next: Option<(Arrival, Option<String>)>,
    wanted: Vec<EntryId>,
    decided: Vec<Decision>,
}

impl<'a> Deciding<'a> {
    /// Starts deciding a batch, with what the store knows about it, the window as of a time, and the next ids.
    pub fn new(
        mut arrivals: Vec<Arrival>,
        known: KnownEntries,
        (window, now): (&'a mut Window, Timestamp),
        ids: &'a mut IdAllocator,
    ) -> Self {
        sort(&mut arrivals);
        window.forget(now);
        let members = known.entries.values().map(|e| (e.story, e.story_members)).collect();
        let taken = taken(&arrivals, &known);
        let late = late(&arrivals, &known);
        let batch = BatchDecider { known, members, window, ids, now, taken, late, crowded: Vec::new() };
        let decided = Vec::with_capacity(arrivals.len());
        Self { batch, waiting: arrivals.into(), next: None, wanted: Vec::new(), decided }
    }

    /// Decides until the texts of some entries are missing. Returns the ids of these entries, each once; pass their texts to
    /// [`Self::supply`]. If it returns none, all arrivals are decided.
    pub fn advance(&mut self) -> &[EntryId] {
        self.wanted.clear();
        while let Some((arrival, reused)) = self.next.take().or_else(|| self.pop()) {
            match self.batch.decide_one(&arrival, reused.clone()) {
                Ok(change) => {
                    self.batch.take(&arrival, &change);
                    self.decided.push(Decision { arrival, change });
                }
                Err(missing) => {
                    self.wanted = missing;
                    self.next = Some((arrival, reused));
                    let ahead = self.waiting.iter().take(LOOK_AHEAD).flat_map(|a| self.batch.missing(a));
                    self.wanted.extend(ahead);
                    self.wanted.sort_unstable();
                    self.wanted.dedup();
                    break;
                }
            }
        }
        &self.wanted
    }

    fn pop(&mut self) -> Option<(Arrival, Option<String>)> {
        let mut arrival = self.waiting.pop_front()?;
        let Some((key, words)) = identity::rekeyed(&arrival, &self.batch.known) else { return Some((arrival, None)) };
        arrival.entry_mut().key = key;
        Some((arrival, words))
    }

    /// Supplies the requested texts. An entry whose text is not among them no longer exists and is removed from the window.
    pub fn supply(&mut self, texts: impl IntoIterator<Item = StoredEntry>) {
        texts.into_iter().for_each(|text| self.batch.window.take_text(text));
        for entry in self.wanted.drain(..) {
            if self.batch.window.text(entry).is_none() {
                self.batch.window.drop_entry(entry);
            }
        }
    }

    /// Returns the decisions, once [`Self::advance`] has returned no ids.
    #[must_use]
    pub fn finish(self) -> Changes {
        Changes { decided: self.decided, crowded: self.batch.crowded }
    }
}

/// Returns when the last of these arrivals was seen.
#[must_use]
pub fn latest(arrivals: &[Arrival]) -> Timestamp {
    arrivals.iter().map(|arrival| arrival.seen_at).max().unwrap_or_default()
}

/// Sorts arrivals by everything that distinguishes them. The order does not depend on which poll ended first.
fn sort(arrivals: &mut Vec<Arrival>) {
    // The first entry of a document is its newest: it is decided last, so its story gets the highest number. A place is found by a
    // cryptographic hash, so it is looked up once.
    let place = |a: &Arrival| Reverse(a.listing.place(a.entry.key.hash()));
    let mut placed: Vec<_> = arrivals.drain(..).map(|arrival| (place(&arrival), arrival)).collect();
    placed.sort_by(|(place_a, a), (place_b, b)| {
        let first = |a: &Arrival| (a.entry.believed.is_none(), a.entry.believed);
        let last = |a: &Arrival| (a.seen_at, a.entry.shown, a.entry.raw);
        first(a)
            .cmp(&first(b))
            .then_with(|| a.feed_url.cmp(&b.feed_url))
            .then_with(|| place_a.cmp(place_b))
            .then_with(|| a.entry.key.cmp(&b.entry.key))
            .then_with(|| last(a).cmp(&last(b)))
    });
    arrivals.extend(placed.into_iter().map(|(_, arrival)| arrival));
}

/// Returns the entries that items of the arrivals' documents match by key. No other item of the same document can be the same
/// entry.
fn taken(arrivals: &[Arrival], known: &KnownEntries) -> Taken {
    let mut documents = HashSet::new();
    let mut taken = Taken::new();
    for arrival in arrivals.iter().filter(|a| documents.insert(a.poll)) {
        let sighted = arrival.listing.keys().filter_map(|key| known.by_key.get(&key)).flatten();
        taken.extend(sighted.filter(|s| s.feed == arrival.feed).filter_map(|s| Some((arrival.poll, s.entry?))));
    }
    // It may have moved to another place of the document.
    for displaced in arrivals.iter().filter_map(|a| Some((a.poll, identity::displaced(a, known)?))) {
        taken.remove(&displaced);
    }
    taken
}

/// Returns how many backdated entries of each feed may still be placed at the top: none if one poll brings more than the daily
/// allowance.
fn late(arrivals: &[Arrival], known: &KnownEntries) -> HashMap<FeedId, u32> {
    let mut brings: HashMap<FeedId, u32> = HashMap::new();
    for arrival in arrivals.iter().filter(|a| dates::is_backdated(a)) {
        let is_known = |s: &KnownSighting| s.feed == arrival.feed;
        if !known.by_key.get(&arrival.entry.key.hash()).is_some_and(|s| s.iter().any(is_known)) {
            *brings.entry(arrival.feed).or_default() += 1;
        }
    }
    let left = |feed| rules::LATE_A_DAY.saturating_sub(known.late.get(&feed).copied().unwrap_or_default());
    brings.into_iter().map(|(feed, brings)| (feed, if brings > rules::LATE_A_DAY { 0 } else { left(feed) })).collect()
}
