//! Opening the file: one writer at a time, never another program's file, never a newer schema.

use super::error::{StoreError, While};
use sqlx::{
    Connection, SqliteConnection, SqlitePool,
    migrate::Migrator,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous},
};
use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    time::Duration,
};

/// The schema, step by step; embedded in the binary.
pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// "Warq": marks the file as Warraq's (SQLite's `application_id`, bytes 68 to 71 of the header).
pub(super) const APPLICATION_ID: i64 = 0x5761_7271;

/// The newest schema this program knows; each migration sets `user_version` to its own number.
pub(super) const SCHEMA: i64 = 4;

/// How long a statement waits for another process's lock before it reports it.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// Connections that read. Two serve pages while two serve polls.
const READERS: u32 = 4;

/// Proof that no other Warraq writes to the file; holds the lock until dropped.
#[derive(Debug)]
pub(super) struct WriterLock {
    _file: File,
}

/// The lock file beside the database.
fn lock_path(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

impl WriterLock {
    /// Takes the lock, or says that another process has it. The lock file stays: removing it would open a race.
    pub(super) fn take(database: &Path) -> Result<Self, StoreError> {
        let path = lock_path(database);
        let failed = |source| StoreError::Lock { path: path.clone(), source };
        let file = File::options().create(true).append(true).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse(database.to_owned())),
            Err(TryLockError::Error(source)) => Err(StoreError::Lock { path, source }),
        }
    }
}

/// Opens the one connection that writes, and brings the schema up to date.
pub(super) async fn writer(path: &Path) -> Result<SqliteConnection, StoreError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        // FULL: a commit is on the disk before the poll is called done.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        // 16,000 pages of 4 kB: a checkpoint is dear, and a WAL of 64 MB is not.
        .pragma("wal_autocheckpoint", "16000")
        .pragma("cache_size", "-6000")
        .statement_cache_capacity(64);
    let open_failed = |source| StoreError::Open { path: path.to_owned(), source };
    let mut connection = SqliteConnection::connect_with(&options).await.map_err(open_failed)?;
    let fresh: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema")
        .fetch_one(&mut connection)
        .await
        .map_err(open_failed)?;
    if fresh > 0 {
        ours(&mut connection, path).await?;
    }
    // Not at opening: a file that is not ours stays as it is, its header too.
    sqlx::query("PRAGMA journal_mode = WAL").execute(&mut connection).await.map_err(open_failed)?;
    let migrated = MIGRATIONS.run(&mut connection).await;
    migrated.map_err(|source| StoreError::Migrate { path: path.to_owned(), source })?;
    Ok(connection)
}

/// Opens the connections that read.
pub(super) async fn readers(path: &Path) -> Result<SqlitePool, StoreError> {
    if !path.exists() {
        return Err(StoreError::Missing(path.to_owned()));
    }
    let options = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .busy_timeout(BUSY_TIMEOUT)
        .pragma("cache_size", "-1000")
        .statement_cache_capacity(32);
    let pool = SqlitePoolOptions::new()
        .max_connections(READERS)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options)
        .await
        .map_err(|source| StoreError::Open { path: path.to_owned(), source })?;
    let mut connection = pool.acquire().await.while_doing("opening the database for reading")?;
    ours(&mut connection, path).await?;
    drop(connection);
    Ok(pool)
}

/// Refuses a file of another program, and one that a newer Warraq has written.
pub(super) async fn ours(connection: &mut SqliteConnection, path: &Path) -> Result<(), StoreError> {
    let open_failed = |source| StoreError::Open { path: path.to_owned(), source };
    let id: i64 = sqlx::query_scalar("PRAGMA application_id").fetch_one(&mut *connection).await.map_err(open_failed)?;
    if id != APPLICATION_ID {
        return Err(StoreError::Foreign { path: path.to_owned(), found: id });
    }
    let schema: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(connection).await.map_err(open_failed)?;
    if schema > SCHEMA {
        return Err(StoreError::Newer { path: path.to_owned(), found: schema, known: SCHEMA });
    }
    Ok(())
}
