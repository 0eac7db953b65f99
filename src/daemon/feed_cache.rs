//! What pages show of all feeds and outlets, kept for half a minute. With many of them, reading it would be most of the work of each
//! page.

use crate::{
    model::{Audience, browse::OutletSummary, feed_table::FeedSummary, status::OutletSettings},
    store::{Reader, StoreError},
};
use jiff::{SignedDuration, Timestamp};
use std::sync::{Arc, Mutex, PoisonError};

/// How long it is kept.
const KEPT: SignedDuration = SignedDuration::from_secs(30);
/// Number of feeds from which on their states are kept. Fewer are read in a few milliseconds, and then pages are never behind.
const MANY_FEEDS: usize = 1_000;
/// Number of listed outlets from which on the list is kept.
const MANY_OUTLETS: u32 = 500;

/// The states of all feeds, and the outlets that are listed beside stories.
#[derive(Debug, Default)]
pub(super) struct FeedCache {
    summaries: Kept<Vec<FeedSummary>>,
    outlets: Kept<Vec<OutletSummary>>,
}

/// When something is read, and for whom.
#[derive(Debug, Clone)]
pub(super) struct ReadAt {
    pub(super) now: Timestamp,
    pub(super) audience: Audience,
    /// What is kept is dropped when the configuration is reloaded: outlets may have become private.
    pub(super) settings: Arc<OutletSettings>,
}

impl FeedCache {
    /// Returns the states of the feeds that an audience may see, by outlet and address.
    pub(super) async fn summaries(&self, reader: &Reader, at: &ReadAt) -> Result<Arc<Vec<FeedSummary>>, StoreError> {
        if let Some(kept) = self.summaries.get(at) {
            return Ok(kept);
        }
        let summaries = reader.feed_summaries(at.now).await?;
        Ok(self.summaries.put(at, summaries, |summaries| summaries.len() >= MANY_FEEDS))
    }

    /// Returns the outlets that an audience may see, those with the most entries since a day first, at most `limit`.
    pub(super) async fn outlets(
        &self,
        reader: &Reader,
        at: &ReadAt,
        (since, limit): (&str, u32),
    ) -> Result<Vec<OutletSummary>, StoreError> {
        if limit > MANY_OUTLETS {
            return reader.directory(since, limit).await;
        }
        let count = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
        let kept = if let Some(kept) = self.outlets.get(at) {
            kept
        } else {
            let outlets = reader.directory(since, MANY_OUTLETS).await?;
            self.outlets.put(at, outlets, |outlets| outlets.len() >= count(MANY_OUTLETS))
        };
        Ok(kept.iter().take(count(limit)).cloned().collect())
    }
}

/// Something that was read, for each audience.
#[derive(Debug)]
struct Kept<T>(Mutex<[Option<KeptValue<T>>; 2]>);

type KeptValue<T> = (ReadAt, Arc<T>);

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Mutex::new([None, None]))
    }
}

impl<T> Kept<T> {
    fn get(&self, at: &ReadAt) -> Option<Arc<T>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner)[slot(at)].clone();
        let (read, value) = kept?;
        let is_recent = at.now.duration_since(read.now).abs() < KEPT;
        (is_recent && Arc::ptr_eq(&read.settings, &at.settings)).then_some(value)
    }

    /// Keeps a value if it is worth keeping, and returns it.
    fn put(&self, at: &ReadAt, value: T, is_kept: impl FnOnce(&T) -> bool) -> Arc<T> {
        let value = Arc::new(value);
        let kept = is_kept(&value).then(|| (at.clone(), Arc::clone(&value)));
        self.0.lock().unwrap_or_else(PoisonError::into_inner)[slot(at)] = kept;
        value
    }
}

fn slot(at: &ReadAt) -> usize {
    usize::from(at.audience == Audience::KeyHolder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_is_kept_for_half_a_minute_by_audience_until_a_reload() {
        let now: Timestamp = "2026-11-02T12:00:00Z".parse().unwrap();
        let at = ReadAt { now, audience: Audience::Everyone, settings: Arc::default() };
        let kept = Kept::default();
        assert_eq!(*kept.put(&at, 7, |_| false), 7);
        assert_eq!(kept.get(&at), None, "it is not worth it");
        kept.put(&at, 7, |_| true);
        let after = |seconds| ReadAt { now: now + SignedDuration::from_secs(seconds), ..at.clone() };
        assert_eq!((kept.get(&after(29)).as_deref(), kept.get(&after(30))), (Some(&7), None));
        assert_eq!(kept.get(&ReadAt { audience: Audience::KeyHolder, ..at.clone() }), None);
        assert_eq!(
            kept.get(&ReadAt { settings: Arc::default(), ..at.clone() }),
            None,
            "the configuration was reloaded"
        );
    }
}
