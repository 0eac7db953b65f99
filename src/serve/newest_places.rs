//! The newest places of lists, kept for the pages that stay open.

use super::cache::CacheKey;
use crate::model::browse::PlaceKey;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How long the newest places of a list are kept.
const KEPT: SignedDuration = SignedDuration::from_secs(30);
/// Most lists whose newest places are kept.
const LISTS: usize = 500;

/// The newest places of lists that are not in memory, and when they were read.
#[derive(Debug, Default)]
pub(super) struct NewestPlaces(Mutex<HashMap<CacheKey, (Timestamp, Places)>>);

/// Newest places of a list.
pub(super) type Places = Arc<[PlaceKey]>;

impl NewestPlaces {
    pub(super) fn get(&self, key: &CacheKey, now: Timestamp) -> Option<Places> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (read_at, places) = kept.get(key)?;
        (now.duration_since(*read_at).abs() < KEPT).then(|| Arc::clone(places))
    }

    pub(super) fn put(&self, key: CacheKey, places: &Places, now: Timestamp) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= LISTS {
            kept.retain(|_, (read_at, _)| now.duration_since(*read_at).abs() < KEPT);
        }
        if kept.len() < LISTS {
            kept.insert(key, (now, Arc::clone(places)));
        }
    }
}
