//! The writer's transactions. They are retried while the cause may pass: a lock of another process, a full disk, an I/O error.
//! Decisions are kept in memory meanwhile, so nothing is lost.

use crate::clock::Clock;
use crate::store::backend::Backend;
use crate::store::error::{StoreError, TransientError};
use crate::store::figures::WriterFigures;
use std::{convert::Infallible, time::Duration};
use tokio::{sync::watch, time::Instant};

/// Pause after the first failed attempt; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// Longest pause between two attempts, and so the longest time to recovery.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// How long a transaction takes before the log mentions it. Batches are sized for a fraction of this.
const LONG: Duration = Duration::from_secs(1);
/// How long a server may be silent before the operator is told.
const SLOW: Duration = Duration::from_secs(15);
/// How long a transaction is still retried once the writer is told to stop.
const STOP_PATIENCE: Duration = Duration::from_millis(500);

/// The database and its current trouble, used by [`transaction!`] and [`reading!`].
pub(in crate::store) struct WriterConnection<B> {
    pub backend: B,
    /// Why the last attempt failed; `None` if it succeeded.
    trouble: watch::Sender<Option<TransientError>>,
    /// Whether the writer is told to stop. It is a sender, so that the channel stays open after the last handle is dropped.
    stopping: watch::Sender<bool>,
    /// How long the same work is retried; `None`: without end.
    patience: watch::Sender<Option<Duration>>,
    /// When the current transaction began.
    begun_at: Option<Instant>,
    /// Whether this process has written to the database. A server that refuses it afterwards is being changed, and will take it
    /// again; one that refuses it from the start is set up wrongly.
    has_written: bool,
    /// Statistics of the work.
    pub figures: watch::Sender<WriterFigures>,
}

/// Tries once to run a future over the database in a transaction, and evaluates to its result. This is a macro because a closure over
/// the borrowed connection cannot promise that its future is `Send`.
macro_rules! attempt {
    ($database:expr, |$connection:ident| $work:expr) => {
        match $database.begin().await {
            Ok(()) => {
                let limit = $database.limit();
                let $connection = &mut $database.backend;
                let worked = limit.of($work).await;
                $database.end(worked).await
            }
            Err(error) => Err(error),
        }
    };
}

/// Runs a future over the database in a transaction and evaluates to its result. The expression may be
/// evaluated several times, each time over the same state of the database.
///
/// Fails if the error is permanent, or persists for half a second after the writer was told to stop.
macro_rules! transaction {
    ($database:expr, |$connection:ident| $work:expr) => {{
        let mut tries = $crate::store::writing::transaction::RetryState::default();
        loop {
            let tried = $crate::store::writing::transaction::attempt!($database, |$connection| $work);
            if let Some(done) = $database.final_or_wait(tried, &mut tries).await {
                break done;
            }
        }
    }};
}

/// Same as [`transaction!`], but without a transaction: only the writer changes what it reads.
macro_rules! reading {
    ($database:expr, |$connection:ident| $work:expr) => {{
        let mut tries = $crate::store::writing::transaction::RetryState::default();
        loop {
            let tried = match $database.limit().of($database.backend.ready()).await {
                Ok(()) => {
                    let limit = $database.limit();
                    let $connection = &mut $database.backend;
                    limit.of($work).await
                }
                Err(error) => Err(error),
            };
            if let Some(done) = $database.final_or_wait(tried, &mut tries).await {
                break done;
            }
        }
    }};
}

pub(in crate::store) use {attempt, reading, transaction};

/// How long work on the database is waited for. A network that swallows packets reports nothing.
pub(in crate::store) struct WorkLimit {
    /// The longest time; `None`: work ends by itself.
    longest: Option<Duration>,
    stopping: watch::Receiver<bool>,
    trouble: watch::Sender<Option<TransientError>>,
}

