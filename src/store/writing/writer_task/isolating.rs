//! A batch that makes the writer panic, or of which the database rejects a row. Both are bugs in Warraq that one document brings out,
//! and a start would meet the same document again. So each poll of the batch is decided and stored alone, and one that fails again is
//! recorded as failed. The same holds for entries that waited for their pages, and for those that come back because a rule changed.
//! Everything else that the writer does ends it, because it does not depend on a document.

#[cfg(test)]
mod tests;

use super::{WriterLoop, send_reply};
use crate::{
    clock::Clock,
    dedup::{Arrival, IdAllocator},
    model::{EntryPage, Fault, FeedRecord, FeedState, MissingArticle, NoArticle},
    schedule::{DecidedBy, Why},
    store::{
        backend::Backend,
        batch::{AskedPage, Batch, PendingPoll},
        error::StoreError,
        feed_update::feed_update,
        finished_poll::{CommittedPoll, FeedUpdate, FinishedPoll, PollFindings},
        rows::BatchRows,
        writing::{
            load_window::WindowLoad,
            transaction::{reading, transaction},
        },
    },
};
use futures_util::FutureExt as _;
use jiff::{SignedDuration, Timestamp};
use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// Most polls in a row that the database may reject. After that it counts as damaged: the writer ends with its error.
const REJECTED_MAX: u32 = 20;
/// Most characters of an error that is stored with a poll. It may repeat a text of the document.
const WORDS_MAX: usize = 300;
/// Pause before a feed is polled again whose next poll could not be decided.
const UNDECIDED_PAUSE: SignedDuration = SignedDuration::from_hours(1);

/// Why a batch cannot be stored, although the database works.
pub(super) struct BatchFailure {
    pub(super) words: String,
    /// What the database reported; `None` after a panic.
    rejection: Option<StoreError>,
}

impl BatchFailure {
    /// Creates it from an error of the database, or returns that error if it is another one.
    fn of(error: StoreError) -> Result<Self, StoreError> {
        match &error {
            StoreError::Sql { doing, source } if error.is_rejection() => {
                let words = cut(format!("the database refused it while {doing}: {source}"));
                Ok(Self { words, rejection: Some(error) })
            }
            _ => Err(error),
        }
    }

    fn of_panic(panic: &(dyn Any + Send)) -> Self {
        let words = panic.downcast_ref::<&str>().map(|words| (*words).to_owned());
        let words = words.or_else(|| panic.downcast_ref::<String>().cloned());
        Self { words: cut(words.unwrap_or_else(|| "panic".to_owned())), rejection: None }
    }
}

fn cut(mut words: String) -> String {
    if let Some((at, _)) = words.char_indices().nth(WORDS_MAX) {
        words.truncate(at);
        words.push('…');
    }
    words
}

/// What the writer had before it decided about something.
pub(super) struct BeforeWork {
    ids: IdAllocator,
    /// Number of polls without news that wait.
    waiting: usize,
    now: Timestamp,
}

/// What is needed to decide the polls of a batch again, each alone.
pub(super) struct BatchParts(Vec<(Vec<Arrival>, PollFindings)>);

impl BatchParts {
    /// Keeps it before the batch is decided; the entries are shared, not copied. The next part of each document is already taken out of
    /// its poll.
    pub(super) fn of(batch: &Batch, arrivals: &[Arrival]) -> Self {
        let findings = batch.polls.iter().map(|pending| (Vec::new(), pending.findings.clone()));
        let mut parts: Vec<(Vec<Arrival>, PollFindings)> = findings.collect();
        for arrival in arrivals {
            if let Some((own, _)) = parts.get_mut(arrival.poll) {
                own.push(Arrival { poll: 0, ..arrival.clone() });
            }
        }
        Self(parts)
    }
}

impl<B: Backend> WriterLoop<B> {
    /// Returns whether the transaction of a batch has more than one poll or page.
    pub(super) fn is_shared(&self, batch: &Batch) -> bool {
        batch.polls.len() + batch.pages.len() + self.empty_polls.len() > 1
    }

