//! Entries as they arrive, for people who watch.

use crate::store::error::StoreError;
use crate::store::sqlite::{error::ErrorContext, reading::Reader};

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
        sqlx::query_as(
            "SELECT e.id AS entry, o.name AS outlet, e.title, e.story_id AS story, s.outlets, \
                    (SELECT fo.name FROM entry AS f JOIN outlet AS fo ON fo.id = f.outlet_id \
                     WHERE f.id = s.first_entry_id AND f.id <> e.id) AS joined \
             FROM entry AS e JOIN outlet AS o ON o.id = e.outlet_id JOIN story AS s ON s.id = e.story_id \
             WHERE e.id > $1 AND (o.private = 0 OR NOT $2) ORDER BY e.id LIMIT $3",
        )
        .bind(after)
        .bind(self.hides_private)
        .bind(MOST)
        .fetch_all(&self.pool)
        .await
        .while_doing("reading what has arrived")
    }
}
