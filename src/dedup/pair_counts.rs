//! Counters that a search for candidates reuses.

/// Numbers of shared word pairs by slot. Kept from search to search, so that a search allocates nothing; all 0 in between.
#[derive(Debug, Default)]
pub(super) struct PairCounts {
    shared: Vec<u32>,
    touched: Vec<u32>,
}

impl PairCounts {
    /// Counts pairs for a slot.
    pub(super) fn count(&mut self, slot: u32, pairs: u32) {
        let at = slot as usize;
        if at >= self.shared.len() {
            self.shared.resize(at + 1, 0);
        }
        if self.shared[at] == 0 {
            self.touched.push(slot);
        }
        self.shared[at] += pairs;
    }

    /// Returns the slots with at least `least` pairs, with their counts, and resets all counts.
    pub(super) fn take(&mut self, least: u32) -> Vec<(u32, u32)> {
        let mut found = Vec::new();
        for slot in self.touched.drain(..) {
            let pairs = std::mem::take(&mut self.shared[slot as usize]);
            if pairs >= least {
                found.push((slot, pairs));
            }
        }
        found
    }
}
