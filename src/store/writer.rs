//! The one hand that writes. Polls queue up; what is there is decided and committed together, in one `BEGIN IMMEDIATE`
//! transaction. Polls that brought nothing (304, same bytes, failures) wait up to five seconds for company.

use crate::{
    dedup::{IdAllocator, Window},
    model::{EntryId, FeedRecord, StoryId},
    store::{
        changes::ChannelChanges,
        command::{Command, Task},
        error::{StoreError, TransientError},
        figures::WriterFigures,
        finished_poll::{CommittedPoll, FeedUpdate, FinishedPoll},
        progress::{Progress, ProgressSender},
        sqlite::{
            error::ErrorContext,
            open::{self, WriterLock},
            reading::ArchivePage,
            writing::{
                checkpoint::{Checkpoints, WalState},
                configured::{ConfigChanges, StoreConfig},
                edition::RenderedEdition,
                retention::{Done, PruneStep, RetentionLimits},
                transaction::WriterConnection,
                writer_task::WriterLoop,
            },
        },
    },
};
use jiff::{SignedDuration, Timestamp};
use sqlx::SqliteConnection;
use std::{path::Path, time::Duration};
use tokio::sync::{mpsc, oneshot, watch};

/// Finished polls that may wait for the writer before polls wait themselves.
const QUEUE: usize = 64;

/// The way to the writer; cheap to clone.
#[derive(Clone)]
pub struct Writer {
    commands: mpsc::Sender<Command>,
    changed: watch::Receiver<ChannelChanges>,
    trouble: watch::Receiver<Option<TransientError>>,
    wal: watch::Receiver<WalState>,
    stopping: watch::Sender<bool>,
    figures: watch::Receiver<WriterFigures>,
}

/// Whole texts held to compare with what arrives, some 2 kB each: copies come soon, the rest is read from the file.
const TEXTS: usize = 2_048;

/// The writer's task. It ends when it was closed, or with the error that stopped it.
pub type WriterTask = tokio::task::JoinHandle<Result<(), StoreError>>;

impl Writer {
    /// Opens the file for writing, brings its schema up to date, and starts the writer. `window` is how far apart two
    /// reports of one story may be.
    ///
    /// # Errors
    /// When another Warraq has it, when it is not Warraq's or newer than this program, or when it cannot be opened.
    pub async fn open(path: &Path, window: Duration) -> Result<(Self, WriterTask), StoreError> {
        let lock = WriterLock::take(path)?;
        let mut connection = open::writer(&lock).await?;
        let ids = ids(&mut connection).await?;
        let (commands, inbox) = mpsc::channel(QUEUE);
        let ((changing, changed), (troubled, trouble)) =
            (watch::channel(ChannelChanges::default()), watch::channel(None));
        let ((checkpointing, wal), stopping) = (watch::channel(WalState::default()), watch::Sender::new(false));
        let (figuring, figures) = watch::channel(WriterFigures::default());
        let writer_loop = WriterLoop::new(
            WriterConnection::new(connection, troubled, stopping.clone(), figuring),
            lock,
            Window::new(SignedDuration::try_from(window).unwrap_or(SignedDuration::MAX)).holding_texts(TEXTS),
            ids,
            Checkpoints::new(path, checkpointing),
            changing,
        );
        Ok((Self { commands, changed, trouble, wal, stopping, figures }, tokio::spawn(writer_loop.run(inbox))))
    }

