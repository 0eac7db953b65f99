//! The public editions, by path: the topics of the hub.

use crate::publish::Edition;
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;

/// The current public editions. The publisher replaces changed ones and never waits here.
#[derive(Debug, Default)]
pub struct Topics {
    editions: Mutex<HashMap<String, Edition>>,
    changed: Notify,
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
