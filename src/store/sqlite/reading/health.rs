//! The state of all feeds: the view `feed_health`, with the reason for the next poll.

use crate::store::feeds::FeedHealth;
use crate::store::sqlite::error::ErrorContext;
use crate::store::{error::StoreError, sqlite::reading::Reader};

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
