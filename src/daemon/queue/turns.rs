//! When each feed has its turn: decided when a configuration is adopted, and again when the clock was set.

use super::{
    PollQueue, bounds,
    queued_feed::{QueuedFeed, host_hold},
};
use crate::{
    config::Config,
    model::{FeedId, FeedRecord, FeedUrl, Outlet, Slug},
    schedule::{self, Fleet, Schedule},
    store::FeedUpdate,
};
use jiff::{SignedDuration, Timestamp};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// The loop reads the clock every second. If it moved by more than this, it was set, or the machine slept.
const CLOCK_SLACK: SignedDuration = SignedDuration::from_secs(60);

impl PollQueue {
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
        let addresses: HashSet<&FeedUrl> = config.outlets.iter().flat_map(|outlet| &outlet.feeds).collect();
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
            let record = shared(record, &outlet.slug, &addresses);
            // An overdue feed keeps its turn, however often the configuration is reloaded.
            let turn = before.filter(|p| p.record.next_poll_at == record.next_poll_at).and_then(|p| p.turn);
            if let Some(until) = host_hold(&record, now) {
                self.hosts.hold(record.ask.host(), until);
            }
            let missed = before.is_some_and(|planned| planned.missed);
            let planned = QueuedFeed { record, outlet, schedule, turn, visit: None, unread: 0, missed };
            self.feeds.insert(planned.record.id, Box::new(planned));
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
    pub(super) fn reschedule(&mut self, now: Timestamp) -> Vec<FeedUpdate> {
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
    pub(super) fn assign_turns(&mut self, now: Timestamp) {
        let mut crowds: HashMap<&str, usize> = HashMap::new();
        for planned in self.feeds.values().filter(|p| p.turn.is_none() && p.record.next_poll_at <= now) {
            *crowds.entry(planned.record.ask.host()).or_default() += 1;
        }
        let turns: Vec<(FeedId, Timestamp)> = self
            .feeds
            .values()
            .filter(|planned| planned.turn.is_none())
            .map(|planned| &planned.record)
            .map(|record| match record.next_poll_at {
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
    /// again, so that overdue feeds are spread and no feed waits too long. Returns how far the clock moved and the feeds that changed;
    /// `None` if the clock is as it should be.
    pub fn check_clock(&mut self, now: Timestamp) -> Option<(SignedDuration, Vec<FeedUpdate>)> {
        let moved = now.duration_since(self.last_seen);
        self.last_seen = now;
        if moved.abs() <= CLOCK_SLACK {
            return None;
        }
        self.feeds.values_mut().for_each(|planned| planned.turn = None);
        Some((moved, self.reschedule(now)))
    }
}

/// Returns the record with the slug and the address of the configuration, so that memory holds each of them once.
fn shared(record: FeedRecord, outlet: &Slug, addresses: &HashSet<&FeedUrl>) -> FeedRecord {
    let url = addresses.get(&record.url).map_or(record.url, |url| (*url).clone());
    let ask = if record.ask == url { url.clone() } else { record.ask };
    FeedRecord { outlet: outlet.clone(), url, ask, ..record }
}
