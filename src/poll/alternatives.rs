//! Feeds that are configured with several addresses: the first that reads is used.

use super::{PlannedPoll, Poller, Reading};
use crate::{
    fetch::BodyShare,
    model::{Fault, FeedRecord, FeedUrl, Outcome},
    store::{FAILURES_BEFORE_CONFIGURED_ADDRESS, StoreError},
};
use std::{collections::HashSet, sync::Arc};

impl Poller {
    /// What another address of the feed brought, where the one that was asked cannot be read: at the first visit at once, later
    /// when it has failed several times in a row, since servers are down for an hour.
    pub(super) async fn or_alternative(
        &self,
        planned: &PlannedPoll,
        reading: Reading,
        share: &mut BodyShare,
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
                    "the feed cannot be read; an alternative can, and is asked from now on"
                );
                return Ok(found);
            }
        }
        Ok(reading)
    }
}

/// Whether the address that was asked is given up for now.
fn is_lost(feed: &FeedRecord, outcome: &Outcome) -> bool {
    let failed = match outcome {
        Outcome::Failed(fault) => !matches!(fault, Fault::Held { .. } | Fault::Local(_)),
        Outcome::Gone => true,
        _ => false,
    };
    failed && (feed.last_success_at.is_none() || feed.failures + 1 >= FAILURES_BEFORE_CONFIGURED_ADDRESS)
}
