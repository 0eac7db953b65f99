//! Making the rounds: starts polls that are due, waits for one to end or for the next to be due. Serves the daemon's
//! loop and `warraq poll` alike.

use super::queue::{NextStep, PollQueue};
use crate::{
    clock::Clock,
    fetch::Fetchers,
    model::{FeedId, Outcome},
    poll::{PollError, PollResult, Poller},
    store::{FeedUpdate, StoreError, Writer},
};
use futures_util::{FutureExt as _, StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use jiff::{SignedDuration, Timestamp};
use std::{panic::AssertUnwindSafe, time::Duration};
use tokio::task::JoinSet;

/// The clock is looked at this often at least: one that jumps and a machine that slept are noticed.
const TURN: Duration = Duration::from_secs(1);

/// Our own means (open files, memory) count as sufficient again when no poll lacked them for so long.
const RECOVERED: SignedDuration = SignedDuration::from_secs(60);

/// Feeds, and the polls under way.
pub struct PollRunner {
    /// What is due when.
    pub queue: PollQueue,
    poller: Poller,
    clock: Clock,
    writer: Writer,
    polls: JoinSet<EndedPoll>,
    /// Due times on their way to the writer.
    settling: FuturesUnordered<BoxFuture<'static, Result<(), StoreError>>>,
    /// Polls that could not be made for want of our own means, and when the last of them was.
    hindered: usize,
    hindered_at: Option<Timestamp>,
}

/// A poll that ended; `None` when it panicked, which is a bug of ours and the feed's misfortune only.
type EndedPoll = (FeedId, Option<Result<PollResult, PollError>>);

/// Something happened.
#[derive(Debug)]
pub enum RunnerEvent {
    /// A poll ended.
    Polled(Box<EndedPoll>),
    /// Due times that had to be decided anew are in the file, or the store has failed.
    Settled(Result<(), StoreError>),
    /// Time passed.
    Turned,
}

impl PollRunner {
    /// Rounds over this queue.
    #[must_use]
    pub fn new(queue: PollQueue, poller: Poller, clock: Clock, writer: Writer) -> Self {
        Self {
            queue,
            poller,
            clock,
            writer,
            polls: JoinSet::new(),
            settling: FuturesUnordered::new(),
            hindered: 0,
            hindered_at: None,
        }
    }

    /// Other limits for requests from now on.
    pub fn set_fetchers(&mut self, fetchers: Fetchers) {
        self.poller.set_fetchers(fetchers);
    }

    /// Polls that could not be made for want of our own means, so far.
    #[must_use]
    pub fn hindered(&self) -> usize {
        self.hindered
    }

    /// Polls under way.
    #[must_use]
    pub fn running(&self) -> usize {
        self.polls.len()
    }

    /// Starts every poll that may start now; answers when the next may.
    fn start(&mut self, now: Timestamp) -> Option<Timestamp> {
        loop {
            match self.queue.next(now) {
                NextStep::Poll(planned) => {
                    let poller = self.poller.clone();
                    let id = planned.feed.id;
                    let poll = async move { poller.poll(*planned).await };
                    self.polls.spawn(async move { (id, AssertUnwindSafe(poll).catch_unwind().await.ok()) });
                }
                NextStep::Wait(until) => return until,
            }
        }
    }

    /// Starts what is due, then waits for a poll to end or for time to pass: a second at most. May be dropped at any time.
    pub async fn event(&mut self) -> RunnerEvent {
        let now = self.clock.now();
        let until = self.start(now);
        let wait = until.and_then(|at| Duration::try_from(at.duration_since(now)).ok()).map_or(TURN, |d| d.min(TURN));
        tokio::select! {
            Some(Ok(ended)) = self.polls.join_next() => RunnerEvent::Polled(Box::new(ended)),
            Some(updates) = self.settling.next() => RunnerEvent::Settled(updates),
            () = tokio::time::sleep(wait) => RunnerEvent::Turned,
        }
    }

    /// Takes an ended poll: its feed goes back in the queue when `again`, and the poll is answered.
    ///
    /// # Errors
    /// When the store has failed.
    pub fn take(&mut self, (id, report): EndedPoll, again: bool) -> Result<Option<PollResult>, StoreError> {
        let now = self.clock.now();
        let Some(report) = report else {
            tracing::error!(feed = %id, "poll panicked (a bug in Warraq); retrying this feed in an hour");
            self.queue.panicked(id, now);
            return Ok(None);
        };
        let report = match report {
            Ok(report) => report,
            Err(PollError::Store(error)) if error.can_pass() => {
                tracing::error!(feed = %id, %error, "the database could not be read for a poll; trying again soon");
                self.queue.hindered(id, now, again);
                return Ok(None);
            }
            Err(PollError::Store(error)) => return Err(error),
            Err(PollError::Local(why)) => {
                self.hinder(id, &why, now, again);
                return Ok(None);
            }
        };
        let changed = self.queue.finished(report.written.feed.clone(), now, again);
        self.update_feeds(changed.into_iter().collect());
        log(&report);
        Ok(Some(report))
    }

    /// A poll lacked our own means: said once, until none has lacked them for a minute.
    fn hinder(&mut self, id: FeedId, why: &str, now: Timestamp, again: bool) {
        self.queue.hindered(id, now, again);
        self.hindered += 1;
        if self.hindered_at.replace(now).is_none() {
            tracing::error!(
                error = why,
                "this process lacks the means to ask: no fault of the feeds, which are tried again soon; \
                 for open files see LimitNOFILE (systemd) or ulimit -n"
            );
        }
    }

    /// Looks for a clock that was set and for a machine that slept; due times that had to be decided anew go to the writer.
    /// Waits for nothing.
    pub fn check_clock(&mut self) {
        let now = self.clock.now();
        if self.hindered_at.is_some_and(|at| now.duration_since(at).abs() > RECOVERED) {
            self.hindered_at = None;
            tracing::info!("no poll has lacked resources for a minute");
        }
        let changed = self.queue.check_clock(now);
        if !changed.is_empty() {
            tracing::warn!(
                feeds = changed.len(),
                "the clock was set or the machine was suspended; due times recalculated"
            );
            self.update_feeds(changed);
        }
    }

    /// Hands due times that were decided without a poll to the writer; [`RunnerEvent::Settled`] tells when they are in the file.
    pub fn update_feeds(&mut self, changed: Vec<FeedUpdate>) {
        if changed.is_empty() {
            return;
        }
        let writer = self.writer.clone();
        let mut settling = async move { writer.update_feeds(changed).await }.boxed();
        // Polled once, it has its place in the writer's queue: before any poll that starts from now on.
        if (&mut settling).now_or_never().is_none() {
            self.settling.push(settling);
        }
    }

    /// Waits until all due times that were decided without a poll are in the file.
    ///
    /// # Errors
    /// When the store has failed.
    pub async fn settled(&mut self) -> Result<(), StoreError> {
        while let Some(updates) = self.settling.next().await {
            updates?;
        }
        Ok(())
    }

    /// Waits for running polls, but not for long; the rest are dropped whole.
    pub async fn drain(&mut self, patience: Duration) {
        let finish = async {
            while let Some(ended) = self.polls.join_next().await {
                if let Ok((_, Some(Ok(report)))) = ended {
                    log(&report);
                }
            }
        };
        if tokio::time::timeout(patience, finish).await.is_err() {
            tracing::info!(
                polls = self.polls.len(),
                "dropping polls that did not finish in time; none of their results are stored"
            );
            self.polls.shutdown().await;
        }
    }
}

/// One line a poll. A change is worth a line in a thousand feeds' log, and a failure is worth a person's look; everything
/// else is for whoever asks for details. The database's poll history has every number of all of them.
fn log(report: &PollResult) {
    let PollResult { outcome, status, bytes, took, written, .. } = report;
    let (outlet, feed, next) =
        (&written.feed.outlet, written.feed.url.shown(), format_args!("{:.0}", written.feed.next_poll_at));
    let (new, revised, duplicate) = (written.tally.new, written.tally.revised, written.tally.duplicate);
    let changed = new + revised + duplicate > 0;
    match outcome {
        Outcome::Failed(fault) => {
            tracing::warn!(%outlet, %feed, outcome = "failed", status, error = %fault, %next, "poll failed");
        }
        Outcome::Gone => tracing::warn!(%outlet, %feed, outcome = "gone", status, %next, "feed is gone"),
        Outcome::Fresh if changed || written.gap => {
            let gap = written.gap.then_some(true);
            let [new, revised, duplicate] = [new, revised, duplicate].map(|count| (count > 0).then_some(count));
            tracing::info!(%outlet, %feed, new, revised, duplicate, gap, "changed");
        }
        Outcome::Moved => tracing::info!(%outlet, %feed, outcome = "moved", status, %next, "feed has moved"),
        Outcome::Fresh | Outcome::NotModified | Outcome::SameBytes => {}
    }
    let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let outcome = outcome.as_str();
    tracing::debug!(%outlet, %feed, outcome, status, bytes, new, revised, duplicate, ms, %next, "polled");
}
