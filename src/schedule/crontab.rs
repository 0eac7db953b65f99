//! Five-field crontab lines with the meaning of crontab(5), computed by the `cron` crate in wall-clock time and mapped
//! to instants by jiff.
//!
//! The crate's own reading differs and is never shown to anyone: it wants six fields, calls Sunday 1, joins the two day
//! fields by AND, steps backwards in the repeated hour of a clock change and skips the day of a gap. So a line is
//! parsed and checked here, handed to the crate as plain lists with weekday names, and asked in a time without zones.

use super::ScheduleError;
use chrono::{Datelike, TimeZone as _, Timelike};
use jiff::{
    Timestamp, civil,
    tz::{AmbiguousOffset, TimeZone},
};
use std::{fmt, str::FromStr};

/// A crontab line: when it fires in a time zone.
#[derive(Debug, Clone)]
pub struct Crontab {
    text: String,
    /// One, or two where both day fields are restricted: it fires when either does.
    plans: Vec<cron::Schedule>,
    /// Its minutes or its hours begin with `*`: it follows real time through clock changes.
    wildcard: bool,
    /// Its hours are `*`: it fires as often in any hour.
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

/// What one of the five fields may hold.
struct Field {
    name: &'static str,
    low: u8,
    high: u8,
    names: &'static [&'static str],
}

const DAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
/// The longest each month can be, January first.
const LONGEST: [u8; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const FIELDS: [Field; 5] = [
    Field { name: "minute", low: 0, high: 59, names: &[] },
    Field { name: "hour", low: 0, high: 23, names: &[] },
    Field { name: "day of month", low: 1, high: 31, names: &[] },
    Field { name: "month", low: 1, high: 12, names: MONTHS },
    Field { name: "day of week", low: 0, high: 7, names: DAYS },
];

/// Fires looked at before a line counts as silent: more than the minutes of the longest repeated stretch of any zone.
const LOOKS: usize = 3_000;
const HOUR_S: i64 = 3_600;

impl Crontab {
    /// Reads a line of five fields: minute, hour, day of month, month, day of week.
    ///
    /// # Errors
    /// When it is not such a line, or can never fire; the error names the field, its column and what is allowed.
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
        // crontab(5): the command runs when either day field matches if both are restricted (hold no "*").
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

    /// The first instant after `after` at which the line fires in `zone`, or nothing before the year 2100.
    ///
    /// Clock changes as in cron(8): a line with a wildcard (minutes or hours that begin with `*`) runs on through both
    /// passes of a repeated hour, any other fires in the first pass only. What a change skips is made up for when the gap
    /// ends, except by lines of every hour, which miss nothing when the clock leaps by whole hours.
    #[must_use]
    pub fn next_after(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let fires = self.plans.iter().filter_map(|plan| {
            if self.wildcard { self.fire_on(plan, after, zone) } else { fire_once(plan, after, zone) }
        });
        fires.min()
    }

    /// Walks from one clock change to the next: in between, wall-clock time runs as real time does.
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

/// The first instant after `after` at which `plan`, which knows nothing of zones, fires in `zone`: in the first pass of a
/// repeated hour, and at the end of a gap.
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

/// The instant of a wall-clock time: the end of the gap it falls in, or the first of its two passes.
fn instant(wall: civil::DateTime, zone: &TimeZone) -> Option<Timestamp> {
    let ambiguous = zone.to_ambiguous_timestamp(wall);
    match ambiguous.offset() {
        // Read with the offset that only holds after the gap, the time lies before it: the next change is the gap's end.
        AmbiguousOffset::Gap { after, .. } => {
            let before = after.to_timestamp(wall).ok()?;
            zone.following(before).next().map(|change| change.timestamp())
        }
        _ => ambiguous.compatible().ok(),
    }
}

/// The words of a line, each with its column from 1.
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
    /// The values a field's text stands for, sorted, each once.
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

    /// `*`, `N`, `N-M`, or one of the first and last with `/STEP`.
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
        // Months count from 1, weekdays from 0: each name stands that far above the field's lowest value.
        let value = named.map(|n| n + self.low).or_else(|| digits(text)).ok_or("not a value")?;
        if (self.low..=self.high).contains(&value) { Ok(value) } else { Err("out of range".to_owned()) }
    }

    /// The end of a range: there `sun` is 7, so that `sat-sun` is a weekend.
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

/// ASCII digits only: `parse` alone would take a sign.
fn digits(text: &str) -> Option<u8> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests;
