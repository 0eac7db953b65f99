//! The data of a poll that is passed to the writer.

use super::{PlannedPoll, Reading};
use crate::{
    model::{FeedUrl, Freshness, Outcome},
    schedule::{self, RedirectDecision},
    store::{FinishedPoll, PollTiming},
};
use jiff::Timestamp;

/// The part of a response that a finished poll keeps beside its document.
pub(super) struct ResponseHead {
    pub(super) status: Option<u16>,
    pub(super) bytes: u64,
    pub(super) freshness: Freshness,
    /// Target of the permanent redirects only.
    pub(super) permanent: Option<FeedUrl>,
    /// Target of all redirects.
    pub(super) moved_to: Option<FeedUrl>,
}

/// Returns the error, if the poll failed. After a redirect, it names the address that failed.
fn error(outcome: &Outcome, moved_to: Option<&FeedUrl>) -> Option<String> {
    let Outcome::Failed(fault) = outcome else { return None };
    Some(fault.after_redirect(moved_to))
}

/// Returns what the writer needs of a poll.
pub(super) fn finished_poll(
    planned: PlannedPoll,
    head: ResponseHead,
    reading: Reading,
    started_at: Timestamp,
    ended_at: Timestamp,
    pushed_until: Option<Timestamp>,
) -> FinishedPoll {
    let redirect = if reading.outcome.is_success() {
        schedule::permanent(planned.feed.moving.as_ref(), head.permanent.as_ref(), ended_at)
    } else {
        reading.pending.map_or(RedirectDecision::Stay, RedirectDecision::Quarantine)
    };
    let outcome = if let RedirectDecision::Adopt(_) = redirect { Outcome::Moved } else { reading.outcome };
    let error = error(&outcome, head.moved_to.as_ref());
    FinishedPoll {
        feed: planned.feed,
        timing: PollTiming {
            schedule: planned.schedule,
            zone: planned.outlet.time_zone.clone(),
            bounds: planned.bounds,
            fleet: planned.fleet,
            pushed_until,
        },
        started_at,
        ended_at,
        outcome,
        error,
        status: head.status,
        bytes: head.bytes + reading.older_bytes,
        freshness: head.freshness,
        redirect,
        announced: reading.announced,
        older_fault: reading.older_fault,
        body: reading.body,
        document: reading.document,
        pushed: false,
    }
}
