//! The right to write: a row that names one process at a time. The first statement of each transaction of the writer updates it, so
//! that a process that was frozen or cut off for longer than its lease writes nothing afterwards.

use crate::store::{
    driver::ErrorContext,
    error::StoreError,
    figures::{ServerFigures, WriterProcess},
    postgres::snapshot,
    writing::transaction::within,
};
use sqlx::{PgConnection, PgPool};
use std::{fs, path::Path, time::Duration};

/// How long a process may write without renewing its lease, in seconds by the clock of the database.
const SECONDS: f64 = 30.0;
/// Time between two renewals of a process that has nothing to write.
pub(in crate::store) const RENEW: Duration = Duration::from_secs(10);
/// Time between two looks at a lease that another process has.
const LOOK: Duration = Duration::from_secs(1);

/// How long a statement of one row may take. It can wait for the end of a transaction whose client has gone.
pub(in crate::store) const SHORT: Duration = Duration::from_secs(20);

/// The lease of this process.
#[derive(Debug)]
pub(in crate::store) struct Lease {
    epoch: i64,
    /// Number of the last transaction.
    written: i64,
}

#[derive(sqlx::FromRow)]
struct HeldLease {
    owner: String,
    epoch: i64,
    ends_at: f64,
}

impl Lease {
    /// Takes the lease. Waits for the end of that of a process that does not renew it: it may have been killed.
    ///
    /// # Errors
    /// Fails if another process renews its lease.
    pub(super) async fn take(connection: &mut PgConnection, database: &str) -> Result<Self, StoreError> {
        let owner = owner();
        let mut first: Option<HeldLease> = None;
        loop {
            let gone = first.as_ref().is_some_and(|held| is_gone(&held.owner));
            let gone = gone.then(|| first.as_ref().map(|h| h.epoch)).flatten();
            if let Some(epoch) = within(SHORT, try_take(connection, &owner, gone)).await? {
                return Ok(Self { epoch, written: 0 });
            }
            let held = within(SHORT, held(connection)).await?;
            if first.as_ref().is_some_and(|first| first.epoch != held.epoch || first.ends_at < held.ends_at) {
                return Err(StoreError::Leased { database: database.to_owned(), by: held.owner });
            }
            if first.is_some() {
                tokio::time::sleep(LOOK).await;
            } else if !is_gone(&held.owner) {
                tracing::warn!(
                    by = held.owner,
                    "another process may write to the database; waiting for the end of its lease"
                );
            }
            first.get_or_insert(held);
        }
    }

    /// Renews the lease as the first statement of the next transaction.
    pub(super) async fn begin(&mut self, connection: &mut PgConnection) -> Result<(), StoreError> {
        self.renew(connection, self.written + 1).await
    }

    /// Notes that the transaction was committed.
    pub(super) fn committed(&mut self) {
        self.written += 1;
    }

    /// Returns whether the last transaction was committed, after its answer was lost. Waits until the server has ended it.
    pub(super) async fn is_committed(&mut self, connection: &mut PgConnection) -> Result<bool, StoreError> {
        let written: Option<i64> =
            sqlx::query_scalar("SELECT written FROM writer_lease WHERE id = 1 AND epoch = $1 FOR UPDATE")
                .bind(self.epoch)
                .fetch_optional(&mut *connection)
                .await
                .while_doing("looking whether a transaction was committed")?;
        match written {
            Some(written) if written > self.written => {
                self.written = written;
                Ok(true)
            }
            Some(_) => Ok(false),
            None => Err(lost(connection).await),
        }
    }

    /// Renews the lease between transactions.
    pub(super) async fn keep(&mut self, connection: &mut PgConnection) -> Result<(), StoreError> {
        self.renew(connection, self.written).await
    }

