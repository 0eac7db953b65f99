//! Why the next poll is when it is: each input and which one decided, in words and as JSON. Stored with each poll.

use serde::{Deserialize, Serialize};
use std::{fmt, time::Duration};

/// A feed that is gone (410) is polled again after this.
pub const GONE_PAUSE: Duration = Duration::from_hours(30 * 24);

/// The input that set the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecidedBy {
    /// Never polled: at once.
    First,
    /// The operator's `every` or crontab line.
    Schedule,
    /// The feed's rate and its share of the budget.
    Rate,
    /// `min_interval`.
    MinInterval,
    /// `max_interval`.
    MaxInterval,
    /// What the document or the answer asks for.
    Hint,
    /// Failures in a row.
    Backoff,
    /// `Retry-After`.
    Hold,
    /// 410.
    Gone,
    /// It was due already.
    Overdue,
}

impl DecidedBy {
    /// The word in the stored JSON.
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
        }
    }
}

/// A hint that a server or a document gave, and what it comes to.
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

/// The longest of the hints: no adaptive poll before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Floor {
    /// Which.
    pub hint: Hint,
    /// Seconds after the last poll.
    pub seconds: u64,
}

/// Every input of a decision. An input that played no part is absent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Why {
    /// The schedule as configured.
    pub schedule: String,
    /// Which input set the time.
    pub decided: DecidedBy,
    /// Adaptive: entries an hour at this hour of the week.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// Adaptive: the feed's share of the budget, in polls a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<f64>,
    /// Adaptive: when the next entry is expected, in the outlet's time: `2026-11-23T07:40+01:00`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// Adaptive: what the rate alone would wait, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<u64>,
    /// Adaptive: the hint that asks for most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<Floor>,
    /// Adaptive: a skipped hour or day that the time was moved out of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped: Option<Hint>,
    /// Adaptive: entries were lost lately, so it is polled sooner, by this factor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hurry: Option<f64>,
    /// Failures in a row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failures: Option<u32>,
    /// The pause that they earn, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backoff: Option<u64>,
    /// `Retry-After`, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<u64>,
    /// Seconds added so that feeds do not meet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread: Option<u64>,
    /// What was odd: an unreadable memory, a clock set back, validators in doubt.
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
            failures: None,
            backoff: None,
            hold: None,
            spread: None,
            notes: Vec::new(),
        }
    }

    /// The JSON that is stored with the poll.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads what [`Why::to_json`] wrote; nothing when it is no such text.
    #[must_use]
    pub fn from_json(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }

    /// What decided, in words.
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
            parts.push(format!("next expected {}", expected.1.chars().take(5).collect::<String>()));
        }
        if let Some(floor) = self.floor {
            parts.push(format!("floor {} {}", floor.hint.words(), span(floor.seconds)));
        }
        if let Some(share) = self.share {
            parts.push(format!("budget {share:.0} polls a day"));
        }
        if let Some(skipped) = self.skipped {
            parts.push(format!("moved out of {}", skipped.words()));
        }
        if let Some(hurry) = self.hurry {
            parts.push(format!("{hurry:.1} times sooner after a gap"));
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

/// `3.1/h`, or `4.2/day` for what comes less than hourly.
fn per_hour(rate: f64) -> String {
    if rate >= 1.0 { format!("{rate:.1}/h") } else { format!("{:.1}/day", rate * 24.0) }
}
