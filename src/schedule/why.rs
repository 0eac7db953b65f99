//! The reason for the time of the next poll: all inputs, and which of them decided. It is available as text and as JSON, and
//! stored with each poll.

use crate::model::status::NextPollReason;
use serde::{Deserialize, Serialize};
use std::{fmt, time::Duration};

/// Pause after which a feed that is gone (410) is polled again.
pub const GONE_PAUSE: Duration = Duration::from_hours(30 * 24);

/// The input that determined the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecidedBy {
    /// The feed was never polled, so it is due at once.
    First,
    /// The operator's `every` or crontab line.
    Schedule,
    /// The feed's rate and its share of the budget.
    Rate,
    /// `min_interval`.
    MinInterval,
    /// `max_interval`.
    MaxInterval,
    /// A hint of the document or of the response.
    Hint,
    /// Consecutive failures.
    Backoff,
    /// `Retry-After`.
    Hold,
    /// The feed is gone (410).
    Gone,
    /// The feed was due already.
    Overdue,
    /// A hub delivers the feed's changes.
    Hub,
    /// No poll: a hub delivered the document.
    PushedByHub,
}

impl DecidedBy {
    /// Returns the name used in the stored JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Schedule => "schedule",
            Self::Rate => "rate",
            Self::MinInterval => "min_interval",
            Self::MaxInterval => "max_interval",
            Self::Hint => "hint",
            Self::Backoff => "backoff",
            Self::Hold => "hold",
            Self::Gone => "gone",
            Self::Overdue => "overdue",
            Self::Hub => "hub",
            Self::PushedByHub => "pushed_by_hub",
        }
    }
}

/// A kind of hint from a server or a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hint {
    /// `Cache-Control: max-age`, or `Expires`.
    MaxAge,
    /// RSS `ttl`.
    Ttl,
    /// `sy:updatePeriod` and `sy:updateFrequency`.
    UpdatePeriod,
    /// RSS `skipHours`.
    SkipHours,
    /// RSS `skipDays`.
    SkipDays,
}

impl Hint {
    fn words(self) -> &'static str {
        match self {
            Self::MaxAge => "max-age",
            Self::Ttl => "ttl",
            Self::UpdatePeriod => "updatePeriod",
            Self::SkipHours => "skipHours",
            Self::SkipDays => "skipDays",
        }
    }
}

/// The hint with the longest interval, before which no adaptive poll takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Floor {
    /// The kind of hint.
    pub hint: Hint,
    /// Seconds after the last poll.
    pub seconds: u64,
}

