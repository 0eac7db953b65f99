//! Runs polls: starts those that are due, and waits for one to end or for the next to be due. Both the daemon's loop and `warraq
//! poll` use it.

mod log;
mod pages;
mod pushes;
#[cfg(test)]
mod tests;

use super::queue::{NextStep, PollQueue};
use crate::{
    clock::Clock,
    fetch::Fetchers,
    model::{FeedId, Outcome, WaitingKey, push::PushLeases},
    poll::{PollError, PollResult, Poller},
    store::{FeedUpdate, StoreError, TroubleLog, Writer},
};
use futures_util::{FutureExt as _, StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use jiff::{SignedDuration, Timestamp};
use log::{RewritingFeeds, log};
use pages::EndedPage;
use std::{collections::HashMap, panic::AssertUnwindSafe, sync::Arc, time::Duration};
use tokio::{
    sync::mpsc,
    task::{AbortHandle, JoinSet},
};

/// Longest time between two checks of the clock, by which a clock that jumps and a machine that slept are noticed.
const TURN: Duration = Duration::from_secs(1);

/// Time without a failure for lack of resources (open files, memory) after which they count as sufficient again.
const RECOVERED: SignedDuration = SignedDuration::from_secs(60);

/// The poll queue and the running polls.
pub struct PollRunner {
    /// The feeds by due time.
    pub queue: PollQueue,
    poller: Poller,
    clock: Clock,
    writer: Writer,
    polls: JoinSet<EndedPoll>,
    /// Feeds whose polls have read their documents and are waiting to be stored.
    read: (mpsc::UnboundedSender<FeedId>, mpsc::UnboundedReceiver<FeedId>),
    /// Documents that hubs delivered and that are being read.
    pushes: JoinSet<EndedPoll>,
    /// Requests for the pages that entries wait for.
    pages: JoinSet<EndedPage>,
    asking: HashMap<WaitingKey, AbortHandle>,
    /// Due times that are being sent to the writer.
    settling: FuturesUnordered<BoxFuture<'static, Result<(), StoreError>>>,
    /// Number of polls that could not run because this process lacked resources, and when that last happened.
    not_polled: usize,
    hindered_at: Option<Timestamp>,
    /// What kept polls from reading the database.
    unread: TroubleLog,
    rewriting: RewritingFeeds,
}

/// A poll that ended; `None` if it panicked, which is a bug in Warraq and affects only this feed.
type EndedPoll = (FeedId, Option<Result<PollResult, PollError>>);

/// An event of the runner.
#[derive(Debug)]
pub enum RunnerEvent {
    /// A poll ended.
    Polled(Box<EndedPoll>),
    /// A document that a hub delivered was read.
    Pushed(Box<EndedPoll>),
    /// Due times that were decided again are stored, or the store has failed.
    Settled(Result<(), StoreError>),
    /// Time passed.
    Turned,
}

impl PollRunner {
    /// Creates a runner for this queue.
    #[must_use]
    pub fn new(queue: PollQueue, poller: Poller, clock: Clock, writer: Writer) -> Self {
        Self {
            queue,
            poller,
            clock,
            writer,
            polls: JoinSet::new(),
            read: mpsc::unbounded_channel(),
            pushes: JoinSet::new(),
            pages: JoinSet::new(),
            asking: HashMap::new(),
            settling: FuturesUnordered::new(),
            not_polled: 0,
            hindered_at: None,
            unread: TroubleLog::default(),
            rewriting: RewritingFeeds::default(),
        }
    }

    /// Replaces the fetcher, whose limits apply to later requests.
    pub fn set_fetchers(&mut self, fetchers: Fetchers) {
        self.poller.set_fetchers(fetchers);
    }

    /// Returns the clients that make requests.
    #[must_use]
    pub fn fetchers(&self) -> &Fetchers {
        self.poller.fetchers()
    }

    /// Returns how many polls could not run so far because this process lacked resources.
    #[must_use]
    pub fn not_polled(&self) -> usize {
        self.not_polled
    }

    /// Returns the number of running polls.
    #[must_use]
    pub fn running(&self) -> usize {
        self.polls.len()
    }

    /// Returns the feeds whose changes hubs deliver.
    #[must_use]
    pub fn leases(&self) -> &Arc<PushLeases> {
        self.poller.leases()
    }

    /// Starts every poll that may start now. Returns when the next one may start. While the database server cannot be reached,
    /// none starts: nothing that outlets send could be compared or stored, so it would have to be asked for again.
    fn start(&mut self, now: Timestamp) -> Option<Timestamp> {
        if self.writer.is_cut_off() {
            return None;
        }
        loop {
            match self.queue.next(now) {
                NextStep::Poll(planned) => {
                    let poller = self.poller.clone();
                    let id = planned.feed.id;
                    let read = self.read.0.clone();
                    // The receiver lives as long as the runner, and so do its polls.
                    let poll = async move { poller.poll(*planned, || _ = read.send(id)).await };
                    self.polls.spawn(async move { (id, AssertUnwindSafe(poll).catch_unwind().await.ok()) });
                }
                NextStep::Wait(until) => return until,
            }
        }
    }

    /// Starts the polls that are due, then waits for an event, at most a second. Cancel safe.
    pub async fn event(&mut self) -> RunnerEvent {
        loop {
            let now = self.clock.now();
            while let Ok(id) = self.read.1.try_recv() {
                self.queue.storing(id, now);
            }
            self.give_up_pages(now);
            let until = self.start(now).into_iter().chain(self.start_pages(now)).min();
            let wait =
                until.and_then(|at| Duration::try_from(at.duration_since(now)).ok()).map_or(TURN, |d| d.min(TURN));
            tokio::select! {
                Some(Ok(ended)) = self.polls.join_next() => match ended {
                    (id, Some(Err(PollError::Elsewhere(visit)))) => self.queue.moved(id, visit, self.clock.now()),
                    ended => return RunnerEvent::Polled(Box::new(ended)),
                },
                Some(Ok(ended)) = self.pushes.join_next() => return RunnerEvent::Pushed(Box::new(ended)),
                Some(updates) = self.settling.next() => return RunnerEvent::Settled(updates),
                Some(ended) = self.pages.join_next() => return self.take_page(ended),
                Some(id) = self.read.1.recv() => self.queue.storing(id, self.clock.now()),
                () = tokio::time::sleep(wait) => return RunnerEvent::Turned,
            }
        }
    }

    /// Handles an ended poll and returns its result. If `again` is true, its feed goes back into the queue.
    ///
    /// # Errors
    /// Fails if the store has failed.
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
                self.note_unread(id, &error, now);
                self.queue.unread(id, now, again);
                return Ok(None);
            }
            Err(PollError::Store(error)) => return Err(error),
            Err(PollError::Local(why)) => {
                self.hinder(id, &why, now, again);
                return Ok(None);
            }
            Err(PollError::Elsewhere(visit)) => {
                self.queue.moved(id, visit, now);
                return Ok(None);
            }
        };
        self.queue.add_pages(report.written.waiting.clone(), now);
        let changed = self.queue.finished(report.written.feed.clone(), now, again);
        self.update_feeds(changed.into_iter().collect());
        log(&report);
        self.rewriting.polled(&report);
        // Only polls with documents read the database.
        if report.outcome == Outcome::Fresh && self.unread.passed() {
            tracing::info!("the database can be read again for polls");
        }
        let feed = &report.written.feed;
        if let Some((until, feeds)) = self.queue.host_hold(feed, now) {
            let (host, until) = (feed.ask.host(), format_args!("{until:.0}"));
            tracing::warn!(%host, %until, feeds, "the server answered 429: all feeds of this host wait, this one included");
        }
        Ok(Some(report))
    }

    /// Handles a poll that lacked resources.
    fn hinder(&mut self, id: FeedId, why: &str, now: Timestamp, again: bool) {
        self.queue.lacked_resources(id, now, again);
        self.not_polled += 1;
        self.note_lack(why, now);
    }

    /// Logs that the database could not be read for a poll, the first time until it could.
    fn note_unread(&mut self, feed: FeedId, error: &StoreError, now: Timestamp) {
        if self.unread.is_new(error, now) {
            let error = error.with_causes();
            tracing::error!(%feed, error, "the database could not be read for a poll; trying again later");
        }
    }

    /// Logs that this process lacks resources, the first time until it did not for a minute.
    fn note_lack(&mut self, why: &str, now: Timestamp) {
        if self.hindered_at.replace(now).is_none() {
            tracing::error!(
                error = why,
                "this process lacks resources for requests (not a fault of the feeds); retrying soon; \
                 for open files, see LimitNOFILE (systemd) or ulimit -n"
            );
        }
    }

    /// Checks whether the clock was set or the machine slept; due times that were decided again are sent to the writer. Never
    /// waits.
    pub fn check_clock(&mut self) {
        let now = self.clock.now();
        if self.hindered_at.is_some_and(|at| now.duration_since(at).abs() > RECOVERED) {
            self.hindered_at = None;
            tracing::info!("resources are sufficient again");
        }
        if let Some((moved, changed)) = self.queue.check_clock(now) {
            let moved = SignedDuration::from_secs(moved.as_secs());
            tracing::warn!(
                moved = format_args!("{moved:#}"),
                feeds = changed.len(),
                "the clock was set or the machine was suspended; due times recalculated"
            );
            self.update_feeds(changed);
        }
    }

    /// Sends due times that were decided without a poll to the writer. [`RunnerEvent::Settled`] reports when they are stored.
    pub fn update_feeds(&mut self, changed: Vec<FeedUpdate>) {
        if changed.is_empty() {
            return;
        }
        let writer = self.writer.clone();
        let mut settling = async move { writer.update_feeds(changed).await }.boxed();
        // Polling the future once puts it into the writer's queue, before any poll that starts later.
        if (&mut settling).now_or_never().is_none() {
            self.settling.push(settling);
        }
    }

    /// Waits until all due times that were decided without a poll are stored.
    ///
    /// # Errors
    /// Fails if the store has failed.
    pub async fn settled(&mut self) -> Result<(), StoreError> {
        while let Some(updates) = self.settling.next().await {
            updates?;
        }
        Ok(())
    }

    /// Waits for running polls, and for due times that are being stored, at most for `patience`; the rest are dropped as a whole.
    pub async fn drain(&mut self, patience: Duration) {
        // Their entries keep waiting in the database.
        self.pages.abort_all();
        let finish = async {
            while self.pushes.join_next().await.is_some() {}
            while self.settling.next().await.is_some() {}
            while let Some(ended) = self.polls.join_next().await {
                if let Ok((_, Some(Ok(report)))) = ended {
                    log(&report);
                }
            }
        };
        if tokio::time::timeout(patience, finish).await.is_err() {
            let polls = self.polls.len() + self.pushes.len();
            if polls > 0 {
                tracing::info!(polls, "dropping polls that did not finish in time; none of their results are stored");
            }
            self.polls.shutdown().await;
            self.pushes.shutdown().await;
        }
        // Nobody polls them from now on. They would keep their places in the writer's full queue, and the order to close would
        // never get one.
        self.settling.clear();
    }
}
