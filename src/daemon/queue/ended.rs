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

/// Pauses before a feed is tried again for whose poll the database could not be read. Its document was fetched already, so the pause
/// doubles each time: an outlet is not asked for the same document every few seconds while our database is away.
const UNREAD_PAUSE: SignedDuration = SignedDuration::from_secs(15);
const UNREAD_PAUSE_MAX: SignedDuration = SignedDuration::from_mins(8);

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
        planned.unread = 0;
        planned.turn = Some(record.next_poll_at);
        let (before, host) = (planned.record.ask.host(), record.ask.host());
        if before != host {
            // A redirect that is followed for good.
            if let Some(feeds) = self.at_host.get_mut(before) {
                *feeds = feeds.saturating_sub(1);
            }
            *self.at_host.entry(host.to_owned()).or_default() += 1;
        }
        planned.record = record;
        let changed = if stale { planned.reschedule(now, &self.bounds, self.fleet, 1) } else { None };
        if std::mem::take(&mut planned.missed) {
            planned.turn = Some(planned.turn().min(later(now, UNREAD_PAUSE)));
        }
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

    /// Records that the database could not be read for a poll. Its feed is tried again if `again` is true; nothing else changes.
    pub fn unread(&mut self, id: FeedId, now: Timestamp, again: bool) {
        self.release(id, now);
        let Some(planned) = self.feeds.get_mut(&id).filter(|_| again) else { return };
        let pause = unread_pause(planned.unread);
        planned.unread = planned.unread.saturating_add(1);
        self.postpone(id, now, pause);
    }

    /// Records that a document of the feed could not be read that a hub had delivered and will not deliver again: the feed is polled
    /// soon, whenever it would be due.
    pub fn missed(&mut self, id: FeedId, now: Timestamp) {
        let Some(planned) = self.feeds.get_mut(&id) else { return };
        if self.polling.contains_key(&id) {
            planned.missed = true;
            return;
        }
        // A feed that is not in the queue at its turn is due already: it waits for its host, or for the end of a pause.
        if self.queue.remove(&(planned.turn(), id)) {
            let turn = planned.turn().min(later(now, unread_pause(planned.unread)));
            planned.turn = Some(turn);
            self.queue.insert((turn, id));
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
        if let Some(planned) = self.feeds.get_mut(&id) {
            planned.missed = false;
            self.queue.insert((later(now, pause), id));
        }
    }

    /// Removes a running poll and frees its place at the host. Returns whether due times were checked again while it ran.
    pub(super) fn release(&mut self, id: FeedId, now: Timestamp) -> bool {
        let Some(Polling { host, stale }) = self.polling.remove(&id) else { return false };
        if let Some(host) = host {
            self.free(&host, now);
        }
        stale
    }
}

/// Returns the pause after so many polls in a row for which the database could not be read.
fn unread_pause(unread: u32) -> SignedDuration {
    UNREAD_PAUSE.saturating_mul(1 << unread.min(10)).min(UNREAD_PAUSE_MAX)
}

