//! Backup while the daemon runs, and a checked restore while it does not.

mod exchange;

use crate::store::driver::{ErrorContext, is_busy};
use crate::store::{
    error::{StoreError, StoreErrorKind},
    location,
    progress::{Progress, ProgressSender, ProgressUnit},
    sqlite::{
        open::{self, WriterLock},
        readers::SqliteReaders,
    },
};
use exchange::exchange;
use sqlx::{Connection, SqliteConnection, SqlitePool, sqlite::SqliteConnectOptions};
use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
    time::Duration,
};

/// How often the size of the copy is looked at, because SQLite reports no progress while it copies.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Number of bytes copied between two progress reports.
const STRIDE: u64 = 16 << 20;

fn file_error(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::File { doing, path, source }
}

/// Writes a consistent, compact copy of the database to `target`, which must not exist. A daemon may be running. Returns the size
/// of the copy in bytes. If the future is dropped, for example by a signal, the incomplete copy is removed.
///
/// # Errors
/// Fails if the database is damaged or cannot be read, or if the copy cannot be written or is incomplete. Then there is no copy.
pub async fn backup(database: &Path, target: &Path, progress_sender: &ProgressSender) -> Result<u64, StoreError> {
    must_be_new(target)?;
    must_be_elsewhere(database, target)?;
    let readers = SqliteReaders::open(database).await?;
    let partial = Passing::new(location::beside(target, ".partial"));
    // SQLite accepts an empty file, and its error for a file that cannot be created says less.
    File::create(partial.path()).map_err(file_error("writing", partial.path()))?;
    let copied = copy(&readers.pool, database, partial.path(), progress_sender).await;
    readers.close().await;
    copied.map_err(|error| match error.kind() {
        StoreErrorKind::Full => file_error("writing", target)(io::Error::from(io::ErrorKind::StorageFull)),
        _ => error,
    })?;
    progress_sender.send_replace(Progress::unmeasured("checking the copy"));
    let damaged = |why| StoreError::Damaged { path: target.to_owned(), why };
    check(partial.path()).await.map_err(damaged)?;
    let file = File::open(partial.path()).map_err(file_error("opening", partial.path()))?;
    file.sync_all().map_err(file_error("writing", partial.path()))?;
    must_be_new(target)?;
    let placed = fs::rename(partial.path(), target).and_then(|()| location::sync_folder(target));
    placed.map_err(file_error("writing", target))?;
    Ok(file.metadata().map_err(file_error("reading", target))?.len())
}

fn must_be_new(target: &Path) -> Result<(), StoreError> {
    // A symbolic link without a target counts as existing.
    if fs::symlink_metadata(target).is_err() {
        return Ok(());
    }
    let exists = io::Error::new(io::ErrorKind::AlreadyExists, "the file is already there");
    Err(file_error("writing", target)(exists))
}

/// Refuses a name that SQLite or Warraq would take for a part of the database, such as `warraq.db-wal`.
fn must_be_elsewhere(database: &Path, target: &Path) -> Result<(), StoreError> {
    let database = location::real_path(database)?;
    let Ok(target) = location::real_path(target) else { return Ok(()) };
    let parts = location::LOGS.iter().chain(&[location::WAL_INDEX, location::LOCK, location::INCOMING]);
    if parts.into_iter().any(|part| target == location::beside(&database, part)) {
        let reserved = io::Error::new(io::ErrorKind::InvalidInput, "this name belongs to a part of the database");
        return Err(file_error("writing", &target)(reserved));
    }
    Ok(())
}

/// Copies what one read transaction sees.
async fn copy(
    reader: &SqlitePool,
    database: &Path,
    partial: &Path,
    progress_sender: &ProgressSender,
) -> Result<(), StoreError> {
    progress_sender.send_replace(Progress::unmeasured("checking"));
    // The copy's indexes are rebuilt, so rows missing from a table can only be noticed in the original.
    let verdict: String =
        sqlx::query_scalar("PRAGMA integrity_check(1)").fetch_one(reader).await.while_doing("checking the database")?;
    if verdict != "ok" {
        return Err(StoreError::Damaged { path: database.to_owned(), why: verdict.replace('\n', " ") });
    }
    let (pages, free, size): (i64, i64, i64) =
        sqlx::query_as("SELECT * FROM pragma_page_count, pragma_freelist_count, pragma_page_size")
            .fetch_one(reader)
            .await
            .while_doing("measuring the database")?;
    let total = ((pages - free) * size).unsigned_abs();
    let copying = sqlx::query("VACUUM INTO $1").bind(partial.to_string_lossy()).execute(reader);
    let mut copying = std::pin::pin!(copying);
    let mut looks = tokio::time::interval(LOOK_EVERY);
    loop {
        tokio::select! {
            copied = &mut copying => return copied.map(drop).while_doing("copying the database"),
            _ = looks.tick() => {
                let done = fs::metadata(partial).map_or(0, |file| file.len());
                progress_sender.send_replace(Progress { doing: "copying", done, total, unit: ProgressUnit::Bytes });
            }
        }
    }
}

