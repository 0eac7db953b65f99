//! Which entries of the window have a key (a pair of words, an end of a title, an article's number).

use super::rules;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// End of a list.
const NONE: u32 = u32::MAX;

/// A multimap from keys to slots. Lists are chained through one arena: 8 bytes a posting, as most keys have one.
#[derive(Debug, Default)]
pub struct Postings {
    lists: HashMap<u32, List, BuildHasherDefault<Spread>>,
    nodes: Vec<ListNode>,
    free: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
struct List {
    first: u32,
    last: u32,
    len: u32,
}

#[derive(Debug, Clone, Copy)]
struct ListNode {
    slot: u32,
    next: u32,
}

/// Keys are hashes already: one multiplication spreads them over the table.
#[derive(Debug, Default)]
struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u32(u32::from(*byte));
        }
    }

    fn write_u32(&mut self, key: u32) {
        self.0 = (self.0 ^ u64::from(key)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

impl Postings {
    /// Adds `slot` under `key`, last: who came first leaves first, and is found at once.
    pub fn insert(&mut self, key: u32, slot: u32) {
        let node = ListNode { slot, next: NONE };
        let at = if let Some(at) = self.free.pop() {
            self.nodes[at as usize] = node;
            at
        } else {
            self.nodes.push(node);
            u32::try_from(self.nodes.len() - 1).unwrap_or(NONE)
        };
        let list = self.lists.entry(key).or_insert(List { first: at, last: at, len: 0 });
        if list.len > 0 {
            self.nodes[list.last as usize].next = at;
            list.last = at;
        }
        list.len += 1;
    }

    /// Takes `slot` out from under `key`.
    pub fn remove(&mut self, key: u32, slot: u32) {
        let Some(list) = self.lists.get_mut(&key) else { return };
        let (mut before, mut at) = (NONE, list.first);
        while at != NONE && self.nodes[at as usize].slot != slot {
            (before, at) = (at, self.nodes[at as usize].next);
        }
        if at == NONE {
            return;
        }
        let next = self.nodes[at as usize].next;
        if before == NONE {
            list.first = next;
        } else {
            self.nodes[before as usize].next = next;
        }
        if list.last == at {
            list.last = before;
        }
        list.len -= 1;
        if list.len == 0 {
            self.lists.remove(&key);
        }
        self.free.push(at);
    }

    /// Whether too many have `key` for it to say anything.
    pub fn is_crowded(&self, key: u32) -> bool {
        self.lists.get(&key).is_some_and(|list| list.len as usize > rules::POSTINGS)
    }

    /// The slots under `key`; none when they are too many to say anything.
    pub fn get(&self, key: u32) -> impl Iterator<Item = u32> {
        let usable = self.lists.get(&key).filter(|list| list.len as usize <= rules::POSTINGS);
        let mut at = usable.map_or(NONE, |list| list.first);
        std::iter::from_fn(move || {
            let node = self.nodes.get(at as usize)?;
            at = node.next;
            Some(node.slot)
        })
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
        fn holds_what_a_plain_map_would(steps in proptest::collection::vec((any::<bool>(), 0..4_u32, 0..9_u32), 0..200)) {
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
            prop_assert!(postings.nodes.len() <= 36);
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
