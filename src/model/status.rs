//! The content of the pages about feeds: the status page, and the page of each feed.

use super::feed_table::{FeedCounts, FeedQuery, PausedHost};
use super::{FeedState, Hints, push::WebhookState};
use jiff::Timestamp;
use std::collections::{HashMap, HashSet};

/// Days of history on the status page.
pub const DAYS: usize = 30;

/// Content of the status page.
#[derive(Debug, Clone, PartialEq)]
pub struct StatusPage {
    /// The query. Its page number is one that exists.
    pub query: FeedQuery,
    /// The number of feeds in each selection.
    pub counts: FeedCounts,
    /// Number of pages of the table; at least 1.
    pub pages: usize,
    /// The feeds of the page.
    pub feeds: Vec<FeedStatus>,
    /// The feeds with most consecutive failures.
    pub failing: Vec<FeedStatus>,
    /// The feeds that are overdue, the longest first.
    pub overdue: Vec<FeedStatus>,
    /// Hosts that must not be polled now.
    pub held_hosts: Vec<PausedHost>,
    /// The columns of the plots, oldest first, up to and including now.
    pub history: PollHistory,
    /// Number of stories in the database.
    pub stories: u64,
    /// Number of entries in the database.
    pub entries: u64,
    /// The webhooks of the channels that the reader may read.
    pub webhooks: Vec<WebhookState>,
    /// Number of entries that wait for their pages (`full_text`).
    pub waiting: u64,
}

/// The columns of plots.
#[derive(Debug, Clone, PartialEq)]
pub enum PollHistory {
    /// Hours, while Warraq has polled for less than two days.
    Hours(Vec<Period>),
    /// Days in UTC; at most [`DAYS`].
    Days(Vec<Period>),
}

impl PollHistory {
    /// Returns the hours or days.
    #[must_use]
    pub fn periods(&self) -> &[Period] {
        match self {
            Self::Hours(periods) | Self::Days(periods) => periods,
        }
    }
}

/// An hour or a day of polling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    /// Its beginning.
    pub begins: Timestamp,
    /// New entries.
    pub entries: u32,
    /// Median delay in seconds from the stated publication to when Warraq first saw the entry; `None` if no entry states a time.
    pub delay: Option<u32>,
    /// Polls that read a changed document.
    pub fresh: u32,
    /// Polls that found the feed unchanged.
    pub unchanged: u32,
    /// Polls that failed.
    pub failed: u32,
}

impl Period {
    /// Returns a period without polls.
    #[must_use]
    pub fn blank(begins: Timestamp) -> Self {
        Self { begins, entries: 0, delay: None, fresh: 0, unchanged: 0, failed: 0 }
    }

    /// Returns the number of polls.
    #[must_use]
    pub fn polls(&self) -> u64 {
        [self.fresh, self.unchanged, self.failed].into_iter().map(u64::from).sum()
    }
}

/// One feed on the status page, or on its own.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedStatus {
    /// Row id, which is the number in `/feeds/N`.
    pub id: i64,
    /// The outlet's slug.
    pub outlet: String,
    /// The outlet's name.
    pub outlet_name: String,
    /// Configured address, as it may be shown.
    pub url: String,
    /// State of the feed.
    pub state: FeedState,
    /// Whether the configuration disables it.
    pub is_disabled: bool,
    /// When the last poll ended.
    pub last_poll: Option<Timestamp>,
    /// How the last poll ended.
    pub last_outcome: Option<String>,
    /// The last error, in English.
    pub last_error: Option<String>,
    /// What went wrong in the last poll.
    pub fault: Option<PollFault>,
    /// Consecutive failures.
    pub failures: u32,
    /// When the next poll is due.
    pub next_poll: Timestamp,
    /// By how many seconds it is overdue; 0 if it is not.
    pub overdue_by: i64,
    /// The time until which its host must not be polled.
    pub held_until: Option<Timestamp>,
    /// Why the next poll is when it is.
    pub reason: NextPollReason,
    /// How many times a poll found no entry of the previous poll in the document, so that entries may have been missed.
    pub gaps: u32,
    /// New entries of seven days.
    pub entries: u32,
    /// New entries per day of the last days, oldest first.
    pub days: Vec<u32>,
}

