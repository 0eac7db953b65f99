//! A feed in the poll queue.

use crate::{
    fetch::Visit,
    model::{FeedRecord, Outlet},
    schedule::{self, Bounds, Due, Fleet, ReplanInput, Schedule},
    store::FeedUpdate,
};
use jiff::Timestamp;
use std::sync::Arc;

/// A feed and what is needed to poll it.
pub(super) struct QueuedFeed {
    pub(super) record: FeedRecord,
    pub(super) outlet: Arc<Outlet>,
    pub(super) schedule: Arc<Schedule>,
    /// When the feed is polled: at its stored due time, or, if that has passed, when its turn comes among the overdue feeds.
    /// `None` until that is decided.
    pub(super) turn: Option<Timestamp>,
    /// A poll that was redirected to another host and continues there.
    pub(super) visit: Option<Box<Visit>>,
    /// Number of polls in a row that came to nothing because the database could not be read.
    pub(super) unread: u32,
    /// Whether a document that a hub delivered was lost while the feed was being polled: that poll may have asked before it appeared.
    pub(super) missed: bool,
}

impl QueuedFeed {
    /// Returns the host of the next request.
    pub(super) fn host(&self) -> &str {
        self.visit.as_ref().map_or(&self.record.ask, |visit| visit.url()).host()
    }

    /// Returns when the feed is polled.
    pub(super) fn turn(&self) -> Timestamp {
        self.turn.unwrap_or(self.record.next_poll_at)
    }

    /// Checks the due time again, with `crowd` feeds that were never polled. Returns the feed if its due time changed.
    pub(super) fn reschedule(
        &mut self,
        now: Timestamp,
        bounds: &Bounds,
        fleet: Fleet,
        crowd: usize,
    ) -> Option<FeedUpdate> {
        let due = schedule::reschedule(&ReplanInput {
            now,
            feed: &self.record,
            schedule: &self.schedule,
            zone: &self.outlet.time_zone,
            bounds,
            fleet,
            crowd,
        })?;
        let why = due.why.clone();
        self.record = with_due(self.record.clone(), due);
        self.turn = None;
        Some(FeedUpdate { feed: self.record.clone(), why })
    }
}

/// Returns until when the feed's host wants no requests at all, if that is in the future.
pub(super) fn host_hold(record: &FeedRecord, now: Timestamp) -> Option<Timestamp> {
    schedule::host_hold(record).filter(|until| *until > now)
}

/// Returns the record with another due time.
fn with_due(record: FeedRecord, due: Due) -> FeedRecord {
    FeedRecord {
        next_poll_at: due.at,
        state: due.state,
        failures: due.failures,
        hold_until: due.hold_until,
        rhythm: Some(due.rhythm),
        ..record
    }
}
