//! Dates as outlets write them: the RFC formats, ISO 8601, Unix time, and words in a dozen languages.
//!
//! One scanner splits a text into numbers, a time of day, a zone and a month. The order and length of the remaining numbers say
//! which one is the year. Weekdays and other words are ignored. A date without a zone is in the outlet's zone.

use super::calendars::{self, Calendar};
use super::digits::{ascii_digit, blanks, digits, is_mark, past_fraction, zone_name};
use super::{months, plain_dates};
use jiff::{Timestamp, civil, tz::TimeZone};

/// Maximum length of a text that is read, in bytes.
const LONGEST: usize = 128;

/// Earlier years are not dates: programs write them for "never" (RFC 5322 3.3).
const FIRST_YEAR: u32 = 1_900;

/// Which of two small numbers is the day, judged by the other dates of the document.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Order {
    /// No date of the document shows it.
    #[default]
    Unknown,
    /// 31/12.
    DayFirst,
    /// 12/31.
    MonthFirst,
}

/// Returns the instant that a text states, in whole seconds, or `None` when it is not a date. `zone` applies to texts that name
/// no zone.
#[must_use]
pub fn instant(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    instant_in(text, zone, Order::Unknown)
}

/// Does the same as [`instant`] for a document whose dates are in this order.
pub(super) fn instant_in(text: &str, zone: &TimeZone, order: Order) -> Option<Timestamp> {
    let text = text.trim();
    if text.len() > LONGEST {
        return None;
    }
    plain_dates::instant(text).or_else(|| scanned(text, zone, order))
}

/// Does the same as [`instant_in`] for a text in any form.
pub(super) fn scanned(text: &str, zone: &TimeZone, order: Order) -> Option<Timestamp> {
    let text = text.trim();
    if !text.chars().any(char::is_numeric) {
        return None;
    }
    if let Some(at) = unix_time(text) {
        return Some(at);
    }
    let (parts, date) = match foreign(text) {
        Calendar::Gregorian => (Scanner::default().run(text)?, None),
        Calendar::Beside(rest) => (Scanner::default().run(&rest)?, None),
        Calendar::Persian(date, rest) => (Scanner::default().run(&rest)?, Some(date)),
        Calendar::Islamic => return None,
    };
    let (year, month, day) = match date {
        Some(date) => (date.year(), date.month(), date.day().unsigned_abs().into()),
        None => parts.date(order)?,
    };
    let (hour, minute, second) = parts.time()?;
    // Days, hours and seconds out of range roll over (24:00 is the next day, 31 June is 1 July).
    let start = civil::Date::new(year, month, 1).ok()?.to_datetime(civil::Time::midnight());
    let seconds = (i64::from(day) - 1) * 86_400 + hour * 3_600 + minute * 60 + second;
    let stated = start.checked_add(jiff::SignedDuration::from_secs(seconds)).ok()?;
    match parts.offset {
        Some(offset) => {
            let utc = TimeZone::UTC.to_timestamp(stated).ok()?;
            utc.checked_sub(jiff::SignedDuration::from_secs(offset)).ok()
        }
        None => parts.zone.as_ref().unwrap_or(zone).to_ambiguous_timestamp(stated).compatible().ok(),
    }
}

/// Returns whether a date had to be converted from another calendar; if the entry has a Gregorian date too, that one is
/// preferred.
pub(super) fn is_converted(text: &str) -> bool {
    text.len() <= LONGEST && matches!(foreign(text), Calendar::Persian(..))
}

fn foreign(text: &str) -> Calendar {
    // The common case needs no scan: no letters beyond ASCII and no year that another calendar has now.
    if text.is_ascii() && !["13", "14"].iter().any(|century| text.starts_with(century)) && !text.contains("14") {
        return Calendar::Gregorian;
    }
    let digits: String = text.chars().filter(|c| !is_mark(*c)).map(ascii_digit).collect();
    calendars::of(&digits)
}