    async fn renew(&mut self, connection: &mut PgConnection, written: i64) -> Result<(), StoreError> {
        let renewed = sqlx::query(
            "UPDATE writer_lease SET ends_at = extract(epoch FROM clock_timestamp()) + $2, written = $3 \
             WHERE id = 1 AND epoch = $1",
        )
        .bind(self.epoch)
        .bind(SECONDS)
        .bind(written)
        .execute(&mut *connection)
        .await
        .while_doing("renewing the lease of the writer")?;
        if renewed.rows_affected() == 0 { Err(lost(connection).await) } else { Ok(()) }
    }

    /// Gives the lease up, so that another process need not wait.
    pub(super) async fn end(&self, connection: &mut PgConnection) -> Result<(), StoreError> {
        sqlx::query("UPDATE writer_lease SET ends_at = 0 WHERE id = 1 AND epoch = $1")
            .bind(self.epoch)
            .execute(connection)
            .await
            .map(drop)
            .while_doing("ending the lease of the writer")
    }
}

/// Takes the lease if it has ended, or if it is still that of this epoch, whose process is gone. Returns the new epoch.
async fn try_take(connection: &mut PgConnection, owner: &str, gone: Option<i64>) -> Result<Option<i64>, StoreError> {
    sqlx::query_scalar(
        "UPDATE writer_lease SET epoch = epoch + 1, owner = $1, written = 0, \
             ends_at = extract(epoch FROM clock_timestamp()) + $2 \
         WHERE id = 1 AND (ends_at < extract(epoch FROM clock_timestamp()) OR epoch = $3) RETURNING epoch",
    )
    .bind(owner)
    .bind(SECONDS)
    .bind(gone)
    .fetch_optional(connection)
    .await
    .while_doing("taking the lease of the writer")
}

async fn held(connection: &mut PgConnection) -> Result<HeldLease, StoreError> {
    sqlx::query_as("SELECT owner, epoch, ends_at FROM writer_lease WHERE id = 1")
        .fetch_one(connection)
        .await
        .while_doing("reading the lease of the writer")
}

/// Returns the size of the database, and who may write to it now.
pub(in crate::store) async fn figures(pool: &PgPool) -> Result<ServerFigures, StoreError> {
    let asked = sqlx::query_as(
        "SELECT pg_database_size(current_database()), \
                (SELECT owner FROM writer_lease WHERE ends_at > extract(epoch FROM clock_timestamp()))",
    )
    .fetch_one(pool);
    let (bytes, owner): (i64, Option<String>) =
        snapshot::bounded(asked).await.while_doing("reading the state of the database")?;
    let writer =
        owner.filter(|owner| !is_gone(owner)).map(|owner| WriterProcess { here: process_here(&owner), name: owner });
    Ok(ServerFigures { bytes: bytes.unsigned_abs(), writer })
}

/// Returns the process id of an owner on this host.
fn process_here(owner: &str) -> Option<u32> {
    let (at, process) = owner.split_once(" process ")?;
    (at == host()).then(|| process.parse().ok()).flatten()
}

/// The error of a process whose lease another one has.
async fn lost(connection: &mut PgConnection) -> StoreError {
    match held(connection).await {
        Ok(held) => StoreError::LeaseLost { by: held.owner },
        Err(error) => error,
    }
}

/// Returns the name of this process: its host and its process id.
fn owner() -> String {
    format!("{} process {}", host(), std::process::id())
}

fn host() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim();
    if name.is_empty() { "unknown".to_owned() } else { name.to_owned() }
}

/// Returns whether a process of this host has ended. What cannot be known counts as running: then its lease has to end.
fn is_gone(owner: &str) -> bool {
    let Some((at, process)) = owner.split_once(" process ") else { return false };
    let processes = Path::new("/proc");
    at == host() && processes.join("self").exists() && !processes.join(process).exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_process_of_this_host_is_known_to_have_ended() {
        assert!(!is_gone(&owner()));
        assert!(is_gone(&format!("{} process 999999999", host())));
        assert!(!is_gone("elsewhere.example process 999999999") && !is_gone(""));
    }
}