/// All inputs of a decision. An input that had no part in it is absent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Why {
    /// The schedule as configured.
    pub schedule: String,
    /// Which input determined the time.
    pub decided: DecidedBy,
    /// Adaptive: entries per hour at this hour of the week.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// Adaptive: the feed's share of the budget, in polls per day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<f64>,
    /// Adaptive: when the next entry is expected, in the outlet's time zone: `2026-11-23T07:40+01:00`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// Adaptive: the wait by the rate alone, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<u64>,
    /// Adaptive: the hint with the longest interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<Floor>,
    /// Adaptive: the kind of hint whose skipped hour or day moved the time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped: Option<Hint>,
    /// Adaptive: the factor by which the feed is polled more often because entries were lost lately.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hurry: Option<f64>,
    /// Adaptive: the wait in seconds because a hub delivers the feed's changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pushed: Option<u64>,
    /// Consecutive failures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failures: Option<u32>,
    /// The pause because of the failures, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backoff: Option<u64>,
    /// `Retry-After`, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<u64>,
    /// Seconds added so that feeds are not polled at the same moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread: Option<u64>,
    /// Anything unusual: an unreadable state, a clock that was set back, doubtful validators.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl Why {
    pub(super) fn new(schedule: String, decided: DecidedBy) -> Self {
        Self {
            schedule,
            decided,
            rate: None,
            share: None,
            expected: None,
            wait: None,
            floor: None,
            skipped: None,
            hurry: None,
            pushed: None,
            failures: None,
            backoff: None,
            hold: None,
            spread: None,
            notes: Vec::new(),
        }
    }

    /// Returns the reason stored with a document that a hub delivered.
    #[must_use]
    pub fn pushed(schedule: String) -> Self {
        Self::new(schedule, DecidedBy::PushedByHub)
    }

    /// Returns the JSON that is stored with the poll.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Parses the output of [`Why::to_json`]; `None` if it is something else.
    #[must_use]
    pub fn from_json(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }

    /// Returns the inputs for texts in the reader's language.
    #[must_use]
    pub fn to_reason(&self) -> NextPollReason {
        NextPollReason {
            decided: self.decided.as_str().to_owned(),
            schedule: (self.decided == DecidedBy::Schedule).then(|| self.schedule.clone()),
            rate: self.rate,
            share: self.share,
            expected: self.expected.as_deref().and_then(|at| at.parse().ok()),
            floor: self.floor.map(|floor| (floor.hint.words().to_owned(), floor.seconds)),
            skipped: self.skipped.map(|hint| hint.words().to_owned()),
            hurry: self.hurry,
            backoff: self.failures.zip(self.backoff),
            hold: self.hold,
            words: self.to_string(),
        }
    }

    /// Returns what decided, in words.
    fn verdict(&self) -> String {
        let text = match self.decided {
            DecidedBy::First => "never polled: due at once",
            DecidedBy::Schedule => &self.schedule,
            DecidedBy::Rate => "by its publishing rate",
            DecidedBy::MinInterval => "no sooner than min_interval",
            DecidedBy::MaxInterval => "no later than max_interval",
            DecidedBy::Hint => "the server's hint",
            DecidedBy::Backoff => "backoff",
            DecidedBy::Hold => "the server asked to wait",
            DecidedBy::Gone => {
                return format!("gone (410): asked again after {}", humantime::format_duration(GONE_PAUSE));
            }
            DecidedBy::Overdue => "overdue",
            DecidedBy::Hub => "a hub delivers its changes",
            DecidedBy::PushedByHub => "pushed by hub",
        };
        text.to_owned()
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let span = |s: u64| humantime::format_duration(Duration::from_secs(s)).to_string();
        let mut parts = Vec::new();
        if let Some(rate) = self.rate {
            parts.push(format!("rate {} at this hour", per_hour(rate)));
        }
        if let Some(expected) = self.expected.as_ref().and_then(|e| e.split_once('T')) {
            parts.push(format!("next entry expected at {}", expected.1));
        }
        if let Some(floor) = self.floor {
            parts.push(format!("floor {} {}", floor.hint.words(), span(floor.seconds)));
        }
        if let Some(share) = self.share {
            parts.push(format!("{share:.0} polls a day by its share of the budget"));
        }
        if let Some(skipped) = self.skipped {
            parts.push(format!("moved out of {}", skipped.words()));
        }
        if let Some(hurry) = self.hurry {
            parts.push(format!("{hurry:.1} times sooner after a gap"));
        }
        if let Some(pushed) = self.pushed {
            parts.push(format!("polled every {} because a hub delivers", span(pushed)));
        }
        if let (Some(failures), Some(pause)) = (self.failures, self.backoff) {
            parts.push(format!(
                "backoff {} after {failures} {}",
                span(pause),
                if failures == 1 { "failure" } else { "consecutive failures" }
            ));
        }
        if let Some(hold) = self.hold {
            parts.push(format!("Retry-After {}", span(hold)));
        }
        if let Some(spread) = self.spread.filter(|s| *s > 0) {
            parts.push(format!("spread {}", span(spread)));
        }
        parts.extend(self.notes.iter().cloned());
        f.write_str(&self.verdict())?;
        if parts.is_empty() { Ok(()) } else { write!(f, ": {}", parts.join(", ")) }
    }
}

/// Formats a rate as `3.1/h`, or as `4.2/day` if it is less than one per hour.
fn per_hour(rate: f64) -> String {
    if rate >= 1.0 { format!("{rate:.1}/h") } else { format!("{:.1}/day", rate * 24.0) }
}
