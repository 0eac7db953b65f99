//! What is stored about feeds, for people: their health, and how to subscribe to them.

use serde::Serialize;

/// A row of `feed_health`, and the reason for the next poll.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct FeedHealth {
    /// The outlet's slug.
    pub outlet: String,
    /// The configured address.
    pub url: String,
    /// `new active failing held gone`.
    pub state: String,
    /// End of the last poll.
    pub last_poll_at: Option<String>,
    /// Outcome of the last poll.
    pub last_outcome: Option<String>,
    /// Error of the last poll.
    pub last_error: Option<String>,
    /// Number of consecutive failures.
    pub failures: i64,
    /// Due time of the next poll.
    pub next_poll_at: String,
    /// Entries first seen in the last seven days.
    pub entries_7d: i64,
    /// Number of polls whose document had nothing in common with the previous one.
    pub gaps: i64,
    /// Repairs that reading the last document needed: a JSON array.
    pub repairs: String,
    /// Reason for the due time: a JSON object.
    pub why: String,
    /// The address that is polled.
    #[serde(skip)]
    pub ask_url: String,
    /// Until when the server wants no requests to the whole host, in Unix seconds.
    #[serde(skip)]
    pub host_hold: Option<i64>,
}

impl FeedHealth {
    /// Returns whether the last poll failed, including those whose server asked to wait (429) or said that the feed is gone
    /// (410).
    #[must_use]
    pub fn last_poll_failed(&self) -> bool {
        matches!(self.last_outcome.as_deref(), Some("failed" | "gone"))
    }
}

/// A configured feed and what it says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscribedFeed {
    /// The outlet's name.
    pub outlet_name: String,
    /// The feed's own title.
    pub title: Option<String>,
    /// The address that may be shown.
    pub url: String,
    /// Address of the feed's page.
    pub link: Option<String>,
    /// The outlet's language, or the feed's own.
    pub language: Option<String>,
    /// The outlet's tags.
    pub tags: Vec<String>,
}
