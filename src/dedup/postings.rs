//! Which entries of the window have a key (a pair of words, an end of a title, an article's number).

use super::rules;
use std::collections::HashMap;

/// End of a list.
const NONE: u32 = u32::MAX;

/// A multimap from keys to slots. Lists are chained through one arena: 8 bytes a posting, as most keys have one.
#[derive(Debug, Default)]
pub struct Postings {
    lists: HashMap<u32, List>,
    nodes: Vec<Node>,
    free: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
struct List {
    first: u32,
    len: u32,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    slot: u32,
    next: u32,
}

impl Postings {
    /// Adds `slot` under `key`.
    pub fn insert(&mut self, key: u32, slot: u32) {
        let list = self.lists.entry(key).or_insert(List { first: NONE, len: 0 });
        let node = Node { slot, next: list.first };
        let at = if let Some(at) = self.free.pop() {
            self.nodes[at as usize] = node;
            at
        } else {
            self.nodes.push(node);
            u32::try_from(self.nodes.len() - 1).unwrap_or(NONE)
        };
        *list = List { first: at, len: list.len + 1 };
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
        list.len -= 1;
        if list.len == 0 {
            self.lists.remove(&key);
        }
        self.free.push(at);
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
