//! Dates as outlets write them: every RFC, ISO 8601, Unix time, and words in a dozen languages.
//!
//! One scanner takes a text apart into numbers, a time of day, a zone and a month; the order and length of what is left
//! says which number is the year. Weekdays and other words are passed over. A date without a zone is in the outlet's.

use super::months;
use jiff::{Timestamp, civil, tz::TimeZone};

/// Longest text that is looked at, in bytes.
const LONGEST: usize = 128;

/// The instant a text states, in whole seconds; `zone` is for texts that name none. `None` when it is no date.
#[must_use]
pub fn instant(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let text = text.trim();
    if text.len() > LONGEST || !text.chars().any(char::is_numeric) {
        return None;
    }
    if let Some(at) = unix_time(text) {
        return Some(at);
    }
    let parts = match text.split_at_checked(8) {
        // 20261102103000
        Some((date, time)) if text.len() == 14 && text.bytes().all(|b| b.is_ascii_digit()) => {
            Scanner::default().run(&format!("{date}T{time}"))?
        }
        _ => Scanner::default().run(text)?,
    };
    let (year, month, day) = parts.date()?;
    let (hour, minute, second) = parts.time()?;
    // Days, hours and seconds beyond their range roll over (24:00 is tomorrow, 31 June is 1 July).
    let start = civil::Date::new(year, month, 1).ok()?.to_datetime(civil::Time::midnight());
    let seconds = (i64::from(day) - 1) * 86_400 + hour * 3_600 + minute * 60 + second;
    let stated = start.checked_add(jiff::SignedDuration::from_secs(seconds)).ok()?;
    match parts.offset {
        Some(offset) => {
            let utc = TimeZone::UTC.to_timestamp(stated).ok()?;
            utc.checked_sub(jiff::SignedDuration::from_secs(offset)).ok()
        }
        None => zone.to_ambiguous_timestamp(stated).compatible().ok(),
    }
}

/// Digits alone, too many for a calendar: seconds, milliseconds or microseconds since 1970.
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

/// A number that is no part of a time or zone, its digits, and what stands before it.
#[derive(Debug, Clone, Copy)]
struct Number {
    value: u32,
    digits: usize,
    after: char,
}

