//! The pages that entries wait for: when each may be requested, and when the entry stops waiting. Limits of hosts apply to pages
//! and polls together. The number of pages is bounded, because the number of entries that wait for one host is.

use super::{PollQueue, host_turns::HostTurns};
use crate::{
    fetch::Visit,
    model::{WaitingKey, WaitingPage},
    schedule::HostWait,
};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeSet, HashMap, VecDeque};

/// Pause before the next try for a page that could not be had because this process lacked resources, or could not read its database.
const LOCAL_PAUSE: SignedDuration = SignedDuration::from_secs(5);

/// The pages that entries wait for.
#[derive(Debug, Default)]
pub(super) struct WaitingPages {
    pages: HashMap<WaitingKey, WaitingPage>,
    /// Pages that are not requested yet, by host.
    by_host: HashMap<String, VecDeque<WaitingKey>>,
    /// When the next page of each host may be requested. Hosts that are busy are left out.
    turns: HostTurns,
    deadlines: BTreeSet<(Timestamp, WaitingKey)>,
    /// Pages that are being requested, with their hosts.
    asking: HashMap<WaitingKey, String>,
    /// Fetches that continue at another host, to which a redirect led.
    moved: HashMap<WaitingKey, Visit>,
}

impl WaitingPages {
    /// Removes a page for which no entry waits any longer.
    fn remove(&mut self, key: WaitingKey) -> Option<WaitingPage> {
        let page = self.pages.remove(&key)?;
        self.deadlines.remove(&(page.until, key));
        let moved = self.moved.remove(&key);
        let host = moved.as_ref().map_or(&page.url, Visit::url).host();
        if let Some(keys) = self.by_host.get_mut(host) {
            keys.retain(|other| *other != key);
            if keys.is_empty() {
                self.by_host.remove(host);
            }
        }
        Some(page)
    }

    /// Returns the host that is requested next for a page; `None` if nobody waits for it.
    fn host(&self, key: WaitingKey) -> Option<String> {
        let page = self.pages.get(&key)?;
        Some(self.moved.get(&key).map_or(&page.url, Visit::url).host().to_owned())
    }
}

impl PollQueue {
    /// Adds pages that entries wait for. Replaces a known page unless it is being requested.
    pub fn add_pages(&mut self, pages: Vec<WaitingPage>, now: Timestamp) {
        for page in pages {
            if self.pages.asking.contains_key(&page.key) {
                continue;
            }
            self.pages.remove(page.key);
            let host = page.url.host().to_owned();
            let keys = self.pages.by_host.entry(host.clone()).or_default();
            keys.push_back(page.key);
            if keys.len() == 1 {
                self.pages.turns.insert(now, host);
            }
            self.pages.deadlines.insert((page.until, page.key));
            self.pages.pages.insert(page.key, page);
        }
    }

    /// Returns the number of pages that entries wait for.
    #[must_use]
    pub fn waiting_pages(&self) -> usize {
        self.pages.pages.len()
    }

    /// Removes and returns the pages whose waiting time has ended.
    pub fn overdue_pages(&mut self, now: Timestamp) -> Vec<WaitingPage> {
        let overdue: Vec<WaitingKey> =
            self.pages.deadlines.iter().take_while(|(at, _)| *at <= now).map(|(_, key)| *key).collect();
        overdue.into_iter().filter_map(|key| self.page_ended(key, now)).collect()
    }

    /// Returns the next page that may be requested now, and its fetch as far as it has come. [`Self::page_ended`],
    /// [`Self::page_moved`] or [`Self::page_postponed`] must be called afterwards.
    pub fn next_page(&mut self, now: Timestamp) -> Option<(WaitingPage, Visit)> {
        // Pages have a limit of their own, half that of polls, so that slow pages do not delay feeds.
        if self.pages.asking.len() >= (self.concurrency / 2).max(1) {
            return None;
        }
        while let Some(host) = self.pages.turns.pop(now) {
            let Some(key) = self.pages.by_host.get(&host).and_then(|keys| keys.front().copied()) else { continue };
            match self.hosts.start(&host, now) {
                Ok(()) => {
                    let page = self.pages.pages.get(&key).cloned()?;
                    let visit = self.pages.moved.get(&key).cloned().unwrap_or_else(|| Visit::new(page.url.clone()));
                    if let Some(keys) = self.pages.by_host.get_mut(&host) {
                        keys.pop_front();
                        if keys.is_empty() {
                            self.pages.by_host.remove(&host);
                        } else {
                            self.pages.turns.insert(now, host.clone());
                        }
                    }
                    self.pages.asking.insert(key, host);
                    return Some((page, visit));
                }
                Err(HostWait::Until(at)) => self.pages.turns.insert(at, host),
                // The host gets a turn when one of its polls or pages ends.
                Err(HostWait::Busy) => {}
            }
        }
        None
    }

    /// Returns when the next page may be requested, or its waiting time ends.
    #[must_use]
    pub fn next_page_at(&self) -> Option<Timestamp> {
        let turn = self.pages.turns.first().filter(|_| self.pages.asking.len() < (self.concurrency / 2).max(1));
        turn.into_iter().chain(self.pages.deadlines.first().map(|(at, _)| *at)).min()
    }

    /// Records that no entry waits for a page any longer. Returns the page if one did.
    pub fn page_ended(&mut self, key: WaitingKey, now: Timestamp) -> Option<WaitingPage> {
        self.release_page(key, now);
        self.pages.remove(key)
    }

