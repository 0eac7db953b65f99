//! What readers of a server need: one state of the database for several statements, and an end of waiting.

use crate::store::{driver::ErrorContext, error::StoreError};
use sqlx::{PgPool, Postgres, Transaction};
use std::{io, sync::Arc, time::Duration};
use tokio::sync::Mutex;

/// How long a statement may take before the server counts as unreachable. A network that swallows packets reports nothing.
pub(in crate::store) const LONGEST: Duration = Duration::from_mins(2);

/// A transaction that readers share, one statement at a time. It ends with its last handle.
pub(in crate::store) type Snapshot = Arc<Mutex<Transaction<'static, Postgres>>>;

/// Begins a transaction that sees one state of the database.
pub(in crate::store) async fn begin(pool: &PgPool) -> Result<Snapshot, StoreError> {
    let begun = bounded(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")).await;
    begun.map(|transaction| Arc::new(Mutex::new(transaction))).while_doing("beginning a transaction")
}

/// Waits for an answer of the server, but not without end.
pub(in crate::store) async fn bounded<T>(
    answer: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    let late = |_| Err(sqlx::Error::Io(io::Error::from(io::ErrorKind::TimedOut)));
    tokio::time::timeout(LONGEST, answer).await.unwrap_or_else(late)
}
