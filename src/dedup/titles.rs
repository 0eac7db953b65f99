//! Titles of entries that have hardly any text. A title that an outlet uses twice is a heading, not a report.

use crate::model::{EntryId, OutletId};
use std::collections::{BTreeMap, BTreeSet};

/// One use of a title, given by the title's hash.
pub type TitleUse = (u32, OutletId, EntryId);

/// Uses of titles and their times, in Unix seconds.
#[derive(Debug, Default)]
pub struct Titles {
    uses: BTreeMap<TitleUse, i64>,
    by_time: BTreeSet<(i64, TitleUse)>,
}

impl Titles {
    /// Records that an outlet used this title for an entry of this time.
    pub fn note(&mut self, at: i64, used: TitleUse) {
        self.take_back(used);
        self.uses.insert(used, at);
        self.by_time.insert((at, used));
    }

    /// Removes a use, because the entry has another title now, or a text.
    pub fn take_back(&mut self, used: TitleUse) {
        if let Some(at) = self.uses.remove(&used) {
            self.by_time.remove(&(at, used));
        }
    }

    /// Removes uses before this time.
    pub fn forget(&mut self, since: i64) {
        while let Some((_, used)) = self.by_time.first().filter(|(at, _)| *at < since).copied() {
            self.take_back(used);
        }
    }

    /// Returns whether some outlet used the title for two entries, counting the entry that `arriving` is about to add.
    pub fn is_heading(&self, title: u32, arriving: OutletId) -> bool {
        let first = (title, OutletId(i64::MIN), EntryId(i64::MIN));
        let last = (title, OutletId(i64::MAX), EntryId(i64::MAX));
        let mut before = arriving;
        let mut outlets = self.uses.range(first..=last).map(|((_, outlet, _), _)| *outlet);
        outlets.any(|outlet| outlet == arriving || std::mem::replace(&mut before, outlet) == outlet)
    }
}
