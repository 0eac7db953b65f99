//! The writer's task: takes what is in the queue, lets `dedup` decide, writes, commits and replies.

mod committing;
mod deciding;
mod dropped_checks;
mod executing;
mod isolating;
mod stepping;

use crate::{
    clock::Clock,
    dedup::{IdAllocator, Window},
    store::{
        backend::Backend,
        batch::{AskedPage, Batch, PendingPoll},
        catalog::Catalog,
        changes::{ChannelChanges, Touched},
        command::{Command, Task},
        error::StoreError,
        finished_poll::{CommittedPoll, DecidedPoll, FeedUpdate, FinishedPoll, PollFindings},
        writing::{
            channel_order::ChannelRebuild, dropped::DroppedCheck, feeds::PollRows, load_window::WindowLoad,
            transaction::WriterConnection,
        },
    },
};
use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::Instant,
};

/// How long a poll without news may wait for its transaction.
const EMPTY_WAIT: Duration = Duration::from_secs(5);
/// Most polls that wait.
const EMPTY_MAX: usize = 512;
/// Time from one transaction to the next for which polls that are under way are waited for: every transaction writes some fifty
/// pages, however little it holds.
const COLLECT: Duration = Duration::from_secs(1);

/// How long after a start the window is loaded, unless a document waits for it earlier. A command that finds nothing new ends before.
const LOAD_WAIT: Duration = Duration::from_secs(2);
/// Time from a commit to its indexing, so that later commits can share the transaction.
const INDEX_WAIT: Duration = Duration::from_secs(1);
/// Pause before what could not be indexed is tried again. Nobody waits for it, and polls go on meanwhile.
const INDEX_AGAIN: Duration = Duration::from_secs(5);
/// No batch is indexed after this time once the writer is being closed, because a stopping daemon has five seconds in all. The rest
/// is indexed after the next start.
const INDEX_LAST: Duration = Duration::from_millis(500);

/// Most entries that have waited for their pages and are decided in one transaction.
const PAGES: usize = 64;

/// Work that is done once the polls before it are committed.
enum Then {
    Task(Task),
    Close(oneshot::Sender<()>),
}

/// The writer: one database, one window of stories, one id allocator.
pub(in crate::store) struct WriterLoop<B> {
    database: WriterConnection<B>,
    window: Window,
    ids: IdAllocator,
    catalog: Catalog,
    /// Polls with long documents of which parts are left.
    long: VecDeque<PendingPoll>,
    /// Pages of waiting entries that were asked for, and who waits for their commit.
    pages: Vec<AskedPage>,
    page_replies: Vec<oneshot::Sender<()>>,
    /// Channels whose positions are being rebuilt.
    rebuilding: VecDeque<ChannelRebuild>,
    /// Outlets whose dropped entries are checked again because their rules changed.
    dropped_checks: VecDeque<DroppedCheck>,
    /// Progress of loading the window; `None` before that and once it is loaded. Until it is loaded, polls with documents wait among
    /// the long ones.
    loading: Option<WindowLoad>,
    /// When the window is loaded although no document waits for it.
    load_at: Option<(Instant, WindowLoad)>,
    /// Polls without news that wait for a transaction.
    empty_polls: Vec<PollRows>,
    empty_since: Option<Instant>,
    /// Number of polls in a row that the database rejected.
    rejected: u32,
    /// When the remaining entries are added to the search index.
    index_at: Option<Instant>,
    /// Whether the log says that nothing can be indexed at the moment.
    index_failed: bool,
    /// Number of polls that are being made.
    underway: Arc<AtomicUsize>,
    /// When documents were committed last.
    committed_at: Option<Instant>,
    /// The channels that commits have changed.
    changed: watch::Sender<ChannelChanges>,
}

impl<B: Backend> WriterLoop<B> {
    pub(in crate::store) fn new(
        database: WriterConnection<B>,
        window: Window,
        ids: IdAllocator,
        changed: watch::Sender<ChannelChanges>,
        underway: Arc<AtomicUsize>,
    ) -> Self {
        Self {
            database,
            window,
            ids,
            catalog: Catalog::default(),
            long: VecDeque::new(),
            pages: Vec::new(),
            page_replies: Vec::new(),
            rebuilding: VecDeque::new(),
            dropped_checks: VecDeque::new(),
            loading: None,
            load_at: None,
            empty_polls: Vec::new(),
            empty_since: None,
            rejected: 0,
            // An earlier run may have ended before it indexed everything.
            index_at: Some(Clock::monotonic() + INDEX_WAIT),
            index_failed: false,
            underway,
            committed_at: None,
            changed,
        }
    }

    /// Works until it is closed or all handles are dropped. An error means a problem of the disk or the database, or a bug: the
    /// open transaction is not stored, and callers that wait for a reply learn that the writer has stopped.
    pub(in crate::store) async fn run(mut self, mut inbox: mpsc::Receiver<Command>) -> Result<(), StoreError> {
        match self.work(&mut inbox).await {
            Ok(done) => {
                self.close().await?;
                if let Some(done) = done {
                    send_reply(done, ());
                }
                Ok(())
            }
            Err(error) => {
                if let StoreError::Moved(_) | StoreError::Rewound = error {
                    self.database.backend.abandon().await;
                }
                Err(error)
            }
        }
    }