    async fn ask<T>(&self, make: impl FnOnce(oneshot::Sender<T>) -> Command) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(make(reply)).await.map_err(|_| StoreError::WriterGone)?;
        answer.await.map_err(|_| StoreError::WriterGone)
    }

    async fn task<T>(&self, make: impl FnOnce(oneshot::Sender<T>) -> Task) -> Result<T, StoreError> {
        self.ask(|reply| Command::Task(make(reply))).await
    }

    /// Hands over a finished poll; returns once it is committed, or, when it brought nothing, once it is settled.
    ///
    /// # Errors
    /// When the writer has stopped.
    pub async fn poll(&self, poll: FinishedPoll) -> Result<CommittedPoll, StoreError> {
        self.ask(|reply| Command::Poll(Box::new(poll), reply)).await
    }

    /// Brings the configuration into the file; answers what changed and every configured feed.
    ///
    /// # Errors
    /// When the writer has stopped.
    pub async fn adopt(
        &self,
        store_config: StoreConfig,
        now: Timestamp,
    ) -> Result<(ConfigChanges, Vec<FeedRecord>), StoreError> {
        self.task(|reply| Task::Adopt(Box::new(store_config), now, reply)).await
    }

    /// Writes feeds that were given a new due time without a poll.
    ///
    /// # Errors
    /// When the writer has stopped.
    pub async fn update_feeds(&self, updates: Vec<FeedUpdate>) -> Result<(), StoreError> {
        self.task(|reply| Task::UpdateFeeds(updates, reply)).await
    }

    /// Keeps rendered editions; answers when the bytes of each last changed.
    ///
    /// # Errors
    /// When the writer has stopped.
    pub async fn editions(
        &self,
        rendered_editions: Vec<RenderedEdition>,
        now: Timestamp,
    ) -> Result<Vec<Timestamp>, StoreError> {
        self.task(|reply| Task::Editions(rendered_editions, now, reply)).await
    }

    /// Keeps a rendered page of a channel's history, packed, with the fingerprint of the rules by which it was rendered. Where
    /// the page is there already by other rules, its document is replaced. `false` when the channel's pages have moved on.
    ///
    /// # Errors
    /// When the writer has stopped.
    pub async fn archive(
        &self,
        page: ArchivePage,
        packed: Vec<u8>,
        fingerprint: String,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.task(|reply| Task::Archive { page: Box::new(page), packed, fingerprint, now, reply }).await
    }

    /// Brings the search index up to date: for a run that ends before the writer is idle.
    ///
    /// # Errors
    /// When the writer has stopped.
    pub async fn index(&self) -> Result<(), StoreError> {
        self.task(Task::Index).await
    }

    /// Does one step of retention.
    pub(super) async fn retention(&self, keep: RetentionLimits, step: PruneStep) -> Result<Done, StoreError> {
        self.task(|reply| Task::Retention(keep, step, reply)).await
    }

    /// Rewrites the database without its free pages (`VACUUM`), so that its file shrinks. Takes as long as copying the file,
    /// and no other work is done meanwhile: for a run beside which no daemon is.
    ///
    /// # Errors
    /// When the writer has stopped, which a disk without room for the copy makes it do.
    pub async fn compact(&self, progress_sender: ProgressSender) -> Result<(), StoreError> {
        progress_sender.send_replace(Progress::unmeasured("compacting"));
        self.task(Task::Compact).await
    }

    /// Commits what waits, brings the WAL into the file, and closes it.
    ///
    /// # Errors
    /// When the writer has stopped before.
    pub async fn close(&self) -> Result<(), StoreError> {
        self.stopping.send_replace(true);
        self.ask(Command::Close).await
    }

    /// Why the database cannot be written at the moment; `None` when the last transaction was committed.
    #[must_use]
    pub fn trouble(&self) -> Option<TransientError> {
        self.trouble.borrow().clone()
    }

    /// The write-ahead log.
    #[must_use]
    pub fn wal(&self) -> WalState {
        *self.wal.borrow()
    }

    /// The writer's work since its start.
    #[must_use]
    pub fn figures(&self) -> WriterFigures {
        *self.figures.borrow()
    }

    /// Finished polls and other commands that wait for the writer.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.commands.max_capacity() - self.commands.capacity()
    }

    /// The channels that commits have changed; they are rendered when it moves.
    #[must_use]
    pub fn changed(&self) -> watch::Receiver<ChannelChanges> {
        self.changed.clone()
    }
}

/// The next ids, from SQLite's own counters, which never go back.
async fn ids(connection: &mut SqliteConnection) -> Result<IdAllocator, StoreError> {
    let counters: Vec<(String, i64)> = sqlx::query_as("SELECT name, seq FROM sqlite_sequence")
        .fetch_all(connection)
        .await
        .while_doing("reading counters")?;
    let next = |table: &str| counters.iter().find(|(name, _)| name == table).map_or(1, |(_, seq)| seq + 1);
    Ok(IdAllocator { next_entry: EntryId(next("entry")), next_story: StoryId(next("story")) })
}
