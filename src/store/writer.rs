//! The only writer. Polls wait in its queue; those in the queue are decided and committed together in one `BEGIN IMMEDIATE`
//! transaction. While others are under way, a transaction waits for them until a second after the last one: each transaction writes
//! some fifty pages, however little it holds. Polls without news (304, same bytes, failures) wait up to five
//! seconds for others.

use super::{
    batch::AskedPage,
    changes::ChannelChanges,
    command::{Command, Task},
    configured::{ConfigChanges, StoreConfig},
    documents::{ArchivePage, RenderedEdition},
    error::{StoreError, TransientError},
    figures::{WalState, WriterFigures},
    finished_poll::{CommittedPoll, FeedUpdate, FinishedPoll},
    progress::{Progress, ProgressSender},
    push::PushChange,
    retention::{PruneStep, PruneStepResult, RetentionLimits},
};
use crate::model::FeedRecord;
use jiff::Timestamp;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::sync::{mpsc, oneshot, watch};

/// Number of finished polls that may wait for the writer. Beyond it, polls wait before they end.
const QUEUE: usize = 64;

/// A handle of the writer; cheap to clone.
#[derive(Clone)]
pub struct Writer {
    commands: mpsc::Sender<Command>,
    changed: watch::Receiver<ChannelChanges>,
    trouble: watch::Receiver<Option<TransientError>>,
    wal: watch::Receiver<WalState>,
    stopping: watch::Sender<bool>,
    patience: watch::Sender<Option<Duration>>,
    figures: watch::Receiver<WriterFigures>,
    underway: Arc<AtomicUsize>,
}

/// The other ends of a writer's channels, for the task that does its work.
pub(super) struct WriterChannels {
    pub inbox: mpsc::Receiver<Command>,
    pub changed: watch::Sender<ChannelChanges>,
    pub trouble: watch::Sender<Option<TransientError>>,
    pub wal: watch::Sender<WalState>,
    /// True once the handle was closed.
    pub stopping: watch::Sender<bool>,
    /// How long the same work is retried; `None`: without end.
    pub patience: watch::Sender<Option<Duration>>,
    pub figures: watch::Sender<WriterFigures>,
    /// Number of polls that are being made.
    pub underway: Arc<AtomicUsize>,
}

/// A poll that is being made: the writer may wait a moment for it. Ends when dropped.
#[derive(Debug)]
pub struct PollUnderway(Arc<AtomicUsize>);

impl Drop for PollUnderway {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The writer's task. It ends after [`Writer::close`], or with the error that stopped it.
pub type WriterTask = tokio::task::JoinHandle<Result<(), StoreError>>;

impl Writer {
    /// Returns a handle, and what the writer's task needs to answer it.
    pub(super) fn new() -> (Self, WriterChannels) {
        let (commands, inbox) = mpsc::channel(QUEUE);
        let ((changing, changed), (troubled, trouble)) =
            (watch::channel(ChannelChanges::default()), watch::channel(None));
        let ((checkpointing, wal), stopping) = (watch::channel(WalState::default()), watch::Sender::new(false));
        let patience = watch::Sender::new(None);
        let (figuring, figures) = watch::channel(WriterFigures::default());
        let underway = Arc::<AtomicUsize>::default();
        let channels = WriterChannels {
            inbox,
            changed: changing,
            trouble: troubled,
            wal: checkpointing,
            stopping: stopping.clone(),
            patience: patience.clone(),
            figures: figuring,
            underway: Arc::clone(&underway),
        };
        (Self { commands, changed, trouble, wal, stopping, patience, figures, underway }, channels)
    }

    async fn ask<T>(&self, make: impl FnOnce(oneshot::Sender<T>) -> Command) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(make(reply)).await.map_err(|_| StoreError::WriterGone)?;
        answer.await.map_err(|_| StoreError::WriterGone)
    }

    async fn task<T>(&self, make: impl FnOnce(oneshot::Sender<T>) -> Task) -> Result<T, StoreError> {
        self.ask(|reply| Command::Task(make(reply))).await
    }

    /// Makes the writer fail once the same work could not be done for so long, because another process holds the lock or the disk
    /// is full. By default it tries without end, as a daemon should.
    pub fn give_up_after(&self, patience: Duration) {
        self.patience.send_replace(Some(patience));
    }

    /// Announces a poll. While polls are under way, the writer collects for a moment what they bring.
    #[must_use]
    pub fn announce(&self) -> PollUnderway {
        self.underway.fetch_add(1, Ordering::Relaxed);
        PollUnderway(Arc::clone(&self.underway))
    }

    /// Hands over a finished poll. Returns when it is committed; if it brought nothing, when it is accounted for.
    ///
    /// # Errors
    /// Fails if the writer has stopped.
    pub async fn poll(&self, poll: Box<FinishedPoll>) -> Result<CommittedPoll, StoreError> {
        self.ask(|reply| Command::Poll(poll, reply)).await
    }

