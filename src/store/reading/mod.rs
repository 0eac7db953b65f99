//! Queries, the same for every store. Readers see the last commit and never wait for the writer.

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
pub(super) mod statements;
mod status;
mod story;
mod subscriptions;
mod waiting;

pub use arrivals::ArrivedEntry;

use crate::store::driver::ErrorContext;
use crate::store::instant;
#[cfg(feature = "postgres")]
use crate::store::postgres;
use crate::{
    dedup::Stamp,
    model::{Audience, DatabasePlace, Entry, FeedId, LinkKey, RawHash, uri},
    store::{error::StoreError, figures::ServerFigures, listed, row, sqlite::readers::SqliteReaders, writer::Writer},
};
use statements::FeedSql as _;
use std::collections::HashSet;

/// Default number of characters of a text that are read: one million.
const TEXT_MAX: u32 = 1_000_000;

/// The connections of each store: the one place where the store is chosen for readers.
#[derive(Debug, Clone)]
enum ReadPool {
    Sqlite(SqliteReaders),
    #[cfg(feature = "postgres")]
    Postgres(postgres::readers::PostgresReaders),
    /// A transaction in which every statement sees the same state of the database.
    #[cfg(feature = "postgres")]
    PostgresSnapshot(postgres::snapshot::Snapshot),
}

impl ReadPool {
    /// Returns [`statements::ListSql::STEPS`] of the store.
    fn search_steps(&self) -> &'static [i64] {
        match self {
            Self::Sqlite(_) => <sqlx::Sqlite as statements::ListSql>::STEPS,
            #[cfg(feature = "postgres")]
            Self::Postgres(_) | Self::PostgresSnapshot(_) => <sqlx::Postgres as statements::ListSql>::STEPS,
        }
    }

    /// Returns [`statements::ListSql::BOUNDS_BEGINNINGS`] of the store.
    fn bounds_beginnings(&self) -> bool {
        match self {
            Self::Sqlite(_) => <sqlx::Sqlite as statements::ListSql>::BOUNDS_BEGINNINGS,
            #[cfg(feature = "postgres")]
            Self::Postgres(_) | Self::PostgresSnapshot(_) => <sqlx::Postgres as statements::ListSql>::BOUNDS_BEGINNINGS,
        }
    }
}

/// Runs a statement on the connections of a reader, in the SQL of its store: `ask!(pool, Db: fetch_all(query_as(Db::NAME), values…))`.
macro_rules! ask {
    ($pool:expr, $db:ident: $fetch:ident($query:ident($sql:expr) $(, $value:expr)* $(,)?)) => {
        match &$pool {
            $crate::store::reading::ReadPool::Sqlite(readers) => {
                type $db = sqlx::Sqlite;
                sqlx::$query($sql)$(.bind($value))*.$fetch(&readers.pool).await
            }
            #[cfg(feature = "postgres")]
            $crate::store::reading::ReadPool::Postgres(readers) => {
                type $db = sqlx::Postgres;
                async {
                    let mut connection = readers.acquire().await?;
                    let answer = $crate::store::postgres::snapshot::bounded(
                        sqlx::$query($sql)$(.bind($value))*.$fetch(&mut *connection),
                    )
                    .await;
                    $crate::store::postgres::snapshot::give_back(connection, answer)
                }
                .await
            }
            #[cfg(feature = "postgres")]
            $crate::store::reading::ReadPool::PostgresSnapshot(snapshot) => {
                type $db = sqlx::Postgres;
                let mut transaction = snapshot.lock().await;
                $crate::store::postgres::snapshot::bounded(sqlx::$query($sql)$(.bind($value))*.$fetch(&mut **transaction)).await
            }
        }
    };
}

use ask;

/// A few read-only connections; cheap to clone.
#[derive(Debug, Clone)]
pub struct Reader {
    pool: ReadPool,
    /// Number of characters of an entry's text that are read for channels, because the rest is not published.
    text_max: u32,
    /// Whether entries of private outlets are left out.
    hides_private: bool,
}

impl Reader {
    /// Opens the database for reading. A daemon may be running.
    ///
    /// # Errors
    /// Fails if the database does not exist, is not Warraq's, or is newer than this program.
    pub async fn open(database: impl Into<DatabasePlace>) -> Result<Self, StoreError> {
        Self::opened(database.into(), None).await
    }