/// The fault of a poll, for texts in the reader's language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PollFault {
    /// Short name, as [`super::Fault::as_str`] gives it.
    pub name: String,
    /// HTTP status, if there was a response.
    pub status: Option<u16>,
}

/// Why the next poll of a feed is when it is. An input that had no part in it is `None`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NextPollReason {
    /// What determined the time, as the schedule stores it: `first`, `schedule`, `rate`, `min_interval`, `max_interval`, `hint`,
    /// `backoff`, `hold`, `gone` or `overdue`; empty if unknown.
    pub decided: String,
    /// The schedule as configured, unless it is adaptive.
    pub schedule: Option<String>,
    /// Entries per hour at this hour of the week.
    pub rate: Option<f64>,
    /// The feed's share of the budget, in polls per day.
    pub share: Option<f64>,
    /// When the next entry is expected.
    pub expected: Option<Timestamp>,
    /// The hint with the longest interval: its name, and seconds.
    pub floor: Option<(String, u64)>,
    /// Name of the hint whose skipped hour or day moved the time.
    pub skipped: Option<String>,
    /// The factor by which the feed is polled more often because entries were lost lately.
    pub hurry: Option<f64>,
    /// Consecutive failures, and the pause because of them in seconds.
    pub backoff: Option<(u32, u64)>,
    /// `Retry-After`, in seconds.
    pub hold: Option<u64>,
    /// Every input, in English, for operators.
    pub words: String,
}

/// Content of the page of a feed.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedPage {
    /// Its state.
    pub status: FeedStatus,
    /// The feed's own title.
    pub title: Option<String>,
    /// The web page that it belongs to.
    pub link: Option<String>,
    /// The address that is polled, if it is another one and may be shown.
    pub polled_at: Option<String>,
    /// The hints about polling in the last document.
    pub hints: Hints,
    /// `max-age` of the last response, in seconds; 0 if there was none.
    pub max_age: u64,
    /// Entries by hour of the week, as the schedule remembers them; `None` before the first were seen.
    pub week: Option<WeekRhythm>,
    /// The columns of the plots.
    pub history: PollHistory,
    /// Polls, newest first.
    pub polls: Vec<PastPollRow>,
    /// The place in the history where the next older page begins.
    pub older: Option<Timestamp>,
    /// The place in the history where this page begins; `None` for the newest page.
    pub before: Option<Timestamp>,
}

/// When a feed publishes: entries by hour of the week.
#[derive(Debug, Clone, PartialEq)]
pub struct WeekRhythm {
    /// Entries of each hour, in hundredths, decayed over time; hour 0 is the first hour of Monday, in the outlet's time zone.
    pub hours: Vec<u32>,
    /// The outlet's time zone.
    pub zone: jiff::tz::TimeZone,
    /// Start of the observed period.
    pub since: Option<Timestamp>,
}

/// A poll in the history of a feed.
#[derive(Debug, Clone, PartialEq)]
pub struct PastPollRow {
    /// When it ended.
    pub ended: Timestamp,
    /// How it ended.
    pub outcome: String,
    /// What went wrong.
    pub fault: Option<PollFault>,
    /// The error, in English.
    pub error: Option<String>,
    /// Milliseconds from the start of the request to the decision.
    pub ms: u32,
    /// Bytes of the decompressed document.
    pub bytes: u64,
    /// Entries that it lists.
    pub listed: u32,
    /// New entries.
    pub new: u32,
    /// Entries that the outlet had changed.
    pub revised: u32,
    /// What determined the time of the poll after it.
    pub reason: NextPollReason,
}

/// A query for the page of a feed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FeedPageQuery {
    /// Row id of the feed.
    pub id: i64,
    /// Only polls that ended before this.
    pub before: Option<Timestamp>,
}

/// Settings of outlets that are in the configuration but not in the database, by slug.
#[derive(Debug, Clone, Default)]
pub struct OutletSettings {
    /// Outlets whose feeds are not polled.
    pub disabled: HashSet<String>,
    /// Time zones; UTC for an outlet that is missing.
    pub zones: HashMap<String, jiff::tz::TimeZone>,
}
