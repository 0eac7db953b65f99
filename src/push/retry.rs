//! The time of the next attempt after a failed request.

use crate::model::Fault;
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// Longest `Retry-After` that is honoured. Otherwise a mistaken header would end all requests.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(24);

/// A request that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedRequest {
    /// The reason, for people.
    pub why: String,
    /// Until when the server wants no further request (`Retry-After`, RFC 9110 10.2.3), if it said so.
    pub retry_after: Option<Timestamp>,
}

impl FailedRequest {
    /// Creates a failure that says nothing about waiting.
    pub fn new(why: impl Into<String>) -> Self {
        Self { why: why.into(), retry_after: None }
    }

    /// Creates the failure that a response with this status is.
    #[must_use]
    pub fn status(status: u16, retry_after: Option<Timestamp>) -> Self {
        Self { why: Fault::Status(status).to_string(), retry_after }
    }

    /// Returns when to try again: after the usual pause ([`retry_at`]), and no earlier than the server wants, at most a day.
    #[must_use]
    pub fn next_try(&self, now: Timestamp, failures: u32, pauses: Pauses, name: &str) -> Timestamp {
        let latest = now.saturating_add(LONGEST_WAIT).unwrap_or(Timestamp::MAX);
        let asked = self.retry_after.unwrap_or(now).min(latest);
        retry_at(now, failures, pauses, name).max(asked)
    }
}

impl From<Fault> for FailedRequest {
    fn from(fault: Fault) -> Self {
        Self::new(fault.to_string())
    }
}

/// The first and the longest pause between two attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pauses {
    /// Pause after the first failure. It doubles with each further one.
    pub first: Duration,
    /// Longest pause.
    pub longest: Duration,
}

/// Returns when to try again after this many consecutive failures. Adds up to a quarter of the pause, by the hash of `name`, so
/// that requests that failed at the same time are not repeated at the same time.
#[must_use]
pub fn retry_at(now: Timestamp, failures: u32, pauses: Pauses, name: &str) -> Timestamp {
    let doubled = pauses.first.saturating_mul(1 << failures.saturating_sub(1).min(20)).min(pauses.longest);
    let spread = doubled / 4 * u32::from(blake3::hash(name.as_bytes()).as_bytes()[0]) / 255;
    let pause = SignedDuration::try_from(doubled + spread).unwrap_or(SignedDuration::MAX);
    now.saturating_add(pause).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_a_quarter() {
        let now: Timestamp = "2026-11-02T12:00:00Z".parse().unwrap();
        let pauses = Pauses { first: Duration::from_secs(10), longest: Duration::from_hours(1) };
        for (failures, least) in [(0, 10), (1, 10), (2, 20), (3, 40), (9, 2_560), (10, 3_600), (u32::MAX, 3_600)] {
            for name in ["a", "b", "https://c.example/"] {
                let pause = retry_at(now, failures, pauses, name).duration_since(now).as_secs();
                assert!((least..=least * 5 / 4).contains(&pause), "{failures} {name} {pause}");
            }
        }
        assert_eq!(retry_at(Timestamp::MAX, 1, pauses, "a"), Timestamp::MAX);
    }

    #[test]
    fn a_server_that_asks_for_a_longer_pause_gets_it_for_a_day_at_most() {
        let now: Timestamp = "2026-11-02T12:00:00Z".parse().unwrap();
        let pauses = Pauses { first: Duration::from_secs(10), longest: Duration::from_hours(1) };
        let usual = retry_at(now, 1, pauses, "a").duration_since(now).as_secs();
        for (asked, pause) in [(None, usual), (Some(5), usual), (Some(90), 90), (Some(400_000), 86_400)] {
            let retry_after = asked.map(|seconds| now + SignedDuration::from_secs(seconds));
            let next = FailedRequest::status(503, retry_after).next_try(now, 1, pauses, "a");
            assert_eq!(next.duration_since(now).as_secs(), pause, "{asked:?}");
        }
    }
}