/// Returns the order that a date proves because one of its first two numbers is too large for a month.
pub(super) fn order(text: &str) -> Order {
    match small_numbers(text) {
        Some((first, second)) if first > 12 && second <= 12 => Order::DayFirst,
        Some((first, second)) if second > 12 && first <= 12 => Order::MonthFirst,
        _ => Order::Unknown,
    }
}

/// Returns whether a date can be read in both orders.
pub(super) fn is_ambiguous(text: &str) -> bool {
    small_numbers(text).is_some_and(|(first, second)| first <= 12 && second <= 12 && first != second)
}

/// Returns the two numbers before the year of a date such as 5/8/2016.
fn small_numbers(text: &str) -> Option<(u32, u32)> {
    let text = text.trim();
    if text.len() > LONGEST || !text.contains('/') {
        return None;
    }
    let parts = Scanner::default().run(text).filter(|parts| parts.month.is_none())?;
    match parts.numbers.as_slice() {
        [first, second, year, ..] if first.digits <= 2 && second.digits <= 2 && year.digits != 1 => {
            Some((first.value, second.value))
        }
        _ => None,
    }
}

/// Reads digits that are too many for a calendar date: seconds, milliseconds or microseconds since 1970.
fn unix_time(text: &str) -> Option<Timestamp> {
    let digits = text.len();
    let number = text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<i64>().ok()).flatten()?;
    let seconds = match digits {
        9..=11 => number,
        12 | 13 => number / 1_000,
        15 | 16 => number / 1_000_000,
        _ => return None,
    };
    Timestamp::from_second(seconds).ok()
}

/// A number that is not part of a time or zone, its count of digits, and the character before it.
#[derive(Debug, Clone, Copy)]
struct DateNumber {
    value: u32,
    digits: usize,
    after: char,
}

/// The parts of a date found in a text.
#[derive(Debug, Default)]
struct Scanner {
    numbers: Vec<DateNumber>,
    month: Option<i8>,
    /// First word of a month with two words (كانون الثاني), while the second is still to come.
    half: Option<&'static str>,
    clock: Option<(i64, i64, i64)>,
    afternoon: Option<bool>,
    /// Whether the text says AM or PM, as Americans do, who put the month first.
    english: bool,
    /// A zone of the IANA database.
    zone: Option<TimeZone>,
    offset: Option<i64>,
    /// Whether a signed number here is an offset: it follows the time or a zone's name.
    zone_next: bool,
    hangul: bool,
}

impl Scanner {
    fn run(mut self, text: &str) -> Option<Self> {
        let mut chars: Vec<char> = Vec::with_capacity(text.len());
        chars.extend(text.chars().filter(|c| !is_mark(*c)).map(ascii_digit));
        let mut at = 0;
        let mut before = ' ';
        while let Some(&c) = chars.get(at) {
            if c.is_ascii_digit() {
                at = self.number(&chars, at, before)?;
                before = ' ';
            } else if let Some(name) = zone_name(&chars[at..]) {
                at += name.len();
                if self.zone.is_none() {
                    // Uses the time zone data compiled in, so that reading a date opens no file.
                    self.zone = jiff::tz::TimeZoneDatabase::bundled().get(&name).ok();
                }
            } else if matches!(c, 'a' | 'A' | 'p' | 'P') && matches!(chars[at + 1..], ['.', 'm' | 'M', ..]) {
                self.afternoon = Some(matches!(c, 'p' | 'P'));
                at += 3;
            } else if c.is_alphabetic() {
                let end = chars[at..].iter().position(|c| !c.is_alphabetic()).map_or(chars.len(), |n| at + n);
                self.word(&chars[at..end]);
                at = end;
                before = ' ';
            } else if matches!(c, '+' | '-' | '−')
                && (self.zone_next || c == '+' && !self.numbers.is_empty() && self.offset.is_none())
                && chars.get(at + 1).is_some_and(char::is_ascii_digit)
            {
                at = self.zone(&chars, at + 1, if c == '+' { 1 } else { -1 });
            } else {
                if !c.is_whitespace() {
                    before = c;
                }
                at += 1;
            }
        }
        if self.hangul && self.offset.is_none() {
            self.offset = Some(9 * 3_600);
        }
        Some(self)
    }

