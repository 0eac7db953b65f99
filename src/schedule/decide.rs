//! Decides the next due time of a feed, after a poll or from its stored state.

use super::{
    adaptive,
    due_time::{self, Inputs, LONGEST_BACKOFF},
    floor,
    input::{PolledFeed, ReplanInput},
    profile::Profile,
    rhythm::Observation,
    spec::{Bounds, Schedule},
    spread::{later, part, until, whole},
    validators,
    why::{DecidedBy, Why},
};
use crate::model::{FeedId, FeedState, Outcome, Rhythm};
use jiff::{Timestamp, tz::TimeZone};
use std::time::Duration;

/// Longest `Retry-After` that is honoured; a longer one is a mistake.
pub const LONGEST_HOLD: Duration = Duration::from_hours(31 * 24);
/// Longest time for which a 429 holds its whole host: an absurd `Retry-After` of one feed must not stop the others there.
pub const LONGEST_HOST_HOLD: Duration = Duration::from_hours(24);
/// Feeds that become due together (first polls, or after a long pause) are spread over this time, or [`APART`] for each feed if
/// that is less.
const CROWD: Duration = Duration::from_secs(30);
const APART: Duration = Duration::from_millis(100);
/// When a feed is due, and everything that is stored with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Due {
    /// Due time of the next poll.
    pub at: Timestamp,
    /// State of the feed.
    pub state: FeedState,
    /// Consecutive failures.
    pub failures: u32,
    /// No request is sent before this time (`Retry-After`).
    pub hold_until: Option<Timestamp>,
    /// Why the poll is due then.
    pub why: Why,
    /// The schedule's memory, for `FeedRecord::rhythm`.
    pub rhythm: Box<Rhythm>,
}

/// Decides when a feed that was never polled is due: at once, but `crowd` such feeds are spread over up to half a minute.
#[must_use]
pub fn first(id: FeedId, now: Timestamp, crowd: usize) -> Due {
    let spread = crowded(id, crowd);
    let mut why = Why::new(String::new(), DecidedBy::First);
    why.spread = Some(spread.as_secs());
    Due { at: later(now, spread), state: FeedState::New, failures: 0, hold_until: None, why, rhythm: Box::default() }
}

/// Decides when a feed is due after a poll.
#[must_use]
pub fn next(poll: &PolledFeed<'_>) -> Due {
    let mut rhythm = poll.feed.rhythm.clone().unwrap_or_default();
    let note = rhythm.set_aside.take();
    let failed = matches!(poll.outcome, Outcome::Failed(_));
    let latest = later(poll.now, LONGEST_HOLD);
    let asked = poll.freshness.retry_after.filter(|at| failed && *at > poll.now).map(|at| at.min(latest));
    let hold = asked.map(|at| whole(at, latest));
    if poll.outcome.is_success() {
        learn(&mut rhythm, poll);
    }
    validators::note(&mut rhythm, poll, hold);
    let profile = Profile::at_home(&rhythm, poll.now, poll.zone);
    rhythm.pull = ten_thousandths(profile.pull() * adaptive::hurry(&rhythm, poll.now));
    rhythm.plan = plan(poll.schedule, poll.zone, poll.bounds);
    let failures = if failed { poll.feed.failures.saturating_add(1) } else { 0 };
    let gone = *poll.outcome == Outcome::Gone;
    let (at, mut why) = due_time::decide(&Inputs {
        id: poll.feed.id,
        from: poll.now,
        schedule: poll.schedule,
        zone: poll.zone,
        bounds: poll.bounds,
        fleet: &poll.fleet,
        hints: poll.hints,
        rhythm: &rhythm,
        profile: &profile,
        failures,
        hold,
        gone,
        // The hub did not deliver the new entries that this poll found.
        pushed: poll.pushed_until.is_some_and(|until| until > poll.now) && poll.tally.new == 0 && !poll.gap,
    });
    why.notes.extend(note);
    let state = match (gone, failed, hold) {
        (true, ..) => FeedState::Gone,
        (_, false, _) => FeedState::Active,
        (_, true, Some(_)) => FeedState::Held,
        (_, true, None) => FeedState::Failing,
    };
    Due { at, state, failures, hold_until: hold, why, rhythm }
}

/// Returns when an overdue feed is polled: at once, but the `crowd` overdue feeds of a host do not all start at the same moment.
/// The stored due time does not change.
#[must_use]
pub fn catch_up(id: FeedId, now: Timestamp, crowd: usize) -> Timestamp {
    later(now, crowded(id, crowd))
}