/// Replaces the database with a backup after checking that it is complete and Warraq's. The previous database is kept next to it,
/// at the returned path. If it is killed at any moment, one of the two is in place, complete.
///
/// # Errors
/// Fails if a daemon uses the database, or if the backup is damaged, foreign or newer. Then nothing was changed.
pub async fn restore(
    database: &Path,
    source: &Path,
    progress_sender: &ProgressSender,
) -> Result<Option<PathBuf>, StoreError> {
    let no_backup = |why: &str| StoreError::BadBackup { path: source.to_owned(), why: why.to_owned() };
    match fs::metadata(source) {
        Ok(file) if file.is_file() => {}
        // Reading from a pipe might never end.
        Ok(_) => return Err(no_backup("it is a folder, a device or a pipe, not a file")),
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Err(no_backup("there is no such file")),
        Err(why) => return Err(no_backup(&why.to_string())),
    }
    let lock = WriterLock::take(database)?;
    let database = lock.database();
    if fs::canonicalize(source).is_ok_and(|source| source == database) {
        return Err(no_backup("it is the database itself"));
    }
    let incoming = Passing::new(location::beside(database, location::INCOMING));
    incoming.fetch(source, progress_sender).await?;
    progress_sender.send_replace(Progress::unmeasured("checking"));
    check(incoming.path()).await.map_err(|why| StoreError::BadBackup { path: source.to_owned(), why })?;
    File::open(incoming.path()).and_then(|f| f.sync_all()).map_err(file_error("writing", incoming.path()))?;
    fold(database).await?;
    let (steps, kept) = exchange(database, incoming.path());
    for step in &steps {
        step.take().map_err(file_error("writing", database))?;
    }
    Ok(kept)
}

/// Checkpoints the WAL of the old file, so that it can be kept as one file. If the file is too damaged for that, it keeps its
/// WAL.
async fn fold(database: &Path) -> Result<(), StoreError> {
    // SQLite would delete the WAL of an empty file.
    if fs::metadata(database).map_or(0, |file| file.len()) == 0 {
        return Ok(());
    }
    let options = SqliteConnectOptions::new().filename(database).busy_timeout(open::BUSY_TIMEOUT);
    let Ok(mut connection) = SqliteConnection::connect_with(&options).await else { return Ok(()) };
    if let Err(error @ StoreError::Foreign { .. }) = open::ours(&mut connection, database).await {
        return Err(error);
    }
    // Leaving WAL mode checkpoints it and needs exclusive access: another program that has the file open would delete the new
    // file's WAL when it closes.
    let folded = sqlx::query("PRAGMA journal_mode = DELETE").execute(&mut connection).await.map(drop);
    let closed = connection.close().await;
    match folded.and(closed) {
        Err(why) if is_busy(&why) => Err(StoreError::OpenElsewhere(database.to_owned())),
        _ => Ok(()),
    }
}

/// A temporary file that is removed unless it replaced the database.
pub(in crate::store) struct Passing(PathBuf);

impl Passing {
    /// Takes the path of a file that is about to be written.
    pub(in crate::store) fn new(path: PathBuf) -> Self {
        location::clear(&path);
        Self(path)
    }

    /// Returns the path.
    pub(in crate::store) fn path(&self) -> &Path {
        &self.0
    }

    /// Copies a backup here, with its WAL if a daemon was killed: committed data may be only in the WAL.
    async fn fetch(&self, source: &Path, progress_sender: &ProgressSender) -> Result<(), StoreError> {
        for end in ["", location::WAL] {
            let (from, to, progress_sender) =
                (location::beside(source, end), location::beside(&self.0, end), progress_sender.clone());
            if from.exists() {
                let copying = tokio::task::spawn_blocking(move || copy_file(&from, &to, &progress_sender));
                copying
                    .await
                    .map_err(io::Error::other)
                    .and_then(|copied| copied)
                    .map_err(file_error("copying", source))?;
            }
        }
        Ok(())
    }
}

impl Drop for Passing {
    fn drop(&mut self) {
        location::clear(&self.0);
    }
}

fn copy_file(from: &Path, to: &Path, progress_sender: &ProgressSender) -> io::Result<()> {
    let (mut from, mut to) = (File::open(from)?, File::create(to)?);
    let total = from.metadata()?.len();
    let mut done = 0;
    loop {
        progress_sender.send_replace(Progress { doing: "copying", done, total, unit: ProgressUnit::Bytes });
        match io::copy(&mut from.by_ref().take(STRIDE), &mut to)? {
            0 => return Ok(()),
            more => done += more,
        }
    }
}

/// Checks that a file is a complete Warraq database that this program can read. Checkpoints its WAL.
pub(in crate::store) async fn check(path: &Path) -> Result<(), String> {
    let options = SqliteConnectOptions::new().filename(path);
    let said = |error: sqlx::Error| match error.as_database_error() {
        Some(error) => error.message().to_owned(),
        None => error.to_string(),
    };
    let mut connection = SqliteConnection::connect_with(&options).await.map_err(said)?;
    open::ours(&mut connection, path).await.map_err(|error| match error {
        StoreError::Open { source, .. } if source.message.is_empty() => source.to_string(),
        StoreError::Open { source, .. } => source.message,
        StoreError::Unfinished(_) => "it holds nothing".to_owned(),
        StoreError::Foreign { found, .. } => format!("it belongs to another program (application id {found:#x})"),
        StoreError::Newer { found, known, .. } => format!("its schema is {found}, this warraq supports up to {known}"),
        other => other.to_string(),
    })?;
    let verdict: String =
        sqlx::query_scalar("PRAGMA integrity_check(1)").fetch_one(&mut connection).await.map_err(said)?;
    if verdict != "ok" {
        return Err(format!("it is damaged: {}", verdict.replace('\n', " ")));
    }
    sqlx::query("PRAGMA journal_mode = DELETE").execute(&mut connection).await.map_err(said)?;
    connection.close().await.map_err(said)
}

#[cfg(test)]
mod tests;
