//! Computes the position of a new entry in the order of channels (`order_at`) and its date (`published_at`).

use super::{Arrival, rules};
use jiff::Timestamp;

/// Returns the position of a new entry. Normally it is the time when Warraq first saw the entry, so that subscribers miss nothing
/// that arrives late. For entries listed on a feed's first poll, and for entries that are clearly old, it is the stated date, so
/// that old entries do not flood the channels. The same holds for entries that a rule left out until now.
///
/// A few late entries are allowed: while `late` (the allowance of the feed, counted down here) is above zero, a backdated entry
/// of the last thirty days is placed at the time it was seen. Entries of a first poll without a date count as older than
/// everything of the last day, in the order of the document, unless their address contains a day.
#[must_use]
pub fn order_at(arrival: &Arrival, late: Option<&mut u32>) -> Timestamp {
    let Arrival { seen_at, .. } = *arrival;
    let stated = match (arrival.previous_success, arrival.entry.believed) {
        (_, dated) if arrival.returns => dated,
        (None, dated) => Some(dated.or_else(|| address_day(arrival)).unwrap_or_else(|| undated(arrival))),
        (Some(_), Some(_)) if is_backdated(arrival) => match late.filter(|left| **left > 0 && is_recent(arrival)) {
            Some(left) => {
                *left -= 1;
                None
            }
            None => arrival.entry.believed,
        },
        (Some(_), _) => None,
    };
    stated.unwrap_or(seen_at).min(seen_at)
}

/// Returns whether an entry is dated long before its feed was last read.
pub fn is_backdated(arrival: &Arrival) -> bool {
    let dates = arrival.previous_success.zip(arrival.entry.believed);
    dates.is_some_and(|(previous, date)| previous.duration_since(date) > rules::BACKDATED)
}

fn is_recent(arrival: &Arrival) -> bool {
    arrival.entry.believed.is_some_and(|date| arrival.seen_at.duration_since(date) <= rules::LATE_AT_MOST)
}

/// Returns the position of an undated entry: steps of six hours in the order of the document, older than the last day.
fn undated(arrival: &Arrival) -> Timestamp {
    let place = i64::from(arrival.listing.place(arrival.entry.key.hash()));
    let behind = rules::UNDATED_BEHIND.as_secs() + rules::UNDATED_STEP.as_secs() * (place + 1);
    Timestamp::from_second(arrival.seen_at.as_second() - behind).unwrap_or(Timestamp::MIN)
}

/// Returns the day in an address (`/2017/05/09/`, `/2017-05-09-slug`) unless it is in the future. It only orders entries and is
/// not published as their date.
fn address_day(arrival: &Arrival) -> Option<Timestamp> {
    let url = url::Url::parse(arrival.entry.link.as_deref()?).ok()?;
    let numbers: Vec<&str> = url.path().split(['/', '-', '_']).collect();
    numbers.windows(3).find_map(|three| {
        let part = |at: usize, digits: usize| {
            let text = three.get(at).filter(|text| (1..=digits).contains(&text.len()))?;
            text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<i16>().ok()).flatten()
        };
        let year = part(0, 4).filter(|year| (1990..2100).contains(year))?;
        let (month, day) = (i8::try_from(part(1, 2)?).ok()?, i8::try_from(part(2, 2)?).ok()?);
        let day = jiff::civil::Date::new(year, month, day).ok()?;
        let at = jiff::tz::TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok()?;
        (at <= arrival.seen_at).then_some(at)
    })
}

/// Returns the stated date or the time when the entry was first seen, whichever is earlier.
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
            // (previous success, stated date, order_at), in hours
            (None, Some(990), 990),
            (None, None, 970),
            (None, Some(1010), 1000),
            (Some(999), Some(990), 1000),
            (Some(999), Some(951), 1000),
            (Some(999), Some(950), 950),
            (Some(999), None, 1000),
            (Some(900), Some(860), 1000),
        ];
        for (previous, believed, expected) in cases {
            let mut a = arrival("key", "title", "");
            (a.seen_at, a.previous_success) = (now, previous.map(at));
            a.entry_mut().believed = believed.map(at);
            assert_eq!(order_at(&a, None), at(expected), "{previous:?} {believed:?}");
        }
    }

    #[test]
    fn a_few_late_entries_come_in_as_seen() {
        let late = |hours, left: &mut u32| {
            let mut a = arrival("key", "title", "").dated(hours);
            (a.seen_at, a.previous_success) = (at(1000), Some(at(999)));
            order_at(&a, Some(left))
        };
        let mut left = 2;
        assert_eq!([900, 901, 902].map(|hours| late(hours, &mut left)), [at(1000), at(1000), at(902)]);
        assert_eq!(late(1000 - 31 * 24, &mut 2), at(1000 - 31 * 24));
    }

    #[test]
    fn an_address_tells_the_day_on_a_first_poll() {
        let mut a = arrival("key", "title", "").link("https://x.example/2017/05/09/slug");
        a.previous_success = None;
        a.entry_mut().believed = None;
        assert_eq!(order_at(&a, None), "2017-05-09T00:00:00Z".parse().unwrap());
        a.previous_success = Some(at(999));
        assert_eq!(order_at(&a, None), a.seen_at);
        a = a.link("https://x.example/2017/15/09/slug");
        a.previous_success = None;
        assert_eq!(order_at(&a, None), at(970));
    }

    #[test]
    fn what_a_rule_no_longer_leaves_out_has_its_stated_date() {
        for (believed, expected) in [(Some(990), 990), (Some(400), 400), (Some(1010), 1000), (None, 1000)] {
            let mut a = arrival("key", "title", "");
            (a.seen_at, a.previous_success, a.returns) = (at(1000), Some(at(999)), true);
            a.entry_mut().believed = believed.map(at);
            assert_eq!(order_at(&a, Some(&mut 3)), at(expected), "{believed:?}");
        }
    }

    #[test]
    fn published_is_never_after_first_seen() {
        let mut a = arrival("key", "title", "");
        a.seen_at = at(10);
        for (believed, expected) in [(None, 10), (Some(9), 9), (Some(11), 10)] {
            a.entry_mut().believed = believed.map(at);
            assert_eq!(published_at(&a), at(expected));
        }
    }
}
