//! The feed behind an address that somebody names: the address itself, a feed that its page announces, or its site's news sitemap.

use crate::{
    clock::Clock,
    discover,
    fetch::{Fetched, Fetcher},
    model::{Deadline, Fault, FeedUrl, ParsedFeed, Validators},
    parse::{self, Announced, ParseContext},
};
use url::Url;

/// Feeds announced by one page that are tried, as at a poll.
const ANNOUNCED_TRIED: usize = 3;

/// A document and what came with it.
pub(super) struct Answer {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What is known about it.
    pub context: ParseContext,
    /// Feeds that the answer's headers announce.
    pub announced: Vec<Url>,
}

/// A feed that was found.
pub(super) struct FoundFeed {
    /// The address that is to be polled.
    pub url: FeedUrl,
    /// What it holds now; of an index of sitemaps, what the first of them holds.
    pub feed: ParsedFeed,
}

impl Answer {
    /// Reads it as a feed.
    pub fn read(&self) -> Result<ParsedFeed, Fault> {
        parse::read(&self.bytes, &self.context, &|_| false)
    }

    /// The feeds that the headers and the page announce, best first.
    pub fn announced(&self) -> Vec<Announced> {
        let headers = self.announced.iter().map(|url| Announced { url: url.clone(), title: None, media_type: None });
        let mut all: Vec<Announced> = headers.collect();
        for found in parse::announced(&self.bytes, &self.context) {
            if !all.iter().any(|known| known.url == found.url) {
                all.push(found);
            }
        }
        all
    }
}

/// Asks for an address.
pub(super) async fn ask(fetcher: &Fetcher, url: &FeedUrl) -> Result<Answer, Fault> {
    let answer = fetcher.get(url, &Validators::default(), Clock::System.now()).await;
    let base = answer.base(url).url().clone();
    match answer.result? {
        Fetched::Document { body, content_type, .. } => Ok(Answer {
            bytes: body.into_bytes(),
            context: ParseContext { base: Some(base), content_type, ..within_time() },
            announced: answer.announced.into_iter().map(|url| url.url().clone()).collect(),
        }),
        Fetched::Gone => Err(Fault::Status(410)),
        Fetched::NotModified => Err(Fault::Status(304)),
    }
}

/// Finds the feed behind an address.
pub(super) async fn find(fetcher: &Fetcher, url: &FeedUrl) -> Result<FoundFeed, Fault> {
    let page = ask(fetcher, url).await?;
    match page.read() {
        Ok(feed) => Ok(FoundFeed { url: url.clone(), feed }),
        Err(fault @ (Fault::Html | Fault::NotAFeed(_))) => behind(fetcher, url, &page).await.ok_or(fault),
        Err(fault) => Err(fault),
    }
}

/// The feed behind a document that is none itself.
pub(super) async fn behind(fetcher: &Fetcher, url: &FeedUrl, page: &Answer) -> Option<FoundFeed> {
    if let Some(feed) = listed(fetcher, url, page).await {
        return Some(FoundFeed { url: url.clone(), feed });
    }
    let announced = page.announced().into_iter().filter_map(|announced| FeedUrl::new(announced.url).ok());
    for url in announced.take(ANNOUNCED_TRIED) {
        if let Some(feed) = at(fetcher, &url).await {
            return Some(FoundFeed { url, feed });
        }
    }
    let site = page.context.base.clone().and_then(|base| FeedUrl::new(base).ok()).unwrap_or_else(|| url.clone());
    for url in discover::sitemaps(fetcher, &site, Clock::System.now()).await {
        if let Some(feed) = at(fetcher, &url).await {
            return Some(FoundFeed { url, feed });
        }
    }
    None
}

/// The feed at an address, or what the index there lists.
async fn at(fetcher: &Fetcher, url: &FeedUrl) -> Option<ParsedFeed> {
    let answer = ask(fetcher, url).await.ok()?;
    match answer.read() {
        Ok(feed) => Some(feed),
        Err(_) => listed(fetcher, url, &answer).await,
    }
}

/// The first news sitemap that an index lists.
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

/// As the daemon reads: with its limit of work.
pub(super) fn within_time() -> ParseContext {
    ParseContext { deadline: Deadline::when(Clock::over_after(parse::WORK)), ..ParseContext::default() }
}
