//! Limits on what is kept of one document.

use super::draft::{self, EntryDraft, FeedDraft};
use super::limits::Limits;
use super::{ENTRIES, Repairs};

/// Limits on what is kept of one document, and how much of them is used.
pub(super) struct Allowance {
    entries: usize,
    bytes: usize,
    kept: usize,
    /// Bytes that an entry without authors takes for the feed's authors.
    shared: usize,
    pub too_many: bool,
    too_large: bool,
}

impl Allowance {
    pub fn new(feed: &FeedDraft, limits: &Limits) -> Self {
        let shared = draft::people_weight(&feed.authors);
        Self { entries: 0, bytes: 0, kept: limits.kept, shared, too_many: false, too_large: false }
    }

    /// Counts one more entry; `taken` bytes are in use for addresses so far. Returns whether it is within the limits.
    pub fn counts_one(&mut self, taken: usize) -> bool {
        self.entries += 1;
        self.too_many |= self.entries > ENTRIES;
        self.too_large |= taken > self.kept;
        !self.too_many && !self.too_large
    }

    /// Counts the bytes of a draft. Returns whether they are within the limits.
    pub fn take_draft(&mut self, draft: &EntryDraft) -> bool {
        self.bytes += draft.weight() + if draft.authors.is_empty() { self.shared } else { 0 };
        self.too_large |= self.bytes > self.kept;
        !self.too_large
    }

    /// Adds the exceeded limits to the repairs. Returns whether any was exceeded.
    pub fn note(&self, repairs: &mut Repairs) -> bool {
        if self.too_many {
            repairs.note("too-many-entries");
        }
        if self.too_large {
            repairs.note("entries-too-large");
        }
        self.too_many || self.too_large
    }
}
