//! Questions to the file. Readers see the last commit and never wait for the writer.

mod archive;
mod browse;
mod channel;
mod edition;
mod explain;
mod filter;
mod health;
mod status;
mod story;
mod subscriptions;

pub use archive::{ArchiveLookup, ArchivePage};
pub use edition::KeptEdition;
pub use explain::{
    ChannelPosition, EntryExplanation, EntrySnapshot, FeedExplanation, FeedSnapshot, PastPoll, PastRevision,
    PastSighting, StoryExplanation,
};
pub use health::FeedHealth;
pub use subscriptions::SubscribedFeed;

use crate::store::instant;
use crate::store::sqlite::error::ErrorContext;
use crate::{
    dedup::Stamp,
    model::{Entry, FeedId, LinkKey, RawHash, uri},
    store::{
        error::StoreError,
        sqlite::{open, row},
    },
};
use sqlx::SqlitePool;
use std::{collections::HashSet, path::Path};

/// Characters of a text that are read where nothing else is said: a million.
const TEXT_MAX: u32 = 1_000_000;

/// A few read-only connections; cheap to clone.
#[derive(Debug, Clone)]
pub struct Reader {
    pool: SqlitePool,
    /// Characters of an entry's text that channels are read with: what lies beyond is not published.
    text_max: u32,
}

impl Reader {
    /// Opens the file for reading, beside a running daemon or without one.
    ///
    /// # Errors
    /// When there is none, or it is not Warraq's, or newer than this program.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self { pool: open::readers(path).await?, text_max: TEXT_MAX })
    }

    /// The same, reading so many characters of an entry's text for channels: a bound for memory.
    #[must_use]
    pub fn with_text_max(self, characters: u32) -> Self {
        Self { text_max: characters, ..self }
    }

    /// What a feed lists as of its last read document, by the hash of each entry's bytes.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn listed(&self, feed: FeedId) -> Result<HashSet<RawHash>, StoreError> {
        let raw: Vec<i64> = sqlx::query_scalar("SELECT raw FROM sighting WHERE feed_id = $1 AND left_at IS NULL")
            .bind(feed.0)
            .fetch_all(&self.pool)
            .await
            .while_doing("reading what a feed lists")?;
        Ok(raw.into_iter().map(RawHash).collect())
    }

    /// Which of these a feed ever listed, or lists as of its last read document, by the hash of its key.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn sighted(&self, feed: FeedId, keys: &[i64], still: bool) -> Result<HashSet<i64>, StoreError> {
        let known: Vec<i64> = sqlx::query_scalar(
            "SELECT key_hash FROM sighting \
             WHERE key_hash IN (SELECT value FROM json_each($1)) AND feed_id = $2 AND (left_at IS NULL OR NOT $3)",
        )
        .bind(row::rows(keys))
        .bind(feed.0)
        .bind(still)
        .fetch_all(&self.pool)
        .await
        .while_doing("reading what a feed has listed")?;
        Ok(known.into_iter().collect())
    }

    /// Which of these entries a feed ever listed, or lists as of its last read document, under whatever id: by their links,
    /// or by stated second and title. By the hash of their keys. Guids that rotate hide nothing from it.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn familiar(&self, feed: FeedId, entries: &[Entry], still: bool) -> Result<HashSet<i64>, StoreError> {
        let links: Vec<i64> = entries.iter().filter_map(|e| Some(e.link_key?.0)).collect();
        let dates: HashSet<String> = entries.iter().filter_map(|e| e.believed.map(instant::second)).collect();
        let rows: Vec<(Option<i64>, Option<String>, String)> = sqlx::query_as(
            "SELECT e.link_key, e.believed, t.folded_title FROM entry AS e JOIN entry_text AS t ON t.entry_id = e.id \
             WHERE e.id IN (SELECT id FROM entry WHERE link_key IN (SELECT value FROM json_each($1)) UNION \
                SELECT id FROM entry WHERE outlet_id = (SELECT outlet_id FROM feed WHERE id = $3) \
                   AND published_at IN (SELECT value FROM json_each($2))) \
             AND EXISTS (SELECT 1 FROM sighting AS s \
                WHERE s.entry_id = e.id AND s.feed_id = $3 AND (s.left_at IS NULL OR NOT $4)) LIMIT 20000",
        )
        .bind(row::rows(&links))
        .bind(row::rows(&dates.into_iter().collect::<Vec<_>>()))
        .bind(feed.0)
        .bind(still)
        .fetch_all(&self.pool)
        .await
        .while_doing("reading what a feed has listed")?;
        let (mut by_link, mut by_stamp) = (HashSet::new(), HashSet::new());
        for (link, believed, title) in rows {
            by_link.extend(link.map(LinkKey));
            by_stamp.extend(Stamp::new(believed.and_then(|at| at.parse().ok()), &title));
        }
        let is_known = |e: &&Entry| {
            e.link_key.is_some_and(|link| by_link.contains(&link))
                || Stamp::of(e).is_some_and(|s| by_stamp.contains(&s))
        };
        Ok(entries.iter().filter(is_known).map(|e| e.key.hash()).collect())
    }

    /// Ends every connection. Readers close before the writer: the last to close removes the WAL.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// What may be shown of a feed's address: what the configuration says, else the address without a query that may hold a
/// secret.
fn shown_feed(url: &str, public_url: Option<String>) -> String {
    public_url.unwrap_or_else(|| uri::shown(url).into_owned())
}
