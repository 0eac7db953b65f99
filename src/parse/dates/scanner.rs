//! Splits a text into the parts of a date.

use super::clock::{
    TimeOfDay, begins_with_hour, dotted_half_day, hour_sign, is_half_day, minutes_in_words, past_units, word,
};
use crate::parse::digits::{ascii_digit, blanks, digits, is_mark, past_fraction, zone_name};
use crate::parse::months;
use crate::parse::weekdays;
use crate::parse::zones::{self, LARGEST_OFFSET};
use jiff::tz::TimeZone;

/// What comes first in a date of numbers alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::parse) enum Order {
    /// Nothing shows it.
    #[default]
    Unknown,
    /// 31/12.
    DayFirst,
    /// 12/31.
    MonthFirst,
    /// 26-12-31.
    YearFirst,
}

/// Earlier years are not dates: programs write them for "never" (RFC 5322 3.3).
const FIRST_YEAR: u32 = 1_900;

/// A number that is not part of a time or zone.
#[derive(Debug, Clone, Copy)]
pub(super) struct DateNumber {
    pub value: u32,
    /// Number of its digits.
    pub digits: usize,
    /// The character before it, white space aside.
    pub preceded_by: char,
}

/// A script that says where a date was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DateScript {
    /// Korea.
    Hangul,
    /// Thailand.
    Thai,
}

impl DateScript {
    fn of(letter: char) -> Option<Self> {
        match letter {
            '\u{AC00}'..='\u{D7A3}' => Some(Self::Hangul),
            '\u{E00}'..='\u{E7F}' => Some(Self::Thai),
            _ => None,
        }
    }
}

/// A day in figures.
#[derive(Debug, Clone, Copy)]
struct DayInFigures {
    /// The month that a word beside it names.
    month: Option<i8>,
}

/// What is scanned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Reach {
    /// A whole text.
    #[default]
    Whole,
    /// What follows a number, to tell what the number is. Such a scan does not look ahead itself.
    Ahead,
}

/// The parts of a date found in a text.
#[derive(Debug, Default)]
pub(super) struct Scanner {
    pub numbers: Vec<DateNumber>,
    pub month: Option<i8>,
    /// First word of a month with two words (كانون الثاني), while the second is still to come.
    half: Option<&'static str>,
    pub clock: Option<TimeOfDay>,
    afternoon: Option<bool>,
    /// Whether the text says AM or PM, as Americans do, who put the month first.
    english: bool,
    /// A zone of the IANA database.
    pub zone: Option<TimeZone>,
    pub offset: Option<i64>,
    /// Whether a signed number here is an offset: it follows the time or a zone's name.
    zone_next: bool,
    /// Whether the word before says that an hour follows (الساعة).
    pub hour_next: bool,
    reach: Reach,
    script: Option<DateScript>,
    /// The day in figures that the time follows.
    day_before: Option<DayInFigures>,
    /// Whether a comma follows the month, while that is a word before all numbers: it may be a weekday.
    weekday: Option<bool>,
}