    /// Does the same in a process that also writes: the reader's connections give way to the writer, if the server has too few.
    ///
    /// # Errors
    /// See [`Reader::open`].
    pub async fn open_beside(writer: &Writer, database: impl Into<DatabasePlace>) -> Result<Self, StoreError> {
        Self::opened(database.into(), Some(writer)).await
    }

    async fn opened(database: DatabasePlace, writer: Option<&Writer>) -> Result<Self, StoreError> {
        let pool = match database {
            DatabasePlace::File(path) => ReadPool::Sqlite(SqliteReaders::open(&path).await?),
            #[cfg(feature = "postgres")]
            DatabasePlace::Server(server) => {
                ReadPool::Postgres(postgres::open::readers(&server, writer.map(Writer::troubles)).await?)
            }
            #[cfg(not(feature = "postgres"))]
            DatabasePlace::Server(_) => return Err(StoreError::WithoutPostgres),
        };
        #[cfg(not(feature = "postgres"))]
        let _ = writer;
        Ok(Self { pool, text_max: TEXT_MAX, hides_private: false })
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
        let listed: Option<Option<Vec<u8>>> = ask!(self.pool, Db: fetch_optional(query_scalar(Db::LISTED), feed.0))
            .while_doing("reading what a feed lists")?;
        let listed = listed.flatten().unwrap_or_default();
        Ok(listed::read(feed, &listed)?.into_iter().map(|sighting| RawHash(sighting.raw)).collect())
    }

    /// Returns which of these keys, given as hashes, the feed ever listed.
    ///
    /// # Errors
    /// Fails if the file cannot be read.
    pub async fn sighted(&self, feed: FeedId, keys: &[i64], still: bool) -> Result<HashSet<i64>, StoreError> {
        let known: Vec<i64> = ask!(self.pool, Db: fetch_all(query_scalar(Db::SIGHTED), row::rows(keys), feed.0, still))
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
        let rows: Vec<(Option<i64>, Option<String>, String)> = ask!(self.pool, Db: fetch_all(query_as(Db::FAMILIAR), row::rows(&links), row::rows(&dates.into_iter().collect::<Vec<_>>()), feed.0, still))
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

    /// Returns a reader whose statements all see the same state of a database on a server. What is rendered from several statements
    /// must not mix two states. A file is read as it is: its statements find what they look for by ids that stay.
    #[cfg_attr(not(feature = "postgres"), expect(clippy::unused_async, reason = "only a server is asked"))]
    async fn snapshot(&self) -> Result<Self, StoreError> {
        #[cfg(feature = "postgres")]
        if let ReadPool::Postgres(readers) = &self.pool {
            let snapshot = readers.snapshot().await?;
            return Ok(Self { pool: ReadPool::PostgresSnapshot(snapshot), ..self.clone() });
        }
        Ok(self.clone())
    }

    /// Returns the state of a database on a server; `None` for a file, of which the file system tells.
    ///
    /// # Errors
    /// Fails if the server cannot be asked.
    #[cfg_attr(not(feature = "postgres"), expect(clippy::unused_async, reason = "only a server is asked"))]
    pub async fn server_figures(&self) -> Result<Option<ServerFigures>, StoreError> {
        match &self.pool {
            #[cfg(feature = "postgres")]
            ReadPool::Postgres(readers) => postgres::lease::figures(readers).await.map(Some),
            _ => Ok(None),
        }
    }

    /// Closes all connections. Readers must be closed before the writer, because the last connection to close removes the WAL.
    pub async fn close(&self) {
        match &self.pool {
            ReadPool::Sqlite(readers) => readers.close().await,
            #[cfg(feature = "postgres")]
            ReadPool::Postgres(readers) => postgres::open::close(readers).await,
            // Its connection goes back to the pool with its last handle.
            #[cfg(feature = "postgres")]
            ReadPool::PostgresSnapshot(_) => {}
        }
    }
}

/// Returns the address of a feed as it may be shown: the configured public one, else the address without a query that may contain
/// a secret.
fn shown_feed(url: &str, public_url: Option<String>) -> String {
    public_url.unwrap_or_else(|| uri::shown(url).into_owned())
}
