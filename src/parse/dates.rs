//! Dates as outlets write them: the RFC formats, ISO 8601, Unix time, and words in a dozen languages.
//!
//! One scanner splits a text into numbers, a time of day, a zone and a month. The order and length of the remaining numbers say
//! which one is the year. Other words are ignored, and so is the weekday where day and month are clear. A date without a zone is in
//! the outlet's zone.

mod bare;
mod clock;
mod order;
mod scanner;

use super::calendars::{self, Calendar};
use super::digits::{ascii_digit, is_mark};
use super::plain_dates;
use super::zones;
pub(super) use bare::ATTRIBUTES;
use bare::bare;
use jiff::{
    Timestamp,
    civil::{self, ISOWeekDate, Weekday},
    tz::TimeZone,
};
use order::NumericDate;
pub(super) use order::{Orders, is_ambiguous};
pub(super) use scanner::Order;
use scanner::Scanner;

/// Maximum length of a text that is read, in bytes.
const LONGEST: usize = 128;

/// Returns the instant that a text states, in whole seconds, or `None` when it is not a date. `zone` applies to texts that name
/// no zone.
#[must_use]
pub fn instant(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    instant_in(text, zone, Orders::default())
}

/// Does the same as [`instant`] for a document whose dates are in these orders.
pub(super) fn instant_in(text: &str, zone: &TimeZone, orders: Orders) -> Option<Timestamp> {
    let text = &*bare(text);
    if text.len() > LONGEST {
        return None;
    }
    plain_dates::instant(text).or_else(|| scanned(text, zone, orders))
}

/// Does the same as [`instant_in`] for a text in any form.
pub(super) fn scanned(text: &str, zone: &TimeZone, orders: Orders) -> Option<Timestamp> {
    let text = text.trim();
    if !text.chars().any(char::is_numeric) {
        return None;
    }
    if let Some(at) = unix_time(text) {
        return Some(at);
    }
    if let Some(western) = without_week(text).or_else(|| without_era(text)).or_else(|| without_era_letter(text)) {
        return scanned(&western, zone, orders);
    }
    let (parts, date) = match foreign(text) {
        Calendar::Gregorian => (Scanner::default().run(text)?, None),
        Calendar::Beside(rest) => (Scanner::default().run(&rest)?, None),
        Calendar::Persian(date, rest) => (Scanner::default().run(&rest)?, Some(date)),
        Calendar::Islamic => return None,
    };
    let (year, month, day) = match date {
        Some(date) => (date.year(), date.month(), date.day().unsigned_abs().into()),
        None => parts.date(order_of(&parts, text, orders))?,
    };
    let (hour, minute, second) = parts.time()?;
    // Days, hours and seconds out of range roll over (24:00 is the next day, 31 June is 1 July).
    let start = civil::Date::new(year, month, 1).ok()?.to_datetime(civil::Time::midnight());
    let seconds = (i64::from(day) - 1) * 86_400 + hour * 3_600 + minute * 60 + second;
    let stated = start.checked_add(jiff::SignedDuration::from_secs(seconds)).ok()?;
    if let Some(offset) = parts.offset {
        let utc = TimeZone::UTC.to_timestamp(stated).ok()?;
        return utc.checked_sub(jiff::SignedDuration::from_secs(offset)).ok();
    }
    let named = parts.zone.or_else(|| zones::written_out(text));
    named.as_ref().unwrap_or(zone).to_ambiguous_timestamp(stated).compatible().ok()
}

/// Returns the order of a date that can be read in several: that of its weekday, or else that of the document's other dates.
fn order_of(parts: &Scanner, text: &str, orders: Orders) -> Order {
    let numeric = NumericDate::of(parts).filter(NumericDate::is_ambiguous);
    numeric.map_or(Order::Unknown, |date| match date.by_weekday(text) {
        Order::Unknown => orders.with(date.form),
        order => order,
    })
}

/// Returns whether a date had to be converted from another calendar; if the entry has a Gregorian date too, that one is
/// preferred.
pub(super) fn is_converted(text: &str) -> bool {
    let text = bare(text);
    text.len() <= LONGEST && matches!(foreign(&text), Calendar::Persian(..))
}

fn foreign(text: &str) -> Calendar {
    // The common case needs no scan: no letters beyond ASCII and no year that another calendar has now.
    let may_be_foreign = |text: &str| text.starts_with("13") || ["138", "139", "14"].iter().any(|y| text.contains(y));
    if text.is_ascii() && !may_be_foreign(text) {
        return Calendar::Gregorian;
    }
    let digits: String = text.chars().filter(|c| !is_mark(*c)).map(ascii_digit).collect();
    calendars::of(&digits, |rest| Scanner::default().run(rest).is_some_and(|parts| parts.names_month()))
}

