//! What the writer asks of SQLite.

use crate::store::{
    backend::{Backend, WriterStatements},
    driver::{ErrorContext, is_busy},
    error::{StoreError, TransientError},
    location::OpenedFile,
    sqlite::{
        open::{self, TempStore, WriterLock},
        writing::checkpoint::Checkpoints,
    },
};
use sqlx::{Connection, SqliteConnection};
use tokio::time::Instant;

/// The file, open for writing.
pub(in crate::store) struct SqliteBackend {
    connection: SqliteConnection,
    file: OpenedFile,
    checkpoints: Checkpoints,
    _lock: WriterLock,
}

impl SqliteBackend {
    pub(super) fn new(
        connection: SqliteConnection,
        file: OpenedFile,
        checkpoints: Checkpoints,
        lock: WriterLock,
    ) -> Self {
        Self { connection, file, checkpoints, _lock: lock }
    }
}

impl WriterStatements for SqliteConnection {}

impl Backend for SqliteBackend {
    type Connection = SqliteConnection;

    fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }

    /// A file cannot be lost.
    async fn ready(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn failed(&mut self, _: &TransientError) {}

    /// Takes SQLite's write lock.
    async fn begin(&mut self) -> Result<(), StoreError> {
        self.file.check()?;
        let begun = sqlx::query("BEGIN IMMEDIATE").execute(&mut self.connection).await;
        begun.map(drop).while_doing("beginning a transaction")
    }

    async fn commit(&mut self) -> Result<(), StoreError> {
        sqlx::query("COMMIT").execute(&mut self.connection).await.map(drop).while_doing("committing")
    }

    /// SQLite always answers.
    async fn is_committed(&mut self) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn rollback(&mut self) {
        // SQLite rolls back by itself after some errors; then this ROLLBACK fails, which does not matter.
        let _ = sqlx::query("ROLLBACK").execute(&mut self.connection).await;
    }

    async fn abandon(&mut self) {
        // If the file has another name now, it gets what was committed before.
        let _ = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut self.connection).await;
    }

    async fn compact(&mut self) -> Result<(), StoreError> {
        let doing = "compacting the database";
        let connection = &mut self.connection;
        open::set_temp_store(connection, TempStore::Files).await.while_doing(doing)?;
        sqlx::query("VACUUM").execute(&mut *connection).await.while_doing(doing)?;
        open::set_temp_store(connection, TempStore::Memory).await.while_doing(doing)
    }

    fn upkeep_at(&self) -> Instant {
        self.checkpoints.due()
    }

    async fn upkeep(&mut self) -> Result<(), StoreError> {
        self.checkpoints.look(&mut self.connection).await;
        Ok(())
    }

    async fn close(mut self) -> Result<(), StoreError> {
        // Readers that block the checkpoint are not waited for beyond the time of a shutdown.
        sqlx::query("PRAGMA busy_timeout = 1000").execute(&mut self.connection).await.while_doing("losing patience")?;
        // TRUNCATE: afterwards everything is in the database file, and there is no long WAL.
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
            .execute(&mut self.connection)
            .await
            .while_doing("bringing the WAL into the file")?;
        // A WAL database that nobody has open cannot be read by users without write permission on its folder (measured with
        // SQLite 3.40); one with a rollback journal can. If a reader prevents the change, the WAL's files stay, which works as
        // well.
        match sqlx::query("PRAGMA journal_mode = DELETE").execute(&mut self.connection).await {
            Err(error) if !is_busy(&error) => return Err(error).while_doing("leaving WAL mode"),
            _ => {}
        }
        self.connection.close().await.while_doing("closing the database")
    }
}
