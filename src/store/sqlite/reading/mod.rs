//! Queries. Readers see the last commit and never wait for the writer.

mod archive;
mod arrivals;
mod browse;
mod channel;
mod copies;
mod edition;
mod explain;
mod feed_page;
mod filter;
mod health;
mod history;
mod incidents;
mod push;
mod search;
mod status;
mod story;
mod subscriptions;
mod waiting;

pub use arrivals::ArrivedEntry;

use crate::store::instant;
use crate::store::sqlite::error::ErrorContext;
use crate::{
    dedup::Stamp,
    model::{Audience, Entry, FeedId, LinkKey, RawHash, uri},
    store::{
        error::StoreError,
        sqlite::{listed, open, row},
    },
};
use sqlx::SqlitePool;
use std::{collections::HashSet, path::Path};

/// Default number of characters of a text that are read: one million.
const TEXT_MAX: u32 = 1_000_000;

/// A few read-only connections; cheap to clone.
#[derive(Debug, Clone)]
pub struct Reader {
    pool: SqlitePool,
    /// Number of characters of an entry's text that are read for channels, because the rest is not published.
    text_max: u32,
    /// Whether entries of private outlets are left out.
    hides_private: bool,
}

impl Reader {
    /// Opens the file for reading. A daemon may be running.
    ///
    /// # Errors
    /// Fails if the file does not exist, is not Warraq's, or is newer than this program.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self { pool: open::readers(path).await?, text_max: TEXT_MAX, hides_private: false })
    }

    /// Same as [`Reader::open`], but reads at most this many characters of an entry's text for channels. This bounds memory.
    #[must_use]
    pub fn with_text_max(self, characters: u32) -> Self {
        Self { text_max: characters, ..self }
    }

    /// Returns a reader for what this audience may see.
    #[must_use]
    pub fn shown_to(self, audience: Audience) -> Self {
        Self { hides_private: audience == Audience::Everyone, ..self }
    }

    /// Returns what a feed listed in its last document, by the hash of each entry's bytes.
    ///
    /// # Errors
    /// Fails if the file cannot be read.
    pub async fn listed(&self, feed: FeedId) -> Result<HashSet<RawHash>, StoreError> {
        let listed: Option<Option<Vec<u8>>> = sqlx::query_scalar("SELECT listed FROM feed WHERE id = $1")
            .bind(feed.0)
            .fetch_optional(&self.pool)
            .await
            .while_doing("reading what a feed lists")?;
        let listed = listed.flatten().unwrap_or_default();
        Ok(listed::read(feed, &listed)?.into_iter().map(|sighting| RawHash(sighting.raw)).collect())
    }

    /// Returns which of these keys, given as hashes, the feed ever listed.
    ///
    /// # Errors
    /// Fails if the file cannot be read.
    pub async fn sighted(&self, feed: FeedId, keys: &[i64], still: bool) -> Result<HashSet<i64>, StoreError> {
        let known: Vec<i64> = sqlx::query_scalar(
            "WITH w (hash) AS MATERIALIZED (SELECT value FROM json_each($1)), \
             found (id) AS ( \
                SELECT row_id FROM w CROSS JOIN lookup_0 AS l ON l.hash = w.hash AND l.kind = 0 UNION ALL \
                SELECT row_id FROM w CROSS JOIN lookup_1 AS l ON l.hash = w.hash AND l.kind = 0 UNION ALL \
                SELECT row_id FROM w CROSS JOIN lookup_2 AS l ON l.hash = w.hash AND l.kind = 0) \
             SELECT s.key_hash FROM found CROSS JOIN sighting AS s ON s.id = found.id \
             WHERE s.feed_id = $2 AND (s.left_at IS NULL OR NOT $3)",
        )
        .bind(row::rows(keys))
        .bind(feed.0)
        .bind(still)
        .fetch_all(&self.pool)
        .await
        .while_doing("reading what a feed has listed")?;
        Ok(known.into_iter().collect())
    }

    /// Returns which of these entries the feed ever listed, under whatever id: by link, or by stated second and title. The result
    /// is the hashes of their keys. This recognises entries whose guids change at each poll.
    ///
    /// # Errors
    /// Fails if the file cannot be read.
    pub async fn familiar(&self, feed: FeedId, entries: &[Entry], still: bool) -> Result<HashSet<i64>, StoreError> {
        let links: Vec<i64> = entries.iter().filter_map(|e| Some(e.link_key?.0)).collect();
        let dates: HashSet<String> = entries.iter().filter_map(|e| e.believed.map(instant::second)).collect();
        let rows: Vec<(Option<i64>, Option<String>, String)> = sqlx::query_as(
            "WITH w (hash) AS MATERIALIZED (SELECT value FROM json_each($1)), \
             found (id) AS ( \
                SELECT row_id FROM w CROSS JOIN lookup_0 AS l ON l.hash = w.hash AND l.kind = 1 UNION ALL \
                SELECT row_id FROM w CROSS JOIN lookup_1 AS l ON l.hash = w.hash AND l.kind = 1 UNION ALL \
                SELECT row_id FROM w CROSS JOIN lookup_2 AS l ON l.hash = w.hash AND l.kind = 1) \
             SELECT e.link_key, e.believed, t.folded_title FROM entry AS e JOIN entry_text AS t ON t.entry_id = e.id \
             WHERE e.id IN (SELECT id FROM found UNION \
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

    /// Closes all connections. Readers must be closed before the writer, because the last connection to close removes the WAL.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// Returns the address of a feed as it may be shown: the configured public one, else the address without a query that may contain
/// a secret.
fn shown_feed(url: &str, public_url: Option<String>) -> String {
    public_url.unwrap_or_else(|| uri::shown(url).into_owned())
}