    /// Decides about a batch and commits it. If that fails because of what the batch brings, everything is as before.
    pub(super) async fn try_commit(
        &mut self,
        batch: &mut Batch,
        arrivals: Vec<Arrival>,
    ) -> Result<Result<Vec<CommittedPoll>, BatchFailure>, StoreError> {
        let before = self.before(batch.latest());
        let tried = AssertUnwindSafe(Box::pin(self.decide_and_write(batch, arrivals))).catch_unwind().await;
        let done = self.contain(tried, before).await?;
        if done.is_ok() && !batch.polls.is_empty() {
            self.rejected = 0;
        }
        Ok(done)
    }

    /// Returns what [`WriterLoop::contain`] needs of the time before the work.
    pub(super) fn before(&self, now: Timestamp) -> BeforeWork {
        BeforeWork { ids: self.ids, waiting: self.empty_polls.len(), now }
    }

    /// Returns the result of deciding and writing. If that failed because of what was decided about, makes everything as before.
    pub(super) async fn contain<T>(
        &mut self,
        tried: Result<Result<T, StoreError>, Box<dyn Any + Send>>,
        before: BeforeWork,
    ) -> Result<Result<T, BatchFailure>, StoreError> {
        let failure = match tried {
            Ok(Ok(done)) => return Ok(Ok(done)),
            Ok(Err(error)) => BatchFailure::of(error)?,
            Err(panic) => {
                self.database.roll_back().await;
                BatchFailure::of_panic(&*panic)
            }
        };
        self.ids = before.ids;
        self.empty_polls.truncate(before.waiting);
        self.reload_window(before.now).await?;
        Ok(Err(failure))
    }

    /// Loads the window again, which has entries that were not stored, and may be half changed.
    async fn reload_window(&mut self, now: Timestamp) -> Result<(), StoreError> {
        self.window = self.window.emptied();
        let mut load = WindowLoad::new(&self.window, now);
        while !self.window.is_loaded() {
            let window = &mut self.window;
            reading!(self.database, |b| b.load_window(&mut load, window))?;
        }
        Ok(())
    }

    /// Stores the polls and pages of a batch that failed, each alone. `parts` is `None` if there is only one.
    pub(super) async fn isolate(
        &mut self,
        batch: Batch,
        parts: Option<BatchParts>,
        failure: BatchFailure,
    ) -> Result<(), StoreError> {
        let Some(BatchParts(parts)) = parts else {
            let mut failure = Some(failure);
            for pending in batch.polls {
                if let Some(failure) = failure.take() {
                    self.give_up_poll(pending, failure)?;
                }
            }
            for asked in batch.pages {
                self.store_page_without_article(asked).await?;
            }
            return Ok(());
        };
        let (polls, pages) = (batch.polls.len(), batch.pages.len());
        tracing::error!(polls, pages, error = failure.words, "a transaction failed; storing its polls one by one");
        // The polls without news that waited may be the cause, too.
        self.flush().await?;
        for (mut pending, (arrivals, findings)) in batch.polls.into_iter().zip(parts) {
            pending.findings = findings;
            let mut alone = Batch::default();
            alone.polls.push(pending);
            match self.try_commit(&mut alone, arrivals).await? {
                Ok(settled) => self.answer(alone, settled),
                Err(failure) => {
                    if let Some(pending) = alone.polls.pop() {
                        self.give_up_poll(pending, failure)?;
                    }
                }
            }
        }
        for asked in batch.pages {
            if !self.store_page(asked.clone()).await? {
                self.store_page_without_article(asked).await?;
            }
        }
        Ok(())
    }

