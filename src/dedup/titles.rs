//! Titles under which outlets put entries that have next to no text: a title used twice is a heading, not a report.

use crate::model::{EntryId, OutletId};
use std::collections::BTreeSet;

/// Uses of titles, by outlet and hash, and by time.
#[derive(Debug, Default)]
pub struct Titles {
    uses: BTreeSet<(OutletId, u32, EntryId)>,
    by_time: BTreeSet<(i64, EntryId, OutletId, u32)>,
}

impl Titles {
    /// The outlet put an entry of this time under this title.
    pub fn note(&mut self, at: i64, id: EntryId, outlet: OutletId, title: u32) {
        self.uses.insert((outlet, title, id));
        self.by_time.insert((at, id, outlet, title));
    }

    /// Forgets uses before this time.
    pub fn forget(&mut self, since: i64) {
        while let Some(&first) = self.by_time.first().filter(|(at, ..)| *at < since) {
            let (_, id, outlet, title) = first;
            self.by_time.remove(&first);
            self.uses.remove(&(outlet, title, id));
        }
    }

    /// Whether the outlet used the title for an entry other than `own`.
    pub fn others(&self, outlet: OutletId, title: u32, own: Option<EntryId>) -> bool {
        let all = (outlet, title, EntryId(i64::MIN))..=(outlet, title, EntryId(i64::MAX));
        self.uses.range(all).any(|(.., id)| Some(*id) != own)
    }
}