/// What a text holds.
#[derive(Debug, Default)]
struct Scanner {
    numbers: Vec<Number>,
    month: Option<i8>,
    /// A name of two words begun (كانون الثاني).
    half: Option<&'static str>,
    clock: Option<(i64, i64, i64)>,
    afternoon: Option<bool>,
    offset: Option<i64>,
    /// A signed number here is an offset: it follows the time, or a zone's name.
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
            } else if c.is_alphabetic() {
                let end = chars[at..].iter().position(|c| !c.is_alphabetic()).map_or(chars.len(), |n| at + n);
                self.word(&chars[at..end]);
                at = end;
                before = ' ';
            } else if matches!(c, '+' | '-' | '−')
                && self.zone_next
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

    /// Digits from `at`: a time when a colon (or a French `h`) follows, else a number.
    fn number(&mut self, chars: &[char], at: usize, before: char) -> Option<usize> {
        let (value, end) = digits(chars, at)?;
        let colon = |at: usize| {
            matches!(chars.get(at), Some(':' | 'h' | 'H')) && chars.get(at + 1).is_some_and(char::is_ascii_digit)
        };
        if self.clock.is_none() && end - at <= 2 && colon(end) {
            let (minute, mut end) = digits(chars, end + 1)?;
            let mut second = 0;
            if chars.get(end) == Some(&':') && chars.get(end + 1).is_some_and(char::is_ascii_digit) {
                (second, end) = digits(chars, end + 1)?;
            }
            if matches!(chars.get(end), Some('.' | ',')) && chars.get(end + 1).is_some_and(char::is_ascii_digit) {
                end = chars[end + 1..].iter().position(|c| !c.is_ascii_digit()).map_or(chars.len(), |n| end + 1 + n);
            }
            self.clock = Some((value.into(), minute.into(), second.into()));
            self.zone_next = true;
            return Some(end);
        }
        self.zone_next = false;
        self.numbers.push(Number { value, digits: end - at, after: before });
        (self.numbers.len() <= 4).then_some(end)
    }

    /// `0100`, `01:00` or `1` behind its sign.
    fn zone(&mut self, chars: &[char], at: usize, sign: i64) -> usize {
        self.zone_next = false;
        let Some((value, mut end)) = digits(chars, at) else { return at + 1 };
        let value = i64::from(value);
        let (mut hours, mut minutes) = if end - at <= 2 { (value, 0) } else { (value / 100, value % 100) };
        if end - at <= 2
            && chars.get(end) == Some(&':')
            && let Some((more, after)) = digits(chars, end + 1)
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
            // The last one counts: `mar.` is a Tuesday before `févr.`, and March alone.
            self.month = Some(month);
        } else if let Some(afternoon) = months::half_day(&word) {
            self.afternoon = Some(afternoon);
        } else if self.clock.is_some()
            && self.offset.is_none()
            && let Some(offset) = months::zone(&word)
        {
            self.offset = Some(offset);
            self.zone_next = true;
        }
    }

    fn time(&self) -> Option<(i64, i64, i64)> {
        let (hour, minute, second) = match self.clock {
            Some(clock) => clock,
            // 20261102T103000
            None => match self.numbers.as_slice() {
                [date, time] if date.digits == 8 && time.digits == 6 => {
                    let v = i64::from(time.value);
                    (v / 10_000, v / 100 % 100, v % 100)
                }
                _ => (0, 0, 0),
            },
        };
        let hour = match self.afternoon {
            Some(true) if hour < 12 => hour + 12,
            Some(false) if hour == 12 => 0,
            _ => hour,
        };
        (hour < 100 && minute < 100 && second < 100).then_some((hour, minute, second))
    }

    fn date(&self) -> Option<(i16, i8, u32)> {
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
            None => Self::numeric(n)?,
        };
        let date = (i16::try_from(year).ok()?, i8::try_from(month).ok()?, day);
        ((1..=12).contains(&month) && (1..=366).contains(&day) && year <= 9_999).then_some(date)
    }

    /// Year, month and day of a date without words.
    fn numeric(n: &[Number]) -> Option<(u32, u32, u32)> {
        Some(match n {
            [y, m, d, ..] if y.digits == 4 => (y.value, m.value, d.value),
            // Two digits throughout: ISO 8601 with hyphens, day first otherwise.
            [y, m, d]
                if m.after == '-' && d.digits <= 2 && y.digits == 2 && (1..=31).contains(&d.value) && m.value <= 12 =>
            {
                (full_year(*y), m.value, d.value)
            }
            [a, b, y, ..] if b.value > 12 => (full_year(*y), a.value, b.value),
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

/// RFC 2822 4.3, as feeds need it: 90 to 99 are the nineties, all else is this century.
fn full_year(year: Number) -> u32 {
    match year.value {
        value if year.digits > 2 => value,
        value @ 0..90 => 2_000 + value,
        value => 1_900 + value,
    }
}

/// At most nine digits from `at`, and where they end.
fn digits(chars: &[char], at: usize) -> Option<(u32, usize)> {
    let end = chars.get(at..)?.iter().position(|c| !c.is_ascii_digit()).map_or(chars.len(), |n| at + n);
    let value = (end - at <= 9).then(|| chars[at..end].iter().fold(0, |v, c| v * 10 + c.to_digit(10).unwrap_or(0)))?;
    (end > at).then_some((value, end))
}

/// Bidi controls and other characters without width.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}' | '\u{61C}')
}

/// Arabic-Indic, Persian and full-width digits as ASCII.
fn ascii_digit(c: char) -> char {
    let zero = match c {
        '٠'..='٩' => '٠',
        '۰'..='۹' => '۰',
        '０'..='９' => '０',
        '：' => return ':',
        c => return c,
    };
    char::from_digit(u32::from(c) - u32::from(zero), 10).unwrap_or(c)
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
            ("0001-01-01T00:00:00", "0001-01-01T00:00:00Z"),
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
        ] {
            assert_eq!(utc(text), want, "{text}");
        }
        for text in ["", "soon", "12", "yesterday at noon", "99 Nov 2026x", "2026-13-01"] {
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
        #[test]
        fn any_text_is_a_date_or_none(text in "\\PC{0,40}", digits in "[0-9 :/+.-]{0,30}") {
            let _ = instant(&text, &TimeZone::UTC);
            let _ = instant(&digits, &TimeZone::UTC);
        }
    }
}
