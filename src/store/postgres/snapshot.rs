//! What readers of a server need: one state of the database for several statements, and an end of waiting.

use sqlx::{Connection as _, PgConnection, Postgres, Transaction, pool::PoolConnection};
use std::{io, sync::Arc, time::Duration};
use tokio::sync::Mutex;

/// How long a statement of a reader may take before the server counts as unreachable: longer than the server itself allows it
/// (`statement_timeout`). A network that swallows packets reports nothing.
const LONGEST: Duration = Duration::from_secs(70);

/// A transaction that readers share, one statement at a time. It ends with its last handle.
pub(in crate::store) type Snapshot = Arc<Mutex<Transaction<'static, Postgres>>>;

/// Waits for an answer of the server, but not without end.
pub(in crate::store) async fn bounded<T>(
    answer: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    tokio::time::timeout(LONGEST, answer).await.unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut).into()))
}

/// Gives a connection back to its pool, or closes it if the server did not answer on it. Returns the answer.
pub(in crate::store) fn give_back<T>(
    mut connection: PoolConnection<Postgres>,
    answer: Result<T, sqlx::Error>,
) -> Result<T, sqlx::Error> {
    if matches!(&answer, Err(sqlx::Error::Io(error)) if error.kind() == io::ErrorKind::TimedOut) {
        connection.close_on_drop();
    }
    answer
}

/// Waits until a connection that comes back to its pool is ready, for example after a statement that nobody waits for any more. The
/// pool itself would wait without end, and each silent connection would take one place of the pool for good.
pub(super) async fn ready_again(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    bounded(connection.ping()).await.map(|()| true)
}