impl WorkLimit {
    /// Waits for the end of work: half a second more once the writer is told to stop. Tells the operator if it takes long.
    pub(in crate::store) async fn of<T>(
        self,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let Self { longest, mut stopping, trouble } = self;
        let Some(longest) = longest else { return work.await };
        let stopped = async {
            // The sender is the writer's own, so it is not dropped meanwhile.
            let _ = stopping.wait_for(|stopping| *stopping).await;
            tokio::time::sleep(STOP_PATIENCE).await;
        };
        let told = async {
            tokio::time::sleep(SLOW).await;
            if trouble.borrow().is_none() {
                note(&trouble, &TransientError::Slow);
            }
            std::future::pending::<Infallible>().await
        };
        tokio::select! {
            done = within(longest, work) => done,
            () = stopped => Err(StoreError::Silent),
            never = told => match never {},
        }
    }
}

/// Waits for the end of work on a database server, at most this long.
pub(in crate::store) async fn within<T>(
    longest: Duration,
    work: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let late = |_| Err(StoreError::Silent);
    tokio::time::timeout(longest, work).await.unwrap_or_else(late)
}

/// The attempts at one piece of work.
#[derive(Debug, Default)]
pub(in crate::store) struct RetryState {
    failed: u32,
    failing_since: Option<Instant>,
    stopping_since: Option<Instant>,
}

impl<B: Backend> WriterConnection<B> {
    pub(in crate::store) fn new(
        backend: B,
        trouble: watch::Sender<Option<TransientError>>,
        (stopping, patience): (watch::Sender<bool>, watch::Sender<Option<Duration>>),
        figures: watch::Sender<WriterFigures>,
    ) -> Self {
        Self { backend, trouble, stopping, patience, begun_at: None, has_written: false, figures }
    }

    /// Returns how long the next work is waited for.
    pub(in crate::store) fn limit(&self) -> WorkLimit {
        WorkLimit {
            longest: self.backend.longest(),
            stopping: self.stopping.subscribe(),
            trouble: self.trouble.clone(),
        }
    }

    /// Does what the database needs from time to time. A trouble is noted, and met again by the next transaction.
    pub(in crate::store) async fn upkeep(&mut self) -> Result<(), StoreError> {
        match self.limit().of(self.backend.upkeep()).await {
            Ok(writes) => {
                if writes {
                    self.passed();
                }
                Ok(())
            }
            Err(error) => self.put_off(error).map(|trouble| note(&self.trouble, &trouble)),
        }
    }

    /// Returns the trouble for which work is put off that nobody waits for.
    ///
    /// # Errors
    /// Returns the error again if it does not pass.
    pub(in crate::store) fn put_off(&mut self, error: StoreError) -> Result<TransientError, StoreError> {
        let Some(trouble) = self.trouble_of(&error) else { return Err(error) };
        self.backend.failed(&trouble);
        Ok(trouble)
    }

    /// Returns the transient cause of an error, if it has one.
    fn trouble_of(&self, error: &StoreError) -> Option<TransientError> {
        let trouble = TransientError::of(error)?;
        (self.has_written || !matches!(trouble, TransientError::Refused(_))).then_some(trouble)
    }

    /// Begins a transaction, waiting for another process's lock if necessary.
    pub(in crate::store) async fn begin(&mut self) -> Result<(), StoreError> {
        let asked = Clock::monotonic();
        let begun = self.limit().of(self.backend.begin()).await;
        self.figures.send_modify(|figures| figures.waits.record(Clock::monotonic() - asked));
        self.begun_at = Some(Clock::monotonic());
        begun
    }

    /// Commits the work, or rolls it back.
    pub(in crate::store) async fn end<T>(&mut self, worked: Result<T, StoreError>) -> Result<T, StoreError> {
        let done = match worked {
            Ok(done) => {
                let began = Clock::monotonic();
                let committed = self.limit().of(self.backend.commit()).await;
                self.figures.send_modify(|figures| figures.commits.record(Clock::monotonic() - began));
                self.has_written = true;
                match committed {
                    Ok(()) => Ok(done),
                    Err(error) => self.find_out(error).await.map(|()| done),
                }
            }
            Err(error) => Err(error),
        };
        self.note_long();
        if let Err(error) = &done {
            // A lost connection is not asked to roll back.
            if let Some(trouble) = TransientError::of(error) {
                self.backend.failed(&trouble);
            }
            self.roll_back().await;
        }
        done
    }

