//! Opens the file: one writer at a time, never another program's file, never a newer schema.

use crate::store::{
    driver::kind,
    error::{StoreError, StoreErrorKind},
    location,
};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, SqliteConnection,
    migrate::Migrator,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
    time::Duration,
};

/// The migrations, embedded in the binary.
pub(in crate::store) static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// "Warq": marks the file as Warraq's (SQLite's `application_id`, bytes 68 to 71 of the header).
pub(in crate::store) const APPLICATION_ID: i64 = 0x5761_7271;

/// The newest schema that this program knows. Each migration sets `user_version` to its own number.
pub(in crate::store) const SCHEMA: i64 = 15;

/// How long a statement waits for another process's lock before it fails. It is less than the second after which the driver logs
/// a slow statement.
pub(in crate::store) const BUSY_TIMEOUT: Duration = Duration::from_millis(900);

/// Proof that no other Warraq writes to the file. Holds the lock until it is dropped.
#[derive(Debug)]
pub(in crate::store) struct WriterLock {
    database: PathBuf,
    _file: File,
}

impl WriterLock {
    /// Takes the lock, or fails if another process has it. The lock file is never removed, because that would cause a race. It is
    /// a separate file next to the database, since closing a descriptor of the database would drop SQLite's locks on it
    /// (fcntl(2)).
    pub(in crate::store) fn take(path: &Path) -> Result<Self, StoreError> {
        let database = location::real_path(path)?;
        let lock = location::beside(&database, location::LOCK);
        let failed = |source| StoreError::Lock { path: lock.clone(), source };
        let file = File::options().create(true).append(true).open(&lock).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::InUse(database)),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        location::tidy(&database)?;
        Ok(Self { database, _file: file })
    }

    /// Returns the locked file: an absolute path without symbolic links.
    pub(in crate::store) fn database(&self) -> &Path {
        &self.database
    }
}

/// Opens the write connection and migrates the schema.
pub(in crate::store) async fn writer(lock: &WriterLock) -> Result<SqliteConnection, StoreError> {
    let path = lock.database();
    if fs::metadata(path).map_or(0, |file| file.len()) == 0 {
        create(path).await?;
    }
    let options = SqliteConnectOptions::new()
        .filename(path)
        // FULL: a commit is on the disk before the poll counts as done.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .pragma("wal_autocheckpoint", pages_of_log(location::free_bytes(path)).to_string())
        // A WAL that grew larger because of a reader is truncated when it restarts.
        .pragma("journal_size_limit", "67108864")
        .pragma("cache_size", "-6000")
        .statement_cache_capacity(64)
        // The driver would log the text of the statement, which is 100 kB for a batch. `transaction.rs` reports long work.
        .disable_statement_logging();
    let open_failed = |source: sqlx::Error| StoreError::Open { path: path.to_owned(), source: source.into() };
    let mut connection = SqliteConnection::connect_with(&options).await.map_err(open_failed)?;
    match ours(&mut connection, path).await {
        Ok(()) | Err(StoreError::Unfinished(_)) => {}
        Err(error) => return Err(error),
    }
    // Not when opening, so that a file of another program keeps its header.
    match begin_log(&mut connection).await {
        // The file can be read as it is, and the writer tries again. A daemon serves what it has meanwhile.
        Err(error) if matches!(kind(&error), StoreErrorKind::Busy | StoreErrorKind::Full | StoreErrorKind::Disk) => {}
        begun => begun.map_err(open_failed)?,
    }
    migrate(&mut connection, path).await?;
    set_temp_store(&mut connection, TempStore::Memory).await.map_err(open_failed)?;
    Ok(connection)
}

/// Begins a write-ahead log if there is none: the last writer that closed the file ended its own. This needs the lock of the file,
/// for which SQLite does not wait here, and space on the disk. Not within a transaction.
pub(in crate::store) async fn begin_log(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::query("PRAGMA journal_mode = WAL").execute(connection).await.map(drop)
}

/// Returns the pages of 4 kB after which the log is checkpointed: checkpoints are expensive, and a log of 64 MB is not, except on a
/// disk that has little space left. An eighth of the free space is used at most.
fn pages_of_log(free: Option<u64>) -> u64 {
    free.map_or(16_000, |free| (free / 8 / 4_096).clamp(250, 16_000))
}

/// Where SQLite keeps what it needs for the time of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum TempStore {
    /// In files, for statements over the whole database: migrations and VACUUM.
    Files,
    /// In memory, for batches, whose size is limited: as files they would be as many bytes as the write-ahead log.
    Memory,
}

/// Sets where the connection's next statements keep what is temporary. Not within a transaction.
pub(in crate::store) async fn set_temp_store(
    connection: &mut SqliteConnection,
    store: TempStore,
) -> Result<(), sqlx::Error> {
    let sql = match store {
        TempStore::Files => "PRAGMA temp_store = FILE",
        TempStore::Memory => "PRAGMA temp_store = MEMORY",
    };
    sqlx::query(sql).execute(connection).await.map(drop)
}

