//! The writer's task: takes what has queued up, lets `dedup` decide, writes, commits, answers.

use super::{
    apply, archive,
    cell::{self, Place},
    directory::Directory,
    error::{StoreError, While, is_busy},
    feeds::{self, VisitRows},
    ledger::Ledger,
    open::WriterLock,
    place, recall, remember, retain,
    roster::{self, Adopted, Roster},
    search,
    visit::{Brought, Document, Settle, Settled, Visit, Written},
    writer::Command,
};
use crate::{
    dedup::{self, Arrival, Mint, Window},
    model::{FeedRecord, Tally},
};
use jiff::Timestamp;
use sqlx::{Connection, SqliteConnection};
use std::time::Duration;
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::Instant,
};

/// Polls decided and committed together at most: bounds memory, and the time for which readers see nothing new.
const BATCH_POLLS: usize = 64;
/// Entries decided together at most.
const BATCH_ENTRIES: usize = 2_000;
/// How long a visit that brought nothing may wait for its transaction (polling.md, manner 2).
const LIGHT_WAIT: Duration = Duration::from_secs(5);
/// Visits that wait at most.
const LIGHT_MOST: usize = 512;
/// Pause between two tries while another process holds the database's lock; each try waits two seconds itself.
const BUSY_PAUSE: Duration = Duration::from_millis(200);

/// The writer itself. One connection, one window of stories, one counter of ids.
pub(super) struct Scribe {
    connection: SqliteConnection,
    window: Window,
    mint: Mint,
    directory: Directory,
    /// Visits that brought nothing, waiting for a transaction.
    light: Vec<VisitRows>,
    light_since: Option<Instant>,
    /// When entries are indexed for searching that are not yet.
    index_at: Option<Instant>,
    signs: Signs,
    _lock: WriterLock,
}

/// What the writer shows of itself.
pub(super) struct Signs {
    /// Counts the commits that changed stories.
    pub changed: watch::Sender<u64>,
    /// Whether the last transaction could begin.
    pub writable: watch::Sender<bool>,
}

/// Visits that were taken from the queue together.
#[derive(Default)]
struct Batch {
    visits: Vec<Visit>,
    settles: Vec<(Settle, oneshot::Sender<Written>)>,
    entries: usize,
}

impl Batch {
    fn is_full(&self) -> bool {
        self.visits.len() >= BATCH_POLLS || self.entries >= BATCH_ENTRIES
    }
}

impl Scribe {
    pub(super) fn new(
        connection: SqliteConnection,
        lock: WriterLock,
        window: Window,
        mint: Mint,
        signs: Signs,
    ) -> Self {
        let directory = Directory::default();
        // A run that ended in between may have left some.
        let index_at = Some(Instant::now() + search::WAIT);
        Self { connection, window, mint, directory, light: Vec::new(), light_since: None, index_at, signs, _lock: lock }
    }

