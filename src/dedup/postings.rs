//! Index of the window: the entries that have a key (a pair of words, an end of a title, an article's number).

use super::rules;
use std::collections::{HashMap, VecDeque, vec_deque};
use std::hash::{BuildHasherDefault, Hasher};

/// Marks an empty place of the table.
const EMPTY: u32 = u32::MAX;
/// Marks a key whose slots are in a separate list.
const LISTED: u32 = u32::MAX - 1;
/// Maximum number of slots of one key in the table. More go into a list, so that no key makes the search for others slow.
const INLINE: usize = 8;
/// Number of places of a new table.
const PLACES: usize = 64;

/// A multimap from keys to slots. Most keys have one slot, so they are kept in one table with open addressing and 8 bytes per
/// posting, where looking up a key reads memory sequentially.
#[derive(Debug, Default)]
pub struct Postings {
    table: Vec<Posting>,
    used: usize,
    lists: HashMap<u32, VecDeque<u32>, BuildHasherDefault<Spread>>,
}

#[derive(Debug, Clone, Copy)]
struct Posting {
    key: u32,
    slot: u32,
}

/// A hasher for keys that are hashes already: one multiplication spreads them over the table.
#[derive(Debug, Default, Clone, Copy)]
pub struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u32(&mut self, key: u32) {
        self.write_u64(u64::from(key));
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = (self.0 ^ key).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 ^= self.0 >> 32;
    }

    fn write_i64(&mut self, key: i64) {
        self.write_u64(key.cast_unsigned());
    }
}

/// Iterates over the slots under one key.
enum Slots<'a> {
    Inline { postings: &'a Postings, key: u32, at: usize },
    Listed(vec_deque::Iter<'a, u32>),
}

impl Iterator for Slots<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        match self {
            Self::Listed(slots) => slots.next().copied(),
            Self::Inline { postings, key, at } => loop {
                let posting = postings.table.get(*at).filter(|posting| posting.slot != EMPTY)?;
                *at = postings.after(*at);
                if posting.key == *key {
                    return Some(posting.slot);
                }
            },
        }
    }
}

impl Postings {
    /// Adds `slot` under `key`.
    pub fn insert(&mut self, key: u32, slot: u32) {
        if let Some(list) = self.lists.get_mut(&key) {
            list.push_back(slot);
            return;
        }
        let before: Vec<u32> = self.inline(key).collect();
        if before.len() < INLINE {
            self.place(Posting { key, slot });
            return;
        }
        for slot in &before {
            self.take(key, *slot);
        }
        self.place(Posting { key, slot: LISTED });
        self.lists.insert(key, before.into_iter().chain([slot]).collect());
    }

    /// Removes `slot` from `key`. The oldest slot is usually removed first, and is found at the beginning.
    pub fn remove(&mut self, key: u32, slot: u32) {
        let Some(list) = self.lists.get_mut(&key) else { return self.take(key, slot) };
        if let Some(at) = list.iter().position(|other| *other == slot) {
            list.remove(at);
        }
        if list.is_empty() {
            self.lists.remove(&key);
            self.take(key, LISTED);
        }
    }

    /// Returns whether so many entries have `key` that it is no evidence.
    pub fn is_crowded(&self, key: u32) -> bool {
        self.list(key).is_some_and(|list| list.len() > rules::POSTINGS)
    }

    /// Returns the slots under `key`, or none when there are too many.
    pub fn get(&self, key: u32) -> impl Iterator<Item = u32> {
        match self.list(key) {
            Some(list) if list.len() > rules::POSTINGS => Slots::Listed(vec_deque::Iter::default()),
            Some(list) => Slots::Listed(list.iter()),
            None => self.inline(key),
        }
    }

