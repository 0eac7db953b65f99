//! The right to write: a row that names one process at a time. The first statement of each transaction of the writer updates it, so
//! that a process that was frozen or cut off for longer than its lease writes nothing afterwards.

use super::process::{is_gone, owner, process_here};
use crate::clock::Clock;
use crate::store::{
    driver::ErrorContext,
    error::StoreError,
    figures::{ServerFigures, WriterProcess},
    postgres::{readers::PostgresReaders, snapshot},
    writing::transaction::within,
};
use sqlx::PgConnection;
use std::time::Duration;
use tokio::time::Instant;

/// How long a process may write without renewing its lease, in seconds by the clock of the database.
const SECONDS: f64 = 30.0;
/// How long a lease is waited for whose end is too far away to be right: as long as another process has to renew it.
const PATIENCE: Duration = Duration::from_secs(30);
/// Time between two renewals of a process that has nothing to write.
pub(in crate::store) const RENEW: Duration = Duration::from_secs(10);
/// Time between two looks at a lease that another process has.
const LOOK: Duration = Duration::from_secs(1);

/// How long a statement of one row may take. It can wait for the end of a transaction whose client has gone.
pub(in crate::store) const SHORT: Duration = Duration::from_secs(20);

/// The lease of this process.
#[derive(Debug)]
pub(in crate::store) struct Lease {
    owner: String,
    epoch: i64,
    /// Number of the last transaction.
    written: i64,
}

/// The lease as it is in the database.
#[derive(Debug, Clone, sqlx::FromRow)]
struct HeldLease {
    owner: String,
    epoch: i64,
    written: i64,
    ends_at: f64,
    /// Seconds from now to its end, by the clock of the database.
    left: f64,
}

