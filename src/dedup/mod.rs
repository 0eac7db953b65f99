//! What is new? Pure: arrivals and what is known go in, [`Changes`] with evidence come out.
//!
//! What is decided together is put in order by date, feed and key first, so that the order in which polls happened to
//! end changes nothing. Nothing is ever deleted here.

mod article_number;
mod boilerplate;
mod compare;
mod dates;
mod decide;
mod features;
mod held;
mod identity;
mod iri;
mod likeness;
mod listing;
mod postings;
pub mod replay;
mod revise;
pub mod rules;
mod search;
mod stamp;
mod stored;
mod titles;
mod window;
mod words;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use article_number::path_id;
pub use dates::is_backdated;
pub use decide::{Deciding, decide};
pub use likeness::{files, files_of};
pub use listing::Listing;
pub use stamp::Stamp;
pub use stored::{StoredEntry, StoredSignature};
pub use window::Window;

use crate::model::{Entry, EntryId, EntryKey, Evidence, FeedId, LinkKey, OutletId, PlainText, StoryId};
use jiff::Timestamp;
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// One entry of one poll, on its way to a decision.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// Which poll of the batch brought it.
    pub poll: usize,
    /// The feed.
    pub feed: FeedId,
    /// The feed's configured address: part of the ids minted here, so that they are the same on every installation.
    pub feed_url: String,
    /// The outlet.
    pub outlet: OutletId,
    /// When the document was read: `first_seen_at` of what is new.
    pub seen_at: Timestamp,
    /// When the feed was last read before; `None` on its first poll.
    pub previous_success: Option<Timestamp>,
    /// The oldest believed date in the document, for entries of a first poll that state none.
    pub oldest_believed: Option<Timestamp>,
    /// The link occurs more than once in the document: it is no identity there (level A).
    pub link_repeats: bool,
    /// What its document says of its entries as a whole.
    pub listing: Arc<Listing>,
    /// The entry.
    pub entry: Entry,
}

impl Arrival {
    /// The key of an entry whose guid was used before for another one: it includes the stated second.
    #[must_use]
    pub fn reused_key(&self) -> Option<EntryKey> {
        let second = self.entry.believed?.as_second();
        Some(EntryKey(format!("{} @{second}", self.entry.key.0)))
    }

    /// The key it had while the feed's guids were not void.
    #[must_use]
    pub fn former_key(&self) -> Option<EntryKey> {
        let id = self.entry.source_id.clone().filter(|id| self.listing.guids_void && *id != self.entry.key.0);
        id.map(EntryKey)
    }

    /// Hashes of every key it may be known by.
    pub fn key_hashes(&self) -> impl Iterator<Item = i64> {
        [Some(self.entry.key.clone()), self.reused_key(), self.former_key()].into_iter().flatten().map(|k| k.hash())
    }
}

/// What the store recalled about a batch.
#[derive(Debug, Default)]
pub struct KnownEntries {
    /// Sightings by hash of key, in whatever feed.
    pub by_key: HashMap<i64, Vec<KnownSighting>>,
    /// Entries by canonical link, whatever the outlet, oldest first.
    pub by_link: HashMap<LinkKey, Vec<EntryId>>,
    /// Entries of the arrivals' outlets with an arrival's stated second and title, or its stated minute and the id in its
    /// path.
    pub dated: HashSet<EntryId>,
    /// Backdated entries that a feed brought on the day of its arrivals and that came in at the top.
    pub late: HashMap<FeedId, u32>,
    /// The entries that the maps name.
    pub entries: HashMap<EntryId, KnownEntry>,
}

/// A key that some feed has listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownSighting {
    /// The feed.
    pub feed: FeedId,
    /// The entry; `None` once retention has pruned it (a tombstone: it never returns as new).
    pub entry: Option<EntryId>,
}

