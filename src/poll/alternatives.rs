//! Feeds that are configured with several addresses: the first one that can be read is used.

use super::{PlannedPoll, Poller, Reading, memory::PollShare};
use crate::{
    model::{Fault, FeedRecord, FeedUrl, Outcome},
    store::{FAILURES_BEFORE_CONFIGURED_ADDRESS, StoreError},
};
use std::{collections::HashSet, sync::Arc};

impl Poller {
    /// Tries the other addresses of a feed if the current one cannot be read: at once on the first poll and after a 410, and
    /// otherwise only after several consecutive failures, because servers are often down for an hour.
    pub(super) async fn or_alternative(
        &self,
        planned: &PlannedPoll,
        reading: Reading,
        share: &mut PollShare,
    ) -> Result<Reading, StoreError> {
        let feed = &planned.feed;
        let others = planned.outlet.alternatives.iter().find(|(url, _)| *url == feed.url).map(|(_, others)| others);
        let Some(others) = others.filter(|_| is_lost(feed, &reading.outcome)) else { return Ok(reading) };
        let never_read = feed.last_success_at.is_none();
        let listed = if never_read { HashSet::new() } else { self.reader.listed(feed.id).await? };
        let listed = Arc::new(listed);
        let urls: Vec<&FeedUrl> = std::iter::once(&feed.url).chain(others).filter(|url| **url != feed.ask).collect();
        for url in urls {
            if let Some(found) = self.try_address(planned, url.clone(), &listed, share).await {
                tracing::info!(
                    outlet = %feed.outlet,
                    feed = %feed.url.shown(),
                    address = %url.shown(),
                    "the feed cannot be read; now using the alternative address"
                );
                return Ok(found);
            }
        }
        Ok(reading)
    }
}

/// Returns whether to stop using the current address for now.
fn is_lost(feed: &FeedRecord, outcome: &Outcome) -> bool {
    match outcome {
        // RFC 9110 15.5.11: the condition is likely to be permanent.
        Outcome::Gone | Outcome::Failed(Fault::GONE) => true,
        Outcome::Failed(Fault::Held { .. } | Fault::Local(_)) => false,
        Outcome::Failed(_) => feed.last_success_at.is_none() || feed.failures + 1 >= FAILURES_BEFORE_CONFIGURED_ADDRESS,
        _ => false,
    }
}
