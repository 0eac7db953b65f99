//! What the writer asks of SQLite.

use crate::store::{
    backend::{Backend, WriterStatements},
    driver::{ErrorContext, is_busy},
    error::{StoreError, TransientError},
    location::{OpenedFile, WAL, WAL_INDEX, beside},
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
    /// The write-ahead log, once there is one. While a connection is open, SQLite neither removes nor replaces it.
    wal: Option<OpenedFile>,
    checkpoints: Checkpoints,
    /// Whether the database is known to have a write-ahead log: at the start the disk may have been full, or the file locked.
    has_log: bool,
    /// Whether the disk was full or failed at the last try.
    is_full: bool,
    _lock: WriterLock,
}

impl SqliteBackend {
    pub(super) fn new(
        connection: SqliteConnection,
        file: OpenedFile,
        checkpoints: Checkpoints,
        lock: WriterLock,
    ) -> Self {
        Self { connection, file, wal: None, checkpoints, has_log: false, is_full: false, _lock: lock }
    }

    /// Checks that database and write-ahead log are the files that were opened. What is committed to a log without a name is lost
    /// when the process dies, so it is brought into the database first.
    async fn check_files(&mut self) -> Result<(), StoreError> {
        self.file.check()?;
        let Some(wal) = &self.wal else {
            self.wal = Some(OpenedFile::at(&beside(self.file.path(), WAL))).filter(OpenedFile::is_known);
            return Ok(());
        };
        let checked = wal.check();
        if checked.is_err() {
            self.bring_in().await;
        }
        checked
    }

    /// Brings what the write-ahead log has into the database that was opened, under whatever name that is now.
    async fn bring_in(&mut self) {
        let _ = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut self.connection).await;
    }

    /// Moves our write-ahead log away from a database that is not ours: SQLite would lay it over that file at the next start.
    fn put_log_aside(&self) {
        let Some(wal) = self.wal.as_ref().filter(|wal| self.file.check().is_err() && wal.check().is_ok()) else {
            return;
        };
        let aside = beside(wal.path(), ".of-replaced-file");
        match std::fs::rename(wal.path(), &aside) {
            Ok(()) => {
                let _ = std::fs::remove_file(beside(self.file.path(), WAL_INDEX));
                tracing::warn!(path = %aside.display(), "put the write-ahead log of the removed database aside");
            }
            Err(error) => tracing::warn!(%error, path = %wal.path().display(), "cannot put the write-ahead log aside"),
        }
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

    fn failed(&mut self, trouble: &TransientError) {
        // A limit of the file's size, such as a quota, is reported as an error of the disk.
        self.is_full = matches!(trouble, TransientError::DiskFull | TransientError::Io(_));
    }

    /// Takes SQLite's write lock.
    async fn begin(&mut self) -> Result<(), StoreError> {
        self.check_files().await?;
        if std::mem::take(&mut self.is_full) {
            self.checkpoints.make_room(&mut self.connection).await;
        }
        if !self.has_log {
            open::begin_log(&mut self.connection).await.while_doing("beginning the write-ahead log")?;
            self.has_log = true;
        }
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
        self.bring_in().await;
        self.put_log_aside();
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

    async fn upkeep(&mut self) -> Result<bool, StoreError> {
        self.checkpoints.look(&mut self.connection).await;
        Ok(false)
    }

    async fn close(mut self) -> Result<(), StoreError> {
        if let Err(error) = self.check_files().await {
            self.abandon().await;
            return Err(error);
        }
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