    /// Reads digits from `at`: a time if a colon (or a French `h`) follows or a time is expected here, else a number.
    fn number(&mut self, chars: &[char], at: usize, before: char) -> Option<usize> {
        let count = chars[at..].iter().take_while(|c| c.is_ascii_digit()).count();
        // The date comes first in 20261102103000 and 202611021030.
        let (value, end) = digits(chars, at, if matches!(count, 12 | 14) { at + 8 } else { at + count })?;
        if self.clock.is_none()
            && let Some((clock, end)) = self.clock_at(chars, at, value, end)
        {
            self.clock = Some(clock);
            self.zone_next = true;
            return Some(end);
        }
        self.zone_next = false;
        self.numbers.push(DateNumber { value, digits: end - at, after: before });
        (self.numbers.len() <= 4).then_some(end)
    }

    /// Reads a time of day that begins with the number from `at` to `end`. Also returns where the time ends.
    fn clock_at(&self, chars: &[char], at: usize, value: u32, end: usize) -> Option<((i64, i64, i64), usize)> {
        let v = i64::from(value);
        let behind_date = self.numbers.last().is_some_and(|date| date.digits == 8);
        let behind_t = at > 0 && matches!(chars[at - 1], 'T' | 't') && !self.numbers.is_empty();
        match end - at {
            // ISO 8601 basic: T192030, T1920.
            6 if behind_t || behind_date => {
                return Some(((v / 10_000, v / 100 % 100, v % 100), past_fraction(chars, end)));
            }
            4 if behind_t || behind_date => return Some(((v / 100, v % 100, 0), end)),
            1 | 2 => {}
            _ => return None,
        }
        let separator = self.separator(chars, end)?;
        let (minute, mut end) = digits(chars, separator + 1 + blanks(chars, separator + 1), chars.len())?;
        let mut second = 0;
        if matches!(chars.get(end), Some(':' | '.'))
            && chars.get(end) == Some(&chars[separator])
            && chars.get(end + 1).is_some_and(char::is_ascii_digit)
        {
            (second, end) = digits(chars, end + 1, chars.len())?;
        }
        Some(((v, minute.into(), second.into()), past_fraction(chars, end)))
    }

    /// Returns the position of the separator between hours and minutes: a colon, an `h` with or without spaces, or a dot once the
    /// date is complete.
    fn separator(&self, chars: &[char], end: usize) -> Option<usize> {
        let digit = |at: usize| chars.get(at).is_some_and(char::is_ascii_digit);
        let whole = self.numbers.len() >= 3 || self.month.is_some() && self.numbers.len() >= 2;
        let h = end + blanks(chars, end);
        match chars.get(end) {
            Some(':') if digit(end + 1) => Some(end),
            Some('.') if whole && digit(end + 1) && digit(end + 2) => Some(end),
            _ => {
                let is_h = matches!(chars.get(h), Some('h' | 'H'));
                (is_h && digit(h + 1 + blanks(chars, h + 1))).then_some(h)
            }
        }
    }

    /// Reads the `0100`, `01:00` or `1` after a sign. Returns where it ends.
    fn zone(&mut self, chars: &[char], at: usize, sign: i64) -> usize {
        self.zone_next = false;
        let Some((value, mut end)) = digits(chars, at, chars.len()) else { return at + 1 };
        let value = i64::from(value);
        let (mut hours, mut minutes) = if end - at <= 2 { (value, 0) } else { (value / 100, value % 100) };
        if end - at <= 2
            && chars.get(end) == Some(&':')
            && let Some((more, after)) = digits(chars, end + 1, chars.len())
        {
            minutes = more.into();
            end = after;
        }
        if end - at > 5 {
            (hours, minutes) = (0, 0);
        }
        self.offset = Some(sign * (hours * 3_600 + minutes * 60));
        end
    }

