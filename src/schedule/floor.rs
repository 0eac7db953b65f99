//! What servers ask of pollers: floors of an adaptive schedule, never a hurry.

use super::{
    spread::{later, part, until},
    why::{Floor, Hint},
};
use crate::model::{FeedId, Hints};
use jiff::{Timestamp, tz::Offset};
use std::time::Duration;

/// No hint keeps us away for longer: `max-age` of a year is a static server's habit, not a newsroom's wish.
pub const LONGEST_HINT: Duration = Duration::from_hours(24);
/// Polls moved out of skipped hours are spread over this long, so that the hour does not begin with a storm.
const AFTER_SKIP: Duration = Duration::from_mins(5);

/// The hint that asks for most, with `max_age` that of the last answer.
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

/// The first instant from `at` on that no `skipHours` and no `skipDays` names (both in UTC), and which of them moved
/// it. Lists that leave no hour of the week mean nothing.
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

/// Which hint names the hour of `at`.
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

/// Seconds from `from` to `to`.
pub(super) fn seconds(from: Timestamp, to: Timestamp) -> u64 {
    until(from, to).as_secs()
}
