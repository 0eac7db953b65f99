//! Which number of a date such as 5/8/2016 is the day: its weekday shows it, or another date of its entry, or the other dates of the
//! document do.

use super::scanner::{DateNumber, Order, Scanner, full_year};
use super::{LONGEST, bare::bare};
use crate::parse::{plain_dates, weekdays};
use jiff::civil;
use jiff::tz::TimeZone;
use std::borrow::Cow;

/// The characters between the numbers of a date.
const SEPARATORS: [char; 3] = ['/', '-', '.'];

/// How a date of numbers alone is written. A date of another form comes from another template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// 31/12/2026 and 31/12/26.
    Slashes,
    /// 31-12-2026.
    Hyphens,
    /// 31.12.2026.
    Dots,
    /// 31-12-26. Where nothing shows another order, it is ISO 8601 without a century: the year comes first.
    ShortHyphens,
}

const FORMS: [Form; 4] = [Form::Slashes, Form::Hyphens, Form::Dots, Form::ShortHyphens];

impl Form {
    fn separator(self) -> char {
        match self {
            Self::Slashes => '/',
            Self::Hyphens | Self::ShortHyphens => '-',
            Self::Dots => '.',
        }
    }
}

/// The order of a document's dates for each of the [`FORMS`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::parse) struct Orders([Order; FORMS.len()]);

impl Orders {
    /// Returns the orders that dates agree on, given those of each entry. They are `Unknown` where dates contradict each other or
    /// show none. Of one entry, the first [`COMPARED`] dates count.
    pub fn of<T: AsRef<str>>(entries: impl Iterator<Item = Vec<T>>) -> Self {
        let mut agreed = [None; FORMS.len()];
        let mut outer = OuterNumbers::default();
        for dates in entries {
            // Nothing more is to be learnt about a form whose dates contradict each other.
            let open = agreed.iter().zip(FORMS).filter(|(slot, _)| **slot != Some(Order::Unknown));
            let open: Vec<char> = open.map(|(_, form)| form.separator()).collect();
            for (form, order) in shown(dates.get(..COMPARED).unwrap_or(&dates), &open, &mut outer) {
                for (slot, _) in agreed.iter_mut().zip(FORMS).filter(|(_, known)| *known == form) {
                    *slot = Some(if slot.is_none_or(|known| known == order) { order } else { Order::Unknown });
                }
            }
        }
        let by_years = |form| if form == Form::ShortHyphens { outer.order() } else { Order::Unknown };
        let mut orders = Self::default();
        for ((order, agreed), form) in orders.0.iter_mut().zip(agreed).zip(FORMS) {
            *order = agreed.unwrap_or_else(|| by_years(form));
        }
        orders
    }

    /// Returns the order of dates of this form.
    pub(super) fn with(self, form: Form) -> Order {
        self.0.into_iter().zip(FORMS).find(|(_, known)| *known == form).map_or(Order::Unknown, |(order, _)| order)
    }
}

/// The first and the last numbers of all dates of [`Form::ShortHyphens`], one bit for each number.
#[derive(Debug, Default)]
struct OuterNumbers {
    first: u128,
    last: u128,
}

impl OuterNumbers {
    fn add(&mut self, date: &NumericDate) {
        let bit = |number: DateNumber| 1_u128.checked_shl(number.value).unwrap_or_default();
        self.first |= bit(date.first);
        self.last |= bit(date.third);
    }

    /// Returns the order of dates whose last numbers are one year or two that follow each other, and whose first numbers are more:
    /// days. No feed lists the same day of many years.
    fn order(&self) -> Order {
        let is_year = |numbers: u128| numbers != 0 && numbers >> numbers.trailing_zeros() <= 0b11;
        let is_last = is_year(self.last) && self.last.count_ones() < self.first.count_ones();
        if is_last { Order::DayFirst } else { Order::Unknown }
    }
}

/// A date of numbers alone in which the day, the month or the year may come first.
pub(super) struct NumericDate {
    pub form: Form,
    first: DateNumber,
    second: DateNumber,
    third: DateNumber,
}

