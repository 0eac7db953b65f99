//! Finds the feed behind an address given by a user: the address itself, a feed that its page announces, or the site's news
//! sitemap.

use crate::{
    clock::Clock,
    discover,
    fetch::{BodyShare, Cookies, Fetched, Fetcher, LargeBodies},
    model::{Deadline, Fault, FeedUrl, ParsedFeed, Validators, looks_like_feed},
    parse::{self, Announced, ParseContext},
    poll::{Lead, LeadQueue},
};
use std::fmt;
use url::Url;

/// Why an address leads to no feed.
#[derive(Debug)]
pub(super) struct ProbeError {
    /// What went wrong.
    pub fault: Fault,
    /// Where redirects led.
    pub moved_to: Option<FeedUrl>,
}

impl fmt::Display for ProbeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.fault.after_redirect(self.moved_to.as_ref()))
    }
}

/// A fetched document and its context.
pub(super) struct Answer {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What is known about it apart from its bytes.
    pub context: ParseContext,
    /// Feeds that the headers of the response announce.
    pub announced: Vec<Url>,
    /// Where redirects led.
    pub moved_to: Option<FeedUrl>,
    /// The cookies that were set so far.
    pub cookies: Cookies,
}

/// A feed found behind an address.
pub(super) struct FoundFeed {
    /// The address to poll.
    pub url: FeedUrl,
    /// The feed as it is now; for an index of sitemaps, the first readable sitemap.
    pub feed: ParsedFeed,
}

impl Answer {
    /// Reads the document as a feed.
    pub fn read(&self) -> Result<ParsedFeed, ProbeError> {
        parse::read(&self.bytes, &self.context, &|_| false)
            .map_err(|fault| ProbeError { fault, moved_to: self.moved_to.clone() })
    }

    /// Returns the feeds that the headers and the page announce, best first, without the page itself.
    pub fn announced(&self) -> Vec<Announced> {
        let others = self.leads().into_iter();
        others.filter(|announced| Some(&announced.url) != self.context.base.as_ref()).collect()
    }

    /// Returns where the headers and the page lead, best first.
    fn leads(&self) -> Vec<Announced> {
        let headers = self.announced.iter().map(|url| Announced {
            url: url.clone(),
            title: None,
            media_type: None,
            // It may come from `Refresh`.
            is_redirect: !looks_like_feed(url.as_str()),
        });
        let mut all: Vec<Announced> = headers.collect();
        for found in parse::announced(&self.bytes, &self.context) {
            if !all.iter().any(|known| known.url == found.url) {
                all.push(found);
            }
        }
        all
    }

    /// Returns the addresses to try.
    fn next(&self) -> Vec<Lead> {
        let urls = self.leads().into_iter().filter_map(|lead| FeedUrl::new(lead.url).ok());
        Lead::of(urls, self.context.base.as_ref(), &self.cookies)
    }
}

/// Returns a share of its own: a command asks for one document after the other.
fn share() -> BodyShare {
    LargeBodies::new(Clock::monotonic).share()
}

/// Fetches an address.
pub(super) async fn ask(fetcher: &Fetcher, url: &FeedUrl) -> Result<Answer, ProbeError> {
    ask_with(fetcher, url, &Cookies::default()).await
}

async fn ask_with(fetcher: &Fetcher, url: &FeedUrl, cookies: &Cookies) -> Result<Answer, ProbeError> {
    let now = Clock::System.now();
    let answer = fetcher.get_with(cookies, url, &Validators::default(), now, &mut share()).await;
    let base = answer.base(url).url().clone();
    let moved_to = answer.moved_to;
    let fault = match answer.result {
        Ok(Fetched::Document { body, content_type, .. }) => {
            return Ok(Answer {
                bytes: body.into_bytes(),
                context: ParseContext { base: Some(base), content_type, ..within_time() },
                announced: answer.announced.into_iter().map(|url| url.url().clone()).collect(),
                moved_to,
                cookies: answer.cookies,
            });
        }
        Ok(Fetched::Gone) => Fault::Status(410),
        Ok(Fetched::NotModified) => Fault::Status(304),
        Err(fault) => fault,
    };
    Err(ProbeError { fault, moved_to })
}

