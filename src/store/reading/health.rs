//! The state of all feeds: the view `feed_health`, with the reason for the next poll.

use crate::store::driver::ErrorContext;
use crate::store::feeds::FeedHealth;
use crate::store::reading::statements::FeedSql as _;
use crate::store::{
    error::StoreError,
    reading::{Reader, ask},
};

impl Reader {
    /// Returns all configured feeds, sorted by outlet.
    ///
    /// # Errors
    /// Fails if the file cannot be read.
    pub async fn feed_health(&self) -> Result<Vec<FeedHealth>, StoreError> {
        ask!(self.pool, Db: fetch_all(query_as(Db::FEED_HEALTH))).while_doing("reading the health of feeds")
    }
}
