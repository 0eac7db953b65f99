//! Decides which entries are new. This is pure code: it takes arrivals and what is known, and returns [`Changes`] with their
//! evidence.
//!
//! Arrivals are compared on three levels: the same entry (level A), the same article of an outlet under other names (level B),
//! the same report by another outlet (level C). A batch is first sorted by date, feed and key, so that the order in which polls
//! end changes nothing. Nothing is ever deleted here.

mod article_number;
mod boilerplate;
mod changes;
mod compare;
mod dates;
mod decide;
mod features;
mod held;
mod identity;
mod iri;
mod likeness;
mod listing;
mod pair_counts;
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
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use article_number::path_id;
pub use changes::{Change, Changes, Decision, NewEntry, Revision};
pub use dates::is_backdated;
pub use decide::{Deciding, decide, latest};
pub use likeness::{files, files_of};
pub use listing::Listing;
pub use stamp::Stamp;
pub use stored::{StoredEntry, StoredSignature};
pub use window::Window;

use crate::model::{Entry, EntryId, EntryKey, EntryPage, FeedId, LinkKey, OutletId, PlainText, StoryId};
use jiff::Timestamp;
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

/// One entry of one poll that is to be decided.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// Index of the poll in the batch.
    pub poll: usize,
    /// The feed that listed it.
    pub feed: FeedId,
    /// The feed's configured address. Generated ids depend on it, so that they are the same on every installation.
    pub feed_url: Arc<str>,
    /// The outlet of the feed.
    pub outlet: OutletId,
    /// When the document was read; becomes `first_seen_at` of a new entry.
    pub seen_at: Timestamp,
    /// When the feed was last read before, or `None` on its first poll.
    pub previous_success: Option<Timestamp>,
    /// Whether the link occurs more than once in the document; it then identifies nothing (level A).
    pub link_repeats: bool,
    /// Facts about all entries of its document.
    pub listing: Arc<Listing>,
    /// Whether a rule left it out before and no longer does. It then gets the position of its stated date.
    pub returns: bool,
    /// The entry itself. Clones of an arrival share it: the writer holds one until the arrival is stored.
    pub entry: Arc<Entry>,
    /// What is known of its page.
    pub page: ArrivalPage,
}

/// What is known of the page of an entry that arrives. The text of an article is in `Entry::folded` already.
#[derive(Debug, Clone, Default)]
pub enum ArrivalPage {
    /// It is not asked for.
    #[default]
    Unwanted,
    /// It is to be asked for, if the entry is new or edited.
    Wanted,
    /// It was asked for.
    Asked(Box<EntryPage>),
}

impl Arrival {
    /// Returns the entry for changing it. If a clone of this arrival shares it, it is copied before.
    pub fn entry_mut(&mut self) -> &mut Entry {
        Arc::make_mut(&mut self.entry)
    }

    /// Returns the key of an entry whose guid was used before for another one. It includes the stated second. `None` without a
    /// credible date.
    #[must_use]
    pub fn reused_key(&self) -> Option<EntryKey> {
        let second = self.entry.believed?.as_second();
        Some(EntryKey(format!("{} @{second}", self.entry.key.0)))
    }

    /// Returns the key that the entry had while the feed's guids were trusted, if they no longer are.
    #[must_use]
    pub fn former_key(&self) -> Option<EntryKey> {
        let id = self.entry.source_id.clone().filter(|id| self.listing.guids_void && *id != self.entry.key.0);
        id.map(EntryKey)
    }

    /// Returns the hashes of every key that the entry may be known by.
    pub fn key_hashes(&self) -> impl Iterator<Item = i64> {
        [Some(self.entry.key.clone()), self.reused_key(), self.former_key()].into_iter().flatten().map(|k| k.hash())
    }
}

