//! The writer's task: takes what has queued up, lets `dedup` decide, writes, commits, answers.

use super::{
    apply, archive,
    batch::{self, Batch, Pending},
    checkpoint::Checkpoints,
    directory::Directory,
    edition,
    error::{StoreError, While, is_busy},
    feeds::{self, VisitRows},
    ledger::Ledger,
    open::WriterLock,
    place::{self, Relaying},
    recall, remember, retain,
    roster::{self, Adopted, Roster},
    search,
    transaction::{Transactions, reading, transaction},
    visit::{Brought, Settle, Settled, Visit, Written},
    writer::Command,
};
use crate::{
    dedup::{self, Mint, Window},
    model::{FeedRecord, Tally},
};
use jiff::Timestamp;
use sqlx::{Connection, SqliteConnection};
use std::{collections::VecDeque, time::Duration};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::Instant,
};

/// How long a visit that brought nothing may wait for its transaction (polling.md, manner 2).
const LIGHT_WAIT: Duration = Duration::from_secs(5);
/// Visits that wait at most.
const LIGHT_MOST: usize = 512;

/// The writer itself. One connection, one window of stories, one counter of ids.
pub(super) struct Scribe {
    database: Transactions,
    window: Window,
    mint: Mint,
    directory: Directory,
    /// Polls with long documents, of which strides are left.
    long: VecDeque<Pending>,
    /// Channels whose places are being laid anew.
    relaying: VecDeque<Relaying>,
    /// Visits that brought nothing, waiting for a transaction.
    light: Vec<VisitRows>,
    light_since: Option<Instant>,
    /// When entries are indexed for searching that are not yet.
    index_at: Option<Instant>,
    checkpoints: Checkpoints,
    /// Counts the commits that changed stories.
    changed: watch::Sender<u64>,
    _lock: WriterLock,
}

impl Scribe {
    pub(super) fn new(
        database: Transactions,
        lock: WriterLock,
        window: Window,
        mint: Mint,
        checkpoints: Checkpoints,
        changed: watch::Sender<u64>,
    ) -> Self {
        Self {
            database,
            window,
            mint,
            directory: Directory::default(),
            long: VecDeque::new(),
            relaying: VecDeque::new(),
            light: Vec::new(),
            light_since: None,
            // A run that ended in between may have left some.
            index_at: Some(Instant::now() + search::WAIT),
            checkpoints,
            changed,
            _lock: lock,
        }
    }

    /// Works until it is closed or every handle is gone. An error means the disk, the database or a bug: nothing of the
    /// open transaction is in the file, and whoever waits for an answer learns that the writer is gone.
    pub(super) async fn run(mut self, mut inbox: mpsc::Receiver<Command>) -> Result<(), StoreError> {
        loop {
            let Some(mut command) = self.next(&mut inbox).await? else { continue };
            let mut batch = Batch::default();
            // Whatever has queued up meanwhile goes into the same transaction.
            while let Some(Command::Visit(visit, settle, reply)) = command {
                self.take(*visit, settle, reply, &mut batch);
                command = if batch.is_full() { None } else { inbox.try_recv().ok() };
            }
            // One stride of a long document joins, however much has queued up: neither waits for the other.
            self.long.pop_front().into_iter().for_each(|poll| batch.add(poll));
            self.commit(batch).await?;
            self.relay().await?;
            if self.light.len() >= LIGHT_MOST {
                self.flush().await?;
            }
            match command {
                Some(Command::Close(done)) => {
                    self.close().await?;
                    tell(done, ());
                    return Ok(());
                }
                Some(other) => self.obey(other).await?,
                None if inbox.is_closed() && inbox.is_empty() && !self.is_busy() => return self.close().await,
                None => {}
            }
        }
    }

    /// Waits for the next command. The outer `None`: something else was due, and is done; the inner one: no command is there,
    /// but a long document has strides left, or every handle is gone.
    async fn next(&mut self, inbox: &mut mpsc::Receiver<Command>) -> Result<Option<Option<Command>>, StoreError> {
        if self.is_busy() {
            return Ok(Some(inbox.try_recv().ok()));
        }
        let flush_at = self.light_since.map(|since| since + LIGHT_WAIT);
        tokio::select! {
            command = inbox.recv() => return Ok(Some(command)),
            () = sleep_until(flush_at) => self.flush().await?,
            () = sleep_until(self.index_at) => self.index().await?,
            () = self.checkpoints.due() => self.checkpoints.look(&mut self.database.connection).await,
        }
        Ok(None)
    }