impl Scanner {
    /// Splits a text. Returns `None` if it cannot be a date.
    pub fn run(mut self, text: &str) -> Option<Self> {
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
            } else if let Some(afternoon) = dotted_half_day(&chars[at..]) {
                self.afternoon = Some(afternoon);
                at += 3;
            } else if let Some((month, length)) = months::thai(&chars[at..]) {
                self.month = Some(month);
                self.script = Some(DateScript::Thai);
                at += length;
                before = ' ';
            } else if months::is_word(c) {
                let end = chars[at..].iter().position(|c| !months::is_word(*c)).map_or(chars.len(), |n| at + n);
                self.word(&chars[..at], &chars[at..end], &chars[end..]);
                // `time.Time` of Go writes the clock of its process behind the date: `m=+0.003`.
                if chars[at..].starts_with(&['m', '=']) && self.is_whole() {
                    break;
                }
                if self.month.is_some() && self.numbers.is_empty() {
                    self.weekday = Some(chars.get(end) == Some(&','));
                }
                at = end;
                before = ' ';
            } else if matches!(c, '+' | '-' | '−')
                && (self.zone_next || c == '+' && !self.numbers.is_empty() && self.offset.is_none())
                && let Some(from) = self.offset_at(&chars, at)
            {
                at = self.zone(&chars, from, if c == '+' { 1 } else { -1 });
            } else {
                if !c.is_whitespace() {
                    before = c;
                }
                at += 1;
            }
        }
        if self.script == Some(DateScript::Hangul) && self.offset.is_none() {
            self.offset = Some(9 * 3_600);
        }
        Some(self)
    }

    /// Reads a time of day that begins with the number from `at` to `end`. Also returns where the time ends.
    pub(super) fn clock_at(&self, chars: &[char], at: usize, value: u32, end: usize) -> Option<(TimeOfDay, usize)> {
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
        let Some((sign, minutes)) = self.separator(chars, end, behind_t) else {
            return self.is_hour(chars, end, behind_t).then_some(((v, 0, 0), end));
        };
        let (minute, mut end) = digits(chars, minutes, chars.len())?;
        let mut second = 0;
        if sign == 'h' {
            (second, end) = past_units(chars, end);
        }
        let again = chars.get(end) == Some(&sign) && matches!(sign, ':' | '.' | '-');
        if (again || matches!(chars.get(end), Some('分' | '분')))
            && chars.get(end + 1).is_some_and(char::is_ascii_digit)
        {
            (second, end) = digits(chars, end + 1, chars.len())?;
        }
        Some(((v, minute.into(), second.into()), past_fraction(chars, end)))
    }

    /// Returns whether year, month and day have been read.
    pub(super) fn is_whole(&self) -> bool {
        self.numbers.len() >= 3 || self.month.is_some() && self.numbers.len() >= 2
    }

    /// Returns whether the number that ends at `end` is an hour without minutes: `10 h`, `10時`, `3 pm`, `الساعة 3`, or `T10` before
    /// a zone.
    fn is_hour(&self, chars: &[char], end: usize, behind_t: bool) -> bool {
        let next = end + blanks(chars, end);
        let alone = |at: usize| !chars.get(at).is_some_and(|c| c.is_alphanumeric());
        let before_zone = matches!(chars.get(end), None | Some('Z' | 'z' | '+' | '-' | '−'));
        let h = hour_sign(chars, next).is_some_and(alone);
        self.hour_next
            || self.is_whole() && (h || is_half_day(chars, next))
            || behind_t && self.numbers.len() >= 3 && before_zone
    }

    /// Returns the separator between hours and minutes, and where the minutes begin. The separator is a colon, a word for hours with
    /// or without spaces, a dot once the date is complete or where all of it follows, or the hyphen of programs that write times as in
    /// names of files.
    fn separator(&self, chars: &[char], end: usize, behind_t: bool) -> Option<(char, usize)> {
        let digit = |at: usize| chars.get(at).is_some_and(char::is_ascii_digit);
        let pair = |at: usize| digit(at) && digit(at + 1) && !digit(at + 2);
        let whole = self.is_whole();
        match chars.get(end) {
            Some(':') if digit(end + 1) => Some((':', end + 1)),
            Some('.') if whole && digit(end + 1) && digit(end + 2) => Some(('.', end + 1)),
            Some('.') if pair(end + 1) && self.day_follows(chars, end + 3) => Some(('.', end + 1)),
            Some('.' | ',') if pair(end + 1) && self.hour_next => Some(('.', end + 1)),
            // Both hyphens, because one alone would be a zone.
            Some('-') if (whole || behind_t) && pair(end + 1) && chars.get(end + 3) == Some(&'-') && pair(end + 4) => {
                Some(('-', end + 1))
            }
            _ => {
                let sign = hour_sign(chars, end + blanks(chars, end));
                if let Some(minutes) = minutes_in_words(chars, sign.unwrap_or(end)) {
                    return Some(('h', minutes));
                }
                let sign = sign?;
                let sign = sign + usize::from(chars.get(sign) == Some(&'.'));
                let minutes = sign + blanks(chars, sign);
                digit(minutes).then_some(('h', minutes))
            }
        }
    }

    /// Returns whether nothing of a date has been read, and the text from `at` states a whole day with a year of four digits. Two
    /// numbers before it are then a time (`10.30 02.11.2026`).
    fn day_follows(&self, chars: &[char], at: usize) -> bool {
        let ends = chars.get(at).is_some_and(|c| c.is_whitespace() || *c == ',' || c.is_alphabetic());
        if !ends || self.reach == Reach::Ahead || !self.numbers.is_empty() || self.clock.is_some() {
            return false;
        }
        let rest: String = chars[at..].iter().collect();
        let ahead = Self { reach: Reach::Ahead, ..Self::default() };
        let Some(ahead) = ahead.run(&rest) else { return false };
        match ahead.numbers.as_slice() {
            [a, b, ..] if ahead.month_of_date().is_some() => a.digits == 4 || b.digits == 4,
            [a, b, c, ..] => {
                let joined = matches!(b.preceded_by, '/' | '-' | '.') && b.preceded_by == c.preceded_by;
                joined && (a.digits == 4 || c.digits == 4)
            }
            _ => false,
        }
    }

    /// Reads digits from `at`: a time if a colon (or a French `h`) follows or a time is expected here, else a number.
    fn number(&mut self, chars: &[char], at: usize, before: char) -> Option<usize> {
        let count = chars[at..].iter().take_while(|c| c.is_ascii_digit()).count();
        // The date comes first in 20261102103000 and 202611021030.
        let (value, end) = digits(chars, at, if matches!(count, 12 | 14) { at + 8 } else { at + count })?;
        // A second time is the end of a period.
        if (self.clock.is_none() || self.is_whole() && chars.get(end) == Some(&':'))
            && let Some((clock, end)) = self.clock_at(chars, at, value, end)
        {
            if self.clock.is_none() && self.numbers.len() == 3 {
                self.day_before = Some(DayInFigures { month: self.month });
            }
            self.clock = self.clock.or(Some(clock));
            (self.zone_next, self.hour_next) = (true, false);
            return Some(end);
        }
        (self.zone_next, self.hour_next) = (false, false);
        self.numbers.push(DateNumber { value, digits: end - at, preceded_by: before });
        if self.numbers.len() <= 4 {
            return Some(end);
        }
        // A second date follows the first one and its time: the last change.
        self.month = self.day_before?.month;
        self.numbers.truncate(3);
        Some(chars.len())
    }

    /// Returns where the digits of the offset begin whose sign is at `at`. Behind a blank, only four digits after a whole date are
    /// one: other numbers there belong to a date or to another time.
    fn offset_at(&self, chars: &[char], at: usize) -> Option<usize> {
        let from = at + 1 + blanks(chars, at + 1);
        let count = chars.get(from..)?.iter().take_while(|c| c.is_ascii_digit()).count();
        let is_one = if from == at + 1 { count > 0 } else { count == 4 && self.zone_next && self.is_whole() };
        is_one.then_some(from)
    }

    /// Reads the `0100`, `01:00` or `1` after a sign. Returns where it ends. An offset that no place has is ignored.
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
        let seconds = hours * 3_600 + minutes * 60;
        if minutes < 60 && seconds <= LARGEST_OFFSET {
            self.offset = Some(sign * seconds);
        }
        end
    }

    /// Reads a word. `before` is what precedes it, and `rest` what follows it.
    fn word(&mut self, before: &[char], letters: &[char], rest: &[char]) {
        // `日下午` is the end of a date and the half of the day.
        let letters = match letters {
            ['日' | '号' | '號' | '月' | '年', rest @ ..] if !rest.is_empty() => rest,
            letters => letters,
        };
        let mut word = String::with_capacity(letters.len() * 2);
        letters.iter().flat_map(|c| c.to_lowercase()).filter_map(months::fold).for_each(|c| word.push(c));
        self.script = letters.iter().copied().find_map(DateScript::of).or(self.script);
        if let Some(first) = self.half.take()
            && let Some(month) = months::of_two(first, &word)
        {
            self.month = Some(month);
        } else if let Some(first) = months::first_of_two(&word) {
            self.half = Some(first);
        } else if let Some(month) = months::of(&word) {
            // The last match counts: `mar.` is a Tuesday before `févr.`, and March when it stands alone.
            (self.month, self.weekday) = (Some(month), None);
        } else if (self.month.is_none() || self.weekday.is_some())
            && self.numbers.len() == 1
            && let Some(month) = months::of_beginning(&word)
        {
            (self.month, self.weekday) = (Some(month), None);
        } else if self.weekday == Some(true) && self.numbers.len() == 1 && letters.len() > 2 {
            // `Mar, 04 xyz 2026` is in a month that is not known, not in March.
            (self.month, self.weekday) = (None, None);
        } else if matches!(word.as_str(), "الساعه" | "ساعت" | "saat") {
            self.hour_next = true;
        } else if matches!(word.as_str(), "ore" | "alle" | "klo" | "kl") {
            self.hour_next = begins_with_hour(rest);
        } else if let Some(is_afternoon) = months::part_of_day(&word) {
            self.afternoon = self.clock.map(|(hour, _, _)| is_afternoon(hour));
        } else if let Some(afternoon) = months::half_day(&word) {
            // A single letter stands behind the time; behind the year it means the era (2025م).
            if letters.len() == 1 && !self.zone_next {
                return;
            }
            self.afternoon = Some(afternoon);
            self.english = word.is_ascii() && word.len() == 2;
        } else if self.clock.is_some()
            && self.offset.is_none()
            && let Some(offset) = months::zone(&word)
            && (letters.len() > 1 || is_zone_letter(before, letters[0], rest))
            // The Croatian Friday is no Peruvian time.
            && (word != "pet" || letters[0].is_uppercase())
            // `West Asia Standard Time` is not Western European summer time.
            && letters != ['W', 'e', 's', 't']
        {
            self.offset = Some(offset);
            self.zone_next = true;
        } else if self.clock.is_some()
            && self.zone.is_none()
            && self.may_be_zone(letters, rest)
            && let Some(zone) = zones::of_word(&word)
        {
            self.zone = Some(zone);
            self.zone_next = true;
        }
    }

    /// Returns whether a word may be the name of a zone. `rest` is what follows it. In lower case, some are French or English words,
    /// and `ET` and `AT` are that in capitals too, before another word and without AM or PM.
    fn may_be_zone(&self, letters: &[char], rest: &[char]) -> bool {
        let begins_date = |word: &str| months::of(word).is_some() || weekdays::stated(word).is_some();
        match letters {
            ['E' | 'A', 'T'] => {
                let next = word(rest, blanks(rest, 0)).0;
                self.afternoon.is_some() || next.is_empty() || begins_date(&next)
            }
            [first, second] => first.is_uppercase() && second.is_uppercase(),
            letters => letters.first().is_some_and(|first| first.is_uppercase()),
        }
    }

    /// Returns whether more than a year has been read.
    pub fn names_month(&self) -> bool {
        self.is_whole() || self.month_of_date().is_some()
    }

    /// Returns hour, minute and second; midnight if there is no time.
    pub fn time(&self) -> Option<(i64, i64, i64)> {
        let Some((hour, minute, second)) = self.clock else { return Some((0, 0, 0)) };
        let hour = match self.afternoon {
            Some(true) if hour < 12 => hour + 12,
            Some(false) if hour == 12 => 0,
            _ => hour,
        };
        (hour < 100 && minute < 100 && second < 100).then_some((hour, minute, second))
    }

    /// Returns the month that a word names. In `mar. 3/2/2026` the word is a Tuesday.
    pub fn month_of_date(&self) -> Option<i8> {
        let is_weekday = self.weekday.is_some()
            && matches!(self.numbers.as_slice(), [a, b, y, ..] if a.digits <= 2 && b.digits <= 2
                && matches!(b.preceded_by, '/' | '-' | '.') && y.preceded_by == b.preceded_by);
        self.month.filter(|_| !is_weekday)
    }

    /// Returns year, month and day. `order` decides between small numbers.
    pub fn date(&self, order: Order) -> Option<(i16, i8, u32)> {
        let n = self.numbers.as_slice();
        let (year, month, day) = match self.month_of_date() {
            Some(month) => {
                let (year, day) = match n {
                    [only] if only.digits == 4 => (*only, 1),
                    [a, b, ..] if a.digits > 2 || a.value > 31 => (*a, b.value),
                    [a, b, ..] => (*b, a.value),
                    _ => return None,
                };
                (full_year(year), u32::from(month.unsigned_abs()), day)
            }
            None => Self::numeric(n, self.month_first(n, order), order)?,
        };
        // Thailand counts from 543 BC.
        let year =
            if self.script == Some(DateScript::Thai) && (2_400..2_700).contains(&year) { year - 543 } else { year };
        let date = (i16::try_from(year).ok()?, i8::try_from(month).ok()?, day);
        ((1..=12).contains(&month) && (1..=366).contains(&day) && (FIRST_YEAR..=9_999).contains(&year)).then_some(date)
    }

    /// Returns whether the first of two small numbers is the month: in the order that was found, or else as Americans write, who
    /// have slashes, or hyphens between single digits.
    fn month_first(&self, n: &[DateNumber], order: Order) -> bool {
        let [a, b, ..] = n else { return false };
        let both = a.value <= 12 && b.value <= 12;
        both && match order {
            // With hyphens, India writes the day first, and two digits (the format of Windows there).
            Order::Unknown if b.preceded_by == '-' => self.english && (a.digits == 1 || b.digits == 1),
            Order::Unknown => self.english && b.preceded_by == '/',
            order => order == Order::MonthFirst,
        }
    }

    /// Returns year, month and day of a date without words.
    fn numeric(n: &[DateNumber], month_first: bool, order: Order) -> Option<(u32, u32, u32)> {
        let is_year_last = matches!(order, Order::DayFirst | Order::MonthFirst);
        Some(match n {
            [y, m, d, ..] if y.digits == 4 => (y.value, m.value, d.value),
            // Two digits throughout: with hyphens it is ISO 8601 unless other dates show another order, otherwise the day comes first.
            [y, m, d]
                if !is_year_last
                    && m.preceded_by == '-'
                    && d.digits <= 2
                    && y.digits == 2
                    && (1..=31).contains(&d.value)
                    && m.value <= 12 =>
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

/// Returns whether a single letter is a zone (RFC 822 5.1): written large, or as in RFC 3339, and right behind the time. `à` and `a` are
/// words, and another letter is the initial of a name.
fn is_zone_letter(before: &[char], letter: char, rest: &[char]) -> bool {
    let is_digit = |c: &char| c.is_ascii_digit();
    let behind = before.iter().rev().find(|c| !c.is_whitespace()).is_some_and(is_digit);
    let is_last = rest.first() != Some(&'.') && word(rest, blanks(rest, 0)).0.is_empty();
    (letter.is_ascii_uppercase() || letter == 'z') && behind && (before.last().is_some_and(is_digit) || is_last)
}

/// Returns the full year, following RFC 5322 4.3: 50 to 99 are years of the last century, and smaller numbers of this one, because
/// nothing is published in the year 2070. Programs that count from 1900 write three digits. One digit is one of the years 1 to 9: the
/// calendars of .NET and Go begin there, and programs write their beginning for "never".
pub(super) fn full_year(year: DateNumber) -> u32 {
    match year.value {
        value @ 100..200 if year.digits == 3 => 1_900 + value,
        value if year.digits != 2 => value,
        value @ 0..50 => 2_000 + value,
        value => 1_900 + value,
    }
}