/// Checks the due time of a stored feed: at start, after a change of the configuration, and after the clock jumped. Returns
/// `None` if the stored due time stays. It also stays if it has passed, because an overdue feed is due, whoever opens the
/// database.
///
/// A due time is decided again if the schedule has changed (the new time may be before `now`), or if it is further in the
/// future than any poll could have set it. If the clock was set back, the last poll counts as having just ended.
#[must_use]
pub fn reschedule(standing: &ReplanInput<'_>) -> Option<Due> {
    let ReplanInput { now, feed, .. } = *standing;
    let Some(last) = feed.last_poll_at else {
        // A feed that was just added has no state yet.
        let stands = feed.rhythm.is_some() && feed.next_poll_at <= later(now, CROWD);
        return (!stands).then(|| {
            let mut due = first(feed.id, now, standing.crowd);
            due.why.schedule = standing.schedule.to_string();
            due
        });
    };
    let fresh = Rhythm::default();
    let rhythm = feed.rhythm.as_deref().unwrap_or(&fresh);
    let plan = plan(standing.schedule, standing.zone, standing.bounds);
    let back = last > now;
    if rhythm.plan == plan && !back && feed.next_poll_at <= now {
        return None;
    }
    let from = last.min(now);
    let hold = feed.hold_until.map(|h| later(from, until(last, h).min(LONGEST_HOLD))).filter(|h| *h > now);
    let profile = Profile::at_home(rhythm, from, standing.zone);
    let (at, mut why) = due_time::decide(&Inputs {
        id: feed.id,
        from,
        schedule: standing.schedule,
        zone: standing.zone,
        bounds: standing.bounds,
        fleet: &standing.fleet,
        hints: &feed.hints,
        rhythm,
        profile: &profile,
        failures: feed.failures,
        hold,
        gone: feed.state == FeedState::Gone,
        pushed: false,
    });
    why.notes.extend(rhythm.set_aside.clone());
    if rhythm.plan == plan {
        if !back && feed.next_poll_at <= later(at.max(now), slack(standing)) {
            return None;
        }
        why.notes.push("the clock was set back, or the stored due time was too far in the future".to_owned());
    }
    if at <= now {
        why.decided = DecidedBy::Overdue;
    }
    let rhythm = Box::new(Rhythm { plan, set_aside: None, ..rhythm.clone() });
    Some(Due { at, state: feed.state, failures: feed.failures, hold_until: hold, why, rhythm })
}

/// Returns how much later than a due time decided now the stored one may be and still be kept. Adaptive due times shift with
/// the other feeds of the fleet.
fn slack(standing: &ReplanInput<'_>) -> Duration {
    let hints = &standing.feed.hints;
    match standing.schedule {
        Schedule::Adaptive if !hints.skip_days.is_empty() || !hints.skip_hours.is_empty() => LONGEST_BACKOFF,
        Schedule::Adaptive => standing.bounds.max_interval.max(floor::LONGEST_HINT),
        _ => CROWD,
    }
}

/// Returns the configuration on which a due time depends, as text for comparison.
fn plan(schedule: &Schedule, zone: &TimeZone, bounds: &Bounds) -> String {
    match schedule {
        Schedule::Every(_) => schedule.to_string(),
        Schedule::Crontab(line) => format!("{line} {}", zone.iana_name().unwrap_or("UTC")),
        Schedule::Adaptive => {
            let Bounds { budget, min_interval, max_interval } = bounds;
            format!("adaptive {budget} {}-{}", min_interval.as_secs(), max_interval.as_secs())
        }
    }
}

fn crowded(id: FeedId, crowd: usize) -> Duration {
    part(id, APART.saturating_mul(u32::try_from(crowd).unwrap_or(u32::MAX)).min(CROWD))
}

fn learn(rhythm: &mut Rhythm, poll: &PolledFeed<'_>) {
    rhythm.learn(&Observation {
        now: poll.now,
        zone: poll.zone,
        stamps: poll.stamps,
        new: usize::try_from(poll.tally.new).unwrap_or(usize::MAX),
        gap: poll.gap,
    });
    if poll.tally.listed > 0 {
        rhythm.window = poll.tally.listed;
    }
    match poll.freshness.max_age {
        Some(age) => rhythm.max_age = age.as_secs(),
        // A 304 may omit headers that have not changed (RFC 9110 15.4.5).
        None if *poll.outcome == Outcome::NotModified => {}
        None => rhythm.max_age = 0,
    }
    if poll.gap {
        rhythm.gap_at = poll.now.as_second();
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the type's range first")]
fn ten_thousandths(pull: f64) -> u32 {
    (pull * 10_000.0).clamp(1.0, f64::from(u32::MAX)) as u32
}

#[cfg(test)]
pub(super) mod tests;