/// Finds the feed behind an address.
pub(super) async fn find(fetcher: &Fetcher, url: &FeedUrl) -> Result<FoundFeed, ProbeError> {
    let page = ask(fetcher, url).await?;
    match page.read() {
        Ok(feed) => Ok(FoundFeed { url: url.clone(), feed }),
        Err(error @ ProbeError { fault: Fault::Html | Fault::NotAFeed(_), .. }) => {
            behind(fetcher, url, &page).await.ok_or(error)
        }
        Err(error) => Err(error),
    }
}

/// Finds the feed behind a document that is not a feed itself.
pub(super) async fn behind(fetcher: &Fetcher, url: &FeedUrl, page: &Answer) -> Option<FoundFeed> {
    if let Some(feed) = listed(fetcher, url, page).await {
        return Some(FoundFeed { url: url.clone(), feed });
    }
    let mut leads = LeadQueue::new(page.next());
    while let Some(Lead { url, cookies }) = leads.take() {
        if let Ok(answer) = ask_with(fetcher, &url, &cookies).await {
            if let Some(feed) = feed_of(fetcher, &url, &answer).await {
                return Some(FoundFeed { url, feed });
            }
            leads.add(answer.next());
        }
    }
    let site = page.context.base.clone().and_then(|base| FeedUrl::new(base).ok()).unwrap_or_else(|| url.clone());
    for url in discover::sitemaps(fetcher, &site, Clock::System.now(), &mut share()).await {
        if let Some(feed) = at(fetcher, &url).await {
            return Some(FoundFeed { url, feed });
        }
    }
    None
}

/// Maximum number of pages that redirect, one to the next, before one that announces feeds.
const REDIRECTS: usize = 3;

/// Returns what is announced, with the pages that redirects lead to replaced by what these announce.
pub(super) async fn beyond(fetcher: &Fetcher, announced: Vec<Announced>) -> Vec<Announced> {
    let (mut found, mut left) = (Vec::<Announced>::new(), REDIRECTS);
    let mut waiting: Vec<Announced> = announced.into_iter().rev().collect();
    while let Some(next) = waiting.pop() {
        if !next.is_redirect {
            if found.iter().all(|known| known.url != next.url) {
                found.push(next);
            }
            continue;
        }
        let Ok(url) = FeedUrl::new(next.url.clone()) else { continue };
        if left == 0 {
            continue;
        }
        left -= 1;
        match ask(fetcher, &url).await {
            Ok(answer) if feed_of(fetcher, &url, &answer).await.is_none() => {
                waiting.extend(answer.announced().into_iter().rev());
            }
            Ok(_) => waiting.push(Announced { is_redirect: false, ..next }),
            Err(_) => {}
        }
    }
    found
}

/// Reads the feed at an address, or the first news sitemap if it is an index.
async fn at(fetcher: &Fetcher, url: &FeedUrl) -> Option<ParsedFeed> {
    feed_of(fetcher, url, &ask(fetcher, url).await.ok()?).await
}

async fn feed_of(fetcher: &Fetcher, url: &FeedUrl, answer: &Answer) -> Option<ParsedFeed> {
    match answer.read() {
        Ok(feed) => Some(feed),
        Err(_) => listed(fetcher, url, answer).await,
    }
}

/// Reads the first news sitemap of an index that can be read.
async fn listed(fetcher: &Fetcher, url: &FeedUrl, index: &Answer) -> Option<ParsedFeed> {
    let base = index.context.base.clone().and_then(|base| FeedUrl::new(base).ok());
    let listed = parse::sitemap_index(&index.bytes, &index.context)?;
    for (url, _) in discover::choose(base.as_ref().unwrap_or(url), listed) {
        if let Ok(answer) = ask(fetcher, &url).await
            && let Ok(feed) = answer.read()
        {
            return Some(feed);
        }
    }
    None
}

/// Returns a context of now, with the daemon's time limit for reading.
pub(super) fn within_time() -> ParseContext {
    let deadline = Deadline::when(Clock::over_after(parse::WORK));
    ParseContext { now: Clock::System.now(), deadline, ..ParseContext::default() }
}
