//! Pages and filtered feeds, kept for half a minute: a link that goes round is made once.

use super::edition_table::{CachePolicy, PreparedResponse};
use crate::publish::Edition;
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Seconds a document is kept.
const KEEP: i64 = 30;
/// Documents kept at once.
const PLACES: usize = 64;
/// Documents made at once: searches must not keep the store from its work.
const MAKING: usize = 4;

/// Documents by address (and language, for pages).
#[derive(Debug)]
pub(super) struct PageCache {
    kept: Mutex<HashMap<CacheKey, CachedPage>>,
    making: Semaphore,
}

#[derive(Debug, Clone)]
struct CachedPage {
    made: Timestamp,
    /// When the bytes last changed, as far as this cache saw.
    changed: Timestamp,
    tag: String,
    held: Arc<PreparedResponse>,
}

/// What a document is kept under: a document of other settings is not found any more, whenever it was made.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct CacheKey {
    /// Address, after the language of a page.
    pub(super) address: String,
    /// What marks the settings, as they were when making began.
    pub(super) settings: String,
}

impl Default for PageCache {
    fn default() -> Self {
        Self { kept: Mutex::default(), making: Semaphore::new(MAKING) }
    }
}

impl PageCache {
    /// The document, while it is fresh.
    pub(super) fn get(&self, key: &CacheKey, now: Timestamp) -> Option<Arc<PreparedResponse>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(key).filter(|k| is_fresh(k, now)).map(|k| k.held.clone())
    }

    /// Leave to make a document; `None` when the cache is closed, which it never is.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.making.acquire().await.ok()
    }

    /// Keeps a document. Where its bytes are those of the last time, so is its Last-Modified.
    pub(super) fn put(
        &self,
        key: CacheKey,
        edition: &Edition,
        policy: CachePolicy,
        now: Timestamp,
    ) -> Arc<PreparedResponse> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = kept.get(&key).filter(|k| k.tag == edition.etag()).map_or(now, |k| k.changed);
        drop(kept);
        self.put_dated(key, edition, policy, now, changed)
    }

    /// Keeps a document whose last change is known.
    pub(super) fn put_dated(
        &self,
        key: CacheKey,
        edition: &Edition,
        policy: CachePolicy,
        now: Timestamp,
        changed: Timestamp,
    ) -> Arc<PreparedResponse> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let held = Arc::new(PreparedResponse::new(edition, changed, policy));
        let place = CachedPage { made: now, changed, tag: edition.etag().to_owned(), held: held.clone() };
        if kept.len() >= PLACES && !kept.contains_key(&key) {
            let oldest = kept.iter().min_by_key(|(_, k)| k.made).map(|(key, _)| key.clone());
            oldest.and_then(|key| kept.remove(&key));
        }
        kept.insert(key, place);
        held
    }
}

/// A clock set back makes nothing last longer.
fn is_fresh(kept: &CachedPage, now: Timestamp) -> bool {
    (0..KEEP).contains(&now.as_second().saturating_sub(kept.made.as_second()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edition(text: &str) -> Edition {
        Edition::new(text.as_bytes().to_vec(), "text/plain")
    }

    fn key(address: &str) -> CacheKey {
        CacheKey { address: address.to_owned(), settings: String::new() }
    }

    #[test]
    fn documents_are_kept_for_a_while_and_not_without_end() {
        let cache = PageCache::default();
        let at = |second| Timestamp::from_second(second).unwrap();
        cache.put(key("a"), &edition("1"), CachePolicy::Page, at(100));
        assert!(cache.get(&key("a"), at(100 + KEEP - 1)).is_some());
        assert!(cache.get(&key("a"), at(100 + KEEP)).is_none());
        assert!(cache.get(&key("a"), at(99)).is_none());
        cache.put(key("a"), &edition("1"), CachePolicy::Page, at(200));
        assert_eq!(cache.kept.lock().unwrap()[&key("a")].changed, at(100));
        for n in 0..2 * PLACES {
            cache.put(key(&n.to_string()), &edition("1"), CachePolicy::Page, at(300));
        }
        assert_eq!(cache.kept.lock().unwrap().len(), PLACES);
        assert!(cache.get(&key("a"), at(201)).is_none(), "the oldest went first");
    }

    #[test]
    fn what_was_made_by_other_settings_is_not_found() {
        let (cache, at) = (PageCache::default(), Timestamp::UNIX_EPOCH);
        let of = |settings: &str| CacheKey { settings: settings.to_owned(), ..key("a") };
        cache.put(of("before"), &edition("1"), CachePolicy::Page, at);
        assert!(cache.get(&of("before"), at).is_some() && cache.get(&of("after"), at).is_none());
        // One that was begun before the change and ends after it.
        cache.put(of("before"), &edition("2"), CachePolicy::Page, at);
        assert!(cache.get(&of("after"), at).is_none());
    }
}