/// Creates the database under a temporary name and renames it when it is complete, so that a start that fails or is killed leaves
/// no incomplete database.
async fn create(path: &Path) -> Result<(), StoreError> {
    let wal = location::beside(path, location::WAL);
    if fs::metadata(&wal).is_ok_and(|file| file.len() > 0) {
        return Err(StoreError::Orphan { path: path.to_owned(), wal });
    }
    let incoming = location::beside(path, location::INCOMING);
    let made = schema(&incoming).await.and_then(|()| {
        let failed = |source| StoreError::File { doing: "creating", path: path.to_owned(), source };
        File::open(&incoming).and_then(|file| file.sync_all()).map_err(failed)?;
        // A rollback journal left by an earlier version's first start; replaying it would empty the file.
        let _ = fs::remove_file(location::beside(path, "-journal"));
        fs::rename(&incoming, path).and_then(|()| location::sync_folder(path)).map_err(failed)
    });
    if made.is_err() {
        location::clear(&incoming);
    }
    made
}

/// Creates an empty file with the schema.
pub(in crate::store) async fn schema(path: &Path) -> Result<(), StoreError> {
    let open_failed = |source: sqlx::Error| StoreError::Open { path: path.to_owned(), source: source.into() };
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        // Nobody uses the file before it is complete and synced, so its migrations need neither a journal on the disk nor syncs.
        .journal_mode(SqliteJournalMode::Memory)
        .synchronous(SqliteSynchronous::Off);
    let mut connection = SqliteConnection::connect_with(&options).await.map_err(open_failed)?;
    migrate(&mut connection, path).await?;
    connection.close().await.map_err(open_failed)
}

async fn migrate(connection: &mut SqliteConnection, path: &Path) -> Result<(), StoreError> {
    let migrated = MIGRATIONS.run(&mut *connection).await;
    migrated.map_err(|source| StoreError::Migrate { path: path.to_owned(), source: source.into() })?;
    let open_failed = |source: sqlx::Error| StoreError::Open { path: path.to_owned(), source: source.into() };
    let id: i64 = sqlx::query_scalar("PRAGMA application_id").fetch_one(&mut *connection).await.map_err(open_failed)?;
    if id != APPLICATION_ID {
        let mark = AssertSqlSafe(format!("PRAGMA application_id = {APPLICATION_ID}"));
        sqlx::query(mark).execute(connection).await.map_err(open_failed)?;
    }
    Ok(())
}

/// Rejects a file of another program, and one that a newer Warraq has written.
pub(in crate::store) async fn ours(connection: &mut SqliteConnection, path: &Path) -> Result<(), StoreError> {
    let open_failed = |source: sqlx::Error| StoreError::Open { path: path.to_owned(), source: source.into() };
    let id: i64 = sqlx::query_scalar("PRAGMA application_id").fetch_one(&mut *connection).await.map_err(open_failed)?;
    let unmarked = if id == 0 { without_mark(&mut *connection).await.map_err(open_failed)? } else { Unmarked::Foreign };
    match unmarked {
        Unmarked::Unfinished => return Err(StoreError::Unfinished(path.to_owned())),
        Unmarked::Foreign if id != APPLICATION_ID => {
            return Err(StoreError::Foreign { path: path.to_owned(), found: id });
        }
        Unmarked::Foreign | Unmarked::Ours => {}
    }
    let schema: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(connection).await.map_err(open_failed)?;
    if schema > SCHEMA {
        return Err(StoreError::Newer { path: path.to_owned(), found: schema, known: SCHEMA });
    }
    Ok(())
}

/// The origin of a file without an application id.
enum Unmarked {
    /// A first start that was killed before the first migration: the file is empty or has only the migrator's empty table.
    /// Earlier versions left such files.
    Unfinished,
    /// Exactly our migrations were applied to it: another tool, such as `sqlite3 .dump`, copied it.
    Ours,
    /// Another program.
    Foreign,
}

async fn without_mark(connection: &mut SqliteConnection) -> Result<Unmarked, sqlx::Error> {
    let tables: Vec<String> =
        sqlx::query_scalar("SELECT name FROM sqlite_schema WHERE type = 'table'").fetch_all(&mut *connection).await?;
    if tables.is_empty() {
        return Ok(Unmarked::Unfinished);
    }
    // Another migrator's table of this name may have other columns.
    let columns = "SELECT count(*) FROM pragma_table_info('_sqlx_migrations') WHERE name IN ('version', 'checksum')";
    let columns: i64 = sqlx::query_scalar(columns).fetch_one(&mut *connection).await?;
    if columns != 2 {
        return Ok(Unmarked::Foreign);
    }
    let applied: Vec<(i64, Vec<u8>)> =
        sqlx::query_as("SELECT version, checksum FROM _sqlx_migrations").fetch_all(connection).await?;
    let is_ours = |(version, checksum): &(i64, Vec<u8>)| {
        MIGRATIONS.iter().any(|known| known.version == *version && known.checksum[..] == checksum[..])
    };
    Ok(match applied.is_empty() {
        true if tables.len() == 1 => Unmarked::Unfinished,
        false if applied.iter().all(is_ours) => Unmarked::Ours,
        _ => Unmarked::Foreign,
    })
}
