//! The poller: polls one feed, from the request to the commit. It combines the other modules and makes no decisions itself.
//!
//! Whatever a server sends becomes an [`Outcome`] in the feed's history. An `Err` means that the store has failed.

mod alternatives;
mod article_page;
mod backfill;
mod document;
mod fetched;
mod finish;
mod leads;
mod memory;
mod pushed;
mod reading;
mod sitemaps;

use crate::{
    clock::Clock,
    fetch::{EVERYDAY, FetchResponse, Fetcher, Fetchers, RobotsCache, Visit},
    model::{
        Fault, FeedRecord, LargerThanMaxBody, Outcome, Outlet, Validators,
        push::{HubSighting, PushLeases},
    },
    parse,
    schedule::{self, Bounds, Fleet, Schedule},
    store::{CommittedPoll, FinishedPoll, Reader, StoreError, Writer},
};
use finish::{ResponseHead, finished_poll};
use jiff::Timestamp;
use leads::Landing;
pub use leads::{Lead, LeadQueue};
use memory::{PollMemory, PollShare};
use reading::Reading;
use std::{sync::Arc, time::Duration};

/// What all polls share; cheap to clone.
#[derive(Clone)]
pub struct Poller {
    fetchers: Fetchers,
    reader: Reader,
    writer: Writer,
    clock: Clock,
    /// The feeds whose changes hubs deliver.
    leases: Arc<PushLeases>,
    memory: PollMemory,
    /// What sites allow, for pages.
    robots: RobotsCache,
    /// Time limit for parsing one document.
    work_limit: Duration,
}

/// A poll to be made.
#[derive(Debug, Clone)]
pub struct PlannedPoll {
    /// The feed's current state.
    pub feed: FeedRecord,
    /// The feed's outlet.
    pub outlet: Arc<Outlet>,
    /// The feed's schedule.
    pub schedule: Arc<Schedule>,
    /// Bounds of adaptive schedules.
    pub bounds: Bounds,
    /// Number of feeds with an adaptive schedule.
    pub fleet: Fleet,
    /// How long ago the feed was due.
    pub late: Duration,
    /// Pause between two requests to the feed's host.
    pub host_pause: Duration,
    /// Whether this is the only feed on its host.
    pub alone: bool,
    /// The request that continues: it was redirected to another host. `None`: it begins at the feed's address.
    pub visit: Option<Box<Visit>>,
}

/// The result of a poll.
#[derive(Debug, Clone)]
pub struct PollResult {
    /// How it ended.
    pub outcome: Outcome,
    /// HTTP status, if there was a response.
    pub status: Option<u16>,
    /// Size of the decoded body and of the older pages that were read, in bytes.
    pub bytes: u64,
    /// How long the poll took, commit included.
    pub took: Duration,
    /// Time between the due time and the start.
    pub late: Duration,
    /// The error, if the poll failed. It names the address that a redirect led to.
    pub error: Option<String>,
    /// `[fetch] max_body` in bytes, if the document was longer: the rest was not read.
    pub truncated_at: Option<u64>,
    /// What was stored: counts, and the feed's new state.
    pub written: CommittedPoll,
    /// The hub that the document names.
    pub hub: HubSighting,
}

/// Why a poll was not made. Nothing about it is stored.
#[derive(Debug, thiserror::Error)]
pub enum PollError {
    /// The store has failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// This process or machine lacks open files or memory for the request. This is not a failure of the feed.
    #[error("{0}")]
    Local(String),
    /// A redirect leads to another host. The poll continues there when that host's limits allow.
    #[error("redirected to another host")]
    Elsewhere(Box<Visit>),
}

/// A poll that only has to be stored.
struct ReadPoll {
    poll: Box<FinishedPoll>,
    truncated_at: Option<u64>,
    hub: HubSighting,
    /// Held until the poll is stored.
    share: PollShare,
}

impl Poller {
    /// Creates a poller.
    #[must_use]
    pub fn new(fetchers: Fetchers, reader: Reader, writer: Writer, clock: Clock) -> Self {
        Self {
            fetchers,
            reader,
            writer,
            clock,
            leases: Arc::default(),
            memory: PollMemory::new(),
            robots: RobotsCache::default(),
            work_limit: parse::WORK,
        }
    }

    /// Returns the feeds whose changes hubs deliver, for who subscribes.
    #[must_use]
    pub fn leases(&self) -> &Arc<PushLeases> {
        &self.leases
    }

