//! The due time by each kind of schedule: a fixed interval, a crontab line, the feed's history; with failures, `Retry-After` and 410.

use super::{
    adaptive,
    crontab::Crontab,
    fleet::Fleet,
    floor,
    profile::Profile,
    spec::{Bounds, Schedule},
    spread::{later, part, whole},
    why::{DecidedBy, GONE_PAUSE, Why},
};
use crate::model::{FeedId, Hints, Rhythm};
use jiff::{Timestamp, tz::TimeZone};
use std::time::Duration;

/// Longest pause after failures. A feed is never given up.
pub const LONGEST_BACKOFF: Duration = Duration::from_hours(7 * 24);
/// Crontab feeds start within this time after their minute begins.
const CRON_SPREAD: Duration = Duration::from_secs(20);
/// An adaptive feed is polled again within this time after a first failure, however rarely it is polled otherwise. A longer
/// `min_interval` still applies.
const SOON: Duration = Duration::from_hours(1);
/// Unit of the growing pause after failures of a crontab feed. It skips the fires within this pause after the second failure,
/// within three times this pause after the third, and so on.
const CRON_UNIT: Duration = Duration::from_mins(10);
/// Factor by which an adaptive feed is polled less often while a hub delivers its changes, up to `max_interval`.
const PUSHED_FACTOR: u32 = 4;
/// Wait if a crontab line does not fire any more (after the year 2099).
const IDLE: Duration = Duration::from_hours(365 * 24);

/// Everything that the due time depends on, both after a poll and for a stored feed.
pub(super) struct Inputs<'a> {
    pub(super) id: FeedId,
    /// When the last poll ended.
    pub(super) from: Timestamp,
    pub(super) schedule: &'a Schedule,
    pub(super) zone: &'a TimeZone,
    pub(super) bounds: &'a Bounds,
    pub(super) fleet: &'a Fleet,
    pub(super) hints: &'a Hints,
    pub(super) rhythm: &'a Rhythm,
    pub(super) profile: &'a Profile,
    pub(super) failures: u32,
    pub(super) hold: Option<Timestamp>,
    pub(super) gone: bool,
    /// Whether a hub delivers the feed's changes and has missed none since the last poll.
    pub(super) pushed: bool,
}

/// Returns the due time according to the schedule, adjusted for failures, `Retry-After` and 410.
pub(super) fn decide(case: &Inputs<'_>) -> (Timestamp, Why) {
    if case.gone {
        let why = Why::new(case.schedule.to_string(), DecidedBy::Gone);
        return (later(case.from, GONE_PAUSE + part(case.id, GONE_PAUSE / 30)), why);
    }
    let (mut at, mut why) = match case.schedule {
        Schedule::Every(every) => every_so_often(case, *every),
        Schedule::Crontab(line) => by_crontab(case, line),
        Schedule::Adaptive => by_history(case),
    };
    if let Some(hold) = case.hold {
        why.hold = Some(floor::seconds(case.from, hold));
        if hold > at {
            at = hold;
            why.decided = DecidedBy::Hold;
        }
    }
    (at, why)
}

/// Returns `unit` doubled for each failure after the first: at most seven days less the spread, at least `unit`.
fn pause(unit: Duration, failures: u32) -> Duration {
    let doubled = unit.saturating_mul(1u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX));
    doubled.min(LONGEST_BACKOFF * 5 / 6).max(unit)
}

fn every_so_often(case: &Inputs<'_>, every: Duration) -> (Timestamp, Why) {
    let mut why = Why::new(case.schedule.to_string(), DecidedBy::Schedule);
    let wait = pause(every, case.failures);
    backed_off(&mut why, case.failures, wait, wait > every);
    let spread = part(case.id, wait / 5);
    why.spread = Some(spread.as_secs());
    (whole(later(case.from, wait + spread), later(case.from, wait + wait / 5)), why)
}

/// Decides by a crontab line. After failures, the fires within a growing pause are skipped; after the first failure, none.
fn by_crontab(case: &Inputs<'_>, line: &Crontab) -> (Timestamp, Why) {
    let mut why = Why::new(case.schedule.to_string(), DecidedBy::Schedule);
    let fire = |after: Timestamp| line.next_after(after, case.zone).unwrap_or_else(|| later(after, IDLE));
    let regular = fire(case.from);
    let skip = pause(CRON_UNIT, case.failures).saturating_sub(CRON_UNIT);
    let at = fire(later(case.from, skip));
    backed_off(&mut why, case.failures, skip, at > regular);
    let spread = Duration::from_secs(part(case.id, CRON_SPREAD).as_secs());
    why.spread = Some(spread.as_secs());
    (later(at, spread), why)
}

fn by_history(case: &Inputs<'_>) -> (Timestamp, Why) {
    let history = adaptive::FeedHistory { rhythm: case.rhythm, profile: case.profile, zone: case.zone };
    let proposal = adaptive::propose(&history, case.fleet, case.bounds, case.from);
    let mut why = Why::new(case.schedule.to_string(), proposal.decided);
    why.rate = Some(thousandths(proposal.rate));
    why.share = Some(thousandths(proposal.share));
    why.hurry = (proposal.hurry > 1.0).then_some(proposal.hurry);
    why.wait = Some(proposal.wait.as_secs());
    why.expected = proposal.expected.map(|after| {
        later(case.from, after).to_zoned_datetime(case.zone.clone()).strftime("%Y-%m-%dT%H:%M%:z").to_string()
    });
    // The spread moves the time by a fortieth either way, so it costs no polls.
    let mut wait = (proposal.wait * 39 / 40).max(case.bounds.min_interval);
    if case.failures > 0 {
        let unit = wait.min(SOON).max(case.bounds.min_interval);
        wait = pause(unit, case.failures);
        backed_off(&mut why, case.failures, wait, true);
    }
    if case.pushed && case.failures == 0 {
        let longer = wait.saturating_mul(PUSHED_FACTOR).min(case.bounds.max_interval).max(wait);
        if longer > wait {
            (wait, why.pushed, why.decided) = (longer, Some(longer.as_secs()), DecidedBy::Hub);
        }
    }
    why.floor = floor::longest(case.hints, Some(Duration::from_secs(case.rhythm.max_age)));
    if let Some(floor) = why.floor.filter(|f| f.seconds > wait.as_secs()) {
        wait = Duration::from_secs(floor.seconds);
        why.decided = DecidedBy::Hint;
    }
    let spread = part(case.id, wait / 20);
    why.spread = Some(spread.as_secs());
    let at = later(case.from, wait + spread);
    let (at, skipped) = floor::allowed(case.hints, case.id, whole(at, Timestamp::MAX));
    if skipped.is_some() {
        why.skipped = skipped;
        why.decided = DecidedBy::Hint;
    }
    (at, why)
}

fn thousandths(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

fn backed_off(why: &mut Why, failures: u32, wait: Duration, decided: bool) {
    if failures > 0 {
        why.failures = Some(failures);
        why.backoff = Some(wait.as_secs());
        if decided {
            why.decided = DecidedBy::Backoff;
        }
    }
}
