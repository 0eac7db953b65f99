//! A cache of pages and filtered feeds for half a minute: a link that many people follow is rendered only once in that time.

use super::edition_table::{CachePolicy, PreparedResponse, Sharing};
use crate::publish::Edition;
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Seconds for which a cached document is fresh.
const KEEP: i64 = 30;
/// Most documents in the cache.
const PLACES: usize = 64;
/// Most documents rendered at the same time, so that readers cannot occupy the whole store.
const MAKING: usize = 4;
/// Most of them that are searches, which take longest: other pages need not wait for them.
const SEARCHING: usize = MAKING - 1;

/// The cached documents, by address (and language, for pages).
#[derive(Debug)]
pub(super) struct PageCache {
    kept: Mutex<HashMap<CacheKey, CachedPage>>,
    making: Semaphore,
    searching: Semaphore,
}

#[derive(Debug, Clone)]
struct CachedPage {
    made: Timestamp,
    /// When the bytes last changed, as far as this cache knows.
    changed: Timestamp,
    tag: String,
    held: Arc<PreparedResponse>,
}

/// The key of a cached document. A document that was rendered with other settings is not found.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct CacheKey {
    /// The address, preceded by the language of a page.
    pub(super) address: String,
    /// Fingerprint of the settings when rendering began.
    pub(super) settings: String,
}

impl Default for PageCache {
    fn default() -> Self {
        Self { kept: Mutex::default(), making: Semaphore::new(MAKING), searching: Semaphore::new(SEARCHING) }
    }
}

impl PageCache {
    /// Returns the document if it is cached and fresh.
    pub(super) fn get(&self, key: &CacheKey, now: Timestamp) -> Option<Arc<PreparedResponse>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(key).filter(|k| is_fresh(k, now)).map(|k| k.held.clone())
    }

    /// Forgets every document, because what readers may see has changed.
    pub(super) fn clear(&self) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Waits for a permit to render a document. Returns `None` only if the semaphore is closed, which never happens.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.making.acquire().await.ok()
    }

    /// Does the same for a search.
    pub(super) async fn search_turn(&self) -> Option<(SemaphorePermit<'_>, SemaphorePermit<'_>)> {
        Some((self.searching.acquire().await.ok()?, self.making.acquire().await.ok()?))
    }

    /// Caches a document. If its bytes have not changed since the last time, it keeps its `Last-Modified`.
    pub(super) fn put(
        &self,
        key: CacheKey,
        edition: &Edition,
        (policy, sharing): (CachePolicy, Sharing),
        now: Timestamp,
    ) -> Arc<PreparedResponse> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = kept.get(&key).filter(|k| k.tag == edition.etag()).map_or(now, |k| k.changed);
        drop(kept);
        self.put_dated(key, edition, (policy, sharing), now, changed)
    }

    /// Caches a document whose last change is known. If the cache is full, the oldest document is removed.
    pub(super) fn put_dated(
        &self,
        key: CacheKey,
        edition: &Edition,
        (policy, sharing): (CachePolicy, Sharing),
        now: Timestamp,
        changed: Timestamp,
    ) -> Arc<PreparedResponse> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let held = Arc::new(PreparedResponse::new(edition, changed, policy, sharing));
        let place = CachedPage { made: now, changed, tag: edition.etag().to_owned(), held: held.clone() };
        if kept.len() >= PLACES && !kept.contains_key(&key) {
            let oldest = kept.iter().min_by_key(|(_, k)| k.made).map(|(key, _)| key.clone());
            oldest.and_then(|key| kept.remove(&key));
        }
        kept.insert(key, place);
        held
    }
}

/// Returns whether a document is fresh. One that was cached in the future is not: setting the clock back extends nothing.
fn is_fresh(kept: &CachedPage, now: Timestamp) -> bool {
    (0..KEEP).contains(&now.as_second().saturating_sub(kept.made.as_second()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: (CachePolicy, Sharing) = (CachePolicy::Page, Sharing::Public);

    fn edition(text: &str) -> Edition {
        Edition::new(text.as_bytes().to_vec(), "text/plain")
    }

    fn key(address: &str) -> CacheKey {
        CacheKey { address: address.to_owned(), settings: String::new() }
    }

    #[tokio::test]
    async fn pages_do_not_wait_for_searches() {
        let cache = PageCache::default();
        let mut searches = Vec::new();
        for _ in 0..SEARCHING {
            searches.push(cache.search_turn().await.unwrap());
        }
        assert!(cache.searching.try_acquire().is_err());
        assert!(cache.making.try_acquire().is_ok());
    }

    #[test]
    fn documents_are_kept_for_a_while_and_not_without_end() {
        let cache = PageCache::default();
        let at = |second| Timestamp::from_second(second).unwrap();
        cache.put(key("a"), &edition("1"), PAGE, at(100));
        assert!(cache.get(&key("a"), at(100 + KEEP - 1)).is_some());
        assert!(cache.get(&key("a"), at(100 + KEEP)).is_none());
        assert!(cache.get(&key("a"), at(99)).is_none());
        cache.put(key("a"), &edition("1"), PAGE, at(200));
        assert_eq!(cache.kept.lock().unwrap()[&key("a")].changed, at(100));
        for n in 0..2 * PLACES {
            cache.put(key(&n.to_string()), &edition("1"), PAGE, at(300));
        }
        assert_eq!(cache.kept.lock().unwrap().len(), PLACES);
        assert!(cache.get(&key("a"), at(201)).is_none(), "the oldest went first");
    }

    #[test]
    fn what_was_made_by_other_settings_is_not_found() {
        let (cache, at) = (PageCache::default(), Timestamp::UNIX_EPOCH);
        let of = |settings: &str| CacheKey { settings: settings.to_owned(), ..key("a") };
        cache.put(of("before"), &edition("1"), PAGE, at);
        assert!(cache.get(&of("before"), at).is_some() && cache.get(&of("after"), at).is_none());
        // One that was begun before the change and ends after it.
        cache.put(of("before"), &edition("2"), PAGE, at);
        assert!(cache.get(&of("after"), at).is_none());
    }
}
