//! Titles of entries that have hardly any text. A title that an outlet uses twice is a heading, not a report.

use crate::model::{EntryId, OutletId};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// One use of a title, given by the title's hash.
pub type TitleUse = (u32, OutletId, EntryId);

/// Uses of titles and their times, in Unix seconds.
#[derive(Debug, Default)]
pub struct Titles {
    uses: BTreeMap<TitleUse, i64>,
    by_time: BTreeSet<(i64, TitleUse)>,
    /// The use of each entry: it has one title at a time.
    by_entry: HashMap<EntryId, TitleUse>,
}

impl Titles {
    /// Records that an outlet used this title for an entry of this time.
    pub fn note(&mut self, at: i64, used: TitleUse) {
        self.take_back(used);
        self.uses.insert(used, at);
        self.by_time.insert((at, used));
        self.by_entry.insert(used.2, used);
    }

    /// Removes a use, because the entry has another title now, or a text.
    pub fn take_back(&mut self, used: TitleUse) {
        if let Some(at) = self.uses.remove(&used) {
            self.by_time.remove(&(at, used));
            if self.by_entry.get(&used.2) == Some(&used) {
                self.by_entry.remove(&used.2);
            }
        }
    }

    /// Removes the use of an entry that no longer exists.
    pub fn forget_entry(&mut self, entry: EntryId) {
        if let Some(used) = self.by_entry.get(&entry).copied() {
            self.take_back(used);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deleted_entry_makes_no_title_a_heading() {
        let mut titles = Titles::default();
        let used = |outlet, entry| (7, OutletId(outlet), EntryId(entry));
        titles.note(10, used(1, 1));
        titles.note(20, used(1, 2));
        assert!(titles.is_heading(7, OutletId(2)));
        titles.forget_entry(EntryId(1));
        assert!(!titles.is_heading(7, OutletId(2)) && titles.is_heading(7, OutletId(1)));
        titles.forget(21);
        assert!(!titles.is_heading(7, OutletId(1)));
        assert!(titles.by_entry.is_empty() && titles.by_time.is_empty());
    }
}
