//! Fetches `robots.txt` (RFC 9309 2.3) and caches its rules for a day.

use super::{BodyShare, Fetched, Fetcher, RobotsRules, faults::clip};
use crate::model::{Fault, FeedUrl, Validators};
use hashlink::LruCache;
use jiff::{SignedDuration, Timestamp};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// How long rules are cached (RFC 9309 2.4).
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// How long a site counts as unreachable before its `robots.txt` is requested again.
const UNREACHABLE: SignedDuration = SignedDuration::from_mins(30);

/// Maximum number of redirects that are followed. With more, the file counts as unavailable (RFC 9309 2.3.1.2).
const REDIRECTS: u32 = 5;

/// Maximum number of sites in the cache.
const SITES: usize = 2_000;

/// Maximum size of all cached rules, in bytes. The least recently used ones are removed first.
const SIZE: usize = 8_000_000;

/// The cache of the rules of sites. Clones are cheap and share it.
#[derive(Debug, Clone)]
pub struct RobotsCache(Arc<Mutex<Kept>>);

#[derive(Debug)]
struct Kept {
    /// The sites, by origin.
    sites: LruCache<String, Site>,
    size: usize,
}

#[derive(Debug, Clone)]
struct Site {
    rules: Arc<RobotsRules>,
    /// When the rules were read, and until when they are valid.
    read_at: Timestamp,
    until: Timestamp,
}

impl Default for RobotsCache {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Kept { sites: LruCache::new(SITES), size: 0 })))
    }
}

impl RobotsCache {
    /// Returns whether the site of an address allows it. If its rules are not cached, fetches them and then waits for `pause`.
    ///
    /// # Errors
    /// [`Fault::Local`]: this process lacks resources for the request. [`Fault::Address`]: the file is at an address that is
    /// refused.
    pub(super) async fn allows(
        &self,
        fetcher: &Fetcher,
        url: &FeedUrl,
        pause: Duration,
        now: Timestamp,
        share: &mut BodyShare,
    ) -> Result<bool, Fault> {
        let origin = url.url().origin().ascii_serialization();
        if let Some(rules) = self.kept(&origin, now) {
            return Ok(rules.allows(url.url()));
        }
        let rules = Arc::new(ask(fetcher, url, now, share).await?);
        self.keep(origin, &rules, now);
        tokio::time::sleep(pause).await;
        Ok(rules.allows(url.url()))
    }

    /// Returns the cached rules of a site if they are still valid. Rules from the future, after the clock was set back, are not.
    fn kept(&self, origin: &str, now: Timestamp) -> Option<Arc<RobotsRules>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let site = kept.sites.get(origin)?;
        (site.read_at <= now && now < site.until).then(|| Arc::clone(&site.rules))
    }

    fn keep(&self, origin: String, rules: &Arc<RobotsRules>, now: Timestamp) {
        let time = if **rules == RobotsRules::Unreachable { UNREACHABLE } else { KEPT };
        let until = now.saturating_add(time).unwrap_or(now);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Makes room first: the cache would otherwise remove a site itself, without updating `size`.
        while kept.sites.len() >= SITES || kept.size + rules.size() > SIZE {
            let Some((_, site)) = kept.sites.remove_lru() else { break };
            kept.size -= site.rules.size();
        }
        kept.size += rules.size();
        if let Some(before) = kept.sites.insert(origin, Site { rules: Arc::clone(rules), read_at: now, until }) {
            kept.size -= before.rules.size();
        }
    }
}

impl Fetcher {
    /// Fails if this fetcher is one for pages, and the address is not allowed by the guard or by `robots.txt`.
    pub(super) async fn admit_page(&self, url: &FeedUrl, now: Timestamp, share: &mut BodyShare) -> Result<(), Fault> {
        let Some((robots, pause)) = &self.robots else { return Ok(()) };
        // Otherwise robots.txt, which is not requested there, would be blamed.
        if !self.guard.admits(url) {
            return Err(Fault::Address(clip(url.host())));
        }
        let plain = Self { robots: None, ..self.clone() };
        // Boxed, because the request for robots.txt comes back to this function.
        let is_allowed = Box::pin(robots.allows(&plain, url, *pause, now, share)).await?;
        share.start(self.timeout);
        if is_allowed { Ok(()) } else { Err(Fault::Robots(clip(url.host()))) }
    }
}

/// Fetches the rules of a site. Any 4xx means that there are none (RFC 9309 2.3.1.3), except 429, which means "ask later".
async fn ask(fetcher: &Fetcher, url: &FeedUrl, now: Timestamp, share: &mut BodyShare) -> Result<RobotsRules, Fault> {
    let Some(file) = url.url().join("/robots.txt").ok().and_then(|file| FeedUrl::new(file).ok()) else {
        return Ok(RobotsRules::Unreachable);
    };
    let fetcher = Fetcher { max_redirects: REDIRECTS, ..fetcher.clone() };
    match fetcher.get(&file, &Validators::default(), now, share).await.result {
        Ok(Fetched::Document { body, .. }) => Ok(RobotsRules::parse(&body)),
        Ok(Fetched::Gone) | Err(Fault::Status(400..=499) | Fault::Redirects(_) | Fault::Empty) => {
            Ok(RobotsRules::none())
        }
        // A refused address says nothing about robots.txt.
        Err(fault @ (Fault::Local(_) | Fault::Address(_))) => Err(fault),
        Ok(Fetched::NotModified) | Err(_) => Ok(RobotsRules::Unreachable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon() -> Timestamp {
        "2026-11-02T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn rules_are_kept_for_a_day_and_failures_for_half_an_hour() {
        let cache = RobotsCache::default();
        cache.keep("https://a.example".to_owned(), &Arc::new(RobotsRules::none()), noon());
        cache.keep("https://b.example".to_owned(), &Arc::new(RobotsRules::Unreachable), noon());
        let minutes = SignedDuration::from_mins;
        let kept = |origin: &str, at: SignedDuration| cache.kept(origin, noon() + at).is_some();
        assert!(kept("https://a.example", minutes(1_439)) && !kept("https://a.example", minutes(1_440)));
        assert!(kept("https://b.example", minutes(29)) && !kept("https://b.example", minutes(30)));
        assert!(!kept("https://a.example", minutes(-1)) && !kept("https://c.example", minutes(0)));
    }

    #[test]
    fn many_sites_take_bounded_memory() {
        let cache = RobotsCache::default();
        let long =
            Arc::new(RobotsRules::parse(format!("User-agent: *\n{}", "Disallow: /abc\n".repeat(20_000)).as_bytes()));
        for n in 0..SITES + 10 {
            let rules = if n % 2 == 0 { Arc::clone(&long) } else { Arc::new(RobotsRules::none()) };
            cache.keep(format!("https://{n}.example"), &rules, noon());
            cache.keep("https://same.example".to_owned(), &rules, noon());
        }
        let kept = cache.0.lock().unwrap();
        let sum: usize = kept.sites.iter().map(|(_, site)| site.rules.size()).sum();
        assert!(kept.sites.len() <= SITES && kept.size <= SIZE && kept.size == sum);
    }
}
