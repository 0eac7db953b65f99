//! Which number of a date such as 5/8/2016 is the day: its weekday shows it, or another date of its entry, or the other dates of the
//! document do.

use super::scanner::{Order, Scanner, full_year};
use super::{LONGEST, bare::bare};
use crate::parse::{plain_dates, weekdays};
use jiff::civil;
use jiff::tz::TimeZone;
use std::borrow::Cow;

/// The characters between the numbers of a date.
const SEPARATORS: [char; 3] = ['/', '-', '.'];

/// The order of a document's dates for each of the [`SEPARATORS`]: a date with another one comes from another template.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::parse) struct Orders([Order; SEPARATORS.len()]);

impl Orders {
    /// Returns the orders that dates agree on, given those of each entry. They are `Unknown` where dates contradict each other or
    /// show none. Of one entry, the first [`COMPARED`] dates count.
    pub fn of<T: AsRef<str>>(entries: impl Iterator<Item = Vec<T>>) -> Self {
        let mut agreed = [None; SEPARATORS.len()];
        for dates in entries {
            // Nothing more is to be learnt about a separator whose dates contradict each other.
            let open = agreed.iter().zip(SEPARATORS).filter(|(slot, _)| **slot != Some(Order::Unknown));
            let open: Vec<char> = open.map(|(_, separator)| separator).collect();
            for (separator, order) in shown(dates.get(..COMPARED).unwrap_or(&dates), &open) {
                for (slot, _) in agreed.iter_mut().zip(SEPARATORS).filter(|(_, known)| *known == separator) {
                    *slot = Some(if slot.is_none_or(|known| known == order) { order } else { Order::Unknown });
                }
            }
        }
        Self(agreed.map(Option::unwrap_or_default))
    }

    /// Returns the order of dates with this separator.
    pub fn with(self, separator: char) -> Order {
        self.0
            .into_iter()
            .zip(SEPARATORS)
            .find(|(_, known)| *known == separator)
            .map_or(Order::Unknown, |(order, _)| order)
    }
}

/// A date of numbers alone whose year comes last.
pub(super) struct NumericDate {
    pub separator: char,
    first: u32,
    second: u32,
    year: u32,
}

impl NumericDate {
    /// Returns the date of scanned parts, if it has this form.
    pub fn of(parts: &Scanner) -> Option<Self> {
        let [first, second, year, ..] = parts.numbers.as_slice() else { return None };
        let separator = second.preceded_by;
        let is_separated = match separator {
            '/' => year.digits != 1,
            // Two digits throughout are ISO 8601 with hyphens; with a dot they may be a time of day.
            '-' | '.' => year.preceded_by == separator && year.digits == 4,
            _ => false,
        };
        let fits = is_separated && first.digits <= 2 && second.digits <= 2 && parts.month_of_date().is_none();
        fits.then(|| Self { separator, first: first.value, second: second.value, year: full_year(*year) })
    }

    /// Returns whether it can be read in both orders.
    pub fn is_ambiguous(&self) -> bool {
        self.first <= 12 && self.second <= 12 && self.first != self.second
    }

    /// Returns the order in which it falls on the weekday that its text names, if it does so in one order only.
    pub fn by_weekday(&self, text: &str) -> Order {
        let weekday = weekdays::stated(text);
        weekday.map_or(Order::Unknown, |weekday| self.in_one_order(|date| date.weekday() == weekday))
    }

    /// Returns the order in which it is this day of another date of its entry, or one beside it, because zones differ.
    fn by_other(&self, day: civil::Date) -> Order {
        self.in_one_order(|date| date.since(day).is_ok_and(|span| span.get_days().abs() <= 1))
    }

    /// Returns the order in which its day passes, if it does so in one order only.
    fn in_one_order(&self, passes: impl Fn(civil::Date) -> bool) -> Order {
        let fits = |month: u32, day: u32| {
            let date =
                || civil::Date::new(self.year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?).ok();
            date().is_some_and(&passes)
        };
        match (fits(self.second, self.first), fits(self.first, self.second)) {
            (true, false) => Order::DayFirst,
            (false, true) => Order::MonthFirst,
            _ => Order::Unknown,
        }
    }
}

/// How many dates of an entry are read. Each is compared with the others that have one meaning.
const COMPARED: usize = 8;

/// Returns the separators of an entry's dates and the orders that these prove: one number is too large for a month, or only one order
/// fits the weekday of a date, or else another date of the entry. Entries whose dates have none of the `open` separators are not read.
fn shown<T: AsRef<str>>(dates: &[T], open: &[char]) -> Vec<(char, Order)> {
    if !dates.iter().any(|text| text.as_ref().contains(open)) {
        return Vec::new();
    }
    let read: Vec<_> = dates.iter().map(|text| numeric(text.as_ref())).collect();
    let mut days = None;
    let mut shown = Vec::new();
    for (date, text) in read.iter().flatten() {
        let order = match (date.first, date.second) {
            (first, second) if first > 12 && second <= 12 => Order::DayFirst,
            (first, second) if second > 12 && first <= 12 => Order::MonthFirst,
            _ if date.is_ambiguous() => match date.by_weekday(text) {
                Order::Unknown => {
                    let days = days.get_or_insert_with(|| certain_days(dates, &read));
                    let orders = days.iter().map(|day| date.by_other(*day));
                    orders.into_iter().find(|order| *order != Order::Unknown).unwrap_or_default()
                }
                order => order,
            },
            _ => Order::Unknown,
        };
        if order != Order::Unknown {
            shown.push((date.separator, order));
        }
    }
    shown
}

/// Returns the days of the dates that have one meaning. `read` has those of them that are numbers alone.
fn certain_days<T: AsRef<str>>(dates: &[T], read: &[Option<(NumericDate, Cow<'_, str>)>]) -> Vec<civil::Date> {
    let is_certain = |date: &Option<(NumericDate, _)>| date.as_ref().is_none_or(|(date, _)| !date.is_ambiguous());
    let certain = dates.iter().zip(read).filter(|(_, date)| is_certain(date));
    let instants = certain.filter_map(|(text, _)| super::instant(text.as_ref(), &TimeZone::UTC));
    instants.map(|at| TimeZone::UTC.to_datetime(at).date()).collect()
}

/// Returns whether a date can be read in both orders.
pub(in crate::parse) fn is_ambiguous(text: &str) -> bool {
    numeric(text).is_some_and(|(date, _)| date.is_ambiguous())
}

/// Returns a date of numbers alone, and its text without markup.
fn numeric(text: &str) -> Option<(NumericDate, Cow<'_, str>)> {
    let text = bare(text);
    // Nearly all dates have a form that has one order only, and a scan costs many times as much as this.
    if text.len() > LONGEST || !text.contains(SEPARATORS) || plain_dates::instant(&text).is_some() {
        return None;
    }
    Some((NumericDate::of(&Scanner::default().run(&text)?)?, text))
}
