//! Hints of servers and documents. They are minimum intervals of an adaptive schedule and never make it faster.

use super::{
    spread::{later, part, until},
    why::{Floor, Hint},
};
use crate::model::{FeedId, Hints};
use jiff::{Timestamp, tz::Offset};
use std::time::Duration;

/// Longest interval that a hint can cause: a `max-age` of a year is a default of static servers, not the wish of a newsroom.
pub const LONGEST_HINT: Duration = Duration::from_hours(24);
/// Time over which polls moved out of skipped hours are spread, so that they do not all start at the beginning of the hour.
const AFTER_SKIP: Duration = Duration::from_mins(5);

/// Returns the hint with the longest interval. `max_age` is that of the last response.
pub(super) fn longest(hints: &Hints, max_age: Option<Duration>) -> Option<Floor> {
    [
        (Hint::MaxAge, max_age.map(|d| d.as_secs())),
        (Hint::Ttl, hints.ttl_s),
        (Hint::UpdatePeriod, hints.update_period_s),
    ]
    .into_iter()
    .filter_map(|(hint, s)| Some(Floor { hint, seconds: s?.min(LONGEST_HINT.as_secs()) }))
    .filter(|floor| floor.seconds > 0)
    .max_by_key(|floor| floor.seconds)
}

/// Returns the first time from `at` on that is in no hour of `skipHours` and no day of `skipDays` (both in UTC), and which of
/// them moved it. Lists that exclude every hour of the week are ignored.
pub(super) fn allowed(hints: &Hints, id: FeedId, at: Timestamp) -> (Timestamp, Option<Hint>) {
    if hints.skip_hours.is_empty() && hints.skip_days.is_empty() {
        return (at, None);
    }
    let Some(moved) = skipped(hints, at) else { return (at, None) };
    let hour = at.as_second().div_euclid(3_600);
    (1..=168)
        .filter_map(|n| Timestamp::from_second((hour + n) * 3_600).ok())
        .find(|start| skipped(hints, *start).is_none())
        .map_or((at, None), |start| (later(start, part(id, AFTER_SKIP)), Some(moved)))
}

/// Returns the hint that excludes the hour of `at`, if any.
fn skipped(hints: &Hints, at: Timestamp) -> Option<Hint> {
    let utc = Offset::UTC.to_datetime(at);
    let hour = utc.hour().unsigned_abs();
    let day = match utc.weekday() {
        jiff::civil::Weekday::Monday => "Monday",
        jiff::civil::Weekday::Tuesday => "Tuesday",
        jiff::civil::Weekday::Wednesday => "Wednesday",
        jiff::civil::Weekday::Thursday => "Thursday",
        jiff::civil::Weekday::Friday => "Friday",
        jiff::civil::Weekday::Saturday => "Saturday",
        jiff::civil::Weekday::Sunday => "Sunday",
    };
    if hints.skip_days.iter().any(|d| d.eq_ignore_ascii_case(day)) {
        Some(Hint::SkipDays)
    } else {
        hints.skip_hours.contains(&hour).then_some(Hint::SkipHours)
    }
}

/// Returns the seconds from `from` to `to`.
pub(super) fn seconds(from: Timestamp, to: Timestamp) -> u64 {
    until(from, to).as_secs()
}