    /// Whether strides of a long work are left.
    fn is_busy(&self) -> bool {
        !self.long.is_empty() || !self.relaying.is_empty()
    }

    /// Does one stride of a channel whose places are laid anew.
    async fn relay(&mut self) -> Result<(), StoreError> {
        let Some(relaying) = self.relaying.pop_front() else { return Ok(()) };
        match transaction!(self.database, |c| relaying.stride(c, &self.directory))? {
            Some(next) => self.relaying.push_back(next),
            None => drop(self.directory.relaying.remove(&relaying.id)),
        }
        self.changed.send_modify(|n| *n += 1);
        Ok(())
    }

    /// Settles a visit that brought nothing at once; lets one that brought a document join the batch.
    fn take(&mut self, visit: Visit, settle: Settle, reply: oneshot::Sender<Written>, batch: &mut Batch) {
        if visit.document.is_some() {
            let poll = Pending::new(visit, settle, reply);
            if poll.is_long() {
                self.long.push_back(poll);
            } else {
                batch.add(poll);
            }
            return;
        }
        let settled = settle(&Brought::default());
        self.light.push(VisitRows::of(&visit, &settled, Tally::default(), false));
        self.light_since.get_or_insert_with(Instant::now);
        tell(reply, Written { tally: Tally::default(), gap: false, joined: Vec::new(), feed: settled.feed });
    }

    async fn obey(&mut self, command: Command) -> Result<(), StoreError> {
        match command {
            Command::Adopt(roster, now, reply) => {
                let answer = self.adopt(&roster, now).await?;
                self.changed.send_modify(|n| *n += 1);
                tell(reply, answer);
            }
            Command::Settle(settled, reply) => {
                self.settle(&settled).await?;
                tell(reply, ());
            }
            Command::Editions(printed, now, reply) => {
                let changed = transaction!(self.database, |c| edition::keep(c, &printed, now))?;
                tell(reply, changed);
            }
            Command::Archive { leaf, packed, fingerprint, now, reply } => {
                let kept = transaction!(self.database, |c| archive::keep(c, &leaf, &packed, &fingerprint, now))?;
                tell(reply, kept);
            }
            Command::Index(reply) => {
                self.index().await?;
                while self.index_at.is_some() {
                    self.index().await?;
                }
                tell(reply, ());
            }
            Command::Retention(keep, step, reply) => {
                let done = transaction!(self.database, |c| retain::step(c, keep, step))?;
                if matches!(step, retain::Step::Stories(_)) && done.rows > 0 {
                    // Nothing may join a story that is no more.
                    self.window.unload();
                    self.changed.send_modify(|n| *n += 1);
                }
                tell(reply, done);
            }
            Command::Compact(reply) => {
                sqlx::query("VACUUM")
                    .execute(&mut self.database.connection)
                    .await
                    .while_doing("compacting the database")?;
                tell(reply, ());
            }
            // Both are taken in `run`.
            Command::Visit(..) | Command::Close(_) => {}
        }
        Ok(())
    }

    /// Decides and commits a batch together with the light visits that wait.
    async fn commit(&mut self, mut batch: Batch) -> Result<(), StoreError> {
        if batch.visits.is_empty() {
            return Ok(());
        }
        let ledger = self.decide(&mut batch).await?;
        let Batch { visits, brought, settles, .. } = batch;
        let mut answers = Vec::with_capacity(visits.len());
        for ((visit, (settle, reply)), brought) in visits.into_iter().zip(settles).zip(brought) {
            if !batch::is_whole(&visit) {
                self.long.push_back(Pending { visit, settle, reply, brought });
                continue;
            }
            let settled = settle(&brought);
            self.light.push(VisitRows::of(&visit, &settled, brought.tally, brought.gap));
            let Brought { tally, gap, joined, .. } = brought;
            answers.push((reply, Written { tally, gap, joined, feed: settled.feed }));
        }
        transaction!(self.database, |c| write(c, &ledger, &self.directory, &self.light))?;
        self.light.clear();
        self.light_since = None;
        self.index_at.get_or_insert_with(|| Instant::now() + search::WAIT);
        if !(ledger.touched.is_empty() && ledger.revised.is_empty()) {
            self.changed.send_modify(|n| *n += 1);
        }
        for (reply, written) in answers {
            tell(reply, written);
        }
        Ok(())
    }

