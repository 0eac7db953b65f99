//! The poll queue: due times, per-host limits and running polls. It holds the record of every feed, so that a poll that ends in
//! a 304 reads nothing from the database.

mod ended;
mod host_turns;
mod pages;
mod queued_feed;
mod turns;

use crate::{
    config::Config,
    model::{FeedId, FeedRecord, FeedState, feed_table},
    poll::PlannedPoll,
    schedule::{Bounds, Fleet, HostLimiter, HostWait},
};
use jiff::Timestamp;
use queued_feed::{QueuedFeed, host_hold};
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

/// Maximum number of polls that wait for the writer while other polls run.
const STORING: usize = 256;

/// A running poll.
struct Polling {
    /// The host whose slot the poll occupies; `None` once its document is read and it only waits to be stored.
    host: Option<String>,
    /// Whether due times were checked again while the poll was running, so that its own must be checked when it ends.
    stale: bool,
}

/// What to do now.
#[derive(Debug)]
pub enum NextStep {
    /// Run this poll; [`PollQueue::finished`] or [`PollQueue::panicked`] must be called when it ends.
    Poll(Box<PlannedPoll>),
    /// Nothing until this time, or until a poll ends.
    Wait(Option<Timestamp>),
}

/// The feeds, ordered by due time.
pub struct PollQueue {
    /// Boxed: a map has up to twice as many places as entries, and three times while it grows.
    feeds: HashMap<FeedId, Box<QueuedFeed>>,
    queue: BTreeSet<(Timestamp, FeedId)>,
    /// Due feeds whose host is busy, by host. They return to the queue when a poll at that host ends.
    waiting: HashMap<String, Vec<FeedId>>,
    polling: HashMap<FeedId, Polling>,
    /// Number of running polls that are still reading their documents.
    reading: usize,
    hosts: HostLimiter,
    /// Number of feeds at each host.
    at_host: HashMap<String, u32>,
    fleet: Fleet,
    bounds: Bounds,
    concurrency: usize,
    last_seen: Timestamp,
    /// Pages that entries wait for.
    pages: pages::WaitingPages,
}

impl PollQueue {
    /// Creates an empty queue with the limits of the configuration.
    #[must_use]
    pub fn new(config: &Config, now: Timestamp) -> Self {
        Self {
            feeds: HashMap::new(),
            queue: BTreeSet::new(),
            waiting: HashMap::new(),
            polling: HashMap::new(),
            reading: 0,
            hosts: HostLimiter::new(config.fetch.per_host, config.fetch.host_pause),
            at_host: HashMap::new(),
            fleet: Fleet::default(),
            bounds: bounds(config),
            concurrency: config.fetch.concurrency,
            last_seen: now,
            pages: pages::WaitingPages::default(),
        }
    }

    /// Keeps only the feeds in the queue for which `wanted` is true.
    pub fn only(&mut self, wanted: impl Fn(&FeedRecord) -> bool) {
        let feeds = &self.feeds;
        self.queue.retain(|(_, id)| feeds.get(id).is_some_and(|planned| wanted(&planned.record)));
    }

    /// Removes the feeds whose hosts are on hold, because a single run of polls does not wait for them. Returns their number.
    pub fn drop_held(&mut self, now: Timestamp) -> usize {
        let before = self.left();
        let (feeds, hosts) = (&self.feeds, &self.hosts);
        let free = |id: &FeedId| feeds.get(id).is_some_and(|p| !hosts.is_held(p.host(), now));
        self.queue.retain(|(_, id)| free(id));
        self.waiting.values_mut().for_each(|waiting| waiting.retain(free));
        before - self.left()
    }

    /// Removes the holds of all hosts.
    pub fn lift_holds(&mut self) {
        self.hosts.lift();
    }

    /// Makes all feeds in the queue due now, whatever their schedules say.
    pub fn make_due(&mut self, now: Timestamp) {
        self.queue = self.queue.iter().map(|(_, id)| (now, *id)).collect();
    }

    /// Returns the number of feeds that are due.
    #[must_use]
    pub fn due(&self, now: Timestamp) -> usize {
        self.queue.iter().take_while(|(at, _)| *at <= now).count()
    }

