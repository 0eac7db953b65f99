//! Decisions about a batch.

use super::Arrival;
use crate::model::{EntryId, Evidence, PlainText, StoryId};
use jiff::Timestamp;

/// What to do with one arrival.
#[derive(Debug)]
pub enum Change {
    /// Store it as a new entry.
    New(Box<NewEntry>),
    /// Its outlet changed the entry.
    Revised(Box<Revision>),
    /// Nothing was edited, but a signed address, a counter or a clock changed: update the stored entry without a revision.
    Refreshed {
        /// The entry.
        entry: EntryId,
    },
    /// The bytes differ, but nothing that is kept does.
    Unchanged {
        /// The entry.
        entry: EntryId,
    },
    /// Another feed of the outlet (or another key) lists an entry that is already stored: add a sighting.
    Duplicate {
        /// The entry.
        entry: EntryId,
        /// Why they are the same entry.
        evidence: Evidence,
    },
    /// The entry was stored once and has been pruned since: it does not return.
    Pruned,
    /// A rule of its outlet leaves the entry out ([`crate::model::Entry::dropped`]): it is kept aside and belongs to no story.
    Dropped,
}

/// An entry to be stored.
#[derive(Debug)]
pub struct NewEntry {
    /// Its row id.
    pub id: EntryId,
    /// Its id in published feeds: the outlet's own if that is an absolute ASCII IRI that no other entry has, else `urn:uuid:…`.
    pub iri: String,
    /// The story it starts or joins.
    pub story: StoryId,
    /// Whether it starts the story.
    pub starts: bool,
    /// Why it belongs to the story.
    pub evidence: Evidence,
    /// Its position in the order of channels.
    pub order_at: Timestamp,
    /// The stated date or the time when it was first seen, whichever is earlier.
    pub published_at: Timestamp,
}

/// A change that an outlet made to its entry.
#[derive(Debug)]
pub struct Revision {
    /// The entry.
    pub entry: EntryId,
    /// The title before the change.
    pub old_title: Option<PlainText>,
    /// Whether the title is new or more than a fifth of the text changed; this moves `updated` in published feeds.
    pub material: bool,
    /// What changed, in words.
    pub words: String,
    /// Why it is this entry, if another address, id or feed listed it first.
    pub known_by: Option<Evidence>,
}

/// An arrival and its decision.
#[derive(Debug)]
pub struct Decision {
    /// The arrival.
    pub arrival: Arrival,
    /// What to do with it.
    pub change: Change,
}

/// Decisions about one batch. Only [`super::decide`] creates them, and the writer consumes them.
///
/// Every change except [`Change::Pruned`] and [`Change::Dropped`] is also a sighting: `arrival.feed` listed the entry under
/// `arrival.entry.key`.
#[derive(Debug)]
pub struct Changes {
    pub(super) decided: Vec<Decision>,
    pub(super) crowded: Vec<StoryId>,
}

impl Changes {
    /// Returns the stories that reached [`super::rules::MEMBERS_SUSPECT`] members in this batch. With so many they look like a
    /// template, not like a report.
    #[must_use]
    pub fn crowded(&self) -> &[StoryId] {
        &self.crowded
    }

    /// Returns the decisions, in the order in which they were made.
    #[must_use]
    pub fn into_decisions(self) -> Vec<Decision> {
        self.decided
    }
}