    /// Works until it is closed or every handle is gone. An error means the disk, the database or a bug: nothing of the
    /// open transaction is in the file, and whoever waits for an answer learns that the writer is gone.
    pub(super) async fn run(mut self, mut inbox: mpsc::Receiver<Command>) -> Result<(), StoreError> {
        loop {
            let flush_at = self.light_since.map(|since| since + LIGHT_WAIT);
            let mut command = tokio::select! {
                command = inbox.recv() => command,
                () = sleep_until(flush_at) => {
                    self.flush().await?;
                    continue;
                }
                () = sleep_until(self.index_at) => {
                    self.index().await?;
                    continue;
                }
            };
            if command.is_none() {
                return self.close().await;
            }
            let mut batch = Batch::default();
            // Whatever has queued up meanwhile goes into the same transaction.
            while let Some(Command::Visit(visit, settle, reply)) = command {
                self.take(*visit, settle, reply, &mut batch);
                command = if batch.is_full() { None } else { inbox.try_recv().ok() };
            }
            self.commit(batch).await?;
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
                None => {}
            }
        }
    }

    /// Settles a visit that brought nothing at once; lets one that brought a document join the batch.
    fn take(&mut self, visit: Visit, settle: Settle, reply: oneshot::Sender<Written>, batch: &mut Batch) {
        if let Some(document) = &visit.document {
            batch.entries += document.entries.len();
            batch.visits.push(visit);
            batch.settles.push((settle, reply));
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
                self.signs.changed.send_modify(|n| *n += 1);
                tell(reply, answer);
            }
            Command::Settle(settled, reply) => {
                self.settle(&settled).await?;
                tell(reply, ());
            }
            Command::Edition { path, hash, now, reply } => {
                let changed = self.edition(&path, &hash, now).await?;
                tell(reply, changed);
            }
            Command::Archive { leaf, packed, now, reply } => {
                self.begin().await?;
                let kept = archive::keep(&mut self.connection, &leaf, &packed, now).await?;
                self.end().await?;
                tell(reply, kept);
            }
            Command::Index(reply) => {
                self.index().await?;
                while self.index_at.is_some() {
                    self.index().await?;
                }
                tell(reply, ());
            }
            Command::Prune(keep, watched, reply) => {
                self.flush().await?;
                self.begin().await?;
                let pruned = retain::prune(&mut self.connection, &keep, &watched).await?;
                self.end().await?;
                if pruned.entries > 0 && !keep.dry_run {
                    // Nothing may join a story that is no more.
                    self.window.unload();
                    self.signs.changed.send_modify(|n| *n += 1);
                }
                tell(reply, pruned);
            }
            // Both are taken in `run`.
            Command::Visit(..) | Command::Close(_) => {}
        }
        Ok(())
    }

    /// Decides and commits a batch together with the light visits that wait.
    async fn commit(&mut self, batch: Batch) -> Result<(), StoreError> {
        if batch.visits.is_empty() {
            return Ok(());
        }
        let Batch { mut visits, settles, .. } = batch;
        self.begin().await?;
        let arrivals = arrivals(&mut visits);
        if !arrivals.is_empty() && !self.window.is_loaded() {
            remember::load(&mut self.connection, &mut self.window, latest(&visits)).await?;
        }
        let known = recall::recall(&mut self.connection, &arrivals).await?;
        let changes = dedup::decide(arrivals, known, &mut self.window, &mut self.mint);
        let mut brought: Vec<Brought> = visits.iter().map(brought_before).collect();
        let mut ledger = Ledger::of(changes, &visits, &self.directory, &mut brought);
        for visit in &visits {
            ledger.leave(visit);
        }
        apply::apply(&mut self.connection, &ledger).await?;
        place::qualify(&mut self.connection, &self.directory, &ledger.candidates).await?;
        let mut answers = Vec::with_capacity(visits.len());
        for ((visit, (settle, reply)), brought) in visits.iter().zip(settles).zip(&brought) {
            let settled = settle(brought);
            self.light.push(VisitRows::of(visit, &settled, brought.tally, brought.gap));
            answers.push((
                reply,
                Written { tally: brought.tally, gap: brought.gap, joined: brought.joined.clone(), feed: settled.feed },
            ));
        }
        feeds::write(&mut self.connection, &self.light).await?;
        self.end().await?;
        self.light.clear();
        self.light_since = None;
        self.index_at.get_or_insert_with(|| Instant::now() + search::WAIT);
        if !(ledger.touched.is_empty() && ledger.revised.is_empty()) {
            self.signs.changed.send_modify(|n| *n += 1);
        }
        for (reply, written) in answers {
            tell(reply, written);
        }
        Ok(())
    }

    /// Indexes a batch of entries for searching.
    async fn index(&mut self) -> Result<(), StoreError> {
        self.begin().await?;
        let more = search::index(&mut self.connection).await?;
        self.end().await?;
        self.index_at = more.then(Instant::now);
        Ok(())
    }

    /// Commits the light visits that wait.
    async fn flush(&mut self) -> Result<(), StoreError> {
        self.light_since = None;
        if self.light.is_empty() {
            return Ok(());
        }
        self.begin().await?;
        feeds::write(&mut self.connection, &self.light).await?;
        self.end().await?;
        self.light.clear();
        Ok(())
    }

    async fn adopt(&mut self, roster: &Roster, now: Timestamp) -> Result<(Adopted, Vec<FeedRecord>), StoreError> {
        self.flush().await?;
        self.begin().await?;
        let (adopted, directory) = roster::adopt(&mut self.connection, roster, now).await?;
        let feeds = feeds::configured(&mut self.connection).await?;
        self.end().await?;
        for (id, outlet) in &directory.outlets {
            self.window.introduce(*id, &outlet.name);
        }
        self.directory = directory;
        Ok((adopted, feeds))
    }

    async fn settle(&mut self, settled: &[Settled]) -> Result<(), StoreError> {
        self.flush().await?;
        self.begin().await?;
        feeds::settle(&mut self.connection, settled).await?;
        self.end().await
    }

    /// An edition whose bytes are those of last time keeps its Last-Modified.
    async fn edition(&mut self, path: &str, hash: &[u8], now: Timestamp) -> Result<Timestamp, StoreError> {
        let was: Option<(Vec<u8>, String)> = sqlx::query_as("SELECT hash, changed_at FROM edition WHERE path = $1")
            .bind(path)
            .fetch_optional(&mut self.connection)
            .await
            .while_doing("reading editions")?;
        if let Some((_, at)) = was.filter(|(had, _)| had == hash) {
            return Place { table: "edition", row: 0 }.time("changed_at", &at);
        }
        self.begin().await?;
        sqlx::query(
            "INSERT INTO edition (path, hash, changed_at) VALUES ($1, $2, $3) \
             ON CONFLICT (path) DO UPDATE SET hash = excluded.hash, changed_at = excluded.changed_at",
        )
        .bind(path)
        .bind(hash)
        .bind(cell::second(now))
        .execute(&mut self.connection)
        .await
        .while_doing("noting an edition")?;
        self.end().await?;
        Place { table: "edition", row: 0 }.time("changed_at", &cell::second(now))
    }

    async fn close(mut self) -> Result<(), StoreError> {
        self.flush().await?;
        let last = Instant::now() + search::LAST;
        while self.index_at.is_some() && Instant::now() < last {
            self.index().await?;
        }
        // Somebody who reads holds the rest up; they are not waited for beyond the drain's patience.
        sqlx::query("PRAGMA busy_timeout = 1000").execute(&mut self.connection).await.while_doing("losing patience")?;
        // TRUNCATE: whoever opens the file afterwards finds everything in it, and no long WAL beside it.
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
            .execute(&mut self.connection)
            .await
            .while_doing("bringing the WAL into the file")?;
        // A WAL database that nobody has open cannot be read by who may not write to its directory (measured with SQLite
        // 3.40); one with a rollback journal can. Where a reader prevents the change, the WAL's files stay, and serve as well.
        match sqlx::query("PRAGMA journal_mode = DELETE").execute(&mut self.connection).await {
            Err(error) if !is_busy(&error) => return Err(error).while_doing("leaving WAL mode"),
            _ => {}
        }
        self.connection.close().await.while_doing("closing the database")
    }

    /// Takes SQLite's write lock. Another process that holds it is waited for: a finished poll is not thrown away.
    async fn begin(&mut self) -> Result<(), StoreError> {
        let mut tries = 0_u32;
        loop {
            match sqlx::query("BEGIN IMMEDIATE").execute(&mut self.connection).await {
                Err(error) if is_busy(&error) => {
                    tries += 1;
                    self.signs.writable.send_replace(false);
                    tracing::warn!(tries, "another process holds the database's write lock; waiting for it");
                    tokio::time::sleep(BUSY_PAUSE).await;
                }
                begun => {
                    self.signs.writable.send_if_modified(|writable| !std::mem::replace(writable, true));
                    return begun.map(drop).while_doing("beginning a transaction");
                }
            }
        }
    }

    async fn end(&mut self) -> Result<(), StoreError> {
        sqlx::query("COMMIT").execute(&mut self.connection).await.map(drop).while_doing("committing")
    }
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

