//! Computes from a feed's history when to poll it next.
//!
//! A feed is polled when the number of entries expected to be waiting equals the number that the next wait would gather at the
//! present rate. This is the first-order condition for the least expected delay with a given number of polls. With a steady
//! rate `r`, it means polling in proportion to `√r`; at the end of a busy hour, it means a poll right after the hour instead of
//! one before its end.

use super::{
    fleet::{Fleet, hours},
    profile::Profile,
    rhythm::local,
    spec::Bounds,
    why::DecidedBy,
};
use crate::model::Rhythm;
use jiff::{Timestamp, tz::TimeZone};
use std::time::Duration;

/// Steps of the walk per wait that the present rate would give. Smaller steps do not change the result.
const STEPS: f64 = 16.0;
/// Shortest and longest step of the walk, in hours.
const STEP_H: (f64, f64) = (0.002, 0.25);
/// Longest walk, in hours, whatever `max_interval` is: a week contains every hour of the profile.
const WALK_H: f64 = 168.0;
/// The share of a feed's window that may fill before it is polled, so that in a busy hour no entry drops out of the document
/// unseen.
const ROOM: f64 = 0.5;
/// Seconds after which a gap is forgotten (a week). Until then, the feed is polled [`HURRY`] times as often.
const GAP_S: i64 = 604_800;
const HURRY: f64 = 2.0;

/// The wait that a feed's history proposes.
pub(super) struct IntervalProposal {
    /// Wait after the last poll, within the bounds.
    pub(super) wait: Duration,
    /// What determined the wait.
    pub(super) decided: DecidedBy,
    /// Entries per hour at present.
    pub(super) rate: f64,
    /// Polls per day, within the bounds.
    pub(super) share: f64,
    /// Time until one entry is expected.
    pub(super) expected: Option<Duration>,
    /// How many times as often the feed is polled because of gaps; 1 without gaps.
    pub(super) hurry: f64,
}

/// A feed's history, as one decision needs it.
pub(super) struct FeedHistory<'a> {
    pub(super) rhythm: &'a Rhythm,
    pub(super) profile: &'a Profile,
    pub(super) zone: &'a TimeZone,
}

/// Returns the wait after a poll that ended at `from`.
pub(super) fn propose(history: &FeedHistory<'_>, fleet: &Fleet, bounds: &Bounds, from: Timestamp) -> IntervalProposal {
    let FeedHistory { rhythm, profile, zone } = *history;
    let start = local(from, zone);
    let hurry = hurry(rhythm, from);
    let (least, most) = (hours(bounds.min_interval), hours(bounds.max_interval).max(hours(bounds.min_interval)));
    let pull = profile.pull();
    let pace = fleet.pace(bounds, pull);
    let (wait, expected) = walk(profile, rhythm.window, start, pace * hurry, most);
    let decided = match wait {
        w if w < least => DecidedBy::MinInterval,
        w if w >= most => DecidedBy::MaxInterval,
        _ => DecidedBy::Rate,
    };
    IntervalProposal {
        wait: span(wait.clamp(least, most)),
        decided,
        rate: profile.at(start),
        share: (24.0 * pace * hurry * pull).clamp(24.0 / most, 24.0 / least),
        expected: expected.map(span),
        hurry,
    }
}

/// Returns the hours to wait, and the hours until one entry is expected.
fn walk(profile: &Profile, window: u32, start: i64, pace: f64, most: f64) -> (f64, Option<f64>) {
    let room = if window == 0 { f64::INFINITY } else { (f64::from(window) * ROOM).max(1.0) };
    let (mut at, mut waiting) = (0.0, 0.0);
    let (mut wait, mut expected) = (None, None);
    while at < WALK_H && (wait.is_none() || expected.is_none()) {
        let rate = profile.at(start + seconds(at)).max(1e-6);
        let fine = (1.0 / (pace * rate.sqrt() * STEPS)).clamp(STEP_H.0, STEP_H.1);
        // What is expected after the poll is only shown to people, so steps of an hour are fine enough.
        let step = if wait.is_some() { 1.0 } else { fine };
        let enough = (rate.sqrt() / pace).min(room);
        // Within a step the rate counts as constant, so the number of waiting entries is a straight line.
        let crossing = |level: f64| at + ((level - waiting) / rate).clamp(0.0, step);
        let full = waiting + rate * step;
        if wait.is_none() && (full >= enough || at + step >= most) {
            wait = Some(crossing(enough));
        }
        if expected.is_none() && full >= 1.0 {
            expected = Some(crossing(1.0));
        }
        at += step;
        waiting = full;
    }
    (wait.unwrap_or(most).min(most), expected)
}

/// Returns how many times as often a feed is polled: [`HURRY`] if it lost entries lately, else 1.
pub(super) fn hurry(rhythm: &Rhythm, now: Timestamp) -> f64 {
    let lately = rhythm.gap_at > 0 && now.as_second() - rhythm.gap_at < GAP_S;
    if lately { HURRY } else { 1.0 }
}

fn span(hours: f64) -> Duration {
    Duration::try_from_secs_f64(hours * 3_600.0).unwrap_or_default()
}

#[expect(clippy::cast_possible_truncation, reason = "at most a week")]
fn seconds(hours: f64) -> i64 {
    (hours * 3_600.0) as i64
}

#[cfg(test)]
mod tests;
