//! Entries as they arrive, for people who watch.

use crate::store::error::StoreError;
use crate::store::reading::statements::StorySql as _;
use crate::store::{
    driver::ErrorContext,
    reading::{Reader, ask},
};

/// Most entries that one call returns.
const MOST: i64 = 100;

/// An entry that has arrived.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct ArrivedEntry {
    /// Row id of the entry.
    pub entry: i64,
    /// The outlet's name.
    pub outlet: String,
    /// The title.
    pub title: String,
    /// Number of its story.
    pub story: i64,
    /// The outlet that reported the story first; `None` if this entry started the story.
    pub joined: Option<String>,
    /// Number of outlets that carry the story by now.
    pub outlets: i64,
}

impl Reader {
    /// Returns the entries that arrived after the entry with this row id, oldest first, at most a hundred.
    ///
    /// # Errors
    /// Fails if the file cannot be read.
    pub async fn arrivals(&self, after: i64) -> Result<Vec<ArrivedEntry>, StoreError> {
        ask!(self.pool, Db: fetch_all(query_as(Db::ARRIVALS), after, self.hides_private, MOST))
            .while_doing("reading what has arrived")
    }
}