fn later(now: Timestamp, pause: SignedDuration) -> Timestamp {
    now.saturating_add(pause).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::Config,
        daemon::queue::NextStep,
        model::{FeedState, FeedUrl, Hints, OutletId, Slug, Validators},
    };
    use std::{collections::BTreeMap, path::Path};

    fn noon() -> Timestamp {
        "2026-11-23T12:00:00Z".parse().unwrap()
    }

    /// Returns a queue with one feed that is due at noon, and its record.
    fn queue() -> (PollQueue, FeedRecord) {
        let text = "[fetch]\nhost_pause = \"0s\"\n[schedule]\ndefault = \"every 1h\"\n\
                    [[outlet]]\nslug = \"news\"\nname = \"News\"\nfeeds = [\"https://news.example/feed\"]\n";
        let config = Config::parse(text, Path::new("c.toml"), &BTreeMap::new()).unwrap();
        let url = FeedUrl::parse("https://news.example/feed").unwrap();
        let record = FeedRecord {
            id: FeedId(1),
            outlet_id: OutletId(1),
            outlet: Slug::parse("news").unwrap(),
            url: url.clone(),
            ask: url,
            validators: Validators::default(),
            body_hash: None,
            state: FeedState::Active,
            failures: 0,
            hold_until: None,
            last_poll_at: Some(noon() - SignedDuration::from_mins(30)),
            last_success_at: Some(noon() - SignedDuration::from_mins(30)),
            next_poll_at: noon(),
            hints: Hints::default(),
            rhythm: None,
            moving: None,
            guids_void: false,
        };
        let mut queue = PollQueue::new(&config, noon());
        queue.adopt(&config, vec![record.clone()], noon());
        (queue, record)
    }

    /// Waits for the next poll and starts it. Returns when it starts.
    fn start(queue: &mut PollQueue, mut now: Timestamp) -> Timestamp {
        loop {
            match queue.next(now) {
                NextStep::Poll(_) => return now,
                NextStep::Wait(Some(at)) if at > now => now = at,
                NextStep::Wait(wait) => panic!("nothing is due: {wait:?}"),
            }
        }
    }

    #[test]
    fn while_the_database_cannot_be_read_a_feed_is_polled_less_and_less_often() {
        let (mut queue, record) = queue();
        let mut now = start(&mut queue, noon());
        for pause in [15, 30, 60, 120, 240, 480, 480] {
            queue.unread(FeedId(1), now, true);
            let next = start(&mut queue, now);
            assert_eq!(next.duration_since(now).as_secs(), pause);
            now = next;
        }
        let next_poll_at = now + SignedDuration::from_hours(1);
        queue.finished(FeedRecord { next_poll_at, ..record }, now, true);
        now = start(&mut queue, now);
        queue.unread(FeedId(1), now, true);
        assert_eq!(start(&mut queue, now).duration_since(now).as_secs(), 15, "it was read in between");
    }

    #[test]
    fn a_feed_whose_delivered_document_was_lost_is_polled_soon() {
        let (mut queue, record) = queue();
        let now = start(&mut queue, noon());
        let next_poll_at = now + SignedDuration::from_hours(6);
        let record = FeedRecord { next_poll_at, last_poll_at: Some(now), ..record };
        queue.finished(record.clone(), now, true);
        queue.missed(FeedId(1), now);
        queue.missed(FeedId(1), now + SignedDuration::from_secs(5));
        let polled = start(&mut queue, now);
        assert_eq!(polled.duration_since(now).as_secs(), 15);
        // What was lost while it is polled may have appeared after the request.
        queue.missed(FeedId(1), polled);
        queue.finished(record.clone(), polled, true);
        let again = start(&mut queue, polled);
        assert_eq!(again.duration_since(polled).as_secs(), 15);
        queue.finished(record, again, true);
        assert_eq!(start(&mut queue, again), next_poll_at, "once is enough");
        // While the database cannot be read, a hub that delivers does not make the pauses shorter.
        queue.unread(FeedId(1), next_poll_at, true);
        queue.missed(FeedId(1), next_poll_at + SignedDuration::from_secs(1));
        let now = start(&mut queue, next_poll_at);
        queue.unread(FeedId(1), now, true);
        queue.missed(FeedId(1), now + SignedDuration::from_secs(1));
        assert_eq!(start(&mut queue, now).duration_since(now).as_secs(), 30);
    }

    #[test]
    fn a_lack_of_files_is_tried_again_soon_and_a_single_run_does_not_wait() {
        let (mut queue, _) = queue();
        let mut now = start(&mut queue, noon());
        for _ in 0..5 {
            queue.lacked_resources(FeedId(1), now, true);
            let next = start(&mut queue, now);
            assert_eq!(next.duration_since(now).as_secs(), 15);
            now = next;
        }
        queue.unread(FeedId(1), now, false);
        assert_eq!(queue.left(), 0);
    }
}
