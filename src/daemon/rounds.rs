//! Making the rounds: starts polls that are due, waits for one to end or for the next to be due. Serves the daemon's
//! loop and `warraq poll` alike.

use super::agenda::{Agenda, Step};
use crate::{
    clock::Clock,
    fetch::Fetcher,
    model::{FeedId, Outcome},
    poll::{Conveyor, PollError, Report},
    store::{Settled, StoreError, Writer},
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
pub struct Rounds {
    /// What is due when.
    pub agenda: Agenda,
    conveyor: Conveyor,
    clock: Clock,
    writer: Writer,
    polls: JoinSet<Ended>,
    /// Due times on their way to the writer.
    settling: FuturesUnordered<BoxFuture<'static, Result<(), StoreError>>>,
    /// Polls that could not be made for want of our own means, and when the last of them was.
    hindered: usize,
    hindered_at: Option<Timestamp>,
}

/// A poll that ended; `None` when it panicked, which is a bug of ours and the feed's misfortune only.
type Ended = (FeedId, Option<Result<Report, PollError>>);

/// Something happened.
#[derive(Debug)]
pub enum Event {
    /// A poll ended.
    Polled(Box<Ended>),
    /// Due times that had to be decided anew are in the file, or the store has failed.
    Settled(Result<(), StoreError>),
    /// Time passed.
    Turned,
}

impl Rounds {
    /// Rounds over this agenda.
    #[must_use]
    pub fn new(agenda: Agenda, conveyor: Conveyor, clock: Clock, writer: Writer) -> Self {
        Self {
            agenda,
            conveyor,
            clock,
            writer,
            polls: JoinSet::new(),
            settling: FuturesUnordered::new(),
            hindered: 0,
            hindered_at: None,
        }
    }

    /// Other limits for requests from now on.
    pub fn set_fetcher(&mut self, fetcher: Fetcher) {
        self.conveyor.set_fetcher(fetcher);
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
            match self.agenda.next(now) {
                Step::Poll(job) => {
                    let conveyor = self.conveyor.clone();
                    let id = job.feed.id;
                    let poll = async move { conveyor.poll(*job).await };
                    self.polls.spawn(async move { (id, AssertUnwindSafe(poll).catch_unwind().await.ok()) });
                }
                Step::Wait(until) => return until,
            }
        }
    }

    /// Starts what is due, then waits for a poll to end or for time to pass: a second at most. May be dropped at any time.
    pub async fn event(&mut self) -> Event {
        let now = self.clock.now();
        let until = self.start(now);
        let wait = until.and_then(|at| Duration::try_from(at.duration_since(now)).ok()).map_or(TURN, |d| d.min(TURN));
        tokio::select! {
            Some(Ok(ended)) = self.polls.join_next() => Event::Polled(Box::new(ended)),
            Some(settled) = self.settling.next() => Event::Settled(settled),
            () = tokio::time::sleep(wait) => Event::Turned,
        }
    }

    /// Takes an ended poll: its feed goes back on the agenda when `again`, and the poll is answered.
    ///
    /// # Errors
    /// When the store has failed.
    pub fn take(&mut self, (id, report): Ended, again: bool) -> Result<Option<Report>, StoreError> {
        let now = self.clock.now();
        let Some(report) = report else {
            tracing::error!(feed = %id, "a poll died of a bug; its feed is asked again in an hour");
            self.agenda.stumbled(id, now);
            return Ok(None);
        };
        let report = match report {
            Ok(report) => report,
            Err(PollError::Store(error)) if error.can_pass() => {
                tracing::error!(feed = %id, %error, "the database could not be read for a poll; trying again soon");
                self.agenda.hindered(id, now, again);
                return Ok(None);
            }
            Err(PollError::Store(error)) => return Err(error),
            Err(PollError::Local(why)) => {
                self.hinder(id, &why, now, again);
                return Ok(None);
            }
        };
        let changed = self.agenda.finished(report.written.feed.clone(), now, again);
        self.settle(changed.into_iter().collect());
        log(&report);
        Ok(Some(report))
    }

    /// A poll lacked our own means: said once, until none has lacked them for a minute.
    fn hinder(&mut self, id: FeedId, why: &str, now: Timestamp, again: bool) {
        self.agenda.hindered(id, now, again);
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
    pub fn mind_clock(&mut self) {
        let now = self.clock.now();
        if self.hindered_at.is_some_and(|at| now.duration_since(at).abs() > RECOVERED) {
            self.hindered_at = None;
            tracing::info!("no poll has lacked our own means for a minute");
        }
        let changed = self.agenda.mind_clock(now);
        if !changed.is_empty() {
            tracing::warn!(
                feeds = changed.len(),
                "the clock was set, or the machine slept; due times were decided anew"
            );
            self.settle(changed);
        }
    }

    /// Hands due times that were decided without a visit to the writer; [`Event::Settled`] tells when they are in the file.
    pub fn settle(&mut self, changed: Vec<Settled>) {
        if changed.is_empty() {
            return;
        }
        let writer = self.writer.clone();
        let mut settling = async move { writer.settle(changed).await }.boxed();
        // Polled once, it has its place in the writer's queue: before any visit that starts from now on.
        if (&mut settling).now_or_never().is_none() {
            self.settling.push(settling);
        }
    }

    /// Waits until all due times that were decided without a visit are in the file.
    ///
    /// # Errors
    /// When the store has failed.
    pub async fn settled(&mut self) -> Result<(), StoreError> {
        while let Some(settled) = self.settling.next().await {
            settled?;
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
                "dropping polls that did not end in time; nothing of them is kept"
            );
            self.polls.shutdown().await;
        }
    }
}

/// One line a poll, with every number.
fn log(report: &Report) {
    let Report { outcome, status, bytes, took, written, .. } = report;
    let feed = &written.feed;
    let (new, revised, duplicate) = (written.tally.new, written.tally.revised, written.tally.duplicate);
    let error = if let Outcome::Failed(fault) = outcome { Some(fault.to_string()) } else { None };
    tracing::info!(
        outlet = %feed.outlet,
        feed = %feed.url.shown(),
        outcome = outcome.as_str(),
        status,
        bytes,
        new,
        revised,
        duplicate,
        gap = written.gap,
        ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        next = %format_args!("{:.0}", feed.next_poll_at),
        error,
        "polled"
    );
}
