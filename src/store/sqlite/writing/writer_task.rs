//! The writer's task: takes what has queued up, lets `dedup` decide, writes, commits, answers.

use crate::{
    dedup::{self, IdAllocator, Window, rules},
    model::{FeedRecord, Tally},
    store::{
        batch::{self, Batch, PendingPoll},
        catalog::Catalog,
        command::Command,
        error::{ErrorContext, StoreError, is_busy},
        finished_poll::{CommittedPoll, FeedUpdate, FeedUpdateFn, FinishedPoll, PollFindings},
        rows::BatchRows,
        sqlite::{
            open::WriterLock,
            writing::{
                apply, archive,
                channel_order::{self, ChannelRebuild},
                checkpoint::Checkpoints,
                configured::{self, ConfigChanges, StoreConfig},
                edition,
                feeds::{self, PollRows},
                load_window, lookup, retention, search_index,
                transaction::{WriterConnection, reading, transaction},
            },
        },
    },
};
use jiff::Timestamp;
use sqlx::{Connection, SqliteConnection};
use std::{collections::VecDeque, time::Duration};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::Instant,
};

/// How long a poll that brought nothing may wait for its transaction (polling.md, manner 2).
const EMPTY_WAIT: Duration = Duration::from_secs(5);
/// Polls that wait at most.
const EMPTY_MAX: usize = 512;

/// The writer itself. One connection, one window of stories, one counter of ids.
pub(in crate::store) struct WriterLoop {
    database: WriterConnection,
    window: Window,
    ids: IdAllocator,
    catalog: Catalog,
    /// Polls with long documents, of which strides are left.
    long: VecDeque<PendingPoll>,
    /// Channels whose places are being laid anew.
    rebuilding: VecDeque<ChannelRebuild>,
    /// Polls that brought nothing, waiting for a transaction.
    empty_polls: Vec<PollRows>,
    empty_since: Option<Instant>,
    /// When entries are indexed for searching that are not yet.
    index_at: Option<Instant>,
    checkpoints: Checkpoints,
    /// Counts the commits that changed stories.
    changed: watch::Sender<u64>,
    _lock: WriterLock,
}

impl WriterLoop {
    pub(in crate::store) fn new(
        database: WriterConnection,
        lock: WriterLock,
        window: Window,
        ids: IdAllocator,
        checkpoints: Checkpoints,
        changed: watch::Sender<u64>,
    ) -> Self {
        Self {
            database,
            window,
            ids,
            catalog: Catalog::default(),
            long: VecDeque::new(),
            rebuilding: VecDeque::new(),
            empty_polls: Vec::new(),
            empty_since: None,
            // A run that ended in between may have left some.
            index_at: Some(Instant::now() + search_index::WAIT),
            checkpoints,
            changed,
            _lock: lock,
        }
    }

