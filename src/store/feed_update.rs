//! The next state of a feed, from its finished poll and the writer's findings. This is pure code, which the writer of every store
//! calls once the entries are decided, so that due time and validators are committed together with the entries.

use super::finished_poll::{FeedUpdate, FinishedPoll, PageFault, PollFindings, PollTiming};
use crate::{
    model::{Fault, FeedRecord, Outcome, Validators},
    schedule::{self, Due, RedirectDecision, Why},
};

/// After so many consecutive failures, a feed that was polled at another address is polled at its configured one again.
pub const FAILURES_BEFORE_CONFIGURED_ADDRESS: u32 = 3;

/// Returns the feed after this poll, and the reason for its due time.
pub(super) fn feed_update(poll: &FinishedPoll, findings: &PollFindings) -> FeedUpdate {
    if poll.pushed {
        return FeedUpdate { feed: poll.feed.clone(), why: Why::pushed(poll.timing.schedule.to_string()) };
    }
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
    // The page or redirect that led to the other address may be gone, and the operator configured this one. If the other address
    // answers 410, there is nothing to wait for.
    let is_gone = poll.outcome == Outcome::Failed(Fault::GONE);
    if (is_gone || due.failures >= FAILURES_BEFORE_CONFIGURED_ADDRESS) && feed.ask != feed.url {
        feed.ask = feed.url.clone();
        feed.validators = Validators::default();
        feed.body_hash = None;
    }
    let Due { at, state, failures, hold_until, why, rhythm } = due;
    FeedUpdate { feed: FeedRecord { next_poll_at: at, state, failures, hold_until, rhythm: Some(rhythm), ..feed }, why }
}

/// Decides when the feed is polled next.
fn due(poll: &FinishedPoll, findings: &PollFindings) -> Due {
    let PollTiming { schedule, zone, bounds, fleet, pushed_until } = &poll.timing;
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
        pushed_until: *pushed_until,
        older_fault: poll.older_fault.as_ref().map(|PageFault { fault, retry_after }| (fault, *retry_after)),
    })
}

/// Sets the address to poll from now on.
fn follow(feed: &mut FeedRecord, poll: &FinishedPoll) {
    match &poll.redirect {
        RedirectDecision::Adopt(to) => {
            feed.ask = to.clone();
            feed.moving = None;
        }
        RedirectDecision::Quarantine(pending) => feed.moving = Some(pending.clone()),
        RedirectDecision::Stay if poll.outcome.is_success() => feed.moving = None,
        RedirectDecision::Stay => {}
    }
    if let Some(announced) = &poll.announced {
        feed.ask = announced.clone();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{FeedId, FeedState, FeedUrl, Freshness, Hints, OutletId, PendingRedirect, Slug},
        schedule::{Bounds, Fleet, Schedule},
        store::finished_poll::BodyState,
    };
    use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
    use std::sync::Arc;

    fn noon() -> Timestamp {
        "2026-11-23T12:00:00Z".parse().unwrap()
    }

    fn url(text: &str) -> FeedUrl {
        FeedUrl::parse(text).unwrap()
    }

    /// Returns a poll of a feed that is polled at another address than the configured one.
    fn poll(outcome: Outcome) -> FinishedPoll {
        let feed = FeedRecord {
            id: FeedId(7),
            outlet_id: OutletId(1),
            outlet: Slug::parse("alalam").unwrap(),
            url: url("https://alalam.example/"),
            ask: url("https://alalam.example/rss"),
            validators: Validators { etag: Some(b"\"a\"".to_vec()), last_modified: None },
            body_hash: Some(5),
            state: FeedState::Active,
            failures: 0,
            hold_until: None,
            last_poll_at: Some(noon() - 1.hour()),
            last_success_at: Some(noon() - 1.hour()),
            next_poll_at: noon(),
            hints: Hints::default(),
            rhythm: None,
            moving: Some(PendingRedirect { to: url("https://new.example/rss"), polls: 1, since: noon() - 1.hour() }),
            guids_void: false,
        };
        FinishedPoll {
            feed,
            timing: PollTiming {
                schedule: Arc::new(Schedule::parse("every 1h").unwrap()),
                zone: TimeZone::get("Africa/Casablanca").unwrap(),
                bounds: Bounds::default(),
                fleet: Fleet::default(),
                pushed_until: None,
            },
            started_at: noon(),
            ended_at: noon() + 1.second(),
            error: None,
            outcome,
            status: Some(200),
            bytes: 1_000,
            freshness: Freshness::default(),
            redirect: RedirectDecision::Stay,
            announced: None,
            older_fault: None,
            body: None,
            document: None,
            pushed: false,
        }
    }

    fn after(poll: &FinishedPoll) -> FeedRecord {
        feed_update(poll, &PollFindings::default()).feed
    }

    #[test]
    fn a_body_that_was_read_leaves_its_validators_and_a_failure_leaves_none() {
        let body = BodyState { validators: Validators::default(), hash: 9, hints: Hints::default(), guids_void: true };
        let read = after(&FinishedPoll { body: Some(body), ..poll(Outcome::Fresh) });
        assert_eq!((read.body_hash, read.guids_void, read.last_success_at), (Some(9), true, read.last_poll_at));
        assert_eq!(read.validators, Validators::default());
        assert_eq!(read.moving, None, "the redirect was not seen again");
        let before = poll(Outcome::Failed(Fault::Empty)).feed;
        let failed = after(&poll(Outcome::Failed(Fault::Empty)));
        assert_eq!((failed.body_hash, failed.failures), (Some(5), 1));
        assert_eq!((failed.last_success_at, &failed.moving), (before.last_success_at, &before.moving));
    }

    #[test]
    fn a_push_changes_nothing_of_the_feed() {
        let body = BodyState { validators: Validators::default(), hash: 9, hints: Hints::default(), guids_void: true };
        let pushed = FinishedPoll { body: Some(body), pushed: true, ..poll(Outcome::Fresh) };
        let update = feed_update(&pushed, &PollFindings { gap: true, ..PollFindings::default() });
        assert_eq!((update.feed, update.why.to_string()), (pushed.feed, "pushed by hub".to_owned()));
    }

    #[test]
    fn an_address_is_followed_until_it_fails_three_times() {
        let moved = url("https://new.example/rss");
        let adopted = after(&FinishedPoll { redirect: RedirectDecision::Adopt(moved.clone()), ..poll(Outcome::Moved) });
        assert_eq!((adopted.ask, adopted.moving), (moved, None));
        let mut failing = poll(Outcome::Failed(Fault::Empty));
        failing.feed.failures = FAILURES_BEFORE_CONFIGURED_ADDRESS - 2;
        assert_eq!(after(&failing).ask, failing.feed.ask);
        failing.feed.failures = FAILURES_BEFORE_CONFIGURED_ADDRESS - 1;
        let back = after(&failing);
        assert_eq!((back.ask, back.body_hash, back.validators), (back.url, None, Validators::default()));
    }

    #[test]
    fn what_a_poll_leaves_is_plain_data() {
        let written = serde_json::to_value(poll(Outcome::Failed(Fault::Status(500)))).unwrap();
        assert_eq!(written["timing"]["schedule"], "every 1h");
        assert_eq!(written["timing"]["zone"], "Africa/Casablanca");
        assert_eq!(written["outcome"]["Failed"]["Status"], 500);
        assert_eq!(written["feed"]["ask"], "https://alalam.example/rss");
    }
}