    /// Records a poll as failed whose document cannot be stored.
    ///
    /// # Errors
    /// Fails with the database's own error if it has rejected too many polls in a row.
    fn give_up_poll(&mut self, pending: PendingPoll, failure: BatchFailure) -> Result<(), StoreError> {
        let PendingPoll { poll, reply, .. } = pending;
        let BatchFailure { words, rejection } = failure;
        tracing::error!(
            outlet = %poll.feed.outlet,
            feed = %poll.feed.url.shown(),
            error = words,
            "what this feed brought cannot be stored (a bug in Warraq); the poll counts as failed, and all others go on"
        );
        if let Some(rejection) = rejection {
            self.rejected += 1;
            if self.rejected > REJECTED_MAX {
                return Err(rejection);
            }
        }
        let fault = Fault::Storing(words);
        let committed = self.settle(&poll.failed(fault.clone()), PollFindings::default());
        self.empty_since.get_or_insert_with(Clock::monotonic);
        send_reply(reply, CommittedPoll { fault: Some(fault), ..committed });
        Ok(())
    }

    /// Decides about an entry that has waited for its page. Returns false if it cannot be stored.
    async fn store_page(&mut self, asked: AskedPage) -> Result<bool, StoreError> {
        let (feed, url) = (asked.key.0, asked.page.url.clone());
        let mut alone = Batch::default();
        alone.pages.push(asked);
        let Err(BatchFailure { words, .. }) = self.try_commit(&mut alone, Vec::new()).await? else { return Ok(true) };
        tracing::error!(%feed, url, error = words, "an entry that waited for its page cannot be stored (a bug in Warraq)");
        Ok(false)
    }

    /// Decides about an entry without its article, which cannot be stored. If that fails too, the entry is left out: otherwise it would
    /// come back with each start.
    async fn store_page_without_article(&mut self, asked: AskedPage) -> Result<(), StoreError> {
        let AskedPage { key, page: EntryPage { url, asked_at, .. } } = asked;
        let article = Err(MissingArticle::new(NoArticle::Unreadable, "the article cannot be stored (a bug in Warraq)"));
        if !self.store_page(AskedPage { key, page: EntryPage { url, asked_at, article } }).await? {
            let batch_rows = BatchRows { waited: vec![key], ..BatchRows::default() };
            transaction!(self.database, |b| b.write(&batch_rows, &self.catalog, &[]))?;
        }
        Ok(())
    }

    /// Writes waiting polls without news one by one, and leaves out those that the database rejects. Returns whether a feed says
    /// something new about itself.
    pub(super) async fn flush_one_by_one(&mut self) -> Result<bool, StoreError> {
        let mut is_new = false;
        for poll in std::mem::take(&mut self.empty_polls) {
            match transaction!(self.database, |b| b.write_polls(std::slice::from_ref(&poll))) {
                Err(error) if error.is_rejection() => {
                    let error = error.with_causes();
                    tracing::error!(
                        feed = poll.feed(),
                        error,
                        "a poll cannot be stored (a bug in Warraq), and is left out"
                    );
                }
                written => is_new |= written?,
            }
        }
        Ok(is_new)
    }

    /// Computes the next state of a feed whose entries are decided, for the next transaction.
    pub(super) fn settle(&mut self, poll: &FinishedPoll, findings: PollFindings) -> CommittedPoll {
        let update = catch_unwind(AssertUnwindSafe(|| feed_update(poll, &findings)));
        let update = update.unwrap_or_else(|_| undecided(poll));
        self.add_settled(poll, update, findings)
    }
}

/// Returns the feed after a poll that brought out a bug in the decision about the next one.
fn undecided(poll: &FinishedPoll) -> FeedUpdate {
    tracing::error!(
        outlet = %poll.feed.outlet,
        feed = %poll.feed.url.shown(),
        "the next poll cannot be decided (a bug in Warraq); polling this feed again in an hour"
    );
    let feed = FeedRecord {
        last_poll_at: Some(poll.ended_at),
        next_poll_at: poll.ended_at.saturating_add(UNDECIDED_PAUSE).unwrap_or(poll.ended_at),
        failures: poll.feed.failures.saturating_add(1),
        state: FeedState::Failing,
        ..poll.feed.clone()
    };
    let notes = vec!["the next poll could not be decided (a bug in Warraq)".to_owned()];
    let why = Why::pushed(poll.timing.schedule.to_string());
    FeedUpdate { feed, why: Why { decided: DecidedBy::Backoff, notes, ..why } }
}