    /// Rolls back what failed. A server that does not answer rolls back by itself once the connection is closed.
    pub(in crate::store) async fn roll_back(&mut self) {
        let limit = self.limit();
        let rolled_back = async {
            self.backend.rollback().await;
            Ok(())
        };
        if let Err(silent) = limit.of(rolled_back).await
            && let Some(trouble) = TransientError::of(&silent)
        {
            self.backend.failed(&trouble);
        }
    }

    /// Finds out whether a commit took place whose answer was lost with the connection. The work is repeated only if it did not.
    async fn find_out(&mut self, failed: StoreError) -> Result<(), StoreError> {
        let Some(trouble @ TransientError::Unreachable(_)) = TransientError::of(&failed) else { return Err(failed) };
        note(&self.trouble, &trouble);
        self.backend.failed(&trouble);
        let mut tries = RetryState::default();
        loop {
            let known = match self.limit().of(self.backend.ready()).await {
                Ok(()) => self.limit().of(self.backend.is_committed()).await,
                Err(error) => Err(error),
            };
            match self.final_or_wait(known, &mut tries).await {
                Some(Ok(true)) => return Ok(()),
                Some(Ok(false)) => return Err(failed),
                Some(Err(error)) => return Err(error),
                None => {}
            }
        }
    }

    /// Returns the result if it is final. After a transient error, waits and returns `None`.
    pub(in crate::store) async fn final_or_wait<T>(
        &mut self,
        result: Result<T, StoreError>,
        tries: &mut RetryState,
    ) -> Option<Result<T, StoreError>> {
        let error = match result {
            Ok(done) => {
                self.passed();
                return Some(Ok(done));
            }
            Err(error) => error,
        };
        let Some(trouble) = self.trouble_of(&error) else { return Some(Err(error)) };
        note(&self.trouble, &trouble);
        self.backend.failed(&trouble);
        let since = *tries.failing_since.get_or_insert_with(Clock::monotonic);
        if (*self.patience.borrow()).is_some_and(|patience| Clock::monotonic() - since >= patience) {
            return Some(Err(error));
        }
        if *self.stopping.borrow() {
            let since = *tries.stopping_since.get_or_insert_with(Clock::monotonic);
            if Clock::monotonic().duration_since(since) >= STOP_PATIENCE {
                return Some(Err(error));
            }
            tokio::time::sleep(FIRST_PAUSE).await;
            return None;
        }
        let pause = FIRST_PAUSE.saturating_mul(1 << tries.failed.min(10)).min(LONGEST_PAUSE);
        tries.failed += 1;
        let mut stopping = self.stopping.subscribe();
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stopping.wait_for(|stopping| *stopping) => {}
        }
        None
    }

    /// Logs a transaction that took long: an operator looks at the disk and the processor then.
    fn note_long(&mut self) {
        let took = self.begun_at.take().map_or(Duration::ZERO, |begun| Clock::monotonic() - begun);
        if took >= LONG {
            let took = format!("{:.1}s", took.as_secs_f64());
            tracing::warn!(took, "writing to the database took long: the disk or the processor is slow or busy");
        }
    }

    /// Logs the end of a trouble once.
    pub(in crate::store) fn passed(&self) {
        if self.trouble.send_if_modified(|known| known.take().is_some()) {
            tracing::info!("the database can be written again");
        }
    }
}

/// Notes a trouble, and logs a new one once.
fn note(known: &watch::Sender<Option<TransientError>>, trouble: &TransientError) {
    let new = known.send_if_modified(|known| {
        let new = known.as_ref() != Some(trouble);
        *known = Some(trouble.clone());
        new
    });
    if new {
        tracing::error!(reason = %trouble, "cannot write to the database; polls wait and feeds are served, trying again");
    }
}
