//! A feed's next state, from its finished poll and what the writer found in it. Pure: every store's writer calls it once the
//! entries are decided, so that due time and validators are committed together with the entries they stand for.

use super::finished_poll::{FeedUpdate, FinishedPoll, PageFault, PollFindings, PollTiming};
use crate::{
    model::{FeedRecord, Validators},
    schedule::{self, Due, RedirectDecision},
};

/// After so many failures in a row a feed that was led elsewhere is asked at its configured address again.
const ASTRAY: u32 = 3;

/// The feed after this poll, and why it is due when it is.
pub(super) fn feed_update(poll: &FinishedPoll, findings: &PollFindings) -> FeedUpdate {
    let due = due(poll, findings);
    let mut feed = poll.feed.clone();
    feed.last_poll_at = Some(poll.ended_at);
    if poll.outcome.is_success() {
        feed.last_success_at = Some(poll.ended_at);
    }
    if let Some(body) = &poll.body {
        feed.validators = body.validators.clone();
        feed.body_hash = Some(body.hash);
        feed.hints = body.hints.clone();
        feed.guids_void = body.guids_void;
    }
    follow(&mut feed, poll);
    // Where a page or a redirect once led may be gone; the configured address is the operator's word.
    if due.failures >= ASTRAY && feed.ask != feed.url {
        feed.ask = feed.url.clone();
        feed.validators = Validators::default();
        feed.body_hash = None;
    }
    let Due { at, state, failures, hold_until, why, rhythm } = due;
    FeedUpdate { feed: FeedRecord { next_poll_at: at, state, failures, hold_until, rhythm: Some(rhythm), ..feed }, why }
}

/// When the feed is polled next.
fn due(poll: &FinishedPoll, findings: &PollFindings) -> Due {
    let PollTiming { schedule, zone, bounds, fleet } = &poll.timing;
    schedule::next(&schedule::PolledFeed {
        now: poll.ended_at,
        feed: &poll.feed,
        schedule,
        zone,
        bounds,
        fleet: *fleet,
        outcome: &poll.outcome,
        tally: findings.tally,
        hints: poll.body.as_ref().map_or(&poll.feed.hints, |body| &body.hints),
        freshness: &poll.freshness,
        stamps: &findings.stamps,
        gap: findings.gap,
        older_fault: poll.older_fault.as_ref().map(|PageFault { fault, retry_after }| (fault, *retry_after)),
    })
}

/// The address that is asked from now on.
fn follow(feed: &mut FeedRecord, poll: &FinishedPoll) {
    match &poll.redirect {
        RedirectDecision::Adopt(to) => {
            feed.ask = to.clone();
            feed.moving = None;
        }
        RedirectDecision::Quarantine(to, polls, since) => feed.moving = Some((to.clone(), *polls, *since)),
        RedirectDecision::Stay if poll.outcome.is_success() => feed.moving = None,
        RedirectDecision::Stay => {}
    }
    if let Some(announced) = &poll.announced {
        feed.ask = announced.clone();
    }
}
