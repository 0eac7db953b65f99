//! Where a new entry stands in the order of channels (interfaces.md, `order_at` and `published_at`).

use super::{Arrival, rules};
use jiff::Timestamp;

/// When Warraq first saw it, so that a subscriber misses nothing that arrives late; its stated date for what the feed
/// listed already on its first visit and for what is clearly old, so that nothing old floods in.
#[must_use]
pub fn order_at(arrival: &Arrival) -> Timestamp {
    let dated = arrival.entry.believed;
    let stated = match arrival.previous_success {
        None => dated.or(arrival.oldest_believed),
        Some(previous) => dated.filter(|&date| previous.duration_since(date) > rules::BACKDATED),
    };
    stated.unwrap_or(arrival.seen_at).min(arrival.seen_at)
}

/// The stated date or when it was first seen, whichever is earlier.
#[must_use]
pub fn published_at(arrival: &Arrival) -> Timestamp {
    arrival.entry.believed.map_or(arrival.seen_at, |date| date.min(arrival.seen_at))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{arrival, at};
    use super::*;

    #[test]
    fn the_order_is_that_of_arrival_but_for_what_is_old() {
        let now = at(1000);
        let cases = [
            // (previous success, stated date, oldest of the document, order_at), in hours
            (None, Some(990), Some(900), 990),
            (None, None, Some(900), 900),
            (None, None, None, 1000),
            (None, Some(1010), None, 1000),
            (Some(999), Some(990), Some(900), 1000),
            (Some(999), Some(951), Some(900), 1000),
            (Some(999), Some(950), Some(900), 950),
            (Some(999), None, Some(900), 1000),
            (Some(900), Some(860), None, 1000),
        ];
        for (previous, believed, oldest, expected) in cases {
            let mut a = arrival("key", "title", "");
            (a.seen_at, a.previous_success) = (now, previous.map(at));
            (a.entry.believed, a.oldest_believed) = (believed.map(at), oldest.map(at));
            assert_eq!(order_at(&a), at(expected), "{previous:?} {believed:?} {oldest:?}");
        }
    }

    #[test]
    fn published_is_never_after_first_seen() {
        let mut a = arrival("key", "title", "");
        a.seen_at = at(10);
        for (believed, expected) in [(None, 10), (Some(9), 9), (Some(11), 10)] {
            a.entry.believed = believed.map(at);
            assert_eq!(published_at(&a), at(expected));
        }
    }
}
