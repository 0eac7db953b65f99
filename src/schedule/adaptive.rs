//! When a feed's own history says to come again.
//!
//! A poll belongs where the entries expected to be waiting are as many as the next wait would gather at the present
//! rate: the first-order condition of the least expected delay for a given number of polls. With a steady rate `r`
//! this is polling in proportion to `√r`; where a busy hour ends it is a poll right after it, and none before.

use super::{
    fleet::{Fleet, hours},
    profile::Profile,
    rhythm::{Rhythm, local},
    spec::Bounds,
    why::Decided,
};
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
/// A gap is forgotten after a week; until then each doubles the pace, up to eight times.
const GAP_S: i64 = 604_800;
const GAPS: u32 = 3;

/// What the history says.
pub(super) struct Wish {
    /// Wait after the last poll, within the bounds.
    pub(super) wait: Duration,
    /// What set it.
    pub(super) decided: Decided,
    /// Entries an hour, now.
    pub(super) rate: f64,
    /// Polls a day, within the bounds.
    pub(super) share: f64,
    /// Wait until one entry is expected.
    pub(super) expected: Option<Duration>,
    /// How much sooner for gaps; 1 for none.
    pub(super) hurry: f64,
}

/// When to come again after a poll that ended at `from`.
pub(super) fn wish(rhythm: &Rhythm, fleet: &Fleet, bounds: &Bounds, from: Timestamp, zone: &TimeZone) -> Wish {
    let start = local(from, zone);
    let profile = Profile::of(rhythm, start - from.as_second());
    let hurry = hurry(rhythm, from);
    let (least, most) = (hours(bounds.min_interval), hours(bounds.max_interval).max(hours(bounds.min_interval)));
    let pull = profile.pull();
    let pace = fleet.pace(bounds, pull);
    let (wait, expected) = walk(&profile, rhythm.window, start, pace * hurry, most);
    let decided = match wait {
        w if w < least => Decided::MinInterval,
        w if w >= most => Decided::MaxInterval,
        _ => Decided::Rate,
    };
    Wish {
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
        let step = (1.0 / (pace * rate.sqrt() * STEPS)).clamp(STEP_H.0, STEP_H.1);
        at += step;
        waiting += rate * step;
        if wait.is_none() && (waiting >= rate.sqrt() / pace || waiting >= room || at >= most) {
            wait = Some(at);
        }
        if expected.is_none() && waiting >= 1.0 {
            expected = Some(at);
        }
    }
    (wait.unwrap_or(most).min(most), expected)
}

/// How many times sooner a feed is polled that lost entries lately.
fn hurry(rhythm: &Rhythm, now: Timestamp) -> f64 {
    let weeks = ((now.as_second() - rhythm.gap_at) / GAP_S).clamp(0, i64::from(u32::MAX));
    let gaps = rhythm.gaps.min(GAPS).saturating_sub(u32::try_from(weeks).unwrap_or(u32::MAX));
    f64::from(gaps).exp2()
}

fn span(hours: f64) -> Duration {
    Duration::try_from_secs_f64(hours * 3_600.0).unwrap_or_default()
}

#[expect(clippy::cast_possible_truncation, reason = "at most a week")]
fn seconds(hours: f64) -> i64 {
    (hours * 3_600.0) as i64
}