    /// Hands over pages that were asked for. Returns when the entries that waited for them are decided and committed.
    ///
    /// # Errors
    /// Fails if the writer has stopped.
    pub async fn pages(&self, pages: Vec<AskedPage>) -> Result<(), StoreError> {
        self.ask(|reply| Command::Pages(pages, reply)).await
    }

    /// Stores the configuration. Returns what changed, and all configured feeds.
    ///
    /// # Errors
    /// Fails if the writer has stopped.
    pub async fn adopt(
        &self,
        store_config: StoreConfig,
        now: Timestamp,
    ) -> Result<(ConfigChanges, Vec<FeedRecord>), StoreError> {
        self.task(|reply| Task::Adopt(Box::new(store_config), now, reply)).await
    }

    /// Stores feeds whose due time changed without a poll.
    ///
    /// # Errors
    /// Fails if the writer has stopped.
    pub async fn update_feeds(&self, updates: Vec<FeedUpdate>) -> Result<(), StoreError> {
        self.task(|reply| Task::UpdateFeeds(updates, reply)).await
    }

    /// Stores rendered editions. With `shown`, those of all paths but these are deleted. Returns when the bytes of each last changed.
    ///
    /// # Errors
    /// Fails if the writer has stopped.
    pub async fn editions(
        &self,
        editions: Vec<RenderedEdition>,
        shown: Option<Vec<String>>,
        now: Timestamp,
    ) -> Result<Vec<Timestamp>, StoreError> {
        self.task(|reply| Task::Editions { editions, shown, now, reply }).await
    }

    /// Stores a rendered archive page, compressed, with the fingerprint of the rules by which it was rendered. A page that was
    /// rendered by other rules is replaced. Returns false if the channel's pages have changed in the meantime.
    ///
    /// # Errors
    /// Fails if the writer has stopped.
    pub async fn archive(
        &self,
        page: ArchivePage,
        packed: Vec<u8>,
        fingerprint: String,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.task(|reply| Task::Archive { page: Box::new(page), packed, fingerprint, now, reply }).await
    }

    /// Stores the state of subscriptions and webhooks, in one transaction.
    ///
    /// # Errors
    /// Fails if the writer has stopped.
    pub async fn push(&self, changes: Vec<PushChange>) -> Result<(), StoreError> {
        self.task(|reply| Task::Push(changes, reply)).await
    }

    /// Updates the search index now, for a run that ends before the writer is idle.
    ///
    /// # Errors
    /// Fails if the writer has stopped.
    pub async fn index(&self) -> Result<(), StoreError> {
        self.task(Task::Index).await
    }

    /// Runs one step of retention.
    pub(super) async fn retention(
        &self,
        keep: RetentionLimits,
        step: PruneStep,
    ) -> Result<PruneStepResult, StoreError> {
        self.task(|reply| Task::Retention(keep, step, reply)).await
    }

    /// Rewrites the database without its free pages (`VACUUM`), so that the file shrinks. This takes as long as copying the file,
    /// and blocks all other work: use it only without a daemon.
    ///
    /// # Errors
    /// Fails if the writer has stopped, which it also does if the disk has no room for the copy.
    pub async fn compact(&self, progress_sender: ProgressSender) -> Result<(), StoreError> {
        progress_sender.send_replace(Progress::unmeasured("compacting"));
        self.task(Task::Compact).await
    }

    /// Commits what is in the queue, checkpoints the WAL and closes the file.
    ///
    /// # Errors
    /// Fails if the writer had stopped before.
    pub async fn close(&self) -> Result<(), StoreError> {
        self.stopping.send_replace(true);
        self.ask(Command::Close).await
    }

    /// Returns why the database cannot be written at the moment; `None` if the last transaction was committed.
    #[must_use]
    pub fn trouble(&self) -> Option<TransientError> {
        self.trouble.borrow().clone()
    }

    /// Returns whether the database server cannot be reached or refuses this process, so that nothing can be read either. False once the
    /// writer has ended, because it finds out nothing more then.
    #[must_use]
    pub fn is_cut_off(&self) -> bool {
        self.trouble.borrow().as_ref().is_some_and(TransientError::breaks_connection) && !self.commands.is_closed()
    }

    /// Returns a receiver of what [`Writer::trouble`] returns.
    #[cfg(feature = "postgres")]
    pub(super) fn troubles(&self) -> watch::Receiver<Option<TransientError>> {
        self.trouble.clone()
    }

    /// Returns the state of the write-ahead log.
    #[must_use]
    pub fn wal(&self) -> WalState {
        *self.wal.borrow()
    }

    /// Returns statistics of the writer's work.
    #[must_use]
    pub fn figures(&self) -> WriterFigures {
        *self.figures.borrow()
    }

    /// Returns the number of finished polls and other requests in the queue.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.commands.max_capacity() - self.commands.capacity()
    }

    /// Returns a receiver of the channels that commits have changed.
    #[must_use]
    pub fn changed(&self) -> watch::Receiver<ChannelChanges> {
        self.changed.clone()
    }
}