    /// Works until it is closed or every handle is gone. An error means the disk, the database or a bug: nothing of the
    /// open transaction is in the file, and whoever waits for an answer learns that the writer is gone.
    pub(in crate::store) async fn run(mut self, mut inbox: mpsc::Receiver<Command>) -> Result<(), StoreError> {
        loop {
            let Some(mut command) = self.next(&mut inbox).await? else { continue };
            let mut batch = Batch::default();
            // Whatever has queued up meanwhile goes into the same transaction.
            while let Some(Command::Poll(poll, feed_update, reply)) = command {
                self.take(*poll, feed_update, reply, &mut batch);
                command = if batch.is_full() { None } else { inbox.try_recv().ok() };
            }
            // One stride of a long document joins, however much has queued up: neither waits for the other.
            self.long.pop_front().into_iter().for_each(|poll| batch.add(poll));
            self.commit(batch).await?;
            self.relay().await?;
            if self.empty_polls.len() >= EMPTY_MAX {
                self.flush().await?;
            }
            match command {
                Some(Command::Close(done)) => {
                    self.close().await?;
                    send_reply(done, ());
                    return Ok(());
                }
                Some(other) => self.execute(other).await?,
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
        let flush_at = self.empty_since.map(|since| since + EMPTY_WAIT);
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
        !self.long.is_empty() || !self.rebuilding.is_empty()
    }

    /// Does one stride of a channel whose places are laid anew.
    async fn relay(&mut self) -> Result<(), StoreError> {
        let Some(rebuilding) = self.rebuilding.pop_front() else { return Ok(()) };
        match transaction!(self.database, |c| rebuilding.stride(c, &self.catalog))? {
            Some(next) => self.rebuilding.push_back(next),
            None => drop(self.catalog.rebuilding.remove(&rebuilding.id)),
        }
        self.changed.send_modify(|n| *n += 1);
        Ok(())
    }

    /// Settles a poll that brought nothing at once; lets one that brought a document join the batch.
    fn take(
        &mut self,
        poll: FinishedPoll,
        feed_update: FeedUpdateFn,
        reply: oneshot::Sender<CommittedPoll>,
        batch: &mut Batch,
    ) {
        if poll.document.is_some() {
            let poll = PendingPoll::new(poll, feed_update, reply);
            if poll.is_long() {
                self.long.push_back(poll);
            } else {
                batch.add(poll);
            }
            return;
        }
        let updates = feed_update(&PollFindings::default());
        self.empty_polls.push(PollRows::of(&poll, &updates, Tally::default(), false));
        self.empty_since.get_or_insert_with(Instant::now);
        send_reply(
            reply,
            CommittedPoll { tally: Tally::default(), gap: false, joined: Vec::new(), feed: updates.feed },
        );
    }

    async fn execute(&mut self, command: Command) -> Result<(), StoreError> {
        match command {
            Command::Adopt(store_config, now, reply) => {
                let answer = self.adopt(&store_config, now).await?;
                self.changed.send_modify(|n| *n += 1);
                send_reply(reply, answer);
            }
            Command::UpdateFeeds(updates, reply) => {
                self.update_feeds(&updates).await?;
                send_reply(reply, ());
            }
            Command::Editions(rendered_editions, now, reply) => {
                let changed = transaction!(self.database, |c| edition::keep(c, &rendered_editions, now))?;
                send_reply(reply, changed);
            }
            Command::Archive { page, packed, fingerprint, now, reply } => {
                let kept = transaction!(self.database, |c| archive::keep(c, &page, &packed, &fingerprint, now))?;
                send_reply(reply, kept);
            }
            Command::Index(reply) => {
                self.index().await?;
                while self.index_at.is_some() {
                    self.index().await?;
                }
                send_reply(reply, ());
            }
            Command::Retention(keep, step, reply) => {
                let done = transaction!(self.database, |c| retention::step(c, keep, step))?;
                if matches!(step, retention::PruneStep::Stories(_)) && done.rows > 0 {
                    // Nothing may join a story that is no more.
                    self.window.unload();
                    self.changed.send_modify(|n| *n += 1);
                }
                send_reply(reply, done);
            }
            Command::Compact(reply) => {
                sqlx::query("VACUUM")
                    .execute(&mut self.database.connection)
                    .await
                    .while_doing("compacting the database")?;
                send_reply(reply, ());
            }
            // Both are taken in `run`.
            Command::Poll(..) | Command::Close(_) => {}
        }
        Ok(())
    }

    /// Decides and commits a batch together with the empty polls that wait.
    async fn commit(&mut self, mut batch: Batch) -> Result<(), StoreError> {
        if batch.polls.is_empty() {
            return Ok(());
        }
        let batch_rows = self.decide(&mut batch).await?;
        let Batch { polls, findings, feed_updates, .. } = batch;
        let mut answers = Vec::with_capacity(polls.len());
        for ((poll, (feed_update, reply)), findings) in polls.into_iter().zip(feed_updates).zip(findings) {
            if !batch::is_whole(&poll) {
                self.long.push_back(PendingPoll { poll, feed_update, reply, findings });
                continue;
            }
            let updates = feed_update(&findings);
            self.empty_polls.push(PollRows::of(&poll, &updates, findings.tally, findings.gap));
            let PollFindings { tally, gap, joined, .. } = findings;
            answers.push((reply, CommittedPoll { tally, gap, joined, feed: updates.feed }));
        }
        transaction!(self.database, |c| write(c, &batch_rows, &self.catalog, &self.empty_polls))?;
        self.empty_polls.clear();
        self.empty_since = None;
        self.index_at.get_or_insert_with(|| Instant::now() + search_index::WAIT);
        self.database.figures.send_modify(|figures| {
            figures.window = self.window.len();
            figures.unindexed_since.get_or_insert_with(Instant::now);
        });
        if !(batch_rows.touched.is_empty() && batch_rows.revised.is_empty()) {
            self.changed.send_modify(|n| *n += 1);
        }
        for (reply, written) in answers {
            send_reply(reply, written);
        }
        Ok(())
    }

    /// Decides what the next entries of each poll are. Nobody else writes, so what is looked up here is still true when it is
    /// written, however often that has to be tried.
    async fn decide(&mut self, batch: &mut Batch) -> Result<BatchRows, StoreError> {
        let arrivals = batch.arrivals();
        if !arrivals.is_empty() && !self.window.is_loaded() {
            let (window, latest) = (&mut self.window, batch.latest());
            reading!(self.database, |c| load_window::load(c, window, latest))?;
        }
        let known = reading!(self.database, |c| lookup::known_entries(c, &arrivals))?;
        let changes = dedup::decide(arrivals, known, &mut self.window, &mut self.ids);
        for story in changes.crowded() {
            tracing::warn!(%story, members = rules::MEMBERS_SUSPECT, "a story has so many members that it looks like a template");
        }
        let mut batch_rows = BatchRows::of(changes, &batch.polls, &self.catalog, &mut batch.findings);
        for poll in batch.polls.iter().filter(|poll| batch::is_whole(poll)) {
            batch_rows.note_delisted(poll);
        }
        Ok(batch_rows)
    }

    /// Indexes a batch of entries for searching.
    async fn index(&mut self) -> Result<(), StoreError> {
        let more = transaction!(self.database, |c| search_index::index(c))?;
        self.index_at = more.then(Instant::now);
        if !more {
            self.database.figures.send_modify(|figures| figures.unindexed_since = None);
        }
        Ok(())
    }

    /// Commits the empty polls that wait.
    async fn flush(&mut self) -> Result<(), StoreError> {
        self.empty_since = None;
        if self.empty_polls.is_empty() {
            return Ok(());
        }
        transaction!(self.database, |c| feeds::write(c, &self.empty_polls))?;
        self.empty_polls.clear();
        Ok(())
    }

    async fn adopt(
        &mut self,
        store_config: &StoreConfig,
        now: Timestamp,
    ) -> Result<(ConfigChanges, Vec<FeedRecord>), StoreError> {
        self.flush().await?;
        let ((adopted, catalog, rebuilding), feeds) = transaction!(self.database, |c| async {
            Ok((configured::adopt(c, store_config, now).await?, feeds::configured(c).await?))
        })?;
        for (id, outlet) in &catalog.outlets {
            self.window.introduce(*id, &outlet.name);
        }
        self.catalog = catalog;
        self.rebuilding = rebuilding.into();
        Ok((adopted, feeds))
    }

    async fn update_feeds(&mut self, updates: &[FeedUpdate]) -> Result<(), StoreError> {
        self.flush().await?;
        transaction!(self.database, |c| feeds::update_feeds(c, updates))
    }

    async fn close(mut self) -> Result<(), StoreError> {
        self.flush().await?;
        let last = Instant::now() + search_index::LAST;
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
    batch_rows: &BatchRows,
    catalog: &Catalog,
    polls: &[PollRows],
) -> Result<(), StoreError> {
    apply::apply(connection, batch_rows).await?;
    channel_order::insert_qualified(connection, catalog, &batch_rows.candidates).await?;
    feeds::write(connection, polls).await
}

/// Answers; nobody waiting is no fault.
fn send_reply<T>(reply: oneshot::Sender<T>, answer: T) {
    drop(reply.send(answer));
}

/// Waits for the instant, or for ever.
async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
