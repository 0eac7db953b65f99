//! The state of all feeds: the view `feed_health`, with the reason for the next poll.

use crate::store::sqlite::error::ErrorContext;
use crate::store::{error::StoreError, sqlite::reading::Reader};
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

impl Reader {
    /// Returns all configured feeds, sorted by outlet.
    ///
    /// # Errors
    /// Fails if the file cannot be read.
    pub async fn feed_health(&self) -> Result<Vec<FeedHealth>, StoreError> {
        sqlx::query_as(
            "SELECT h.outlet, h.url, h.state, h.last_poll_at, h.last_outcome, h.last_error, h.failures, \
                    h.next_poll_at, h.entries_7d, h.gaps, h.repairs, f.why, f.ask_url, \
                    f.rhythm ->> 'host_hold' AS host_hold \
             FROM feed_health AS h JOIN feed AS f ON f.url = h.url ORDER BY h.outlet, h.url",
        )
        .fetch_all(&self.pool)
        .await
        .while_doing("reading the health of feeds")
    }
}