/// An entry as the store knows it: what a decision needs of it.
#[derive(Debug, Clone)]
pub struct KnownEntry {
    /// Row id.
    pub id: EntryId,
    /// Its outlet.
    pub outlet: OutletId,
    /// The feed whose words are kept, and which alone may revise it: the first to list it.
    pub feed: FeedId,
    /// Its story.
    pub story: StoryId,
    /// Its feed is no longer configured: another of the outlet may have replaced it.
    pub feed_removed: bool,
    /// Its id as the outlet wrote it.
    pub source_id: Option<String>,
    /// Link now.
    pub link: Option<String>,
    /// Language now.
    pub language: Option<String>,
    /// The stated date, where it is believed.
    pub believed: Option<Timestamp>,
    /// Addresses of its files and pictures, without queries; of pictures in the text only where there are few words.
    pub files: Vec<String>,
    /// Hash of all that a reader sees.
    pub shown: i64,
    /// Title now.
    pub title: Option<PlainText>,
    /// Link now.
    pub link_key: Option<LinkKey>,
    /// Folded text now, to tell a material revision.
    pub folded_body: String,
    /// Members of its story.
    pub story_members: u32,
}

/// Hands out row ids: a story's number is minted once and never reused.
#[derive(Debug, Clone, Copy)]
pub struct IdAllocator {
    /// The next entry's.
    pub next_entry: EntryId,
    /// The next story's.
    pub next_story: StoryId,
}

impl IdAllocator {
    /// A fresh entry id.
    pub fn entry(&mut self) -> EntryId {
        let id = self.next_entry;
        self.next_entry.0 += 1;
        id
    }

    /// A fresh story id.
    pub fn story(&mut self) -> StoryId {
        let id = self.next_story;
        self.next_story.0 += 1;
        id
    }
}

/// What is to be done with one arrival.
#[derive(Debug)]
pub enum Change {
    /// Nobody had it.
    New(Box<NewEntry>),
    /// Its outlet changed it.
    Revised(Box<Revision>),
    /// Nothing was edited, but a signed address, a counter or a clock changed: what is kept is written anew, no revision.
    Refreshed {
        /// The entry.
        entry: EntryId,
    },
    /// Other bytes, but nothing that is kept differs.
    Unchanged {
        /// The entry.
        entry: EntryId,
    },
    /// Another feed of the outlet (or another key) shows an entry that is already kept: one more sighting.
    Duplicate {
        /// The entry.
        entry: EntryId,
        /// Why they are one.
        evidence: Evidence,
    },
    /// Kept once, pruned since: it does not come back.
    Pruned,
}

/// An entry that is to be written.
#[derive(Debug)]
pub struct NewEntry {
    /// Its row id.
    pub id: EntryId,
    /// Its id in published feeds: its own when that is an absolute ASCII IRI that nobody else holds, else `urn:uuid:…`.
    pub iri: String,
    /// The story it starts or joins.
    pub story: StoryId,
    /// Whether it starts it.
    pub starts: bool,
    /// Why.
    pub evidence: Evidence,
    /// Its place in the order of channels (interfaces.md, "order_at").
    pub order_at: Timestamp,
    /// The stated date or when it was first seen, whichever is earlier.
    pub published_at: Timestamp,
}

/// A change that an outlet made to its entry.
#[derive(Debug)]
pub struct Revision {
    /// The entry.
    pub entry: EntryId,
    /// Title before.
    pub old_title: Option<PlainText>,
    /// A new title, or over a fifth of the text: moves `updated` in published feeds.
    pub material: bool,
    /// In words: what changed.
    pub words: String,
    /// What showed that it is this entry, where another address, id or feed had it first.
    pub known_by: Option<Evidence>,
}

/// An arrival and its decision.
#[derive(Debug)]
pub struct Decision {
    /// What arrived.
    pub arrival: Arrival,
    /// What is to be done.
    pub change: Change,
}

/// Decisions over one batch, made only by [`decide`] and taken by value by the writer.
///
/// Every change but [`Change::Pruned`] is also a sighting: the entry was listed by `arrival.feed` under
/// `arrival.entry.key`.
#[derive(Debug)]
pub struct Changes {
    decided: Vec<Decision>,
    crowded: Vec<StoryId>,
}

impl Changes {
    /// Stories that reached [`rules::MEMBERS_SUSPECT`] members in this batch: so many look like a template, not a report.
    #[must_use]
    pub fn crowded(&self) -> &[StoryId] {
        &self.crowded
    }

    /// The decisions, in the order in which they were made.
    #[must_use]
    pub fn into_decisions(self) -> Vec<Decision> {
        self.decided
    }
}
