//! Requests for the pages that entries wait for.

use super::{PollRunner, RunnerEvent};
use crate::{
    model::{EntryPage, MissingArticle, NoArticle, PAGE_PATIENCE, Slug, WaitingKey, WaitingPage},
    poll::PollError,
    store::AskedPage,
};
use futures_util::FutureExt as _;
use jiff::Timestamp;
use std::panic::AssertUnwindSafe;
use tokio::task::JoinError;

/// The result of a page request; `None` if it panicked.
pub(super) type EndedPage = (WaitingKey, Option<Result<AskedPage, PollError>>);

impl PollRunner {
    /// Returns the number of entries that wait for their pages, or to be decided after that.
    #[must_use]
    pub fn waiting_pages(&self) -> usize {
        self.queue.waiting_pages() + self.settling.len()
    }

    /// Starts every page request that may start now. Returns when the next one may start, or when the next waiting time ends.
    pub(super) fn start_pages(&mut self, now: Timestamp) -> Option<Timestamp> {
        while let Some((page, visit)) = self.queue.next_page(now) {
            let (poller, key, pause) = (self.poller.clone(), page.key, self.queue.host_pause());
            let request = async move { poller.article(page, visit, pause).await };
            let handle = self.pages.spawn(async move { (key, AssertUnwindSafe(request).catch_unwind().await.ok()) });
            self.asking.insert(key, handle);
        }
        self.queue.next_page_at()
    }

    /// Ends the waiting of entries whose time is over; they are decided without their pages.
    pub(super) fn give_up_pages(&mut self, now: Timestamp) {
        let overdue = self.queue.overdue_pages(now);
        let ended = overdue.into_iter().map(|page| {
            if let Some(handle) = self.asking.remove(&page.key) {
                handle.abort();
            }
            let words = format!("the page was not fetched within {PAGE_PATIENCE:#}");
            without(&page, NoArticle::Timeout, &words, now)
        });
        let ended: Vec<AskedPage> = ended.collect();
        self.decide(ended);
    }

    /// Adds the pages of entries that were waiting before the start. An entry whose outlet no longer has `full_text` is decided
    /// without its page.
    pub fn resume_pages(&mut self, pages: Vec<WaitingPage>, is_wanted: impl Fn(&Slug) -> bool) {
        let now = self.clock.now();
        let (wanted, others): (Vec<_>, Vec<_>) = pages.into_iter().partition(|page| is_wanted(&page.outlet));
        self.queue.add_pages(wanted, now);
        let off = "full_text was switched off for the outlet";
        self.decide(others.into_iter().map(|page| without(&page, NoArticle::Off, off, now)).collect());
    }

    /// Handles the result of a page request.
    pub(super) fn take_page(&mut self, ended: Result<EndedPage, JoinError>) -> RunnerEvent {
        let now = self.clock.now();
        // A request that was given up has been aborted.
        let Ok((key, result)) = ended else { return RunnerEvent::Turned };
        if self.asking.remove(&key).is_none() {
            return RunnerEvent::Turned;
        }
        match result {
            Some(Err(PollError::Local(why))) => {
                self.note_lack(&why, now);
                self.queue.page_postponed(key, now);
            }
            // The entry keeps waiting.
            Some(Err(PollError::Store(error))) if error.can_pass() => {
                self.note_unread(key.0, &error, now);
                self.queue.page_postponed(key, now);
            }
            Some(Err(PollError::Store(error))) => {
                self.queue.page_ended(key, now);
                return RunnerEvent::Settled(Err(error));
            }
            Some(Err(PollError::Elsewhere(visit))) => self.queue.page_moved(key, *visit, now),
            Some(Ok(asked)) => self.page_read(key, Some(asked), now),
            None => self.page_read(key, None, now),
        }
        RunnerEvent::Turned
    }

    /// Has the entry of a page decided. `asked` is `None` if the request panicked.
    pub(super) fn page_read(&mut self, key: WaitingKey, asked: Option<AskedPage>, now: Timestamp) {
        let Some(page) = self.queue.page_ended(key, now) else { return };
        let panicked = || {
            tracing::error!(url = %page.url.shown(), "reading a page panicked (a bug in Warraq)");
            without(&page, NoArticle::Unreadable, "reading the page failed (a bug in Warraq)", now)
        };
        let asked = asked.unwrap_or_else(panicked);
        let missing = asked.page.article.as_ref().err().map(|missing| missing.words.as_str());
        tracing::debug!(outlet = %page.outlet, url = %page.url.shown(), missing, "page");
        self.decide(vec![asked]);
    }

    /// Makes the writer decide entries that have waited. [`RunnerEvent::Settled`] reports when they are stored.
    pub(super) fn decide(&mut self, asked: Vec<AskedPage>) {
        if !asked.is_empty() {
            let writer = self.writer.clone();
            self.settling.push(async move { writer.pages(asked).await }.boxed());
        }
    }
}

/// Returns the result of a page that was not fetched.
fn without(page: &WaitingPage, why: NoArticle, words: &str, now: Timestamp) -> AskedPage {
    let article = Err(MissingArticle::new(why, words));
    AskedPage { key: page.key, page: EntryPage { url: page.url.as_str().to_owned(), asked_at: now, article } }
}