    /// Decides what the next entries of each poll are. Nobody else writes, so what is looked up here is still true when it is
    /// written, however often that has to be tried.
    async fn decide(&mut self, batch: &mut Batch) -> Result<Ledger, StoreError> {
        let arrivals = batch.arrivals();
        if !arrivals.is_empty() && !self.window.is_loaded() {
            let (window, latest) = (&mut self.window, batch.latest());
            reading!(self.database, |c| remember::load(c, window, latest))?;
        }
        let known = reading!(self.database, |c| recall::recall(c, &arrivals))?;
        let changes = dedup::decide(arrivals, known, &mut self.window, &mut self.mint);
        let mut ledger = Ledger::of(changes, &batch.visits, &self.directory, &mut batch.brought);
        for visit in batch.visits.iter().filter(|visit| batch::is_whole(visit)) {
            ledger.leave(visit);
        }
        Ok(ledger)
    }

    /// Indexes a batch of entries for searching.
    async fn index(&mut self) -> Result<(), StoreError> {
        let more = transaction!(self.database, |c| search::index(c))?;
        self.index_at = more.then(Instant::now);
        Ok(())
    }

    /// Commits the light visits that wait.
    async fn flush(&mut self) -> Result<(), StoreError> {
        self.light_since = None;
        if self.light.is_empty() {
            return Ok(());
        }
        transaction!(self.database, |c| feeds::write(c, &self.light))?;
        self.light.clear();
        Ok(())
    }

    async fn adopt(&mut self, roster: &Roster, now: Timestamp) -> Result<(Adopted, Vec<FeedRecord>), StoreError> {
        self.flush().await?;
        let ((adopted, directory, relaying), feeds) = transaction!(self.database, |c| async {
            Ok((roster::adopt(c, roster, now).await?, feeds::configured(c).await?))
        })?;
        for (id, outlet) in &directory.outlets {
            self.window.introduce(*id, &outlet.name);
        }
        self.directory = directory;
        self.relaying = relaying.into();
        Ok((adopted, feeds))
    }

    async fn settle(&mut self, settled: &[Settled]) -> Result<(), StoreError> {
        self.flush().await?;
        transaction!(self.database, |c| feeds::settle(c, settled))
    }

    async fn close(mut self) -> Result<(), StoreError> {
        self.flush().await?;
        let last = Instant::now() + search::LAST;
        while self.index_at.is_some() && Instant::now() < last {
            self.index().await?;
        }
        // Somebody who reads holds the rest up; they are not waited for beyond the drain's patience.
        sqlx::query("PRAGMA busy_timeout = 1000")
            .execute(&mut self.database.connection)
            .await
            .while_doing("losing patience")?;
        // TRUNCATE: whoever opens the file afterwards finds everything in it, and no long WAL beside it.
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
            .execute(&mut self.database.connection)
            .await
            .while_doing("bringing the WAL into the file")?;
        // A WAL database that nobody has open cannot be read by who may not write to its directory (measured with SQLite
        // 3.40); one with a rollback journal can. Where a reader prevents the change, the WAL's files stay, and serve as well.
        match sqlx::query("PRAGMA journal_mode = DELETE").execute(&mut self.database.connection).await {
            Err(error) if !is_busy(&error) => return Err(error).while_doing("leaving WAL mode"),
            _ => {}
        }
        self.database.connection.close().await.while_doing("closing the database")
    }
}

/// Writes a batch and what polls that brought nothing left behind, in the caller's transaction.
async fn write(
    connection: &mut SqliteConnection,
    ledger: &Ledger,
    directory: &Directory,
    polls: &[VisitRows],
) -> Result<(), StoreError> {
    apply::apply(connection, ledger).await?;
    place::qualify(connection, directory, &ledger.candidates).await?;
    feeds::write(connection, polls).await
}

/// Answers; nobody waiting is no fault.
fn tell<T>(reply: oneshot::Sender<T>, answer: T) {
    drop(reply.send(answer));
}

/// Waits for the instant, or for ever.
async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
