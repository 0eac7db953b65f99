//! Spreads due times without random numbers: a feed always gets the same place, so a restart changes nothing.

use crate::model::FeedId;
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// 2⁶⁴ divided by the golden ratio (Knuth, TAOCP 6.4). Its multiples are spread as evenly as possible, so feeds with
/// neighbouring ids, such as those of one host, never get the same place.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// Returns a feed's place in `0..1`.
#[expect(clippy::cast_precision_loss, reason = "the top 32 bits are exact in a double")]
pub(super) fn place(id: FeedId) -> f64 {
    let hash = id.0.cast_unsigned().wrapping_mul(GOLDEN);
    (hash >> 32) as f64 / 4_294_967_296.0
}

/// Returns the feed's part of `width`: from zero to just below `width`.
pub(super) fn part(id: FeedId, width: Duration) -> Duration {
    width.mul_f64(place(id))
}

/// Adds `by` to `at`; the result is at most [`Timestamp::MAX`].
pub(super) fn later(at: Timestamp, by: Duration) -> Timestamp {
    let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// Returns the time from `from` to `to`; zero if `to` is earlier.
pub(super) fn until(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

/// Rounds `at` up to a whole second, for people who read it in views. Returns `at` itself if the result were after `latest`.
pub(super) fn whole(at: Timestamp, latest: Timestamp) -> Timestamp {
    if at.subsec_nanosecond() == 0 {
        return at;
    }
    let second = Timestamp::from_second(at.as_second().saturating_add(i64::from(at.subsec_nanosecond() > 0)));
    second.ok().filter(|s| *s <= latest).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_lie_apart() {
        let mut places: Vec<f64> = (1..=100).map(|n| place(FeedId(n))).collect();
        places.sort_by(f64::total_cmp);
        assert!(places.iter().all(|p| (0.0..1.0).contains(p)));
        let closest = places.windows(2).map(|w| w[1] - w[0]).fold(1.0, f64::min);
        assert!(closest > 0.004, "{closest}");
    }

    #[test]
    fn whole_seconds_where_they_fit() {
        let at: Timestamp = "2026-11-02T09:30:00.25Z".parse().unwrap();
        let next: Timestamp = "2026-11-02T09:30:01Z".parse().unwrap();
        assert_eq!(whole(at, next), next);
        assert_eq!(whole(at, at), at);
        assert_eq!(whole(next, next), next);
    }
}
