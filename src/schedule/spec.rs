//! Schedules as configured.

use super::crontab::Crontab;
use crate::model::WrittenDuration;
use serde::{Serialize, Serializer};
use std::{fmt, str::FromStr, time::Duration};

/// When a feed is polled, as configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schedule {
    /// `every D`: between `D` and 1.2 `D` after the last poll ended.
    Every(Duration),
    /// A crontab line, in the outlet's time zone.
    Crontab(Crontab),
    /// By the feed's own history, the budget and the server's hints.
    Adaptive,
}

/// Error of parsing a [`Schedule`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// `every` without a valid duration.
    #[error("{0:?} is not a duration; allowed: every 30s, every 15m, every 1h 30m")]
    Duration(String),
    /// `every` with a duration outside the bounds.
    #[error("every {} is out of range; allowed: every 1s to every 365d", WrittenDuration(*.0))]
    Range(Duration),
    /// The text does not have five fields.
    #[error(
        "not a schedule; allowed: adaptive, every 15m, or a crontab line of five fields \
         (minute hour day month weekday; this has {0})"
    )]
    Fields(usize),
    /// A crontab field is invalid.
    #[error("{field} field, column {column}: {text}: {problem}; allowed: {allowed}")]
    Field {
        /// Name of the field.
        field: &'static str,
        /// Column where the faulty part begins, in characters from 1.
        column: usize,
        /// The faulty part.
        text: String,
        /// What is wrong with it.
        problem: String,
        /// What the field may contain.
        allowed: String,
    },
    /// A crontab line whose days do not exist in any of its months.
    #[error("{0:?} never fires: none of its months has such a day")]
    Never(String),
    /// The `cron` crate rejected a line that passed all checks above.
    #[error("not a crontab line: {0}")]
    Crontab(String),
}

impl Schedule {
    /// The shortest `every`.
    pub const SHORTEST: Duration = Duration::from_secs(1);
    /// The longest `every`.
    pub const LONGEST: Duration = Duration::from_hours(365 * 24);

    /// Parses `adaptive`, `every 15m`, or a crontab line of five fields.
    ///
    /// # Errors
    /// Fails if the text is none of these; the error says what is allowed.
    pub fn parse(text: &str) -> Result<Self, ScheduleError> {
        let text = text.trim();
        if text.eq_ignore_ascii_case("adaptive") {
            return Ok(Self::Adaptive);
        }
        let Some(span) = text.strip_prefix("every").filter(|s| s.starts_with(char::is_whitespace)) else {
            return Crontab::parse(text).map(Self::Crontab);
        };
        let span = span.trim();
        let every = humantime::parse_duration(span).map_err(|_| ScheduleError::Duration(span.to_owned()))?;
        if (Self::SHORTEST..=Self::LONGEST).contains(&every) {
            Ok(Self::Every(every))
        } else {
            Err(ScheduleError::Range(every))
        }
    }
}

impl FromStr for Schedule {
    type Err = ScheduleError;

    fn from_str(text: &str) -> Result<Self, ScheduleError> {
        Self::parse(text)
    }
}

impl Serialize for Schedule {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Every(every) => write!(f, "every {}", humantime::format_duration(*every)),
            Self::Crontab(crontab) => crontab.fmt(f),
            Self::Adaptive => f.write_str("adaptive"),
        }
    }
}

/// Bounds of adaptive schedules: `budget`, `min_interval` and `max_interval` of the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bounds {
    /// Polls per feed and day, on average over all adaptive feeds.
    pub budget: f64,
    /// Shortest interval between polls of an adaptive feed.
    pub min_interval: Duration,
    /// Longest interval between polls of an adaptive feed, unless its server asks for a longer one.
    pub max_interval: Duration,
}

impl Default for Bounds {
    /// Returns 48 polls per feed and day (every half hour on average), and intervals from 10 minutes to 12 hours.
    fn default() -> Self {
        Self { budget: 48.0, min_interval: Duration::from_mins(10), max_interval: Duration::from_hours(12) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_the_three_kinds() {
        for (text, back) in [
            ("adaptive", "adaptive"),
            (" Adaptive ", "adaptive"),
            ("every 15m", "every 15m"),
            ("every 90 min", "every 1h 30m"),
            ("every 1s", "every 1s"),
            ("every 1500ms", "every 1s 500ms"),
            ("*/10  6-23 * * *", "*/10 6-23 * * *"),
        ] {
            let schedule = Schedule::parse(text).unwrap();
            assert_eq!(schedule.to_string(), back);
            assert_eq!(Schedule::parse(back), Ok(schedule), "{text}");
        }
    }

    #[test]
    fn says_what_is_allowed() {
        for (text, want) in [
            ("", "allowed: adaptive, every 15m, or a crontab line"),
            ("hourly", "this has 1"),
            ("every", "allowed: adaptive"),
            ("every 15", "allowed: every 30s"),
            ("every day", "\"day\" is not a duration"),
            ("every 0s", "every 0s is out of range; allowed: every 1s"),
            ("every 999ms", "out of range"),
            ("every 2years", "out of range"),
            ("every -5m", "not a duration"),
        ] {
            let error = Schedule::parse(text).unwrap_err().to_string();
            assert!(error.contains(want), "{text}: {error}");
        }
    }
}
