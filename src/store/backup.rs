//! A copy while the daemon runs, and a checked way back while it does not.

use super::{
    error::{StoreError, While},
    open::{self, WriterLock},
    progress::{Progress, Teller, Unit},
};
use sqlx::{Connection, SqliteConnection, SqlitePool, sqlite::SqliteConnectOptions};
use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
    time::Duration,
};

/// SQLite says nothing while it copies: the copy's growth is looked at this often.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Bytes that are copied between two words on progress.
const STRIDE: u64 = 16 << 20;

fn file_error(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::File { doing, path, source }
}

/// Writes a consistent, compact copy of the database to `target`, which must not exist. Works beside a running daemon.
/// Returns the bytes written.
///
/// # Errors
/// When the database cannot be read or the copy cannot be written; a half-written copy is removed.
pub async fn backup(database: &Path, target: &Path, tell: &Teller) -> Result<u64, StoreError> {
    if target.exists() {
        let exists = io::Error::new(io::ErrorKind::AlreadyExists, "the file is already there");
        return Err(file_error("writing", target)(exists));
    }
    let reader = open::readers(database).await?;
    let partial = beside(target, ".partial");
    // SQLite takes a file that is empty, and says less about one that cannot be made.
    File::create(&partial).map_err(file_error("writing", &partial))?;
    let copied = copy(&reader, &partial, tell).await;
    reader.close().await;
    if let Err(error) = copied {
        let _ = fs::remove_file(&partial);
        return Err(error);
    }
    let file = File::open(&partial).map_err(file_error("opening", &partial))?;
    file.sync_all().map_err(file_error("writing", &partial))?;
    fs::rename(&partial, target).map_err(file_error("writing", target))?;
    Ok(file.metadata().map_err(file_error("reading", target))?.len())
}

/// Copies what one reading transaction sees.
async fn copy(reader: &SqlitePool, partial: &Path, tell: &Teller) -> Result<(), StoreError> {
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
                tell.send_replace(Progress { doing: "copying", done, total, unit: Unit::Bytes });
            }
        }
    }
}

/// Puts a backup in the place of the database, after checking that it is whole and Warraq's. What was there is kept
/// beside it; the returned path says where.
///
/// # Errors
/// When a daemon runs on the database, or the backup is damaged, foreign or newer: nothing is changed then.
pub async fn restore(database: &Path, source: &Path, tell: &Teller) -> Result<Option<PathBuf>, StoreError> {
    if !source.exists() {
        let missing = io::Error::from(io::ErrorKind::NotFound);
        return Err(file_error("reading", source)(missing));
    }
    let _lock = WriterLock::take(database)?;
    let incoming = Incoming(beside(database, ".incoming"));
    incoming.fetch(source, tell).await?;
    tell.send_replace(Progress::unmeasured("checking"));
    check(&incoming.0).await.map_err(|why| StoreError::BadBackup { path: source.to_owned(), why })?;
    File::open(&incoming.0).and_then(|f| f.sync_all()).map_err(file_error("writing", &incoming.0))?;
    let kept = database.exists().then(|| free_name(database));
    if let Some(kept) = &kept {
        // The WAL belongs to the old file: it moves with it, or it would be played into the new one.
        for end in ENDS {
            let from = beside(database, end);
            if from.exists() {
                let to = beside(kept, end);
                fs::rename(&from, &to).map_err(file_error("moving", &from))?;
            }
        }
    }
    fs::rename(&incoming.0, database).map_err(file_error("writing", database))?;
    Ok(kept)
}

/// What SQLite puts beside a file, and the file itself.
const ENDS: [&str; 3] = ["", "-wal", "-shm"];

/// A copy of the backup beside the database, which is gone when it did not take its place.
struct Incoming(PathBuf);

impl Incoming {
    /// Copies the backup, with the WAL of one that its daemon left in a hurry: what only that holds is committed too.
    async fn fetch(&self, source: &Path, tell: &Teller) -> Result<(), StoreError> {
        self.clear();
        for end in ["", "-wal"] {
            let (from, to, tell) = (beside(source, end), beside(&self.0, end), tell.clone());
            if from.exists() {
                let copying = tokio::task::spawn_blocking(move || copy_file(&from, &to, &tell));
                copying
                    .await
                    .map_err(io::Error::other)
                    .and_then(|copied| copied)
                    .map_err(file_error("copying", source))?;
            }
        }
        Ok(())
    }

    fn clear(&self) {
        for end in ENDS {
            let _ = fs::remove_file(beside(&self.0, end));
        }
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        self.clear();
    }
}

fn copy_file(from: &Path, to: &Path, tell: &Teller) -> io::Result<()> {
    let (mut from, mut to) = (File::open(from)?, File::create(to)?);
    let total = from.metadata()?.len();
    let mut done = 0;
    loop {
        tell.send_replace(Progress { doing: "copying", done, total, unit: Unit::Bytes });
        match io::copy(&mut from.by_ref().take(STRIDE), &mut to)? {
            0 => return Ok(()),
            more => done += more,
        }
    }
}

/// A name for what was in the database's place; an earlier one is never written over.
fn free_name(database: &Path) -> PathBuf {
    let first = beside(database, ".before-restore");
    let mut name = first.clone();
    for n in 2.. {
        if ENDS.iter().all(|end| !beside(&name, end).exists()) {
            break;
        }
        name = beside(&first, &format!(".{n}"));
    }
    name
}

/// Whether a file is a whole Warraq database that this program can read; if not, why. Its WAL is in it afterwards.
async fn check(path: &Path) -> Result<(), String> {
    let options = SqliteConnectOptions::new().filename(path);
    let said = |error: sqlx::Error| match error.as_database_error() {
        Some(error) => error.message().to_owned(),
        None => error.to_string(),
    };
    let mut connection = SqliteConnection::connect_with(&options).await.map_err(said)?;
    open::ours(&mut connection, path).await.map_err(|error| match error {
        StoreError::Open { source, .. } => said(source),
        StoreError::Foreign { found, .. } => format!("it is another program's (application id {found:#x})"),
        StoreError::Newer { found, known, .. } => format!("it has schema {found}, this warraq knows up to {known}"),
        other => other.to_string(),
    })?;
    let verdict: String =
        sqlx::query_scalar("PRAGMA integrity_check(1)").fetch_one(&mut connection).await.map_err(said)?;
    if verdict != "ok" {
        return Err(format!("it is damaged: {verdict}"));
    }
    sqlx::query("PRAGMA journal_mode = DELETE").execute(&mut connection).await.map_err(said)?;
    connection.close().await.map_err(said)
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}
