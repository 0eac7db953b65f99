//! Which number of a date such as 5/8/2016 is the day: its weekday shows it, or another date of its entry, or the other dates of the
//! document do.

use super::scanner::{Order, Scanner, full_year};
use super::{LONGEST, bare::bare};
use crate::parse::{plain_dates, weekdays};
use jiff::civil;
use jiff::tz::TimeZone;

/// The characters between the numbers of a date.
const SEPARATORS: [char; 3] = ['/', '-', '.'];

/// The order of a document's dates for each of the [`SEPARATORS`]: a date with another one comes from another template.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::parse) struct Orders([Order; SEPARATORS.len()]);

impl Orders {
    /// Returns the orders that dates agree on, given those of each entry. They are `Unknown` where dates contradict each other or
    /// show none.
    pub fn of<T: AsRef<str>>(entries: impl Iterator<Item = Vec<T>>) -> Self {
        let mut agreed = [None; SEPARATORS.len()];
        for dates in entries {
            for (separator, order) in dates.iter().filter_map(|text| shown(text.as_ref(), &dates)) {
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

    /// Returns the order in which it is the day of another date of its entry, or one beside it, because zones differ.
    fn by_other(&self, other: &str) -> Order {
        if is_ambiguous(other) {
            return Order::Unknown;
        }
        let Some(at) = super::instant(other, &TimeZone::UTC) else { return Order::Unknown };
        let day = TimeZone::UTC.to_datetime(at).date();
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

/// How many dates of its entry are compared with one that can be read in two orders.
const COMPARED: usize = 8;

/// Returns the separator of a date and the order that it proves: one number is too large for a month, or only one order fits its
/// weekday, or else another of the dates of its entry.
fn shown<T: AsRef<str>>(text: &str, of_entry: &[T]) -> Option<(char, Order)> {
    let (date, text) = numeric(text)?;
    let order = match (date.first, date.second) {
        (first, second) if first > 12 && second <= 12 => Order::DayFirst,
        (first, second) if second > 12 && first <= 12 => Order::MonthFirst,
        _ if date.is_ambiguous() => match date.by_weekday(&text) {
            Order::Unknown => {
                let others = of_entry.iter().take(COMPARED).map(|other| date.by_other(other.as_ref()));
                others.into_iter().find(|order| *order != Order::Unknown).unwrap_or_default()
            }
            order => order,
        },
        _ => Order::Unknown,
    };
    (order != Order::Unknown).then_some((date.separator, order))
}

/// Returns whether a date can be read in both orders.
pub(in crate::parse) fn is_ambiguous(text: &str) -> bool {
    numeric(text).is_some_and(|(date, _)| date.is_ambiguous())
}

fn numeric(text: &str) -> Option<(NumericDate, std::borrow::Cow<'_, str>)> {
    let text = bare(text);
    // Nearly all dates have a form that has one order only, and a scan costs many times as much as this.
    if text.len() > LONGEST || !text.contains(SEPARATORS) || plain_dates::instant(&text).is_some() {
        return None;
    }
    Some((NumericDate::of(&Scanner::default().run(&text)?)?, text))
}