/// What the store recalled for a batch.
#[derive(Debug, Default)]
pub struct KnownEntries {
    /// Sightings in any feed, by hash of the key.
    pub by_key: HashMap<i64, Vec<KnownSighting>>,
    /// Entries of any outlet by canonical link, oldest first.
    pub by_link: HashMap<LinkKey, Vec<EntryId>>,
    /// Entries of the arrivals' outlets, by outlet and oldest first, that share an arrival's stated second and title, or its stated
    /// minute and the id in its path; and all that arrived before in the batch.
    pub dated: HashMap<OutletId, BTreeSet<EntryId>>,
    /// Number of backdated entries of a feed that were placed at the top on the day of its arrivals.
    pub late: HashMap<FeedId, u32>,
    /// The entries that the other fields refer to.
    pub entries: HashMap<EntryId, KnownEntry>,
    /// Those whose folded text is that of the article of their page.
    pub with_article: BTreeSet<EntryId>,
}

impl KnownEntries {
    /// Returns the entry that a feed listed under the arrival's key before. `Some(None)`: it was pruned since.
    #[must_use]
    pub fn listed_before(&self, arrival: &Arrival) -> Option<Option<EntryId>> {
        let sightings = self.by_key.get(&arrival.entry.key.hash())?;
        sightings.iter().find(|sighting| sighting.feed == arrival.feed).map(|sighting| sighting.entry)
    }
}

/// One key in the listing of one feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownSighting {
    /// The feed that listed it.
    pub feed: FeedId,
    /// The entry, or `None` once retention has pruned it (a tombstone: it never returns as new).
    pub entry: Option<EntryId>,
}

/// A stored entry, reduced to what a decision needs.
#[derive(Debug, Clone)]
pub struct KnownEntry {
    /// Row id.
    pub id: EntryId,
    /// Its outlet.
    pub outlet: OutletId,
    /// The feed whose content is kept: the first to list the entry. Only this feed may revise it.
    pub feed: FeedId,
    /// Its story.
    pub story: StoryId,
    /// Whether its feed is no longer configured; another feed of the outlet may have replaced it.
    pub feed_removed: bool,
    /// Its id as the outlet wrote it.
    pub source_id: Option<String>,
    /// Its current link.
    pub link: Option<String>,
    /// Its current language.
    pub language: Option<String>,
    /// The stated date, if it is credible.
    pub believed: Option<Timestamp>,
    /// Addresses of its files and pictures, without queries. Pictures in the text count only if the text is short.
    pub files: Vec<String>,
    /// Hash of everything that a reader sees.
    pub shown: i64,
    /// Its current title.
    pub title: Option<PlainText>,
    /// Key of its current link.
    pub link_key: Option<LinkKey>,
    /// Its current folded text, to recognise a material revision.
    pub folded_body: String,
    /// Number of members of its story.
    pub story_members: u32,
}

impl KnownEntry {
    /// Returns whether a reader sees the same as before. The stored hash may be one of an earlier version.
    #[must_use]
    pub fn shows(&self, entry: &Entry) -> bool {
        self.shown == entry.shown || crate::normalise::formerly_shown(entry).any(|shown| self.shown == shown)
    }

    /// Returns an arrival as the stored entry `id`, which is one of `story_members` members of `story`.
    fn of(arrival: &Arrival, id: EntryId, story: StoryId, story_members: u32) -> Self {
        let entry = &arrival.entry;
        Self {
            id,
            outlet: arrival.outlet,
            feed: arrival.feed,
            story,
            feed_removed: false,
            source_id: entry.source_id.clone(),
            link: entry.link.clone(),
            language: entry.language.clone(),
            believed: entry.believed,
            files: files(entry),
            shown: entry.shown,
            title: entry.title.clone(),
            link_key: entry.link_key,
            folded_body: entry.folded.body.clone(),
            story_members,
        }
    }
}

/// Allocates row ids. The number of a story is allocated once and never reused.
#[derive(Debug, Clone, Copy)]
pub struct IdAllocator {
    /// Id of the next entry.
    pub next_entry: EntryId,
    /// Id of the next story.
    pub next_story: StoryId,
}

impl IdAllocator {
    /// Returns a new entry id.
    pub fn entry(&mut self) -> EntryId {
        let id = self.next_entry;
        self.next_entry.0 += 1;
        id
    }

    /// Returns a new story id.
    pub fn story(&mut self) -> StoryId {
        let id = self.next_story;
        self.next_story.0 += 1;
        id
    }
}