impl NumericDate {
    /// Returns the date of scanned parts, if it has one of the [`FORMS`].
    pub fn of(parts: &Scanner) -> Option<Self> {
        let [first, second, third, rest @ ..] = parts.numbers.as_slice() else { return None };
        let is_joined = third.preceded_by == second.preceded_by;
        let form = match second.preceded_by {
            '/' if third.digits != 1 => Form::Slashes,
            '-' if is_joined && third.digits == 4 => Form::Hyphens,
            '-' if is_joined && third.digits == 2 && rest.is_empty() => Form::ShortHyphens,
            // Two digits behind a dot may be a time of day.
            '.' if is_joined && third.digits == 4 => Form::Dots,
            _ => return None,
        };
        let fits = first.digits <= 2 && second.digits <= 2 && parts.month_of_date().is_none();
        fits.then_some(Self { form, first: *first, second: *second, third: *third })
    }

    /// Returns the year, month and day that it states in each order in which its numbers can be read.
    fn readings(&self) -> impl Iterator<Item = (Order, [u32; 3])> {
        let (first, second, third) = (self.first.value, self.second.value, self.third.value);
        let year_first = (self.form == Form::ShortHyphens && self.first.digits == 2)
            .then(|| (Order::YearFirst, [full_year(self.first), second, third]));
        let year = full_year(self.third);
        let month_first = (first != second).then_some((Order::MonthFirst, [year, first, second]));
        let all = [Some((Order::DayFirst, [year, second, first])), month_first, year_first];
        let in_range = |[_, month, day]: [u32; 3]| (1..=12).contains(&month) && (1..=31).contains(&day);
        all.into_iter().flatten().filter(move |(_, date)| in_range(*date))
    }

    /// Returns whether it can be read in several orders.
    pub fn is_ambiguous(&self) -> bool {
        self.readings().count() > 1
    }

    /// Returns the only order in which its numbers can be read.
    fn by_numbers(&self) -> Order {
        let mut readings = self.readings().filter(|_| self.first.value != self.second.value);
        match (readings.next(), readings.next()) {
            (Some((order, _)), None) => order,
            _ => Order::Unknown,
        }
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
        let fits = |[year, month, day]: [u32; 3]| {
            let date = || civil::Date::new(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?).ok();
            date().is_some_and(&passes)
        };
        let mut passing = self.readings().filter(|(_, date)| fits(*date));
        match (passing.next(), passing.next()) {
            (Some((order, _)), None) => order,
            _ => Order::Unknown,
        }
    }
}

/// How many dates of an entry are read. Each is compared with the others that have one meaning.
const COMPARED: usize = 8;

/// Returns the forms of an entry's dates and the orders that these prove: one number is too large for a month, or only one order
/// fits the weekday of a date, or else another date of the entry. Entries whose dates have none of the `open` separators are not read.
fn shown<T: AsRef<str>>(dates: &[T], open: &[char], outer: &mut OuterNumbers) -> Vec<(Form, Order)> {
    if !dates.iter().any(|text| text.as_ref().contains(open)) {
        return Vec::new();
    }
    let read: Vec<_> = dates.iter().map(|text| numeric(text.as_ref())).collect();
    let mut days = None;
    let mut shown = Vec::new();
    for (date, text) in read.iter().flatten() {
        if date.form == Form::ShortHyphens {
            outer.add(date);
        }
        let order = match date.by_numbers() {
            Order::Unknown if date.is_ambiguous() => match date.by_weekday(text) {
                Order::Unknown => {
                    let days = days.get_or_insert_with(|| certain_days(dates, &read));
                    let orders = days.iter().map(|day| date.by_other(*day));
                    orders.into_iter().find(|order| *order != Order::Unknown).unwrap_or_default()
                }
                order => order,
            },
            order => order,
        };
        if order != Order::Unknown {
            shown.push((date.form, order));
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

/// Returns whether a date can be read in several orders.
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
