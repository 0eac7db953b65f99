//! Facts about all entries of a document. They are computed once for the whole document and carried with each arrival, because a
//! long document is decided in several transactions, and each must know what is listed together.

use super::article_number::PathId;
use super::stamp::Stamp;
use crate::model::{Entry, LinkKey};
use jiff::{Timestamp, tz::TimeZone};
use std::collections::{HashMap, HashSet};

/// Facts about one document.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Listing {
    /// Position of every listed entry, read or recognised by its bytes, by the hash of its key.
    places: HashMap<i64, u32>,
    repeated_links: HashSet<LinkKey>,
    repeated_stamps: HashSet<Stamp>,
    repeated_ids: HashSet<u64>,
    /// Whether the feed's guids are not trusted, because one occurred at different entries.
    pub guids_void: bool,
    #[serde(with = "jiff::fmt::serde::tz::required")]
    zone: TimeZone,
}

impl Default for Listing {
    fn default() -> Self {
        Self::of([], &[], HashSet::new(), false, TimeZone::UTC)
    }
}

impl Listing {
    /// Creates the facts from the keys of a document in its order, the entries that were read, the links that several entries
    /// share, and the outlet's zone.
    #[must_use]
    pub fn of(
        keys: impl IntoIterator<Item = i64>,
        entries: &[Entry],
        repeated_links: HashSet<LinkKey>,
        guids_void: bool,
        zone: TimeZone,
    ) -> Self {
        let ids = entries.iter().filter_map(|e| Some(PathId::of(e.link.as_deref()?)?.hash()));
        Self {
            places: keys.into_iter().zip(0..).collect(),
            repeated_links,
            repeated_stamps: repeated(entries.iter().filter_map(Stamp::of)),
            repeated_ids: repeated(ids),
            guids_void,
            zone,
        }
    }

    /// Adds an older page after the entries listed so far.
    pub fn append(&mut self, page: &Self, entries: &[Entry]) {
        for entry in entries {
            let next = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
            self.places.entry(entry.key.hash()).or_insert(next);
        }
        self.repeated_links.extend(&page.repeated_links);
        self.repeated_stamps.extend(&page.repeated_stamps);
        self.repeated_ids.extend(&page.repeated_ids);
    }

    /// Adds another document of the same feed after the entries listed so far.
    pub fn join(&mut self, other: &Self) {
        let mut keys: Vec<(u32, i64)> = other.places.iter().map(|(key, place)| (*place, *key)).collect();
        keys.sort_unstable();
        for (_, key) in keys {
            let next = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
            self.places.entry(key).or_insert(next);
        }
        self.repeated_links.extend(&other.repeated_links);
        self.repeated_stamps.extend(&other.repeated_stamps);
        self.repeated_ids.extend(&other.repeated_ids);
        self.guids_void |= other.guids_void;
    }

    /// Returns the hashed keys of all listed entries.
    pub fn keys(&self) -> impl Iterator<Item = i64> + '_ {
        self.places.keys().copied()
    }

    /// Returns whether an entry with this key is listed.
    #[must_use]
    pub fn lists(&self, key: i64) -> bool {
        self.places.contains_key(&key)
    }

    /// Returns the position of an entry in the document, from 0.
    #[must_use]
    pub fn place(&self, key: i64) -> u32 {
        self.places.get(&key).copied().unwrap_or_default()
    }

    /// Returns whether several entries of the document have the link.
    #[must_use]
    pub fn link_repeats(&self, link: LinkKey) -> bool {
        self.repeated_links.contains(&link)
    }

    /// Returns whether several of the entries that were read have the stamp.
    pub(super) fn stamp_repeats(&self, stamp: Stamp) -> bool {
        self.repeated_stamps.contains(&stamp)
    }

    /// Returns whether several of the entries that were read have the id in their paths.
    pub(super) fn id_repeats(&self, id: &PathId) -> bool {
        self.repeated_ids.contains(&id.hash())
    }

    /// Returns whether an instant is midnight, in UTC or in the outlet's zone: a date without a time.
    pub(super) fn is_midnight(&self, at: Timestamp) -> bool {
        let here = self.zone.to_datetime(at).time();
        at.as_second().rem_euclid(86_400) == 0 || here == jiff::civil::Time::midnight()
    }
}

fn repeated<T: Eq + std::hash::Hash>(all: impl IntoIterator<Item = T>) -> HashSet<T> {
    let mut uses: HashMap<T, u32> = HashMap::new();
    all.into_iter().for_each(|one| *uses.entry(one).or_default() += 1);
    uses.into_iter().filter(|(_, n)| *n > 1).map(|(one, _)| one).collect()
}
