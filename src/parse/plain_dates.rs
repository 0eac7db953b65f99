//! A fast path for the two forms of nearly all dates: RFC 5322 (`Mon, 02 Nov 2026 10:30:00 +0100`) and RFC 3339
//! (`2026-11-02T10:30:00+01:00`). Any other form is left to the scanner, which gives the same results.

use super::zones::LARGEST_OFFSET;
use jiff::{Timestamp, civil};

const WEEKDAYS: [&[u8]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];
const MONTHS: [&[u8]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
/// Years that are not current in any other calendar and that no program writes for "never".
const YEARS: std::ops::RangeInclusive<i16> = 1970..=2099;

/// Returns the instant in whole seconds, if the text has one of the two forms and every number is in range.
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    let text = text.as_bytes();
    if text.first()?.is_ascii_digit() && text.get(4) == Some(&b'-') { rfc_3339(text) } else { rfc_5322(text) }
}

fn rfc_3339(text: &[u8]) -> Option<Timestamp> {
    let (date, time) = text.split_at_checked(10)?;
    let [y @ .., b'-', m1, m2, b'-', d1, d2] = date else { return None };
    let [b'T', clock @ ..] = time else { return None };
    let (clock, rest) = clock.split_at_checked(8)?;
    let seconds = seconds(clock)?;
    let zone = match rest {
        [b'.', rest @ ..] => {
            let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
            rest.get(digits..).filter(|_| digits > 0)?
        }
        _ => rest,
    };
    let offset = match zone {
        b"Z" => 0,
        [sign, h1, h2, b':', m1, m2] => offset(*sign, [*h1, *h2, *m1, *m2])?,
        _ => return None,
    };
    at(number(y)?, number(&[*m1, *m2])?, number(&[*d1, *d2])?, seconds - offset)
}

fn rfc_5322(text: &[u8]) -> Option<Timestamp> {
    let text = match text {
        weekday if weekday.get(3..5) == Some(b", ") => WEEKDAYS.contains(&&weekday[..3]).then(|| &weekday[5..])?,
        _ => text,
    };
    let mut parts = text.split(|b| *b == b' ');
    let day = parts.next().filter(|day| matches!(day.len(), 1 | 2))?;
    let month = parts.next()?;
    let month = (1..).zip(MONTHS).find(|(_, name)| *name == month)?.0;
    let year = parts.next().filter(|year| year.len() == 4)?;
    let clock = parts.next()?;
    let seconds = match clock.len() {
        5 => seconds(&[clock, b":00"].concat())?,
        8 => seconds(clock)?,
        _ => return None,
    };
    let offset = match parts.next()? {
        b"GMT" => 0,
        [sign, h1, h2, m1, m2] => offset(*sign, [*h1, *h2, *m1, *m2])?,
        _ => return None,
    };
    parts.next().is_none().then_some(())?;
    at(number(year)?, month, number(day)?, seconds - offset)
}

/// Returns the instant of a day and the seconds since its midnight in UTC.
fn at(year: i16, month: i16, day: i16, seconds: i64) -> Option<Timestamp> {
    let year = YEARS.contains(&year).then_some(year)?;
    let date = civil::Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    let days = i64::from(date.since(civil::date(1970, 1, 1)).ok()?.get_days());
    Timestamp::from_second(days * 86_400 + seconds).ok()
}

/// Returns the seconds of `hh:mm:ss`.
fn seconds(clock: &[u8]) -> Option<i64> {
    let [h1, h2, b':', m1, m2, b':', s1, s2] = clock else { return None };
    let part = |digits: [u8; 2], below: i16| number(&digits).filter(|n| *n < below).map(i64::from);
    Some(part([*h1, *h2], 24)? * 3_600 + part([*m1, *m2], 60)? * 60 + part([*s1, *s2], 60)?)
}

/// Returns the seconds of a sign and `hhmm`.
fn offset(sign: u8, [h1, h2, m1, m2]: [u8; 4]) -> Option<i64> {
    let (hours, minutes) = (number(&[h1, h2])?, number(&[m1, m2])?);
    let seconds = i64::from(hours) * 3_600 + i64::from(minutes) * 60;
    if minutes >= 60 || seconds > LARGEST_OFFSET {
        return None;
    }
    match sign {
        b'+' => Some(seconds),
        b'-' => Some(-seconds),
        _ => None,
    }
}

/// Parses a number of at most four digits and nothing else.
fn number(digits: &[u8]) -> Option<i16> {
    let is_number = (1..=4).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    is_number.then(|| digits.iter().fold(0, |n, digit| n * 10 + i16::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::super::dates::{Orders, scanned};
    use super::*;
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    fn long_way(text: &str) -> Option<Timestamp> {
        scanned(text, &TimeZone::fixed(jiff::tz::offset(5)), Orders::default())
    }

    #[test]
    fn dates_of_both_forms_take_the_short_path() {
        for text in [
            "Mon, 02 Nov 2026 10:30:00 +0100",
            "2 Nov 2026 10:30 GMT",
            "Sat, 14 Mar 2014 14:14:14 -0330",
            "2026-11-02T10:30:00Z",
            "2014-03-14T14:30:59.123456+05:30",
        ] {
            assert!(instant(text).is_some(), "{text}");
            assert_eq!(instant(text), long_way(text), "{text}");
        }
        for text in
            ["", "2026", "Mon, ", "31 Jun 2026 10:30 GMT", "2026-11-02T24:00:00Z", "2026-11-02", "é026-11-02T10:30:00Z"]
        {
            assert_eq!(instant(text), None, "{text}");
        }
    }

    fn any_date() -> impl Strategy<Value = String> {
        let zone = prop_oneof![
            "[+-][0-2][0-9][0-9]{2}",
            "[+-][0-9]{2}:[0-9]{2}",
            Just("GMT".to_owned()),
            Just("Z".to_owned())
        ];
        let numbers = (1_960..2_110_u32, 0..14_u32, 0..33_u32, 0..26_u32, 0..62_u32, 0..62_u32);
        (numbers, zone, 0..6_u32, "[.][0-9]{0,9}").prop_map(|((y, m, d, h, min, s), zone, form, fraction)| {
            let name = |all: &[&[u8]], n: u32| String::from_utf8_lossy(all[n as usize % all.len()]).into_owned();
            let (month, weekday) = (name(&MONTHS, m), name(&WEEKDAYS, d));
            match form {
                0 => format!("{weekday}, {d:02} {month} {y} {h:02}:{min:02}:{s:02} {zone}"),
                1 => format!("{d} {month} {y} {h:02}:{min:02} {zone}"),
                2 => format!("{y}-{m:02}-{d:02}T{h:02}:{min:02}:{s:02}{fraction}{zone}"),
                _ => format!("{y}-{m:02}-{d:02}T{h:02}:{min:02}:{s:02}{zone}"),
            }
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4_000, ..crate::model::testing::cases() })]

        #[test]
        fn the_short_path_gives_what_the_long_way_gives(text in any_date()) {
            if let Some(at) = instant(&text) {
                prop_assert_eq!(Some(at), long_way(&text), "{}", text);
            }
        }

        #[test]
        fn so_it_does_with_one_character_changed(text in any_date(), at in 0..30_usize, with in "[ -~]") {
            let mut text = text;
            if let Some(end) = text.get(at..).and_then(|rest| rest.chars().next()) {
                text.replace_range(at..at + end.len_utf8(), &with);
            }
            if let Some(at) = instant(text.trim()) {
                prop_assert_eq!(Some(at), long_way(&text), "{}", text);
            }
        }
    }
}
