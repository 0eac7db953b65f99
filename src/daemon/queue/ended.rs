//! What follows when a poll has read its document, and when it ends.

use super::{PollQueue, Polling, queued_feed::host_hold};
use crate::{
    fetch::Visit,
    model::{FeedId, FeedRecord},
    schedule::Schedule,
    store::FeedUpdate,
};
use jiff::{SignedDuration, Timestamp};

/// Pause before a feed whose poll panicked is polled again.
const PANIC_PAUSE: SignedDuration = SignedDuration::from_hours(1);

/// Pause before a feed is tried again that could not be polled because this process lacked resources (open files, memory).
const LOCAL_PAUSE: SignedDuration = SignedDuration::from_secs(15);

impl PollQueue {
    /// Records that a poll has read its document and waits to be stored: another poll may take its slot.
    pub fn storing(&mut self, id: FeedId, now: Timestamp) {
        if let Some(host) = self.polling.get_mut(&id).and_then(|polling| polling.host.take()) {
            self.free(&host, now);
        }
    }

    /// Frees the slot of a poll at its host.
    pub(super) fn free(&mut self, host: &str, now: Timestamp) {
        self.reading -= 1;
        self.hosts.end(host);
        self.give_turns(host, now);
    }

    /// Records the end of a poll, with the new record of the feed. `again` says whether the feed is polled again in this run.
    /// Returns the feed if its due time had to be decided again because its schedule changed in the meantime, to be stored.
    pub fn finished(&mut self, record: FeedRecord, now: Timestamp, again: bool) -> Option<FeedUpdate> {
        let id = record.id;
        let asked = self.polling.get(&id).and_then(|polling| polling.host.clone());
        let stale = self.release(id, now);
        if let Some(until) = host_hold(&record, now) {
            // A redirect may have led to another host.
            for host in [record.ask.host()].into_iter().chain(asked.as_deref()) {
                self.hosts.hold(host, until);
            }
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

    /// Records that a redirect of a poll leads to another host. The poll continues when that host's limits allow.
    pub fn moved(&mut self, id: FeedId, visit: Box<Visit>, now: Timestamp) {
        self.release(id, now);
        if let Some(planned) = self.feeds.get_mut(&id) {
            planned.visit = Some(visit);
            self.queue.insert((now, id));
        }
    }

    pub(super) fn postpone(&mut self, id: FeedId, now: Timestamp, pause: SignedDuration) {
        if self.feeds.contains_key(&id) {
            self.queue.insert((now.saturating_add(pause).unwrap_or(now), id));
        }
    }

    /// Removes a running poll and frees its place at the host. Returns whether due times were checked again while it ran.
    pub(super) fn release(&mut self, id: FeedId, now: Timestamp) -> bool {
        let Some(Polling { host, stale }) = self.polling.remove(&id) else { return false };
        if let Some(host) = host {
            self.free(&host, now);
        }
        if self.polling.is_empty() {
            self.hosts.tidy(now);
        }
        stale
    }
}
