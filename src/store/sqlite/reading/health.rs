//! How the feeds fare: the view `feed_health`, with the reason of the next poll.

use crate::store::sqlite::error::ErrorContext;
use crate::store::{error::StoreError, sqlite::reading::Reader};
use serde::Serialize;

/// A row of `feed_health`, and why the next poll is when it is.
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
    /// How it ended.
    pub last_outcome: Option<String>,
    /// What was wrong.
    pub last_error: Option<String>,
    /// Failures in a row.
    pub failures: i64,
    /// When it is due.
    pub next_poll_at: String,
    /// Entries first seen in the last seven days.
    pub entries_7d: i64,
    /// Times its window had moved on entirely between two polls.
    pub gaps: i64,
    /// What the last document needed mended: a JSON array.
    pub repairs: String,
    /// Why the next poll is when it is: a JSON object.
    pub why: String,
    /// The address that is asked.
    #[serde(skip)]
    pub ask_url: String,
    /// Until when the server wants no requests to the whole host, in Unix seconds.
    #[serde(skip)]
    pub host_hold: Option<i64>,
}

impl FeedHealth {
    /// Returns whether the last poll failed, whatever follows from it: the server may have asked to wait (429) or have said that
    /// the feed is gone (410).
    #[must_use]
    pub fn last_poll_failed(&self) -> bool {
        matches!(self.last_outcome.as_deref(), Some("failed" | "gone"))
    }
}

impl Reader {
    /// Every configured feed, by outlet.
    ///
    /// # Errors
    /// When the file cannot be read.
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