/// When the last of these visits ended.
fn latest(visits: &[Visit]) -> Timestamp {
    visits.iter().map(|v| v.ended_at).max().unwrap_or(Timestamp::MIN)
}

/// Moves the entries out of the visits, in the order of the queue; `decide` puts them in an order of its own.
fn arrivals(visits: &mut [Visit]) -> Vec<Arrival> {
    let mut arrivals = Vec::new();
    for (poll, visit) in visits.iter_mut().enumerate() {
        let Visit { feed, ended_at, document: Some(document), .. } = visit else { continue };
        let Document { entries, listing, oldest_believed, .. } = document;
        for entry in std::mem::take(entries) {
            arrivals.push(Arrival {
                poll,
                feed: feed.id,
                feed_url: feed.url.as_str().to_owned(),
                outlet: feed.outlet_id,
                seen_at: *ended_at,
                previous_success: feed.last_success_at,
                oldest_believed: *oldest_believed,
                link_repeats: entry.link_key.is_some_and(|key| listing.link_repeats(key)),
                listing: std::sync::Arc::clone(listing),
                entry,
            });
        }
    }
    arrivals
}

/// What can be said of a visit before its entries are decided.
fn brought_before(visit: &Visit) -> Brought {
    let Some(document) = &visit.document else { return Brought::default() };
    let listed = u32::try_from(document.raw.len()).unwrap_or(u32::MAX);
    let known = document.raw.iter().filter(|raw| document.listed_before.contains(raw)).count();
    let known = u32::try_from(known).unwrap_or(u32::MAX);
    Brought {
        tally: Tally { listed, known, ..Tally::default() },
        stamps: Vec::new(),
        gap: document.gap,
        joined: Vec::new(),
    }
}
