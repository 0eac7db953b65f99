//! Opens the database for writing and starts the writer's task.

use crate::{
    dedup::{IdAllocator, Window},
    model::{EntryId, StoryId},
    store::{
        error::StoreError,
        location::OpenedFile,
        sqlite::{
            error::ErrorContext,
            open::{self, WriterLock},
            writing::{checkpoint::Checkpoints, transaction::WriterConnection, writer_task::WriterLoop},
        },
        writer::{Writer, WriterChannels, WriterTask},
    },
};
use jiff::SignedDuration;
use sqlx::SqliteConnection;
use std::{path::Path, time::Duration};

/// Number of whole texts kept in memory for comparison, about 2 kB each. Copies usually arrive soon; other texts are read from
/// the file.
const TEXTS: usize = 2_048;

impl Writer {
    /// Opens the file for writing, migrates its schema and starts the writer. `window` is the longest time between two reports of
    /// one story.
    ///
    /// # Errors
    /// Fails if another Warraq has the file, if it is not Warraq's or is newer than this program, or if it cannot be opened.
    pub async fn open(path: &Path, window: Duration) -> Result<(Self, WriterTask), StoreError> {
        let lock = WriterLock::take(path)?;
        let mut connection = open::writer(&lock).await?;
        let ids = ids(&mut connection).await?;
        let (handle, channels) = Self::new();
        let window = Window::new(SignedDuration::try_from(window).unwrap_or(SignedDuration::MAX)).holding_texts(TEXTS);
        let WriterChannels { inbox, changed, trouble, wal, stopping, patience, figures, underway } = channels;
        let writer_loop = WriterLoop::new(
            WriterConnection::new(connection, OpenedFile::at(lock.database()), trouble, (stopping, patience), figures),
            lock,
            window,
            ids,
            Checkpoints::new(path, wal),
            changed,
            underway,
        );
        Ok((handle, tokio::spawn(writer_loop.run(inbox))))
    }
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
