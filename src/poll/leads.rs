//! Follows a page to the feed: by its redirect, the feeds that it announces, and the cookie that it wants back.

use super::{PlannedPoll, Poller, Reading, document::UnreadableDocument, fetched::FetchedDocument, memory::PollShare};
use crate::{
    fetch::{Cookies, FetchResponse, Fetched},
    model::{FeedUrl, Outcome, PendingRedirect, RawHash, Validators},
};
use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
};
use url::Url;

/// Maximum number of addresses that are tried after a page in one poll. Sites also announce feeds of comments and categories, and
/// some pages lead to another page.
const TRIED: usize = 3;

/// Where a response leads that is not a feed.
pub(super) struct Landing {
    /// The address of the response.
    pub(super) base: FeedUrl,
    /// The addresses that its headers announce.
    pub(super) announced: Vec<FeedUrl>,
    /// The cookies that were set so far.
    pub(super) cookies: Cookies,
}

impl Landing {
    /// Takes these parts of a response to a request for `asked`.
    pub(super) fn of(answer: &mut FetchResponse, asked: &FeedUrl) -> Self {
        Self {
            base: answer.base(asked).clone(),
            announced: std::mem::take(&mut answer.announced),
            cookies: std::mem::take(&mut answer.cookies),
        }
    }

    /// Returns what to try next, best first. `is_new` says whether announced feeds count, and not only redirects.
    fn leads(&self, page: &UnreadableDocument, is_new: bool) -> Vec<Lead> {
        let announced = self.announced.iter().chain(&page.announced).filter(|_| is_new);
        let urls = page.redirect.iter().filter(|_| !is_new).chain(announced).cloned();
        Lead::of(urls, Some(self.base.url()), &self.cookies)
    }
}

/// An address that may be the feed's, and the cookies for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Lead {
    /// The address.
    pub url: FeedUrl,
    /// The cookies that were set on the way to it.
    pub cookies: Cookies,
}

impl Lead {
    /// Returns where a page leads that announces `urls`. It leads to itself to see whether its cookie comes back.
    pub fn of(urls: impl Iterator<Item = FeedUrl>, page: Option<&Url>, cookies: &Cookies) -> Vec<Self> {
        let urls = urls.filter(|url| Some(url.url()) != page || !cookies.is_empty());
        urls.take(TRIED).map(|url| Self { url, cookies: cookies.clone() }).collect()
    }
}

/// The addresses to try after a page, best first.
pub struct LeadQueue {
    waiting: VecDeque<Lead>,
    asked: Vec<Lead>,
}

impl LeadQueue {
    /// Creates a queue of where the first page leads.
    #[must_use]
    pub fn new(leads: Vec<Lead>) -> Self {
        Self { waiting: leads.into(), asked: Vec::new() }
    }

    /// Returns the next address to try, each once. `None` if no other is known, or enough were tried.
    pub fn take(&mut self) -> Option<Lead> {
        while self.asked.len() < TRIED
            && let Some(lead) = self.waiting.pop_front()
        {
            if !self.asked.contains(&lead) {
                self.asked.push(lead.clone());
                return Some(lead);
            }
        }
        None
    }

    /// Adds where another page leads, before what waits.
    pub fn add(&mut self, leads: Vec<Lead>) {
        leads.into_iter().rev().for_each(|lead| self.waiting.push_front(lead));
    }
}

/// A response that is not a feed.
struct Page {
    landing: Landing,
    unread: UnreadableDocument,
}

impl Poller {
    /// Tries where a page leads. The first address that can be read is used from now on. `is_new` says whether the feed was never
    /// read; otherwise only redirects are followed, and the poll fails if they are not confirmed: a page of a site that is being
    /// repaired leads to another feed.
    pub(super) async fn follow(
        &self,
        planned: &PlannedPoll,
        (landing, unread): (&Landing, &UnreadableDocument),
        is_new: bool,
        listed_before: &Arc<HashSet<RawHash>>,
        share: &mut PollShare,
    ) -> Option<Reading> {
        let mut leads = LeadQueue::new(landing.leads(unread, is_new));
        while let Some(lead) = leads.take() {
            match self.try_lead(planned, &lead, listed_before, share).await {
                Ok(reading) if is_new || is_confirmed(planned, &reading, listed_before) => return Some(reading),
                Ok(reading) => {
                    let since = self.clock.now();
                    let pending = reading.announced.map(|to| PendingRedirect { to, polls: 1, since });
                    return Some(Reading { pending, ..Reading::of(Outcome::Failed(unread.fault.clone())) });
                }
                Err(Some(page)) => leads.add(page.landing.leads(&page.unread, is_new)),
                Err(None) => {}
            }
        }
        None
    }

    /// Tries an address that may be the feed's. If it can be read, it is used from now on.
    pub(super) async fn try_address(
        &self,
        planned: &PlannedPoll,
        url: FeedUrl,
        listed_before: &Arc<HashSet<RawHash>>,
        share: &mut PollShare,
    ) -> Option<Reading> {
        let lead = Lead { url, cookies: Cookies::default() };
        self.try_lead(planned, &lead, listed_before, share).await.ok()
    }

    /// Does the same as [`Poller::try_address`] with cookies, and returns what else is at the address, if it is a page.
    async fn try_lead(
        &self,
        planned: &PlannedPoll,
        Lead { url, cookies }: &Lead,
        listed_before: &Arc<HashSet<RawHash>>,
        share: &mut PollShare,
    ) -> Result<Reading, Option<Box<Page>>> {
        tokio::time::sleep(planned.host_pause).await;
        share.release_document();
        let (fetcher, now) = (self.fetcher(planned), self.clock.now());
        let mut answer = fetcher.get_with(cookies, url, &Validators::default(), now, &mut share.body).await;
        let landing = Landing::of(&mut answer, url);
        let (hub, this) = answer.take_links();
        let Ok(Fetched::Document { body, content_type, validators }) = answer.result else { return Err(None) };
        let base = landing.base.clone();
        let index = (base.clone(), validators.clone(), body.hash());
        let found = FetchedDocument { body, base, content_type, validators };
        let reading = match self.parse(planned, found, Arc::clone(listed_before), share).await {
            Ok(reading) => reading,
            Err(UnreadableDocument { sitemaps: Some(sitemaps), .. }) => {
                self.read_index(planned, index, sitemaps, listed_before, share).await
            }
            Err(unread) => return Err(Some(Box::new(Page { landing, unread }))),
        };
        let reading = reading.with_links(hub, this, &landing.base);
        if !reading.outcome.is_success() {
            return Err(None);
        }
        Ok(Reading { announced: Some(url.clone()), status: answer.status, ..reading })
    }
}

/// Returns whether a known feed is now where a page leads: it lists an entry of the last document, the page led there at the poll before
/// this one too, or it only wanted its cookie back.
fn is_confirmed(planned: &PlannedPoll, reading: &Reading, listed_before: &HashSet<RawHash>) -> bool {
    let Some(to) = &reading.announced else { return false };
    let lists_known = reading.document.as_ref().is_some_and(|d| d.raw.iter().any(|raw| listed_before.contains(raw)));
    lists_known || *to == planned.feed.ask || planned.feed.moving.as_ref().is_some_and(|pending| pending.to == *to)
}