impl Lease {
    /// Takes the lease. Waits for the end of that of a process that does not renew it: it may have been killed.
    ///
    /// # Errors
    /// Fails if another process renews its lease.
    pub(super) async fn take(connection: &mut PgConnection, database: &str) -> Result<Self, StoreError> {
        let owner = owner();
        let mut first: Option<HeldLease> = None;
        let since = Clock::monotonic();
        loop {
            let over = first.as_ref().filter(|held| held.is_over(since)).map(|held| held.epoch);
            if let Some(epoch) = within(SHORT, try_take(connection, &owner, over)).await? {
                return Ok(Self { owner, epoch, written: 0 });
            }
            let held = within(SHORT, held(connection)).await?;
            match &first {
                Some(first) if held.is_renewal_of(first) => {
                    return Err(StoreError::Leased { database: database.to_owned(), by: held.owner });
                }
                Some(_) => tokio::time::sleep(LOOK).await,
                None => held.tell(),
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
        // Only a statement that locks the row waits for the end of a transaction that has changed it.
        let locked = sqlx::query("SELECT FROM writer_lease WHERE id = 1 FOR UPDATE").execute(&mut *connection).await;
        locked.while_doing("looking whether a transaction was committed")?;
        let is_committed = self.is_ahead(&held(connection).await?)?;
        if is_committed {
            self.written += 1;
        }
        Ok(is_committed)
    }

    /// Renews the lease between transactions.
    pub(super) async fn keep(&mut self, connection: &mut PgConnection) -> Result<(), StoreError> {
        self.renew(connection, self.written).await
    }

    /// Renews the lease if the last transaction of the database is the one that this process wrote last. An older one means that
    /// the database was restored, or that a standby took over before it had received everything: what this process knows of feeds,
    /// above all their validators, is newer than the database then, and entries would be lost that a 304 leaves out.
    async fn renew(&mut self, connection: &mut PgConnection, written: i64) -> Result<(), StoreError> {
        let renewed = sqlx::query(
            "UPDATE writer_lease SET ends_at = extract(epoch FROM clock_timestamp()) + $2, written = $3 \
             WHERE id = 1 AND epoch = $1 AND owner = $4 AND written = $5",
        )
        .bind(self.epoch)
        .bind(SECONDS)
        .bind(written)
        .bind(&self.owner)
        .bind(self.written)
        .execute(&mut *connection)
        .await
        .while_doing("renewing the lease of the writer")?;
        if renewed.rows_affected() > 0 {
            return Ok(());
        }
        // A transaction that this process took for failed was committed, so its memory is not that of the database either.
        self.is_ahead(&held(connection).await?).and(Err(StoreError::Rewound))
    }

    /// Returns whether the database has one transaction more than this process knows of.
    fn is_ahead(&self, held: &HeldLease) -> Result<bool, StoreError> {
        let is_ours = held.epoch == self.epoch && held.owner == self.owner;
        if held.epoch < self.epoch || is_ours && held.written < self.written {
            return Err(StoreError::Rewound);
        }
        if !is_ours {
            return Err(StoreError::LeaseLost { by: held.owner.clone() });
        }
        Ok(held.written > self.written)
    }

    /// Gives the lease up, so that another process need not wait. A restored database may have an earlier one of this process.
    pub(super) async fn end(&self, connection: &mut PgConnection) -> Result<(), StoreError> {
        sqlx::query("UPDATE writer_lease SET ends_at = 0 WHERE id = 1 AND epoch <= $1 AND owner = $2")
            .bind(self.epoch)
            .bind(&self.owner)
            .execute(connection)
            .await
            .map(drop)
            .while_doing("ending the lease of the writer")
    }
}

impl HeldLease {
    /// Returns whether the lease need not be waited for any longer: its process is gone, or its end is further away than any process
    /// sets it, and nobody has renewed it since. The clock of the server was wrong then.
    fn is_over(&self, since: Instant) -> bool {
        is_gone(&self.owner) || self.is_too_long() && Clock::monotonic() - since >= PATIENCE
    }

    fn is_too_long(&self) -> bool {
        self.left > 2.0 * SECONDS
    }

    /// Returns whether a process has renewed or taken the lease since.
    fn is_renewal_of(&self, first: &Self) -> bool {
        let is_same = (self.epoch, self.written) == (first.epoch, first.written)
            && self.ends_at.total_cmp(&first.ends_at).is_eq();
        self.left > 0.0 && !is_same
    }

    /// Tells who has the lease, and how long it is waited for.
    fn tell(&self) {
        if is_gone(&self.owner) {
            return;
        }
        let seconds = if self.is_too_long() { PATIENCE.as_secs_f64() } else { self.left.max(0.0) };
        tracing::warn!(
            by = self.owner,
            ends_in = format!("{:.0}s", self.left),
            longest_wait = format!("{seconds:.0}s"),
            "another process may write to the database; waiting for the end of its lease"
        );
    }
}

/// Takes the lease if it has ended, or if it is still that of this epoch, whose process is gone. Returns the new epoch.
async fn try_take(connection: &mut PgConnection, owner: &str, over: Option<i64>) -> Result<Option<i64>, StoreError> {
    sqlx::query_scalar(
        "UPDATE writer_lease SET epoch = epoch + 1, owner = $1, written = 0, \
             ends_at = extract(epoch FROM clock_timestamp()) + $2 \
         WHERE id = 1 AND (ends_at < extract(epoch FROM clock_timestamp()) OR epoch = $3) RETURNING epoch",
    )
    .bind(owner)
    .bind(SECONDS)
    .bind(over)
    .fetch_optional(connection)
    .await
    .while_doing("taking the lease of the writer")
}

async fn held(connection: &mut PgConnection) -> Result<HeldLease, StoreError> {
    let held = sqlx::query_as(
        "SELECT owner, epoch, written, ends_at, ends_at - extract(epoch FROM clock_timestamp())::float8 AS left \
         FROM writer_lease WHERE id = 1",
    );
    let held = held.fetch_optional(connection).await.while_doing("reading the lease of the writer")?;
    held.ok_or(StoreError::NoLease)
}

/// Returns the size of the database, and who may write to it now.
pub(in crate::store) async fn figures(readers: &PostgresReaders) -> Result<ServerFigures, StoreError> {
    let asked = async {
        let mut connection = readers.acquire().await?;
        let answer = snapshot::bounded(
            sqlx::query_as(
                "SELECT pg_database_size(current_database()), \
                        (SELECT owner FROM writer_lease WHERE ends_at > extract(epoch FROM clock_timestamp()))",
            )
            .fetch_one(&mut *connection),
        )
        .await;
        snapshot::give_back(connection, answer)
    };
    let (bytes, owner): (i64, Option<String>) = asked.await.while_doing("reading the state of the database")?;
    let writer =
        owner.filter(|owner| !is_gone(owner)).map(|owner| WriterProcess { here: process_here(&owner), name: owner });
    Ok(ServerFigures { bytes: bytes.unsigned_abs(), writer })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(owner: &str, epoch: i64, written: i64, left: f64) -> HeldLease {
        HeldLease { owner: owner.to_owned(), epoch, written, ends_at: 1_000.0 + left, left }
    }

    #[test]
    fn a_database_that_went_back_is_told_from_one_that_another_process_took() {
        let lease = Lease { owner: "us".to_owned(), epoch: 5, written: 7 };
        for (owner, epoch, written, judged) in [
            ("us", 5, 7, "same"),
            ("us", 5, 8, "ahead"),
            ("us", 5, 6, "rewound"),
            ("us", 4, 90, "rewound"),
            ("they", 4, 7, "rewound"),
            // After a standby took over, another process took the lease with the number that ours had.
            ("they", 5, 7, "lost"),
            ("they", 6, 0, "lost"),
            ("us", 6, 0, "lost"),
        ] {
            let told = match lease.is_ahead(&held(owner, epoch, written, 30.0)) {
                Ok(true) => "ahead",
                Ok(false) => "same",
                Err(StoreError::Rewound) => "rewound",
                Err(StoreError::LeaseLost { .. }) => "lost",
                Err(error) => panic!("{error}"),
            };
            assert_eq!(told, judged, "{owner} {epoch} {written}");
        }
    }

    #[test]
    fn a_renewal_is_told_from_a_lease_that_only_ends() {
        let first = held("they", 5, 7, 400.0);
        for (now, renewed) in [
            (first.clone(), false),
            // By a clock that was set right, a renewal ends earlier.
            (held("they", 5, 7, 30.0), true),
            (HeldLease { written: 8, ..first.clone() }, true),
            (HeldLease { epoch: 6, ..first.clone() }, true),
            // Given up.
            (held("they", 5, 7, -1_000.0), false),
        ] {
            assert_eq!(now.is_renewal_of(&first), renewed, "{now:?}");
        }
    }

    #[test]
    fn only_a_lease_whose_end_is_impossible_is_taken_early() {
        let now = Clock::monotonic();
        let earlier = now.checked_sub(PATIENCE).unwrap();
        for (left, since, over) in
            [(29.0, earlier, false), (61.0, now, false), (61.0, earlier, true), (1e9, earlier, true)]
        {
            assert_eq!(held("elsewhere.example process 1", 5, 7, left).is_over(since), over, "{left}");
        }
    }
}
