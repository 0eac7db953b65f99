//! The fetch of one article page: from the request to the text.

use super::{PollError, Poller};
use crate::{
    article::{self, Expected},
    clock::Clock,
    fetch::{Body, Fetched, Visit},
    model::{
        Article, Deadline, EntryPage, Fault, FeedUrl, MissingArticle, NoArticle, RawHash, Validators, WaitingPage,
    },
    parse,
    store::{AskedPage, Document},
};
use std::{collections::HashSet, time::Duration};

/// Time limit for extracting the article of one page.
const WORK: Duration = Duration::from_secs(5);

impl Poller {
    /// Fetches the page of an entry and extracts its article. `pause` is the pause between requests to its host. A redirect to
    /// another host ends the request: it continues when that host's limits allow.
    ///
    /// # Errors
    /// [`PollError::Local`] if this process lacks resources for the request, and [`PollError::Elsewhere`]. No other response of a server
    /// is an error.
    pub async fn article(&self, page: WaitingPage, mut visit: Visit, pause: Duration) -> Result<AskedPage, PollError> {
        let mut share = self.memory.share();
        let fetcher = self.fetchers.of(&page.outlet).for_pages(&self.robots, pause);
        let Some(answer) = fetcher.visit(&mut visit, &Validators::default(), self.clock.now(), &mut share.body).await
        else {
            return Err(PollError::Elsewhere(Box::new(visit)));
        };
        let base = answer.base(&page.url).clone();
        let article = match answer.result {
            Err(fault @ Fault::Local(_)) => return Err(PollError::Local(fault.to_string())),
            Err(fault) => Err(missing(&fault)),
            Ok(Fetched::Gone) => Err(missing(&Fault::GONE)),
            Ok(Fetched::NotModified) => Err(missing(&Fault::Status(304))),
            Ok(Fetched::Document { body, content_type, .. }) => {
                let permit = share.parsing(parse::cost(&body)).await;
                let found = read(body, base, content_type, Expected { title: page.title, words: page.words }).await;
                drop(permit);
                found
            }
        };
        let page_read = EntryPage { url: page.url.as_str().to_owned(), asked_at: self.clock.now(), article };
        Ok(AskedPage { key: page.key, page: page_read })
    }
}

/// Maximum number of pages that are fetched for one document.
const PAGES: usize = 100;

/// Returns the entries of a document whose pages should be fetched: the first listed ones, which in nearly all documents are the
/// newest. Entries from older pages of the feed are not among them.
pub(super) fn wanted(document: &Document) -> HashSet<i64> {
    let older: HashSet<&RawHash> = document.older.iter().collect();
    let listed = document.entries.iter().filter(|entry| !older.contains(&entry.raw));
    listed.filter(|entry| article::wants_page(entry)).map(|entry| entry.key.hash()).take(PAGES).collect()
}

/// Extracts the article on a blocking thread.
async fn read(
    body: Body,
    base: FeedUrl,
    content_type: Option<String>,
    expected: Expected,
) -> Result<Article, MissingArticle> {
    let work = move || {
        let context = parse::ParseContext {
            base: Some(base.url().clone()),
            content_type,
            deadline: Deadline::when(Clock::over_after(WORK)),
            ..parse::ParseContext::default()
        };
        article::read(&body, &context, &expected)
    };
    let read = tokio::task::spawn_blocking(work).await;
    read.unwrap_or_else(|_| Err(MissingArticle::new(NoArticle::Unreadable, "the extractor failed on this page")))
}

/// Returns the reason for a missing article after a failed request.
fn missing(fault: &Fault) -> MissingArticle {
    let why = match fault {
        Fault::Robots(_) => NoArticle::Robots,
        Fault::Status(_) | Fault::Held { .. } => NoArticle::Status,
        Fault::Timeout(_) => NoArticle::Timeout,
        Fault::Empty | Fault::TooLarge { .. } => NoArticle::NotAPage,
        _ => NoArticle::Unreachable,
    };
    MissingArticle::new(why, fault)
}