/// Returns a text that begins with an ISO week date (ISO 8601 5.2.3: `2026-W45-1` or `2026W451`, without a day its Monday) with
/// month and day in its place.
fn without_week(text: &str) -> Option<String> {
    let (year, rest) = text.split_at_checked(4)?;
    let rest = rest.strip_prefix('-').unwrap_or(rest).strip_prefix(['W', 'w'])?;
    let (week, rest) = rest.split_at_checked(2)?;
    let after_hyphen = rest.strip_prefix('-').unwrap_or(rest);
    let day = after_hyphen.chars().next().and_then(|c| c.to_digit(10));
    let (day, rest) = day.map_or((1, rest), |day| (day, &after_hyphen[1..]));
    let weekday = Weekday::from_monday_one_offset(i8::try_from(day).ok()?).ok()?;
    let date = ISOWeekDate::new(year.parse().ok()?, week.parse().ok()?, weekday).ok()?.date();
    (!rest.starts_with(|c: char| c.is_ascii_digit())).then(|| format!("{date}{rest}"))
}

/// Eras of Japan and Taiwan, and the year before their first.
const ERAS: [(&str, u32); 7] =
    [("令和", 2018), ("平成", 1988), ("昭和", 1925), ("㋿", 2018), ("㍻", 1988), ("民國", 1911), ("民国", 1911)];

/// Returns a text with the western year in place of the year of an era: `令和8年` is 2026, `令和元年` 2019.
fn without_era(text: &str) -> Option<String> {
    let (at, era, before) = ERAS.iter().find_map(|(era, before)| Some((text.find(era)?, era, before)))?;
    let rest = text[at + era.len()..].trim_start();
    let (year, rest) = rest.split_once('年')?;
    let digits: String = year.trim().chars().map(ascii_digit).collect();
    let year: u32 = if digits == "元" { 1 } else { digits.parse().ok()? };
    (year < 200).then(|| format!("{}{}年{rest}", &text[..at], before + year))
}

/// Letters for the eras of Japan before a year, and the year before their first.
///
/// Not `S`: that era ended in 1989, before there were feeds, and other words are abbreviated so.
const ERA_LETTERS: [(char, u32); 2] = [('R', 2018), ('H', 1988)];

/// Returns a text that begins with a date of an era's letter (`R8.11.2`, `H31年4月30日`) with the western year in its place.
fn without_era_letter(text: &str) -> Option<String> {
    let at = text.find(|c: char| c.is_ascii_digit())?;
    let before = text[..at].strip_suffix('.').unwrap_or(&text[..at]);
    let letter = before.chars().next_back()?;
    let (_, first) = ERA_LETTERS.iter().find(|(era, _)| *era == letter)?;
    let before = before.strip_suffix(letter).filter(|before| !before.ends_with(char::is_alphanumeric))?;
    let number = |from: &str, within: std::ops::RangeInclusive<u32>| {
        let end = from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len());
        let value = from[..end].parse().ok().filter(|value| end <= 2 && within.contains(value))?;
        Some((value, from[end..].to_owned()))
    };
    let (year, rest) = number(&text[at..], 1..=99)?;
    let separator = rest.chars().next().filter(|c| matches!(c, '.' | '/' | '-' | '年'))?;
    let (_, month) = number(rest.strip_prefix(separator)?, 1..=12)?;
    let between = if separator == '年' { '月' } else { separator };
    number(month.strip_prefix(between)?, 1..=31)?;
    Some(format!("{before}{}{rest}", first + year))
}

/// Reads digits that are too many for a calendar date: seconds, milliseconds or microseconds since 1970, perhaps with a fraction.
/// Some programs put `/Date(…)/` around them.
fn unix_time(text: &str) -> Option<Timestamp> {
    let inside = text.strip_prefix("/Date(").and_then(|text| text.strip_suffix(")/"));
    let text = inside.map_or(text, |inside| inside.split(['+', '-']).next().unwrap_or_default());
    let (text, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let digits = text.len();
    let number = text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<i64>().ok()).flatten()?;
    let seconds = match digits {
        9..=11 => number,
        12 if is_minute(number) => return None,
        12 | 13 => number / 1_000,
        15 | 16 => number / 1_000_000,
        _ => return None,
    };
    Timestamp::from_second(seconds).ok()
}

/// Returns whether twelve digits are a year of our time, month, day, hour and minute, rather than milliseconds of the seventies.
fn is_minute(number: i64) -> bool {
    let (day, time) = (number / 10_000, number % 10_000);
    (1_990..2_100).contains(&(day / 10_000))
        && (1..=12).contains(&(day / 100 % 100))
        && (1..=31).contains(&(day % 100))
        && time / 100 < 24
        && time % 100 < 60
}

#[cfg(test)]
mod tests;
