//! A copy while the daemon runs, and a checked way back while it does not.

use super::{
    error::StoreError,
    open::{self, WriterLock},
};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use std::path::{Path, PathBuf};

fn file_error(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::File { doing, path, source }
}

/// Writes a consistent, compact copy of the database to `target`, which must not exist. Works beside a running daemon.
/// Returns the bytes written.
///
/// # Errors
/// When the database cannot be read or the copy cannot be written; a half-written copy is removed.
pub async fn backup(database: &Path, target: &Path) -> Result<u64, StoreError> {
    if target.exists() {
        let exists = std::io::Error::new(std::io::ErrorKind::AlreadyExists, "the file is already there");
        return Err(file_error("writing", target)(exists));
    }
    let reader = open::readers(database).await?;
    let partial = beside(target, ".partial");
    let _ = std::fs::remove_file(&partial);
    let copied = sqlx::query("VACUUM INTO $1").bind(partial.to_string_lossy()).execute(&reader).await;
    reader.close().await;
    if let Err(source) = copied {
        let _ = std::fs::remove_file(&partial);
        return Err(StoreError::Sql { doing: "copying the database", source });
    }
    let file = std::fs::File::open(&partial).map_err(file_error("opening", &partial))?;
    file.sync_all().map_err(file_error("writing", &partial))?;
    std::fs::rename(&partial, target).map_err(file_error("writing", target))?;
    Ok(file.metadata().map_err(file_error("reading", target))?.len())
}

/// Puts a backup in the place of the database, after checking that it is whole and Warraq's. What was there is kept
/// beside it; the returned path says where.
///
/// # Errors
/// When a daemon runs on the database, or the backup is damaged, foreign or newer: nothing is changed then.
pub async fn restore(database: &Path, source: &Path) -> Result<Option<PathBuf>, StoreError> {
    if !source.exists() {
        let missing = std::io::Error::from(std::io::ErrorKind::NotFound);
        return Err(file_error("reading", source)(missing));
    }
    let _lock = WriterLock::take(database)?;
    check(source).await?;
    let incoming = beside(database, ".incoming");
    std::fs::copy(source, &incoming).map_err(file_error("writing", &incoming))?;
    std::fs::File::open(&incoming).and_then(|f| f.sync_all()).map_err(file_error("writing", &incoming))?;
    let kept = database.exists().then(|| beside(database, ".before-restore"));
    if let Some(kept) = &kept {
        // The WAL belongs to the old file: it moves with it, or it would be played into the new one.
        for end in ["", "-wal", "-shm"] {
            let from = beside(database, end);
            if from.exists() {
                let to = beside(kept, end);
                std::fs::rename(&from, &to).map_err(file_error("moving", &from))?;
            }
        }
    }
    std::fs::rename(&incoming, database).map_err(file_error("writing", database))?;
    Ok(kept)
}

/// Checks that a file is a whole Warraq database that this program can read.
async fn check(path: &Path) -> Result<(), StoreError> {
    let bad = |why: String| StoreError::BadBackup { path: path.to_owned(), why };
    let options = SqliteConnectOptions::new().filename(path).read_only(true).immutable(true);
    let mut connection = SqliteConnection::connect_with(&options).await.map_err(|e| bad(e.to_string()))?;
    open::ours(&mut connection, path).await?;
    let verdict: String = sqlx::query_scalar("PRAGMA integrity_check(1)")
        .fetch_one(&mut connection)
        .await
        .map_err(|e| bad(e.to_string()))?;
    if verdict != "ok" {
        return Err(bad(format!("it is damaged: {verdict}")));
    }
    connection.close().await.map_err(|e| bad(e.to_string()))
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}
