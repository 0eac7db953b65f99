//! Which stated dates are believed.

use jiff::{SignedDuration, Timestamp};

/// Earlier dates are not credible, because the web has none (1990-01-01T00:00:00Z).
const OLDEST: i64 = 631_152_000;

/// Returns whether a stated date is credible: since 1990 and at most a day ahead.
#[must_use]
pub fn is_credible(at: Timestamp, now: Timestamp) -> bool {
    let latest = now.saturating_add(SignedDuration::from_hours(24)).unwrap_or(now);
    at.as_second() >= OLDEST && at <= latest
}
