//! What the writer asks of PostgreSQL.

use crate::{
    clock::Clock,
    store::{
        backend::{Backend, WriterStatements},
        driver::ErrorContext,
        error::{StoreError, TransientError},
        postgres::{
            lease::{Lease, RENEW, SHORT},
            open::{self, LAST},
        },
        writing::transaction::within,
    },
};
use sqlx::{Connection as _, PgConnection, postgres::PgConnectOptions};
use std::time::Duration;
use tokio::time::Instant;

/// How long a statement may take before the server counts as unreachable. A network that swallows packets reports nothing.
const LONGEST: Duration = Duration::from_mins(2);

/// The database, open for writing.
pub(in crate::store) struct PostgresBackend {
    connection: PgConnection,
    options: PgConnectOptions,
    lease: Lease,
    is_lost: bool,
    upkeep_at: Instant,
}

impl PostgresBackend {
    pub(super) fn new(connection: PgConnection, options: PgConnectOptions, lease: Lease) -> Self {
        Self { connection, options, lease, is_lost: false, upkeep_at: Clock::monotonic() + RENEW }
    }
}

impl WriterStatements for PgConnection {}

impl Backend for PostgresBackend {
    type Connection = PgConnection;

    fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    async fn ready(&mut self) -> Result<(), StoreError> {
        if self.is_lost {
            self.connection = open::connect(&self.options).await?;
            self.is_lost = false;
        }
        Ok(())
    }

    fn failed(&mut self, trouble: &TransientError) {
        self.is_lost |= trouble.breaks_connection();
    }

    async fn begin(&mut self) -> Result<(), StoreError> {
        self.ready().await?;
        let (connection, lease) = (&mut self.connection, &mut self.lease);
        let begun = async {
            sqlx::query("BEGIN").execute(&mut *connection).await.while_doing("beginning a transaction")?;
            lease.begin(connection).await
        };
        let begun = within(SHORT, begun).await;
        if let Err(error) = &begun {
            self.is_lost |= TransientError::of(error).is_some_and(|trouble| trouble.breaks_connection());
            self.rollback().await;
        }
        begun
    }

    fn longest(&self) -> Option<Duration> {
        Some(LONGEST)
    }

    async fn commit(&mut self) -> Result<(), StoreError> {
        let committed =
            async { sqlx::query("COMMIT").execute(&mut self.connection).await.map(drop).while_doing("committing") };
        within(LONGEST, committed).await?;
        self.lease.committed();
        Ok(())
    }

    async fn is_committed(&mut self) -> Result<bool, StoreError> {
        within(SHORT, self.lease.is_committed(&mut self.connection)).await
    }

    async fn rollback(&mut self) {
        // The server rolls back what was on a lost connection.
        if !self.is_lost {
            let rollback = async {
                sqlx::query("ROLLBACK").execute(&mut self.connection).await.map(drop).while_doing("rolling back")
            };
            self.is_lost |= within(SHORT, rollback).await.is_err();
        }
    }

    /// What was committed is on the server. Whoever starts next need not wait for the end of the lease.
    async fn abandon(&mut self) {
        // That the server does not answer is no news: the lease ends by itself.
        let _ = within(LAST, self.lease.end(&mut self.connection)).await;
    }

    async fn compact(&mut self) -> Result<(), StoreError> {
        Err(StoreError::NotForServer {
            what: "compacting",
            instead: "the server reuses free space by itself (autovacuum)",
        })
    }

    fn upkeep_at(&self) -> Instant {
        self.upkeep_at
    }

    async fn upkeep(&mut self) -> Result<bool, StoreError> {
        self.upkeep_at = Clock::monotonic() + RENEW;
        self.ready().await?;
        within(SHORT, self.lease.keep(&mut self.connection)).await.map(|()| true)
    }

    /// Gives the lease up. If the server does not answer, the lease ends by itself, and what was committed is on the server.
    async fn close(mut self) -> Result<(), StoreError> {
        if self.is_lost {
            return Ok(());
        }
        let closed = within(LAST, async {
            self.lease.end(&mut self.connection).await?;
            self.connection.close().await.while_doing("closing the database")
        });
        match closed.await {
            Err(error) if error.can_pass() => Ok(()),
            closed => closed,
        }
    }
}