    fn inline(&self, key: u32) -> Slots<'_> {
        Slots::Inline { postings: self, key, at: self.home(key) }
    }

    /// Returns the list of a key. The table says whether there is one, so that most keys need a single lookup.
    fn list(&self, key: u32) -> Option<&VecDeque<u32>> {
        self.inline(key).next().filter(|slot| *slot == LISTED).and_then(|_| self.lists.get(&key))
    }

    /// Returns the place where the search for a key begins.
    fn home(&self, key: u32) -> usize {
        let spread = u64::from(key.wrapping_mul(0x9e37_79b9));
        usize::try_from((spread * self.table.len() as u64) >> 32).unwrap_or_default()
    }

    fn after(&self, at: usize) -> usize {
        if at + 1 == self.table.len() { 0 } else { at + 1 }
    }

    fn place(&mut self, posting: Posting) {
        if (self.used + 1) * 8 > self.table.len() * 7 {
            let more = vec![Posting { key: 0, slot: EMPTY }; PLACES.max(self.table.len() / 2 * 3)];
            let before = std::mem::replace(&mut self.table, more);
            self.used = 0;
            for old in before.into_iter().filter(|old| old.slot != EMPTY) {
                self.place(old);
            }
        }
        let mut at = self.home(posting.key);
        while self.table[at].slot != EMPTY {
            at = self.after(at);
        }
        self.table[at] = posting;
        self.used += 1;
    }

    /// Removes a posting from the table, and moves up the following postings that it had displaced.
    fn take(&mut self, key: u32, slot: u32) {
        if self.table.is_empty() {
            return;
        }
        let mut hole = self.home(key);
        while (self.table[hole].key, self.table[hole].slot) != (key, slot) {
            if self.table[hole].slot == EMPTY {
                return;
            }
            hole = self.after(hole);
        }
        self.used -= 1;
        let mut at = self.after(hole);
        while self.table[at].slot != EMPTY {
            let wanted = self.home(self.table[at].key);
            let is_behind_hole = if hole <= at { hole < wanted && wanted <= at } else { hole < wanted || wanted <= at };
            if !is_behind_hole {
                self.table[hole] = self.table[at];
                hole = at;
            }
            at = self.after(at);
        }
        self.table[hole].slot = EMPTY;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #![proptest_config(crate::model::testing::cases())]

        #[test]
        fn holds_what_a_plain_map_would(steps in proptest::collection::vec((any::<bool>(), 0..4_u32, 0..24_u32), 0..400)) {
            let (mut postings, mut plain) = (Postings::default(), BTreeSet::new());
            for (adds, key, slot) in steps {
                if adds && plain.insert((key, slot)) {
                    postings.insert(key, slot);
                } else if !adds {
                    plain.remove(&(key, slot));
                    postings.remove(key, slot);
                }
                let found: BTreeSet<_> = (0..4).flat_map(|key| postings.get(key).map(move |slot| (key, slot))).collect();
                prop_assert_eq!(&found, &plain);
            }
            prop_assert!(postings.table.len() <= PLACES && postings.used <= 36);
        }
    }

    #[test]
    fn many_keys_are_found_while_the_table_grows_and_shrinks() {
        let mut postings = Postings::default();
        let key = |n: u32| n.wrapping_mul(0x85eb_ca6b) % 3_000;
        (0..9_000).for_each(|n| postings.insert(key(n), n));
        (0..9_000).filter(|n| n % 3 > 0).for_each(|n| postings.remove(key(n), n));
        for n in 0..9_000 {
            assert_eq!(postings.get(key(n)).any(|slot| slot == n), n % 3 == 0, "{n}");
        }
    }

    #[test]
    fn a_key_of_too_many_says_nothing_until_they_leave() {
        let mut postings = Postings::default();
        let many = u32::try_from(rules::POSTINGS).unwrap() + 1;
        (0..many).for_each(|slot| postings.insert(7, slot));
        assert_eq!(postings.get(7).count(), 0);
        postings.remove(7, 3);
        assert_eq!(postings.get(7).count(), rules::POSTINGS);
    }
}