    fn word(&mut self, letters: &[char]) {
        let mut word = String::with_capacity(letters.len() * 2);
        letters.iter().flat_map(|c| c.to_lowercase()).filter_map(months::fold).for_each(|c| word.push(c));
        self.hangul |= letters.iter().any(|c| ('\u{AC00}'..='\u{D7A3}').contains(c));
        if let Some(first) = self.half.take()
            && let Some(month) = months::of_two(first, &word)
        {
            self.month = Some(month);
        } else if let Some(first) = months::first_of_two(&word) {
            self.half = Some(first);
        } else if let Some(month) = months::of(&word) {
            // The last match counts: `mar.` is a Tuesday before `févr.`, and March when it stands alone.
            self.month = Some(month);
        } else if let Some(afternoon) = months::half_day(&word) {
            self.afternoon = Some(afternoon);
            self.english = word.is_ascii() && word.len() == 2;
        } else if self.clock.is_some()
            && self.offset.is_none()
            && let Some(offset) = months::zone(&word)
        {
            self.offset = Some(offset);
            self.zone_next = true;
        }
    }

    fn time(&self) -> Option<(i64, i64, i64)> {
        let (hour, minute, second) = self.clock.unwrap_or((0, 0, 0));
        let hour = match self.afternoon {
            Some(true) if hour < 12 => hour + 12,
            Some(false) if hour == 12 => 0,
            _ => hour,
        };
        (hour < 100 && minute < 100 && second < 100).then_some((hour, minute, second))
    }

    fn date(&self, order: Order) -> Option<(i16, i8, u32)> {
        let n = self.numbers.as_slice();
        let (year, month, day) = match self.month {
            Some(month) => {
                let (year, day) = match n {
                    [only] if only.digits == 4 => (*only, 1),
                    [a, b, ..] if a.digits > 2 || a.value > 31 => (*a, b.value),
                    [a, b, ..] => (*b, a.value),
                    _ => return None,
                };
                (full_year(year), u32::from(month.unsigned_abs()), day)
            }
            None => Self::numeric(n, self.month_first(n, order))?,
        };
        let date = (i16::try_from(year).ok()?, i8::try_from(month).ok()?, day);
        ((1..=12).contains(&month) && (1..=366).contains(&day) && (FIRST_YEAR..=9_999).contains(&year)).then_some(date)
    }

    /// Returns whether the first of two small numbers is the month, as in the document's other dates, or else as Americans write.
    fn month_first(&self, n: &[DateNumber], order: Order) -> bool {
        let both = matches!(n, [a, b, ..] if a.value <= 12 && b.value <= 12 && b.after == '/');
        both && match order {
            Order::Unknown => self.english,
            order => order == Order::MonthFirst,
        }
    }

    /// Returns year, month and day of a date without words.
    fn numeric(n: &[DateNumber], month_first: bool) -> Option<(u32, u32, u32)> {
        Some(match n {
            [y, m, d, ..] if y.digits == 4 => (y.value, m.value, d.value),
            // Two digits throughout: with hyphens it is ISO 8601, otherwise the day comes first.
            [y, m, d]
                if m.after == '-' && d.digits <= 2 && y.digits == 2 && (1..=31).contains(&d.value) && m.value <= 12 =>
            {
                (full_year(*y), m.value, d.value)
            }
            [a, b, y, ..] if b.value > 12 || month_first => (full_year(*y), a.value, b.value),
            [d, m, y, ..] => (full_year(*y), m.value, d.value),
            [y, ordinal] if y.digits == 4 && ordinal.digits == 3 => (y.value, 1, ordinal.value),
            [y, m] if y.digits == 4 => (y.value, m.value, 1),
            [date, ..] if date.digits == 8 => (date.value / 10_000, date.value / 100 % 100, date.value % 100),
            [date] if date.digits == 7 => (date.value / 1_000, 1, date.value % 1_000),
            [date] if date.digits == 6 => (2_000 + date.value / 10_000, date.value / 100 % 100, date.value % 100),
            [year] if year.digits == 4 => (year.value, 1, 1),
            _ => return None,
        })
    }
}

