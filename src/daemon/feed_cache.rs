//! The states of all feeds, kept for the pages about feeds. With many feeds, reading them would be most of the work of each page.

use crate::{
    model::{Audience, feed_table::FeedSummary},
    store::{Reader, StoreError},
};
use jiff::{SignedDuration, Timestamp};
use std::sync::{Arc, Mutex, PoisonError};

/// How long the states are kept.
const KEPT: SignedDuration = SignedDuration::from_secs(30);
/// Number of feeds from which on they are kept. Fewer are read in a few milliseconds, and then pages are never behind.
const MANY: usize = 1_000;

/// The states of all feeds by audience, and when they were read.
#[derive(Debug, Default)]
pub(super) struct FeedCache(Mutex<[Option<(Timestamp, Summaries)>; 2]>);

type Summaries = Arc<Vec<FeedSummary>>;

impl FeedCache {
    /// Returns the states of the feeds that an audience may see, by outlet and address.
    pub(super) async fn summaries(
        &self,
        reader: &Reader,
        audience: Audience,
        now: Timestamp,
    ) -> Result<Summaries, StoreError> {
        let at = usize::from(audience == Audience::KeyHolder);
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner)[at].clone();
        if let Some((read_at, summaries)) = kept
            && now.duration_since(read_at).abs() < KEPT
        {
            return Ok(summaries);
        }
        let summaries = Arc::new(reader.feed_summaries(now).await?);
        let kept = (summaries.len() >= MANY).then(|| (now, Arc::clone(&summaries)));
        self.0.lock().unwrap_or_else(PoisonError::into_inner)[at] = kept;
        Ok(summaries)
    }
}
