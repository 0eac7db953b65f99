//! The one hand that writes. Polls queue up; what is there is decided and committed together, in one `BEGIN IMMEDIATE`
//! transaction. Visits that brought nothing (304, same bytes, failures) wait up to five seconds for company.

use super::{
    checkpoint::{Checkpoints, WalState},
    edition::Printed,
    error::{StoreError, While},
    open::{self, WriterLock},
    progress::{Progress, Teller},
    read::Leaf,
    retain::{self, Done, Keep, Pruned, Step},
    roster::{Adopted, Roster},
    scribe::Scribe,
    transaction::{Transactions, Trouble},
    visit::{Settle, Settled, Visit, Written},
};
use crate::{
    dedup::{Mint, Window},
    model::{EntryId, FeedRecord, StoryId},
};
use jiff::{SignedDuration, Timestamp};
use sqlx::SqliteConnection;
use std::{path::Path, time::Duration};
use tokio::sync::{mpsc, oneshot, watch};

/// Finished polls that may wait for the writer before polls wait themselves.
const QUEUE: usize = 64;
pub(super) enum Command {
    Visit(Box<Visit>, Settle, oneshot::Sender<Written>),
    Adopt(Box<Roster>, Timestamp, oneshot::Sender<(Adopted, Vec<FeedRecord>)>),
    Settle(Vec<Settled>, oneshot::Sender<()>),
    Editions(Vec<Printed>, Timestamp, oneshot::Sender<Vec<Timestamp>>),
    Archive { leaf: Box<Leaf>, packed: Vec<u8>, fingerprint: String, now: Timestamp, reply: oneshot::Sender<bool> },
    Retention(Keep, Step, oneshot::Sender<Done>),
    Compact(oneshot::Sender<()>),
    Index(oneshot::Sender<()>),
    Close(oneshot::Sender<()>),
}

/// The way to the writer; cheap to clone.
#[derive(Clone)]
pub struct Writer {
    commands: mpsc::Sender<Command>,
    changed: watch::Receiver<u64>,
    trouble: watch::Receiver<Option<Trouble>>,
    wal: watch::Receiver<WalState>,
    stopping: watch::Sender<bool>,
}

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
        let mint = mint(&mut connection).await?;
        let (commands, inbox) = mpsc::channel(QUEUE);
        let ((changing, changed), (troubled, trouble)) = (watch::channel(0), watch::channel(None));
        let ((checkpointing, wal), stopping) = (watch::channel(WalState::default()), watch::Sender::new(false));
        let scribe = Scribe::new(
            Transactions::new(connection, troubled, stopping.clone()),
            lock,
            Window::new(SignedDuration::try_from(window).unwrap_or(SignedDuration::MAX)),
            mint,
            Checkpoints::new(path, checkpointing),
            changing,
        );
        Ok((Self { commands, changed, trouble, wal, stopping }, tokio::spawn(scribe.run(inbox))))
    }

    async fn ask<T>(&self, make: impl FnOnce(oneshot::Sender<T>) -> Command) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(make(reply)).await.map_err(|_| StoreError::WriterGone)?;
        answer.await.map_err(|_| StoreError::WriterGone)
    }

    /// Hands over a finished visit; returns once it is committed, or, when it brought nothing, once it is settled.
    ///
    /// # Errors
    /// When the writer has stopped.
    pub async fn visit(&self, visit: Visit, settle: Settle) -> Result<Written, StoreError> {
        self.ask(|reply| Command::Visit(Box::new(visit), settle, reply)).await
    }

    /// Brings the configuration into the file; answers what changed and every configured feed.
    ///
    /// # Errors
    /// When the writer has stopped.
    pub async fn adopt(&self, roster: Roster, now: Timestamp) -> Result<(Adopted, Vec<FeedRecord>), StoreError> {
        self.ask(|reply| Command::Adopt(Box::new(roster), now, reply)).await
    }

    /// Writes feeds that were given a new due time without a visit.
    ///
    /// # Errors
    /// When the writer has stopped.
    pub async fn settle(&self, settled: Vec<Settled>) -> Result<(), StoreError> {
        self.ask(|reply| Command::Settle(settled, reply)).await
    }

    /// Keeps rendered editions; answers when the bytes of each last changed.
    ///
    /// # Errors
    /// When the writer has stopped.
    pub async fn editions(&self, printed: Vec<Printed>, now: Timestamp) -> Result<Vec<Timestamp>, StoreError> {
        self.ask(|reply| Command::Editions(printed, now, reply)).await
    }

    /// Keeps a rendered page of a channel's history, packed, with the fingerprint of the rules by which it was rendered. Where
    /// the page is there already by other rules, its document is replaced. `false` when the channel's pages have moved on.
    ///
    /// # Errors
    /// When the writer has stopped.
    pub async fn archive(
        &self,
        leaf: Leaf,
        packed: Vec<u8>,
        fingerprint: String,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.ask(|reply| Command::Archive { leaf: Box::new(leaf), packed, fingerprint, now, reply }).await
    }

    /// Brings the search index up to date: for a run that ends before the writer is idle.
    ///
    /// # Errors
    /// When the writer has stopped.
    pub async fn index(&self) -> Result<(), StoreError> {
        self.ask(Command::Index).await
    }

    /// Forgets what retention no longer keeps, in short transactions with other work between them. May be dropped: what was
    /// forgotten by then stays forgotten.
    ///
    /// # Errors
    /// When next to nothing would be left ([`StoreError::NothingLeft`]), or when the writer has stopped.
    pub async fn prune(&self, keep: Keep) -> Result<Pruned, StoreError> {
        self.prune_telling(keep, Teller::default()).await
    }

    /// As [`Writer::prune`], for somebody who watches.
    ///
    /// # Errors
    /// When the writer has stopped.
    pub async fn prune_telling(&self, keep: Keep, tell: Teller) -> Result<Pruned, StoreError> {
        retain::prune(self, keep, &tell).await
    }

    pub(super) async fn retention(&self, keep: Keep, step: Step) -> Result<Done, StoreError> {
        self.ask(|reply| Command::Retention(keep, step, reply)).await
    }

    /// Rewrites the database without its free pages (`VACUUM`), so that its file shrinks. Takes as long as copying the file,
    /// and no other work is done meanwhile: for a run beside which no daemon is.
    ///
    /// # Errors
    /// When the writer has stopped, which a disk without room for the copy makes it do.
    pub async fn compact(&self, tell: Teller) -> Result<(), StoreError> {
        tell.send_replace(Progress::unmeasured("compacting"));
        self.ask(Command::Compact).await
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
    pub fn trouble(&self) -> Option<Trouble> {
        self.trouble.borrow().clone()
    }

    /// The write-ahead log.
    #[must_use]
    pub fn wal(&self) -> WalState {
        *self.wal.borrow()
    }

    /// Counts the commits that changed stories; editions are rendered when it moves.
    #[must_use]
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.changed.clone()
    }
}

/// The next ids, from SQLite's own counters, which never go back.
async fn mint(connection: &mut SqliteConnection) -> Result<Mint, StoreError> {
    let counters: Vec<(String, i64)> = sqlx::query_as("SELECT name, seq FROM sqlite_sequence")
        .fetch_all(connection)
        .await
        .while_doing("reading counters")?;
    let next = |table: &str| counters.iter().find(|(name, _)| name == table).map_or(1, |(_, seq)| seq + 1);
    Ok(Mint { next_entry: EntryId(next("entry")), next_story: StoryId(next("story")) })
}
