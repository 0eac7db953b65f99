//! Crontab lines of five fields with the meaning of crontab(5). The `cron` crate computes them in wall-clock time, and jiff maps
//! the results to points in time.
//!
//! The crate's own syntax differs and is never exposed: it wants six fields, numbers Sunday as 1, combines the two day fields
//! with AND, goes backwards in the repeated hour of a clock change and skips the day of a gap. So a line is parsed and checked
//! here, passed to the crate as plain lists with weekday names, and evaluated in a time without zones.

use super::ScheduleError;
use chrono::{Datelike, TimeZone as _, Timelike};
use jiff::{
    Timestamp, civil,
    tz::{AmbiguousOffset, TimeZone},
};
use std::{fmt, str::FromStr};

/// A crontab line, which fires in the time of a given zone.
#[derive(Debug, Clone)]
pub struct Crontab {
    text: String,
    /// One schedule, or two if both day fields are restricted: the line fires when either does.
    plans: Vec<cron::Schedule>,
    /// Whether its minutes or hours begin with `*`. Such a line follows elapsed time through clock changes.
    wildcard: bool,
    /// Whether its hours are `*`, so that it fires equally often in every hour.
    hourly: bool,
}

impl PartialEq for Crontab {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Crontab {}

impl fmt::Display for Crontab {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What one of the five fields may contain.
struct Field {
    name: &'static str,
    low: u8,
    high: u8,
    names: &'static [&'static str],
}

const DAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
/// Most days of each month, January first.
const LONGEST: [u8; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const FIELDS: [Field; 5] = [
    Field { name: "minute", low: 0, high: 59, names: &[] },
    Field { name: "hour", low: 0, high: 23, names: &[] },
    Field { name: "day of month", low: 1, high: 31, names: &[] },
    Field { name: "month", low: 1, high: 12, names: MONTHS },
    Field { name: "day of week", low: 0, high: 7, names: DAYS },
];

/// Most fires that are examined before a line counts as never firing. This is more than the minutes of the longest repeated
/// period of any time zone.
const LOOKS: usize = 3_000;
const HOUR_S: i64 = 3_600;

impl Crontab {
    /// Parses a line of five fields: minute, hour, day of month, month, day of week.
    ///
    /// # Errors
    /// Fails if the text is not such a line, or can never fire. The error names the field, its column and what is allowed.
    pub fn parse(line: &str) -> Result<Self, ScheduleError> {
        let words = columns(line);
        let [minute, hour, day, month, weekday] = words.as_slice() else {
            return Err(ScheduleError::Fields(words.len()));
        };
        let [f_minute, f_hour, f_day, f_month, f_weekday] = &FIELDS;
        let (minutes, hours) = (f_minute.values(minute)?, f_hour.values(hour)?);
        let (days, months) = (f_day.values(day)?, f_month.values(month)?);
        let mut weekdays = f_weekday.values(weekday)?;
        for weekday in &mut weekdays {
            *weekday %= 7;
        }
        // crontab(5): if both day fields are restricted (contain no `*`), the command runs when either matches.
        let either = !day.1.contains('*') && !weekday.1.contains('*');
        let longest = months.iter().filter_map(|m| LONGEST.get(usize::from(*m) - 1)).max().copied().unwrap_or(0);
        if !either && days.iter().all(|d| *d > longest) {
            return Err(ScheduleError::Never(line.trim().to_owned()));
        }
        let clock = format!("0 {} {}", list(&minutes), list(&hours));
        let months = list(&months);
        let names: Vec<&str> = weekdays.iter().filter_map(|d| DAYS.get(usize::from(*d)).copied()).collect();
        let (days, names) = (list(&days), names.join(","));
        let lines = if either {
            vec![format!("{clock} {days} {months} *"), format!("{clock} * {months} {names}")]
        } else {
            vec![format!("{clock} {days} {months} {names}")]
        };
        let plans = lines.iter().map(|l| cron::Schedule::from_str(l)).collect::<Result<Vec<_>, _>>();
        let plans = plans.map_err(|e| ScheduleError::Crontab(e.to_string()))?;
        let text = words.iter().map(|w| w.1).collect::<Vec<_>>().join(" ");
        let wildcard = minute.1.starts_with('*') || hour.1.starts_with('*');
        Ok(Self { text, plans, wildcard, hourly: hour.1 == "*" })
    }

    /// Returns the first time after `after` at which the line fires in `zone`; `None` if it does not fire before the year 2100.
    ///
    /// Clock changes are handled as in cron(8). A line with a wildcard (minutes or hours that begin with `*`) fires in both
    /// passes of a repeated hour, any other line only in the first. Fires that a change skips are made up for when the gap ends,
    /// except for lines of every hour, which miss nothing if the clock moves by whole hours.
    #[must_use]
    pub fn next_after(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let fires = self.plans.iter().filter_map(|plan| {
            if self.wildcard { self.fire_on(plan, after, zone) } else { fire_once(plan, after, zone) }
        });
        fires.min()
    }

    /// Finds the next fire of a line with a wildcard. It goes from one clock change to the next, because between them wall-clock
    /// time advances like elapsed time.
    fn fire_on(&self, plan: &cron::Schedule, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let mut offset = zone.to_offset(after);
        let mut wall = offset.to_datetime(after);
        let changes = zone.following(after).map(Some).chain(std::iter::repeat(None));
        for change in changes.take(LOOKS) {
            let next = civil_of(&plan.after(&chrono_of(wall)?).next()?)?;
            let fire = offset.to_timestamp(next).ok()?;
            let Some(change) = change.filter(|change| change.timestamp() <= fire) else { return Some(fire) };
            let (at, new) = (change.timestamp(), change.offset());
            let leap = i64::from(new.seconds()) - i64::from(offset.seconds());
            let resumed = new.to_datetime(at);
            if leap > 0 && next < resumed && !(self.hourly && leap % HOUR_S == 0) {
                return Some(at);
            }
            // The minute of the change itself may fire.
            wall = resumed.checked_sub(jiff::SignedDuration::from_secs(1)).ok()?;
            offset = new;
        }
        None
    }
}

/// Returns the first time after `after` at which `plan`, which has no zone, fires in `zone`: in the first pass of a repeated
/// hour, and at the end of a gap.
fn fire_once(plan: &cron::Schedule, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let start = chrono_of(zone.to_datetime(after))?;
    plan.after(&start).take(LOOKS).filter_map(|c| instant(civil_of(&c)?, zone)).find(|t| *t > after)
}

fn chrono_of(wall: civil::DateTime) -> Option<chrono::DateTime<chrono::Utc>> {
    let (month, day) = (wall.month().unsigned_abs().into(), wall.day().unsigned_abs().into());
    let (hour, minute) = (wall.hour().unsigned_abs().into(), wall.minute().unsigned_abs().into());
    let second = wall.second().unsigned_abs().into();
    chrono::Utc.with_ymd_and_hms(wall.year().into(), month, day, hour, minute, second).single()
}

fn civil_of(c: &chrono::DateTime<chrono::Utc>) -> Option<civil::DateTime> {
    civil::DateTime::new(
        i16::try_from(c.year()).ok()?,
        i8::try_from(c.month()).ok()?,
        i8::try_from(c.day()).ok()?,
        i8::try_from(c.hour()).ok()?,
        i8::try_from(c.minute()).ok()?,
        i8::try_from(c.second()).ok()?,
        0,
    )
    .ok()
}

/// Converts a wall-clock time to a point in time. A time in a gap gives the end of the gap, a repeated time its first pass.
fn instant(wall: civil::DateTime, zone: &TimeZone) -> Option<Timestamp> {
    let ambiguous = zone.to_ambiguous_timestamp(wall);
    match ambiguous.offset() {
        // With the offset that is valid after the gap, the time is before the gap, so the next change is the gap's end.
        AmbiguousOffset::Gap { after, .. } => {
            let before = after.to_timestamp(wall).ok()?;
            zone.following(before).next().map(|change| change.timestamp())
        }
        _ => ambiguous.compatible().ok(),
    }
}

/// Returns the words of a line, each with its column from 1.
fn columns(line: &str) -> Vec<(usize, &str)> {
    let mut words = Vec::new();
    let mut rest = line;
    let mut column = 1;
    while let Some(start) = rest.find(|c: char| !c.is_whitespace()) {
        column += rest.get(..start).map_or(0, |s| s.chars().count());
        rest = rest.get(start..).unwrap_or_default();
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let (word, tail) = rest.split_at(end);
        words.push((column, word));
        column += word.chars().count();
        rest = tail;
    }
    words
}

fn list(values: &[u8]) -> String {
    values.iter().map(u8::to_string).collect::<Vec<_>>().join(",")
}

impl Field {
    /// Returns the values of a field, sorted, each once.
    fn values(&self, (column, text): &(usize, &str)) -> Result<Vec<u8>, ScheduleError> {
        let mut values = Vec::new();
        let mut at = *column;
        for part in text.split(',') {
            values.extend(self.part(part).map_err(|problem| ScheduleError::Field {
                field: self.name,
                column: at,
                text: part.to_owned(),
                problem,
                allowed: self.allowed(),
            })?);
            at += part.chars().count() + 1;
        }
        values.sort_unstable();
        values.dedup();
        Ok(values)
    }

    /// Parses `*`, `N` or `N-M`; `*` and `N-M` may be followed by `/STEP`.
    fn part(&self, part: &str) -> Result<Vec<u8>, String> {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (part, None),
        };
        let (low, high) = match range.split_once('-') {
            _ if range == "*" => (self.low, if self.names.len() == 7 { 6 } else { self.high }),
            Some((low, high)) => (self.value(low)?, self.end(high)?),
            None if step.is_some() => return Err("a step needs a range or *".to_owned()),
            None => {
                let value = self.value(range)?;
                (value, value)
            }
        };
        if low > high {
            return Err("a range must not run backwards; write two ranges with a comma".to_owned());
        }
        let step = match step {
            Some(step) => digits(step).filter(|s| (1..=self.high).contains(s)).ok_or("the step is out of range")?,
            None => 1,
        };
        Ok((low..=high).step_by(usize::from(step)).collect())
    }

    fn value(&self, text: &str) -> Result<u8, String> {
        let named = self.names.iter().position(|n| n.eq_ignore_ascii_case(text)).and_then(|n| u8::try_from(n).ok());
        // Months count from 1, weekdays from 0: the value of a name is its index plus the field's lowest value.
        let value = named.map(|n| n + self.low).or_else(|| digits(text)).ok_or("not a value")?;
        if (self.low..=self.high).contains(&value) { Ok(value) } else { Err("out of range".to_owned()) }
    }

    /// Parses the end of a range, in which `sun` is 7, so that `sat-sun` is a weekend.
    fn end(&self, text: &str) -> Result<u8, String> {
        let value = self.value(text)?;
        Ok(if value == 0 && text.eq_ignore_ascii_case("sun") { 7 } else { value })
    }

    fn allowed(&self) -> String {
        let names = match self.names {
            [first, .., last] => format!(", {first} to {last}"),
            _ => String::new(),
        };
        format!("{} to {}{names}, *, lists a,b, ranges a-b, steps */n and a-b/n", self.low, self.high)
    }
}

/// Parses ASCII digits only; `parse` alone would accept a sign.
fn digits(text: &str) -> Option<u8> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests;
