//! The pages that entries wait for: when each may be requested, and when the entry stops waiting. Limits of hosts apply to pages
//! and polls together. The number of pages is bounded, because the number of entries that wait for one host is.

use super::{PollQueue, host_turns::HostTurns};
use crate::{
    model::{WaitingKey, WaitingPage},
    schedule::HostWait,
};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeSet, HashMap, VecDeque};

/// Pause before the next try for a page that could not be requested because this process lacked resources.
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
}

impl WaitingPages {
    /// Removes a page for which no entry waits any longer.
    fn remove(&mut self, key: WaitingKey) -> Option<WaitingPage> {
        let page = self.pages.remove(&key)?;
        self.deadlines.remove(&(page.until, key));
        if let Some(keys) = self.by_host.get_mut(page.url.host()) {
            keys.retain(|other| *other != key);
            if keys.is_empty() {
                self.by_host.remove(page.url.host());
            }
        }
        Some(page)
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

    /// Returns the next page that may be requested now. [`Self::page_ended`] or [`Self::page_postponed`] must be called
    /// afterwards.
    pub fn next_page(&mut self, now: Timestamp) -> Option<WaitingPage> {
        // Pages have a limit of their own, half that of polls, so that slow pages do not delay feeds.
        if self.pages.asking.len() >= (self.concurrency / 2).max(1) {
            return None;
        }
        while let Some(host) = self.pages.turns.pop(now) {
            let Some(key) = self.pages.by_host.get(&host).and_then(|keys| keys.front().copied()) else { continue };
            match self.hosts.start(&host, now) {
                Ok(()) => {
                    let page = self.pages.pages.get(&key).cloned();
                    if let Some(keys) = self.pages.by_host.get_mut(&host) {
                        keys.pop_front();
                        if keys.is_empty() {
                            self.pages.by_host.remove(&host);
                        } else {
                            self.pages.turns.insert(now, host.clone());
                        }
                    }
                    self.pages.asking.insert(key, host);
                    return page;
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

    /// Records that a page could not be requested because this process lacked resources. It is tried again soon.
    pub fn page_postponed(&mut self, key: WaitingKey, now: Timestamp) {
        self.release_page(key, now);
        let Some(page) = self.pages.pages.get(&key) else { return };
        let host = page.url.host().to_owned();
        self.pages.by_host.entry(host.clone()).or_default().push_back(key);
        self.pages.turns.insert(now.saturating_add(LOCAL_PAUSE).unwrap_or(now), host);
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
        queue.next_page(after(at)).map(|page| page.key.1)
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
    fn a_new_version_takes_the_place_of_one_that_is_not_asked_for_yet() {
        let mut queue = queue();
        queue.add_pages(vec![page(1, "a.example")], noon());
        queue.add_pages(vec![page(1, "b.example")], noon());
        assert_eq!(queue.next_page(noon()).map(|page| page.url.host().to_owned()).as_deref(), Some("b.example"));
        queue.add_pages(vec![page(1, "c.example")], noon());
        assert_eq!((next(&mut queue, 10), queue.waiting_pages()), (None, 1));
        queue.page_postponed((FeedId(1), 1), after(1_000));
        assert_eq!([next(&mut queue, 5_999), next(&mut queue, 6_000)], [None, Some(1)]);
    }
}
