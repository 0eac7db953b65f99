//! Titles under which outlets put entries that have next to no text: a title used twice is a heading, not a report.

use crate::model::{EntryId, OutletId};
use std::collections::{BTreeMap, BTreeSet};

/// One use of a title (its hash).
pub type TitleUse = (u32, OutletId, EntryId);

/// Uses of titles, and when they were.
#[derive(Debug, Default)]
pub struct Titles {
    uses: BTreeMap<TitleUse, i64>,
    by_time: BTreeSet<(i64, TitleUse)>,
}

impl Titles {
    /// An outlet put an entry of this time under this title.
    pub fn note(&mut self, at: i64, used: TitleUse) {
        self.take_back(used);
        self.uses.insert(used, at);
        self.by_time.insert((at, used));
    }

    /// The entry has another title, or a text.
    pub fn take_back(&mut self, used: TitleUse) {
        if let Some(at) = self.uses.remove(&used) {
            self.by_time.remove(&(at, used));
        }
    }

    /// Forgets uses before this time.
    pub fn forget(&mut self, since: i64) {
        while let Some((_, used)) = self.by_time.first().filter(|(at, _)| *at < since).copied() {
            self.take_back(used);
        }
    }

    /// Whether some outlet put two entries under the title, where `arriving` is about to put one more.
    pub fn is_heading(&self, title: u32, arriving: OutletId) -> bool {
        let first = (title, OutletId(i64::MIN), EntryId(i64::MIN));
        let last = (title, OutletId(i64::MAX), EntryId(i64::MAX));
        let mut before = arriving;
        let mut outlets = self.uses.range(first..=last).map(|((_, outlet, _), _)| *outlet);
        outlets.any(|outlet| outlet == arriving || std::mem::replace(&mut before, outlet) == outlet)
    }
}