    /// Returns the next poll if one may start now, else how long to wait.
    pub fn next(&mut self, now: Timestamp) -> NextStep {
        let mut deferred = Vec::new();
        let step = loop {
            if self.is_full() {
                break NextStep::Wait(None);
            }
            let Some(&(due, id)) = self.queue.first() else { break NextStep::Wait(None) };
            if due > now {
                break NextStep::Wait(Some(due));
            }
            self.queue.pop_first();
            let Some(planned) = self.feeds.get_mut(&id) else { continue };
            let host = planned.host().to_owned();
            match self.hosts.start(&host, now) {
                Ok(()) => {
                    let visit = planned.visit.take();
                    self.polling.insert(id, Polling { host: Some(host), stale: false });
                    self.reading += 1;
                    let Some(planned) = self.plan(id, now) else { continue };
                    break NextStep::Poll(Box::new(PlannedPoll { visit, ..planned }));
                }
                Err(HostWait::Until(at)) => deferred.push((at, id)),
                Err(HostWait::Busy) => self.waiting.entry(host).or_default().push(id),
            }
        };
        self.queue.extend(deferred);
        match step {
            // A feed that has to wait for its host may be the next one.
            NextStep::Wait(Some(due)) => NextStep::Wait(self.queue.first().map(|(at, _)| (*at).min(due))),
            NextStep::Wait(None) if !self.is_full() => NextStep::Wait(self.queue.first().map(|(at, _)| *at)),
            step => step,
        }
    }

    /// Returns the values needed to read a document of a feed; `None` if the feed is not configured.
    #[must_use]
    pub fn plan(&self, feed: FeedId, now: Timestamp) -> Option<PlannedPoll> {
        self.feeds.get(&feed).map(|planned| self.planned_poll(planned, now))
    }

    /// Returns the public feeds.
    #[must_use]
    pub fn open_feeds(&self) -> HashSet<FeedId> {
        self.feeds.values().filter(|planned| !planned.outlet.private).map(|planned| planned.record.id).collect()
    }

    /// Returns whether no further poll may start before one ends.
    fn is_full(&self) -> bool {
        self.reading >= self.concurrency || self.polling.len() - self.reading >= STORING
    }

    fn planned_poll(&self, planned: &QueuedFeed, now: Timestamp) -> PlannedPoll {
        PlannedPoll {
            feed: planned.record.clone(),
            outlet: Arc::clone(&planned.outlet),
            schedule: Arc::clone(&planned.schedule),
            bounds: self.bounds,
            fleet: self.fleet,
            late: Duration::try_from(now.duration_since(planned.turn())).unwrap_or_default(),
            host_pause: self.hosts.pause(),
            alone: self.at_host.get(planned.record.ask.host()).is_none_or(|feeds| *feeds < 2),
            visit: None,
        }
    }

    /// Returns until when a feed's host wants no requests at all, and how many feeds wait because of it, this one included. `None` if it
    /// is the only one: its own next poll says the same.
    #[must_use]
    pub fn host_hold(&self, feed: &FeedRecord, now: Timestamp) -> Option<(Timestamp, u32)> {
        let until = host_hold(feed, now)?;
        let feeds = *self.at_host.get(feed.ask.host())?;
        (feeds > 1).then_some((until, feeds))
    }

    /// Returns the pause between requests to one host.
    #[must_use]
    pub fn host_pause(&self) -> Duration {
        self.hosts.pause()
    }

    /// Returns the number of feeds.
    #[must_use]
    pub fn feeds(&self) -> usize {
        self.feeds.len()
    }

    /// Returns the state of each feed.
    pub fn states(&self) -> impl Iterator<Item = FeedState> {
        self.feeds.values().map(|planned| planned.record.state)
    }

    /// Returns the number of overdue feeds. Feeds that are being polled, that are gone, or whose host asked for a pause are not
    /// waited for.
    #[must_use]
    pub fn overdue(&self, now: Timestamp) -> usize {
        let due = self.feeds.values().filter(|p| feed_table::overdue_by(p.record.next_poll_at, now) > 0);
        due.filter(|p| p.record.state != FeedState::Gone && !self.polling.contains_key(&p.record.id))
            .filter(|p| !self.hosts.is_held(p.record.ask.host(), now))
            .count()
    }

    /// Returns the number of feeds that wait for a poll, plus the number of running polls.
    #[must_use]
    pub fn left(&self) -> usize {
        self.queue.len() + self.waiting.values().map(Vec::len).sum::<usize>() + self.polling.len()
    }
}

/// Returns the bounds of adaptive schedules.
fn bounds(config: &Config) -> Bounds {
    Bounds {
        budget: f64::from(config.schedule.budget),
        min_interval: config.schedule.min_interval,
        max_interval: config.schedule.max_interval,
    }
}