    /// Records that a page could not be had because this process lacked resources, or could not read its database. It is tried again
    /// soon.
    pub fn page_postponed(&mut self, key: WaitingKey, now: Timestamp) {
        self.release_page(key, now);
        let Some(host) = self.pages.host(key) else { return };
        self.pages.by_host.entry(host.clone()).or_default().push_back(key);
        self.pages.turns.insert(now.saturating_add(LOCAL_PAUSE).unwrap_or(now), host);
    }

    /// Records that a redirect of a page leads to another host. The request continues when that host's limits allow.
    pub fn page_moved(&mut self, key: WaitingKey, visit: Visit, now: Timestamp) {
        self.release_page(key, now);
        if !self.pages.pages.contains_key(&key) {
            return;
        }
        let host = visit.url().host().to_owned();
        self.pages.moved.insert(key, visit);
        self.pages.by_host.entry(host.clone()).or_default().push_back(key);
        self.pages.turns.insert(now, host);
    }

    fn release_page(&mut self, key: WaitingKey, now: Timestamp) {
        let Some(host) = self.pages.asking.remove(&key) else { return };
        self.hosts.end(&host);
        self.give_turns(&host, now);
    }

    /// Gives the feeds and pages that wait for a host their turns.
    pub(super) fn give_turns(&mut self, host: &str, now: Timestamp) {
        for waiting in self.waiting.remove(host).unwrap_or_default() {
            self.queue.insert((now, waiting));
        }
        if self.pages.by_host.contains_key(host) {
            self.pages.turns.insert(now, host.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::Config,
        model::{FeedId, FeedUrl, Slug},
    };
    use std::{collections::BTreeMap, path::Path};

    fn noon() -> Timestamp {
        "2026-11-02T12:00:00Z".parse().unwrap()
    }

    fn after(ms: i64) -> Timestamp {
        noon() + SignedDuration::from_millis(ms)
    }

    fn queue() -> PollQueue {
        let text = "[fetch]\nper_host = 1\nhost_pause = \"500ms\"\nconcurrency = 4\n";
        PollQueue::new(&Config::parse(text, Path::new("c.toml"), &BTreeMap::new()).unwrap(), noon())
    }

    fn page(n: i64, host: &str) -> WaitingPage {
        WaitingPage {
            key: (FeedId(1), n),
            outlet: Slug::parse("a").unwrap(),
            url: FeedUrl::parse(&format!("https://{host}/{n}")).unwrap(),
            until: after(120_000),
            title: String::new(),
            words: 0,
        }
    }

    fn next(queue: &mut PollQueue, at: i64) -> Option<i64> {
        queue.next_page(after(at)).map(|(page, _)| page.key.1)
    }

    #[test]
    fn pages_of_a_host_come_one_after_the_other_with_its_pause() {
        let mut queue = queue();
        queue.add_pages(vec![page(1, "a.example"), page(2, "a.example"), page(3, "b.example")], noon());
        assert_eq!([next(&mut queue, 0), next(&mut queue, 0), next(&mut queue, 0)], [Some(1), Some(3), None]);
        assert_eq!(
            queue.next_page_at(),
            Some(after(120_000)),
            "the host is busy, and no more may be asked for at once"
        );
        assert!(queue.page_ended((FeedId(1), 1), after(100)).is_some());
        assert_eq!([next(&mut queue, 400), next(&mut queue, 500)], [None, Some(2)]);
        assert_eq!(queue.overdue_pages(after(119_999)), []);
        assert_eq!(queue.overdue_pages(after(120_000)).len(), 2);
        assert_eq!((queue.waiting_pages(), queue.next_page_at()), (0, None));
        assert!(queue.page_ended((FeedId(1), 3), after(130_000)).is_none(), "it was given up before");
    }

    #[test]
    fn a_redirect_to_another_host_waits_for_a_turn_there() {
        let mut queue = queue();
        queue.add_pages(vec![page(1, "a.example"), page(2, "b.example")], noon());
        assert_eq!([next(&mut queue, 0), next(&mut queue, 0)], [Some(1), Some(2)]);
        let at = |host: &str| Visit::new(page(9, host).url);
        queue.page_moved((FeedId(1), 1), at("b.example"), after(100));
        assert_eq!(next(&mut queue, 600), None, "the only place at that host is taken");
        assert!(queue.page_ended((FeedId(1), 2), after(700)).is_some());
        assert_eq!(next(&mut queue, 700), Some(1));
        queue.add_pages(vec![page(3, "b.example")], after(800));
        queue.page_postponed((FeedId(1), 1), after(800));
        assert_eq!([next(&mut queue, 1_100), next(&mut queue, 1_200)], [None, Some(3)], "the pause of that host");
        assert!(queue.page_ended((FeedId(1), 3), after(1_300)).is_some());
        assert_eq!(next(&mut queue, 5_800), Some(1), "it continues at the host where it was");
        queue.page_moved((FeedId(1), 1), at("c.example"), after(5_900));
        assert_eq!(queue.overdue_pages(after(120_000)).len(), 1);
        assert_eq!((next(&mut queue, 120_000), queue.waiting_pages(), queue.next_page_at()), (None, 0, None));
    }

    #[test]
    fn a_new_version_takes_the_place_of_one_that_is_not_asked_for_yet() {
        let mut queue = queue();
        queue.add_pages(vec![page(1, "a.example")], noon());
        queue.add_pages(vec![page(1, "b.example")], noon());
        assert_eq!(queue.next_page(noon()).map(|(page, _)| page.url.host().to_owned()).as_deref(), Some("b.example"));
        queue.add_pages(vec![page(1, "c.example")], noon());
        assert_eq!((next(&mut queue, 10), queue.waiting_pages()), (None, 1));
        queue.page_postponed((FeedId(1), 1), after(1_000));
        assert_eq!([next(&mut queue, 5_999), next(&mut queue, 6_000)], [None, Some(1)]);
    }
}