/// Returns the full year, following RFC 2822 4.3 as far as feeds need it: 90 to 99 are the nineties, smaller numbers are this
/// century.
fn full_year(year: DateNumber) -> u32 {
    match year.value {
        value if year.digits > 2 => value,
        value @ 0..90 => 2_000 + value,
        value => 1_900 + value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn utc(text: &str) -> String {
        instant(text, &TimeZone::UTC).map_or("none".to_owned(), |at| at.to_string())
    }

    #[test]
    fn every_way_to_write_a_date() {
        for (text, want) in [
            ("Mon, 02 Nov 2026 10:30:00 +0100", "2026-11-02T09:30:00Z"),
            ("2 Nov 26 10:30 EST", "2026-11-02T15:30:00Z"),
            ("2026-11-02T10:30:00.123+01:00", "2026-11-02T09:30:00Z"),
            ("2026-11-02T10:30Z", "2026-11-02T10:30:00Z"),
            ("2026-11", "2026-11-01T00:00:00Z"),
            ("2026", "2026-01-01T00:00:00Z"),
            ("20261102", "2026-11-02T00:00:00Z"),
            ("20261102T103000", "2026-11-02T10:30:00Z"),
            ("20261102103000", "2026-11-02T10:30:00Z"),
            ("2026-306", "2026-11-02T00:00:00Z"),
            ("03-12-31", "2003-12-31T00:00:00Z"),
            ("1793615400", "2026-11-02T10:30:00Z"),
            ("1793615400000", "2026-11-02T10:30:00Z"),
            ("Fri Jan 16 2004 00:00:00 GMT+0100 (CET)", "2004-01-15T23:00:00Z"),
            ("Sun Jan  4 16:29:06 PDT 2004", "2004-01-04T23:29:06Z"),
            ("Mon, 02 Nov 2026 24:00:00 GMT", "2026-11-03T00:00:00Z"),
            ("2020/1/10 14:03:00", "2020-01-10T14:03:00Z"),
            ("2/11/2026 10:30", "2026-11-02T10:30:00Z"),
            ("11/22/2026", "2026-11-22T00:00:00Z"),
            ("02.11.2026 10:30", "2026-11-02T10:30:00Z"),
            ("Nov 2, 2026 1:05 PM", "2026-11-02T13:05:00Z"),
            ("12:05 am, 2 November 2026", "2026-11-02T00:05:00Z"),
            ("5/8/2016 9:00:00 AM", "2016-05-08T09:00:00Z"),
            ("5/8/2016 9:00 ص", "2016-08-05T09:00:00Z"),
            ("5.8.2016 9:00 AM", "2016-08-05T09:00:00Z"),
            ("13/8/2016 9:00 p.m.", "2016-08-13T21:00:00Z"),
            ("Mon, 02 Nov 2026 10.30.00 +0300", "2026-11-02T07:30:00Z"),
            ("02.11.2026 10.30", "2026-11-02T10:30:00Z"),
            ("2 novembre 2026 à 10 h 30", "2026-11-02T10:30:00Z"),
            ("2026-11-02 10:30:00 Asia/Riyadh", "2026-11-02T07:30:00Z"),
            ("2026-11-02T10:30:00+03:00[Asia/Riyadh]", "2026-11-02T07:30:00Z"),
            ("2025-12-31T192030+01:00", "2025-12-31T18:20:30Z"),
            ("20251231T192030.5+0100", "2025-12-31T18:20:30Z"),
            ("20251231T1920Z", "2025-12-31T19:20:00Z"),
            ("20251231192030 +0100", "2025-12-31T18:20:30Z"),
            ("2025-12-31+01:00", "2025-12-30T23:00:00Z"),
            ("0001-01-01T00:00:00", "none"),
            ("Mon, 30 Nov -0001 00:00:00 +0000", "none"),
        ] {
            assert_eq!(utc(text), want, "{text}");
        }
    }

    #[test]
    fn words_of_other_languages() {
        for (text, want) in [
            ("الجمعة 3 يوليوز 2026 18:40", "2026-07-03T18:40:00Z"),
            ("12 غشت 2026 08:00", "2026-08-12T08:00:00Z"),
            ("1 شتنبر 2026", "2026-09-01T00:00:00Z"),
            ("الإثنين 25 ماي 2026 - 14:05", "2026-05-25T14:05:00Z"),
            ("7 جويلية 2026 14:05", "2026-07-07T14:05:00Z"),
            ("الأحد، 4 يناير 2026 09:15 م", "2026-01-04T21:15:00Z"),
            ("15 تشرين الثاني 2026 10:00:00 +0200", "2026-11-15T08:00:00Z"),
            ("٢٠٢٦/١١/٠٢ ١٠:٣٠", "2026-11-02T10:30:00Z"),
            ("\u{200F}2 نونبر\u{200F} 2026", "2026-11-02T00:00:00Z"),
            ("lun., 02 févr. 2026 10:30:00 +0100", "2026-02-02T09:30:00Z"),
            ("mar. 3 févr. 2026 à 14h05", "2026-02-03T14:05:00Z"),
            ("Seg, 24 Set 2018 10:00:00 -0300", "2018-09-24T13:00:00Z"),
            ("Mi, 04 Mär 2017 10:00:00 +0000", "2017-03-04T10:00:00Z"),
            ("2004년 05월 28일  01:31:15", "2004-05-27T16:31:15Z"),
            ("2004-július-13T9:15-05:00", "2004-07-13T14:15:00Z"),
            ("Вс, 12 фев 2017 00:00:00 +0700", "2017-02-11T17:00:00Z"),
            ("12 листопада 2026 10:30", "2026-11-12T10:30:00Z"),
            ("pon, 12 paź 2026 10:30", "2026-10-12T10:30:00Z"),
            ("Ke, 30 Lok 2013 11:34:37 +0000", "2013-10-30T11:34:37Z"),
            ("12 בנובמבר 2026, 10:30", "2026-11-12T10:30:00Z"),
            ("12 نومبر 2026", "2026-11-12T00:00:00Z"),
            ("۱۲ نوامبر ۲۰۲۶", "2026-11-12T00:00:00Z"),
            ("12 Kas 2026 10:30", "2026-11-12T10:30:00Z"),
            ("الإثنين 5 جمادى الأولى 1447 هـ - 27 أكتوبر 2025", "2025-10-27T00:00:00Z"),
            ("27 أكتوبر 2025 - 5 جمادى الأولى 1447 هـ", "2025-10-27T00:00:00Z"),
            ("۵ آبان ۱۴۰۴ - ۱۰:۳۰", "2025-10-27T10:30:00Z"),
        ] {
            assert_eq!(utc(text), want, "{text}");
        }
        for text in ["", "soon", "12", "yesterday at noon", "99 Nov 2026x", "2026-13-01", "5 جمادى الأولى 1447 هـ"]
        {
            assert_eq!(utc(text), "none", "{text}");
        }
    }

    #[test]
    fn no_zone_means_the_outlets() {
        let rabat = jiff::tz::TimeZoneDatabase::bundled().get("Africa/Casablanca").unwrap();
        let at = |text| instant(text, &rabat).unwrap().to_string();
        assert_eq!(at("2026-02-01 10:30:00"), "2026-02-01T09:30:00Z");
        assert_eq!(at("2026-11-02 10:30:00"), "2026-11-02T10:30:00Z", "at UTC since 2026-09-20");
        assert_eq!(at("2026-02-01 10:30:00Z"), "2026-02-01T10:30:00Z");
    }

    proptest! {
        #![proptest_config(crate::model::testing::cases())]

        #[test]
        fn any_text_is_a_date_or_none(text in "\\PC{0,40}", digits in "[0-9 :/+.-]{0,30}") {
            let _ = instant(&text, &TimeZone::UTC);
            let _ = instant(&digits, &TimeZone::UTC);
        }
    }
}
