//! Opens the database for writing and starts the writer's task.

use crate::{
    dedup::{IdAllocator, Window},
    model::{EntryId, StoryId},
    store::{
        backend::Backend,
        command::Command,
        driver::ErrorContext,
        error::StoreError,
        location::OpenedFile,
        sqlite::{
            open::{self, WriterLock},
            writing::{backend::SqliteBackend, checkpoint::Checkpoints},
        },
        writer::{Writer, WriterChannels, WriterTask},
        writing::{transaction::WriterConnection, writer_task::WriterLoop},
    },
};
use sqlx::SqliteConnection;
use std::path::Path;
use tokio::sync::mpsc;

/// Opens the file for writing, migrates its schema and starts the writer.
///
/// # Errors
/// Fails if another Warraq has the file, if it is not Warraq's or is newer than this program, or if it cannot be opened.
pub(in crate::store) async fn open(path: &Path, window: Window) -> Result<(Writer, WriterTask), StoreError> {
    let (handle, writer_loop, inbox) = made(path, window, |backend| backend).await?;
    Ok((handle, tokio::spawn(writer_loop.run(inbox))))
}

/// Makes the writer's task, which is not running yet, over what `over` makes of the file.
pub(in crate::store) async fn made<B: Backend>(
    path: &Path,
    window: Window,
    over: impl FnOnce(SqliteBackend) -> B,
) -> Result<(Writer, WriterLoop<B>, mpsc::Receiver<Command>), StoreError> {
    let lock = WriterLock::take(path)?;
    let mut connection = open::writer(&lock).await?;
    let ids = ids(&mut connection).await?;
    let (handle, channels) = Writer::new();
    let WriterChannels { inbox, changed, trouble, wal, stopping, patience, figures, underway } = channels;
    let backend = SqliteBackend::new(connection, OpenedFile::at(lock.database()), Checkpoints::new(path, wal), lock);
    let database = WriterConnection::new(over(backend), trouble, (stopping, patience), figures);
    let writer_loop = WriterLoop::new(database, window, ids, changed, underway);
    Ok((handle, writer_loop, inbox))
}

/// Returns the next ids, from SQLite's own counters, which never decrease.
async fn ids(connection: &mut SqliteConnection) -> Result<IdAllocator, StoreError> {
    let counters: Vec<(String, i64)> = sqlx::query_as("SELECT name, seq FROM sqlite_sequence")
        .fetch_all(connection)
        .await
        .while_doing("reading counters")?;
    let next = |table: &str| counters.iter().find(|(name, _)| name == table).map_or(1, |(_, seq)| seq + 1);
    Ok(IdAllocator { next_entry: EntryId(next("entry")), next_story: StoryId(next("story")) })
}
