//! The public editions, by path: the topics of the hub.

use crate::publish::Edition;
use bytes::Bytes;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};
use tokio::sync::Notify;

/// The current public editions. The publisher replaces changed ones and never waits here.
#[derive(Debug, Default)]
pub struct Topics {
    editions: Mutex<HashMap<String, Edition>>,
    /// The plain bytes that are being delivered, by entity tag.
    plain: Mutex<HashMap<String, Weak<Bytes>>>,
    changed: Notify,
}

/// Bytes that live as long as one delivery needs them.
struct SharedBytes(Arc<Bytes>);

impl AsRef<[u8]> for SharedBytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Topics {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Edition>> {
        self.editions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds editions, or replaces those of the same path.
    pub fn put(&self, editions: impl IntoIterator<Item = (String, Edition)>) {
        self.lock().extend(editions);
        self.changed.notify_one();
    }

    /// Keeps only the editions whose path satisfies `keep`.
    pub fn retain(&self, mut keep: impl FnMut(&str) -> bool) {
        self.lock().retain(|path, _| keep(path));
    }

    /// Returns the edition of this path.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<Edition> {
        self.lock().get(path).cloned()
    }

    /// Returns the plain bytes of an edition. Long ones are unpacked, and shared by all deliveries at the same time.
    #[must_use]
    pub fn plain(&self, edition: &Edition) -> Bytes {
        let mut plain = self.plain.lock().unwrap_or_else(PoisonError::into_inner);
        plain.retain(|_, bytes| bytes.strong_count() > 0);
        let shared = plain.get(edition.etag()).and_then(Weak::upgrade).unwrap_or_else(|| Arc::new(edition.bytes()));
        plain.insert(edition.etag().to_owned(), Arc::downgrade(&shared));
        Bytes::from_owner(SharedBytes(shared))
    }

    /// Returns the entity tag of each edition, by path.
    #[must_use]
    pub fn tags(&self) -> HashMap<String, String> {
        self.lock().iter().map(|(path, edition)| (path.clone(), edition.etag().to_owned())).collect()
    }

    /// Waits until an edition is replaced. Only one task may wait.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deliveries_at_the_same_time_share_the_bytes_of_a_long_edition() {
        let (topics, text) = (Topics::default(), "news ".repeat(300_000));
        let edition = Edition::new(text.clone().into_bytes(), "text/plain");
        let (first, second) = (topics.plain(&edition), topics.plain(&edition));
        assert!(first == text.as_bytes() && first.as_ptr() == second.as_ptr());
        drop((first, second));
        let other = Edition::new(b"other".to_vec(), "text/plain");
        assert_eq!(topics.plain(&other), "other");
        assert_eq!(topics.plain.lock().unwrap().len(), 1, "what nobody needs is gone");
    }
}
