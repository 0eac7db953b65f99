//! When a feed's own history says to come again.
//!
//! A poll belongs where the entries expected to be waiting are as many as the next wait would gather at the present
//! rate: the first-order condition of the least expected delay for a given number of polls. With a steady rate `r`
//! this is polling in proportion to `√r`; where a busy hour ends it is a poll right after it, and none before.

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

/// Steps of the walk for each wait that the present rate would give: finer changes nothing in the result.
const STEPS: f64 = 16.0;
/// Shortest and longest step of the walk, in hours.
const STEP_H: (f64, f64) = (0.002, 0.25);
/// Walks end here whatever `max_interval` says: a week holds every hour there is.
const WALK_H: f64 = 168.0;
/// How much of a feed's window may fill before it is polled, so that a busy hour pushes nothing out unseen.
const ROOM: f64 = 0.5;
/// A gap is forgotten after a week; until then the feed is polled this many times as often.
const GAP_S: i64 = 604_800;
const HURRY: f64 = 2.0;

/// What the history says.
pub(super) struct IntervalProposal {
    /// Wait after the last poll, within the bounds.
    pub(super) wait: Duration,
    /// What set it.
    pub(super) decided: DecidedBy,
    /// Entries an hour, now.
    pub(super) rate: f64,
    /// Polls per day, within the bounds.
    pub(super) share: f64,
    /// Wait until one entry is expected.
    pub(super) expected: Option<Duration>,
    /// How much sooner for gaps; 1 for none.
    pub(super) hurry: f64,
}

/// A feed's history, for one decision.
pub(super) struct FeedHistory<'a> {
    pub(super) rhythm: &'a Rhythm,
    pub(super) profile: &'a Profile,
    pub(super) zone: &'a TimeZone,
}

/// When to come again after a poll that ended at `from`.
pub(super) fn wish(history: &FeedHistory<'_>, fleet: &Fleet, bounds: &Bounds, from: Timestamp) -> IntervalProposal {
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

/// Hours to wait, and hours until one entry is expected.
fn walk(profile: &Profile, window: u32, start: i64, pace: f64, most: f64) -> (f64, Option<f64>) {
    let room = if window == 0 { f64::INFINITY } else { (f64::from(window) * ROOM).max(1.0) };
    let (mut at, mut waiting) = (0.0, 0.0);
    let (mut wait, mut expected) = (None, None);
    while at < WALK_H && (wait.is_none() || expected.is_none()) {
        let rate = profile.at(start + seconds(at)).max(1e-6);
        let fine = (1.0 / (pace * rate.sqrt() * STEPS)).clamp(STEP_H.0, STEP_H.1);
        // What is expected later than the poll is only told to people: hours are fine enough.
        let step = if wait.is_some() { 1.0 } else { fine };
        let enough = (rate.sqrt() / pace).min(room);
        // Within a step the rate counts as constant, so the moment is where a straight line crosses.
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

/// How many times as often a feed is polled that lost entries lately.
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
