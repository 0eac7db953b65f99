//! The read connections of a file.

use crate::store::{
    error::StoreError,
    location,
    sqlite::open::{BUSY_TIMEOUT, ours},
};
use sqlx::{
    ConnectOptions as _, SqlitePool,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// Number of read connections: two for pages and two for polls.
const READERS: u32 = 4;
/// How many of its steps a statement makes between two looks whether the connections are being closed: a millisecond.
const STEPS: i32 = 20_000;
/// How long closing the connections may take, because a daemon stops within a few seconds.
const LAST: Duration = Duration::from_millis(500);

/// A few read-only connections; cheap to clone.
#[derive(Debug, Clone)]
pub(in crate::store) struct SqliteReaders {
    pub pool: SqlitePool,
    is_closing: Arc<AtomicBool>,
}

impl SqliteReaders {
    /// Opens the read connections.
    pub(in crate::store) async fn open(path: &Path) -> Result<Self, StoreError> {
        let path = location::real_path(path)?;
        let path = path.as_path();
        if !path.exists() {
            return Err(StoreError::Missing(path.to_owned()));
        }
        location::other_names(path)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .read_only(true)
            .busy_timeout(BUSY_TIMEOUT)
            .pragma("cache_size", "-1000")
            .statement_cache_capacity(32)
            // The driver would log the text of slow statements.
            .disable_statement_logging();
        let is_closing = Arc::<AtomicBool>::default();
        let failed = |source: sqlx::Error| StoreError::Open { path: path.to_owned(), source: source.into() };
        let pool = pool(options, &is_closing).await.map_err(failed)?;
        let mut connection = pool.acquire().await.map_err(failed)?;
        ours(&mut connection, path).await?;
        drop(connection);
        Ok(Self { pool, is_closing })
    }

    /// Closes the connections. A statement that runs is interrupted: SQLite does not notice that nobody waits for it any more. A
    /// connection that is not free even then ends with the process, and the write-ahead log stays for the next start.
    pub(in crate::store) async fn close(&self) {
        self.is_closing.store(true, Ordering::Relaxed);
        drop(tokio::time::timeout(LAST, self.pool.close()).await);
    }
}

/// Opens connections whose statements end once they are being closed.
async fn pool(options: SqliteConnectOptions, is_closing: &Arc<AtomicBool>) -> Result<SqlitePool, sqlx::Error> {
    let is_closing = Arc::clone(is_closing);
    SqlitePoolOptions::new()
        .max_connections(READERS)
        .idle_timeout(None)
        .max_lifetime(None)
        .after_connect(move |connection, _| {
            let is_closing = Arc::clone(&is_closing);
            Box::pin(async move {
                let mut handle = connection.lock_handle().await?;
                handle.set_progress_handler(STEPS, move || !is_closing.load(Ordering::Relaxed));
                Ok(())
            })
        })
        .connect_with(options)
        .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::open::schema;

    #[tokio::test]
    async fn a_statement_for_which_nobody_waits_does_not_delay_closing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        schema(&path).await.unwrap();
        let readers = SqliteReaders::open(&path).await.unwrap();
        let pool = readers.pool.clone();
        let endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
        let asking = tokio::spawn(async move { sqlx::query(endless).execute(&pool).await });
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(!asking.is_finished(), "the statement ended");
        asking.abort();
        tokio::time::sleep(Duration::from_millis(300)).await;
        tokio::time::timeout(Duration::from_secs(5), readers.close()).await.expect("the readers are not closed");
        assert_eq!(readers.pool.size(), 0, "the statement was not interrupted");
    }
}
