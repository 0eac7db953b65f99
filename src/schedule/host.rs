//! Per-host limits: few concurrent polls, a pause between starts, and no polls while a host asks to wait (429).

use super::spread::later;
use jiff::Timestamp;
use std::{collections::HashMap, time::Duration};

/// Least number of hosts at which those that limit nothing are removed.
const TIDY_LEAST: usize = 64;

/// Decides when polls of each host may start. It exists only in memory; what must outlive the process is in the feeds' rows.
#[derive(Debug, Clone)]
pub struct HostLimiter {
    per_host: usize,
    pause: Duration,
    hosts: HashMap<String, Host>,
    /// Number of hosts at which those that limit nothing are removed: twice as many as were left the last time, so that this costs
    /// no more than a few steps for each new host.
    tidy_at: usize,
}

#[derive(Debug, Clone, Default)]
struct Host {
    running: usize,
    next_start: Option<Timestamp>,
    held_until: Option<Timestamp>,
}

/// Why a poll cannot start now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostWait {
    /// It may not start before this time, because of the pause between starts or a hold.
    Until(Timestamp),
    /// As many polls as allowed are running at this host; try again when one has ended.
    Busy,
}

impl HostLimiter {
    /// Creates a limiter with `[fetch] per_host` (at least one) and `host_pause`.
    #[must_use]
    pub fn new(per_host: usize, pause: Duration) -> Self {
        Self { per_host: per_host.max(1), pause, hosts: HashMap::new(), tidy_at: TIDY_LEAST }
    }

    /// Changes the limits. Running polls are not affected.
    pub fn set_limits(&mut self, per_host: usize, pause: Duration) {
        self.per_host = per_host.max(1);
        self.pause = pause;
    }

    /// Returns the pause between requests to one host.
    #[must_use]
    pub fn pause(&self) -> Duration {
        self.pause
    }

    /// Registers the start of a poll at `host`; [`HostLimiter::end`] must be called when it ends.
    ///
    /// # Errors
    /// Fails if no poll may start at this host now; then nothing is registered.
    pub fn start(&mut self, host: &str, now: Timestamp) -> Result<(), HostWait> {
        if self.hosts.len() >= self.tidy_at {
            self.tidy(now);
        }
        let (per_host, pause) = (self.per_host, self.pause);
        let entry = self.hosts.entry(host.to_owned()).or_default();
        entry.mend(now, pause);
        if let Some(at) = entry.held_until.max(entry.next_start).filter(|at| *at > now) {
            return Err(HostWait::Until(at));
        }
        if entry.running >= per_host {
            return Err(HostWait::Busy);
        }
        entry.running += 1;
        entry.next_start = Some(later(now, pause));
        Ok(())
    }

    /// Registers the end of a poll at `host`.
    pub fn end(&mut self, host: &str) {
        if let Some(entry) = self.hosts.get_mut(host) {
            entry.running = entry.running.saturating_sub(1);
        }
    }

    /// Lets no poll start at `host` before `until` (after a 429). A longer hold is kept.
    pub fn hold(&mut self, host: &str, until: Timestamp) {
        let entry = self.hosts.entry(host.to_owned()).or_default();
        entry.held_until = entry.held_until.max(Some(until));
    }

    /// Returns whether a hold on `host` has not ended yet.
    #[must_use]
    pub fn is_held(&self, host: &str, now: Timestamp) -> bool {
        self.hosts.get(host).and_then(|h| h.held_until).is_some_and(|until| until > now)
    }

    /// Removes all holds, because the operator has named the feeds to poll.
    pub fn lift(&mut self) {
        self.hosts.values_mut().for_each(|host| host.held_until = None);
    }

    /// Removes hosts without running polls, pauses and holds.
    fn tidy(&mut self, now: Timestamp) {
        self.hosts.retain(|_, h| h.running > 0 || h.held_until.max(h.next_start).is_some_and(|at| at > now));
        self.tidy_at = TIDY_LEAST.max(self.hosts.len() * 2);
    }
}