    /// Works until it is to close. Returns who waits for that.
    async fn work(&mut self, inbox: &mut mpsc::Receiver<Command>) -> Result<Option<oneshot::Sender<()>>, StoreError> {
        loop {
            let Some(command) = self.next(inbox).await? else { continue };
            let mut batch = Batch::default();
            let mut then = self.gather(command, inbox, &mut batch);
            while then.is_none() && self.is_worth_waiting(&batch) {
                let until = self.committed_at.map_or_else(Clock::monotonic, |at| at + COLLECT);
                let Ok(Some(command)) = tokio::time::timeout_at(until, inbox.recv()).await else { break };
                then = self.gather(Some(command), inbox, &mut batch);
            }
            if self.window.is_loaded() {
                self.join_waiting(&mut batch);
            } else {
                self.load_window().await?;
            }
            self.commit(batch).await?;
            if self.pages.is_empty() {
                self.page_replies.drain(..).for_each(|reply| send_reply(reply, ()));
            }
            self.relay().await?;
            self.check_dropped().await?;
            if self.empty_polls.len() >= EMPTY_MAX {
                self.flush().await?;
            }
            match then {
                Some(Then::Close(done)) => return Ok(Some(done)),
                Some(Then::Task(task)) => self.execute(task).await?,
                None if inbox.is_closed() && inbox.is_empty() && !self.is_busy() => return Ok(None),
                None => {}
            }
        }
    }

    /// Returns whether polls are under way that could join these in their transaction.
    fn is_worth_waiting(&self, batch: &Batch) -> bool {
        let underway = self.underway.load(Ordering::Relaxed);
        !batch.polls.is_empty() && !batch.is_full() && batch.polls.len() < underway && !self.is_busy()
    }

    /// Handles this command and what is in the queue: polls share a transaction, up to the next command of another kind.
    fn gather(
        &mut self,
        mut command: Option<Command>,
        inbox: &mut mpsc::Receiver<Command>,
        batch: &mut Batch,
    ) -> Option<Then> {
        loop {
            match command? {
                Command::Poll(poll, reply) => self.take(*poll, reply, batch),
                Command::Pages(pages, reply) => {
                    self.pages.extend(pages);
                    self.page_replies.push(reply);
                }
                Command::Task(task) => return Some(Then::Task(task)),
                Command::Close(reply) => return Some(Then::Close(reply)),
            }
            command = if batch.is_full() { None } else { inbox.try_recv().ok() };
        }
    }

    /// Waits for the next command. The outer `None` means that other due work was done; the inner one that there is no command,
    /// but a long document has parts left or all handles are dropped.
    async fn next(&mut self, inbox: &mut mpsc::Receiver<Command>) -> Result<Option<Option<Command>>, StoreError> {
        if self.is_busy() {
            self.do_what_is_due().await?;
            return Ok(Some(inbox.try_recv().ok()));
        }
        tokio::select! {
            command = inbox.recv() => return Ok(Some(command)),
            () = sleep_until(self.flush_at()) => self.flush().await?,
            () = sleep_until(self.index_at) => self.try_index().await?,
            () = sleep_until(self.load_at.as_ref().map(|(at, _)| *at)) => self.load_window().await?,
            () = sleep_until(Some(self.database.backend.upkeep_at())) => self.database.upkeep().await?,
        }
        Ok(None)
    }

    /// Returns when polls without news are committed at the latest.
    fn flush_at(&self) -> Option<Instant> {
        self.empty_since.map(|since| since + EMPTY_WAIT)
    }

    /// Returns whether parts of long work are left.
    fn is_busy(&self) -> bool {
        let works = !self.long.is_empty() || !self.pages.is_empty() || !self.rebuilding.is_empty();
        works || !self.dropped_checks.is_empty() || self.loading.is_some()
    }

    /// Adds the next part of a long document, whatever else is in the queue, so that neither waits for the other. Short documents
    /// that waited for the window are added too.
    fn join_waiting(&mut self, batch: &mut Batch) {
        batch.pages = self.pages.drain(..self.pages.len().min(PAGES)).collect();
        self.long.pop_front().into_iter().for_each(|poll| batch.add(poll));
        while !batch.is_full()
            && let Some(poll) = self.long.pop_front_if(|poll| !poll.is_long())
        {
            batch.add(poll);
        }
    }

    /// Publishes what the last commit changed.
    fn touch(&self, touched: &Touched) {
        let known = self.catalog.channels.iter().filter(|(id, _)| touched.channels.contains(id));
        if !touched.channels.is_empty() {
            self.changed.send_modify(|changes| changes.touch(known.map(|(_, channel)| channel.slug.as_str())));
        }
        if touched.feeds {
            self.changed.send_modify(ChannelChanges::touch_feeds);
        }
    }

    /// Settles a poll without news at once; adds one with a document to the batch.
    fn take(&mut self, poll: FinishedPoll, reply: oneshot::Sender<CommittedPoll>, batch: &mut Batch) {
        if poll.document.is_some() {
            let poll = PendingPoll::new(poll, reply);
            if poll.is_long() || !self.window.is_loaded() {
                self.long.push_back(poll);
            } else {
                batch.add(poll);
            }
            return;
        }
        let committed = self.settle(&poll, PollFindings::default());
        self.empty_since.get_or_insert_with(Clock::monotonic);
        send_reply(reply, committed);
    }

    /// Adds the rows of a poll whose feed's next state is decided to the next transaction.
    fn add_settled(&mut self, poll: &FinishedPoll, update: FeedUpdate, findings: PollFindings) -> CommittedPoll {
        self.empty_polls.push(PollRows::of(poll, &update, findings.tally, findings.gap));
        let PollFindings { tally, gap, joined, waiting, .. } = findings;
        CommittedPoll { tally, gap, joined, waiting, feed: update.feed, fault: None }
    }
}

/// Sends a reply; a caller that no longer waits is not an error.
fn send_reply<T>(reply: oneshot::Sender<T>, answer: T) {
    drop(reply.send(answer));
}

/// Waits until the given time, or for ever.
async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