    /// Returns what makes requests.
    #[must_use]
    pub fn fetchers(&self) -> &Fetchers {
        &self.fetchers
    }

    /// Replaces the limits for all later requests.
    pub fn set_fetchers(&mut self, fetchers: Fetchers) {
        self.fetchers = fetchers;
    }

    /// Returns the fetcher for the feed's outlet.
    fn fetcher(&self, planned: &PlannedPoll) -> &Fetcher {
        self.fetchers.of(&planned.feed.outlet)
    }

    /// Makes one poll. If the future is dropped, nothing is stored, unless the poll has already reached the writer. `read` is called
    /// when a document was read and the poll only waits to be stored.
    ///
    /// # Errors
    /// Fails if the store has failed, if this process lacks open files or memory, or if a redirect leads to another host; never
    /// because of anything else in a server's response.
    pub async fn poll(&self, planned: PlannedPoll, read: impl FnOnce()) -> Result<PollResult, PollError> {
        let _underway = self.writer.announce();
        let (started_at, late) = (self.clock.now(), planned.late);
        // Boxed, because its state takes 15 kB and is no longer needed while hundreds of polls wait to be stored.
        let ReadPoll { poll, truncated_at, hub, share: _share } = Box::pin(self.request(planned, started_at)).await?;
        if poll.document.is_some() {
            read();
        }
        let (outcome, status, bytes, error) = (poll.outcome.clone(), poll.status, poll.bytes, poll.error.clone());
        let written = self.writer.poll(poll).await?;
        let (outcome, error) = written.outcome(outcome, error);
        let took = Duration::try_from(self.clock.now().duration_since(started_at)).unwrap_or_default();
        Ok(PollResult { outcome, status, bytes, took, late, error, truncated_at, written, hub })
    }

    /// Makes the requests of a poll and reads what they bring.
    async fn request(&self, planned: PlannedPoll, started_at: Timestamp) -> Result<ReadPoll, PollError> {
        // A server whose 304 responses are doubtful gets one request without validators.
        let clean = schedule::doubts(&planned.feed, started_at);
        let validators = if clean { Validators::default() } else { planned.feed.validators.clone() };
        let mut share = self.memory.share();
        let mut visit = planned.visit.clone().unwrap_or_else(|| Box::new(Visit::new(planned.feed.ask.clone())));
        let fetcher = self.fetcher(&planned);
        let closing = planned.alone.then(|| fetcher.closing());
        let fetcher = closing.as_ref().unwrap_or(fetcher);
        let Some(mut answer) = fetcher.visit(&mut visit, &validators, started_at, &mut share.body).await else {
            return Err(PollError::Elsewhere(visit));
        };
        let landing = Landing::of(&mut answer, &planned.feed.ask);
        let base = landing.base.clone();
        let (hub, this) = answer.take_links();
        let FetchResponse { result, status, bytes, freshness, permanent, moved_to, .. } = answer;
        if let Err(fault @ Fault::Local(_)) = result {
            return Err(PollError::Local(fault.to_string()));
        }
        let mut reading = self.read(&planned, result, landing, &mut share).await?;
        if reading.announced.is_none() {
            reading = reading.with_links(hub, this, &base);
        }
        let reading = self.or_alternative(&planned, reading, &mut share).await?;
        if let Outcome::Failed(fault @ Fault::Local(_)) = &reading.outcome {
            return Err(PollError::Local(fault.to_string()));
        }
        let mut reading = self.backfill(&planned, reading, &mut share).await?;
        if let Some(document) = reading.document.as_mut().filter(|_| planned.outlet.full_text) {
            document.pages = article_page::wanted(document);
        }
        let head = ResponseHead { status: reading.status.or(status), bytes, freshness, permanent, moved_to };
        let is_truncated = reading.document.as_ref().is_some_and(|d| d.repairs.contains(&LargerThanMaxBody::REPAIR));
        let truncated_at = is_truncated.then(|| self.fetcher(&planned).max_body() as u64);
        let hub = match reading.hub.clone() {
            // No hub learns the address of a private outlet.
            HubSighting::Named(_) if planned.outlet.private => HubSighting::Nobody,
            hub => hub,
        };
        let pushed_until = self.leases.until(planned.feed.id);
        let poll = finished_poll(planned, head, reading, started_at, self.clock.now(), pushed_until);
        Ok(ReadPoll { poll: Box::new(poll), truncated_at, hub, share })
    }
}