impl Host {
    /// Limits times that are further in the future than they can be set. This happens after the clock is set back.
    fn mend(&mut self, now: Timestamp, pause: Duration) {
        self.next_start = self.next_start.map(|at| at.min(later(now, pause)));
        self.held_until = self.held_until.map(|at| at.min(later(now, super::LONGEST_HOST_HOLD)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::ToSpan;

    const HOST: &str = "news.example";

    fn now() -> Timestamp {
        "2026-11-02T09:30:00Z".parse().unwrap()
    }

    #[test]
    fn places_and_pauses() {
        let mut book = HostLimiter::new(2, Duration::from_millis(500));
        assert_eq!(book.start(HOST, now()), Ok(()));
        assert_eq!(book.start(HOST, now()), Err(HostWait::Until(now() + 500.milliseconds())));
        assert_eq!(book.start("other.example", now()), Ok(()));
        assert_eq!(book.start(HOST, now() + 500.milliseconds()), Ok(()));
        assert_eq!(book.start(HOST, now() + 9.seconds()), Err(HostWait::Busy));
        book.end(HOST);
        assert_eq!(book.start(HOST, now() + 9.seconds()), Ok(()));
    }

    #[test]
    fn a_hold_stops_the_host_and_the_longer_one_counts() {
        let mut book = HostLimiter::new(2, Duration::ZERO);
        book.hold(HOST, now() + 60.seconds());
        book.hold(HOST, now() + 30.seconds());
        assert_eq!(book.start(HOST, now() + 59.seconds()), Err(HostWait::Until(now() + 60.seconds())));
        assert_eq!(book.start(HOST, now() + 60.seconds()), Ok(()));
        assert_eq!(book.start(HOST, now() + 60.seconds()), Ok(()));
    }

    #[test]
    fn no_hold_of_a_host_is_longer_than_a_day() {
        let mut book = HostLimiter::new(2, Duration::ZERO);
        book.hold(HOST, now() + (24 * 365).hours());
        assert_eq!(book.start(HOST, now()), Err(HostWait::Until(now() + 24.hours())));
        assert_eq!(book.start(HOST, now() + 24.hours()), Ok(()));
    }

    #[test]
    fn a_clock_set_back_stalls_nobody() {
        let mut book = HostLimiter::new(1, Duration::from_secs(1));
        assert_eq!(book.start(HOST, now()), Ok(()));
        book.end(HOST);
        let before = now() - (24 * 365).hours();
        assert_eq!(book.start(HOST, before), Err(HostWait::Until(before + 1.second())));
        assert_eq!(book.start(HOST, before + 1.second()), Ok(()));
    }

    #[test]
    fn tidy_keeps_what_binds() {
        let mut book = HostLimiter::new(1, Duration::from_secs(1));
        book.hold("held.example", now() + 60.seconds());
        assert_eq!(book.start("busy.example", now()), Ok(()));
        assert_eq!(book.start("done.example", now()), Ok(()));
        book.end("done.example");
        book.tidy(now() + 2.seconds());
        assert_eq!(book.hosts.len(), 2);
    }

    #[test]
    fn hosts_that_are_met_once_are_forgotten_while_others_are_always_busy() {
        let mut book = HostLimiter::new(1, Duration::from_millis(100));
        assert_eq!(book.start("busy.example", now()), Ok(()));
        book.hold("held.example", now() + 24.hours());
        let mut most = 0;
        for count in 0..10_000 {
            let (at, host) = (now() + count.seconds(), format!("host{count}.example"));
            assert_eq!(book.start(&host, at), Ok(()));
            book.end(&host);
            most = most.max(book.hosts.len());
        }
        assert!(most <= TIDY_LEAST, "{most}");
        let end = now() + 10_000.seconds();
        assert_eq!(book.start("busy.example", end), Err(HostWait::Busy));
        assert!(book.is_held("held.example", end));
    }

    #[test]
    fn many_hosts_that_bind_are_looked_at_seldom() {
        let mut book = HostLimiter::new(1, Duration::ZERO);
        for count in 0..1_000 {
            assert_eq!(book.start(&format!("host{count}.example"), now()), Ok(()));
        }
        assert!(book.hosts.len() == 1_000 && book.tidy_at > 1_000, "{}", book.tidy_at);
    }
}
