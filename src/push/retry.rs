//! The time of the next attempt after a failed request.

use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

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
}
