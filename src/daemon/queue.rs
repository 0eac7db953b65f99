//! The poll queue: due times, per-host limits and running polls. It holds the record of every feed, so that a poll that ends in
//! a 304 reads nothing from the database.

mod pages;

use crate::{
    config::Config,
    model::{FeedId, FeedRecord, FeedState, Outlet, Slug},
    poll::PlannedPoll,
    schedule::{self, Bounds, Due, Fleet, HostLimiter, HostWait, ReplanInput, Schedule},
    store::FeedUpdate,
};
use jiff::{SignedDuration, Timestamp};
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

/// The loop reads the clock every second. If it moved by more than this, it was set, or the machine slept.
const CLOCK_SLACK: SignedDuration = SignedDuration::from_secs(60);

/// Pause before a feed whose poll panicked is polled again.
const PANIC_PAUSE: SignedDuration = SignedDuration::from_hours(1);

/// Pause before a feed is tried again that could not be polled because this process lacked resources (open files, memory).
const LOCAL_PAUSE: SignedDuration = SignedDuration::from_secs(15);

/// How late a feed may be without being overdue.
const OVERDUE_AFTER: SignedDuration = SignedDuration::from_mins(1);

/// A feed and what is needed to poll it.
struct QueuedFeed {
    record: FeedRecord,
    outlet: Arc<Outlet>,
    schedule: Arc<Schedule>,
    /// When the feed is polled: at its stored due time, or, if that has passed, when its turn comes among the overdue feeds.
    /// `None` until that is decided.
    turn: Option<Timestamp>,
}

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
    feeds: HashMap<FeedId, QueuedFeed>,
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

    /// Replaces the feeds by those of the configuration, with their records from the database. Feeds that are not among them are
    /// no longer polled. Returns the feeds whose due time had to be decided (new ones, changed schedules), to be stored.
    pub fn adopt(&mut self, config: &Config, records: Vec<FeedRecord>, now: Timestamp) -> Vec<FeedUpdate> {
        self.hosts.set_limits(config.fetch.per_host, config.fetch.host_pause);
        self.bounds = bounds(config);
        self.concurrency = config.fetch.concurrency;
        let outlets: HashMap<&Slug, (Arc<Outlet>, Arc<Schedule>)> = config
            .outlets
            .iter()
            .map(|outlet| {
                (&outlet.slug, (Arc::new(outlet.clone()), Arc::new(config.schedule_of(&outlet.slug).clone())))
            })
            .collect();
        let was = std::mem::take(&mut self.feeds);
        for record in records {
            let Some((outlet, schedule)) = outlets.get(&record.outlet).filter(|(outlet, _)| outlet.enabled) else {
                continue;
            };
            let (outlet, schedule) = (Arc::clone(outlet), Arc::clone(schedule));
            let before = was.get(&record.id);
            // If the feed was polled after the records were read, its own record is newer.
            let newer = before.filter(|planned| planned.record.last_poll_at > record.last_poll_at);
            let record = newer.map_or(record, |planned| planned.record.clone());
            // An overdue feed keeps its turn, however often the configuration is reloaded.
            let turn = before.filter(|p| p.record.next_poll_at == record.next_poll_at).and_then(|p| p.turn);
            if let Some(until) = host_hold(&record, now) {
                self.hosts.hold(record.ask.host(), until);
            }
            self.feeds.insert(record.id, QueuedFeed { record, outlet, schedule, turn });
        }
        self.at_host.clear();
        for planned in self.feeds.values() {
            *self.at_host.entry(planned.record.ask.host().to_owned()).or_default() += 1;
        }
        let adaptive = self.feeds.values().filter(|p| *p.schedule == Schedule::Adaptive);
        self.fleet = Fleet::of(adaptive.map(|p| p.record.rhythm.as_deref()));
        self.reschedule(now)
    }

    /// Checks all due times again, and returns the feeds whose due time changed. Feeds with a running poll are checked when the
    /// poll ends.
    fn reschedule(&mut self, now: Timestamp) -> Vec<FeedUpdate> {
        let mut changed = Vec::new();
        let crowd = self.feeds.values().filter(|p| p.record.last_poll_at.is_none()).count();
        let (bounds, fleet) = (self.bounds, self.fleet);
        for planned in self.feeds.values_mut() {
            if let Some(polling) = self.polling.get_mut(&planned.record.id) {
                polling.stale = true;
            } else {
                changed.extend(planned.reschedule(now, &bounds, fleet, crowd));
            }
        }
        self.waiting.clear();
        self.assign_turns(now);
        changed
    }

    /// Fills the queue. Overdue feeds are polled at once, but those of one host are spread.
    fn assign_turns(&mut self, now: Timestamp) {
        let mut crowds: HashMap<&str, usize> = HashMap::new();
        for planned in self.feeds.values().filter(|p| p.turn.is_none() && p.record.next_poll_at <= now) {
            *crowds.entry(planned.record.ask.host()).or_default() += 1;
        }
        let turns: Vec<(FeedId, Timestamp)> = self
            .feeds
            .values()
            .filter(|planned| planned.turn.is_none())
            .map(|QueuedFeed { record, .. }| match record.next_poll_at {
                at if at > now => (record.id, at),
                _ => (record.id, schedule::catch_up(record.id, now, crowds.get(record.ask.host()).map_or(1, |n| *n))),
            })
            .collect();
        for (id, at) in turns {
            if let Some(planned) = self.feeds.get_mut(&id) {
                planned.turn = Some(at);
            }
        }
        let waiting = self.feeds.values().filter(|p| !self.polling.contains_key(&p.record.id));
        self.queue = waiting.map(|p| (p.turn(), p.record.id)).collect();
    }

    /// Detects a clock that was set back or jumped ahead (for example after the machine slept). Then all due times are checked
    /// again, so that overdue feeds are spread and no feed waits too long. Returns the feeds that changed.
    pub fn check_clock(&mut self, now: Timestamp) -> Vec<FeedUpdate> {
        let moved = now.duration_since(self.last_seen);
        self.last_seen = now;
        if moved.abs() <= CLOCK_SLACK {
            return Vec::new();
        }
        self.feeds.values_mut().for_each(|planned| planned.turn = None);
        self.reschedule(now)
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
        let free = |id: &FeedId| feeds.get(id).is_some_and(|p| !hosts.is_held(p.record.ask.host(), now));
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
            let Some(planned) = self.feeds.get(&id) else { continue };
            let host = planned.record.ask.host();
            match self.hosts.start(host, now) {
                Ok(()) => {
                    self.polling.insert(id, Polling { host: Some(host.to_owned()), stale: false });
                    self.reading += 1;
                    break NextStep::Poll(Box::new(self.planned_poll(planned, now)));
                }
                Err(HostWait::Until(at)) => deferred.push((at, id)),
                Err(HostWait::Busy) => self.waiting.entry(host.to_owned()).or_default().push(id),
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

    /// Records that a poll has read its document and waits to be stored: another poll may take its slot.
    pub fn storing(&mut self, id: FeedId, now: Timestamp) {
        if let Some(host) = self.polling.get_mut(&id).and_then(|polling| polling.host.take()) {
            self.free(&host, now);
        }
    }

    /// Frees the slot of a poll at its host.
    fn free(&mut self, host: &str, now: Timestamp) {
        self.reading -= 1;
        self.hosts.end(host);
        self.give_turns(host, now);
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
        }
    }

    /// Records the end of a poll, with the new record of the feed. `again` says whether the feed is polled again in this run.
    /// Returns the feed if its due time had to be decided again because its schedule changed in the meantime, to be stored.
    pub fn finished(&mut self, record: FeedRecord, now: Timestamp, again: bool) -> Option<FeedUpdate> {
        let id = record.id;
        let stale = self.release(id, now);
        if let Some(until) = host_hold(&record, now) {
            self.hosts.hold(record.ask.host(), until);
        }
        // The feed may have been removed from the configuration while it was polled.
        let planned = self.feeds.get_mut(&id)?;
        if *planned.schedule == Schedule::Adaptive {
            self.fleet.replace(planned.record.rhythm.as_deref(), record.rhythm.as_deref());
        }
        planned.turn = Some(record.next_poll_at);
        planned.record = record;
        let changed = if stale { planned.reschedule(now, &self.bounds, self.fleet, 1) } else { None };
        if again {
            self.queue.insert((planned.turn(), id));
        }
        changed
    }

    /// Records that a poll panicked. Its feed has to wait, so that the bug does not cause constant requests.
    pub fn panicked(&mut self, id: FeedId, now: Timestamp) {
        self.release(id, now);
        self.postpone(id, now, PANIC_PAUSE);
    }

    /// Records that a poll could not run because this process lacked resources. Its feed is tried again soon if `again` is true;
    /// nothing else changes.
    pub fn lacked_resources(&mut self, id: FeedId, now: Timestamp, again: bool) {
        self.release(id, now);
        if again {
            self.postpone(id, now, LOCAL_PAUSE);
        }
    }

    fn postpone(&mut self, id: FeedId, now: Timestamp, pause: SignedDuration) {
        if self.feeds.contains_key(&id) {
            self.queue.insert((now.saturating_add(pause).unwrap_or(now), id));
        }
    }

    /// Removes a running poll and frees its place at the host. Returns whether due times were checked again while it ran.
    fn release(&mut self, id: FeedId, now: Timestamp) -> bool {
        let Some(Polling { host, stale }) = self.polling.remove(&id) else { return false };
        if let Some(host) = host {
            self.free(&host, now);
        }
        if self.polling.is_empty() {
            self.hosts.tidy(now);
        }
        stale
    }

    /// Returns until when a feed's host wants no requests at all, and how many other feeds wait because of it.
    #[must_use]
    pub fn host_hold(&self, feed: &FeedRecord, now: Timestamp) -> Option<(Timestamp, u32)> {
        let others = self.at_host.get(feed.ask.host())?.saturating_sub(1);
        host_hold(feed, now).map(|until| (until, others)).filter(|_| others > 0)
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

    /// Returns how many feeds have been due for more than a minute. Feeds that are being polled, that are gone, or whose host
    /// asked for a pause are not waited for.
    #[must_use]
    pub fn overdue(&self, now: Timestamp) -> usize {
        let due = self.feeds.values().filter(|p| now.duration_since(p.turn()) > OVERDUE_AFTER);
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

impl QueuedFeed {
    /// Returns when the feed is polled.
    fn turn(&self) -> Timestamp {
        self.turn.unwrap_or(self.record.next_poll_at)
    }

    /// Checks the due time again, with `crowd` feeds that were never polled. Returns the feed if its due time changed.
    fn reschedule(&mut self, now: Timestamp, bounds: &Bounds, fleet: Fleet, crowd: usize) -> Option<FeedUpdate> {
        let due = schedule::reschedule(&ReplanInput {
            now,
            feed: &self.record,
            schedule: &self.schedule,
            zone: &self.outlet.time_zone,
            bounds,
            fleet,
            crowd,
        })?;
        let why = due.why.clone();
        self.record = with_due(self.record.clone(), due);
        self.turn = None;
        Some(FeedUpdate { feed: self.record.clone(), why })
    }
}

/// Returns until when the feed's host wants no requests at all, if that is in the future.
fn host_hold(record: &FeedRecord, now: Timestamp) -> Option<Timestamp> {
    schedule::host_hold(record).filter(|until| *until > now)
}

/// Returns the record with another due time.
fn with_due(record: FeedRecord, due: Due) -> FeedRecord {
    FeedRecord {
        next_poll_at: due.at,
        state: due.state,
        failures: due.failures,
        hold_until: due.hold_until,
        rhythm: Some(due.rhythm),
        ..record
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
