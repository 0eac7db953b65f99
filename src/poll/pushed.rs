//! Documents that hubs deliver, and the hubs that documents name (WebSub).

use super::{
    EVERYDAY, PlannedPoll, PollError, PollResult, Poller, Reading,
    fetched::FetchedDocument,
    finish::{ResponseHead, finished_poll},
};
use crate::{
    fetch::{Body, FetchResponse},
    model::{
        Fault, FeedUrl, Freshness, Outcome, Validators,
        push::{HubOffer, HubSighting, PushedDocument},
    },
};
use std::{sync::Arc, time::Duration};

impl Poller {
    /// Reads a document that a hub delivered, and stores its entries. Such a document is often only a part of the feed, so it
    /// changes nothing else: entries that it does not list have not left the feed, and the validators and the time of the next
    /// poll stay.
    ///
    /// # Errors
    /// Same as [`Poller::poll`].
    pub async fn pushed(&self, planned: PlannedPoll, pushed: PushedDocument) -> Result<PollResult, PollError> {
        let _underway = self.writer.announce();
        let started_at = self.clock.now();
        let mut share = self.memory.share();
        let bytes = pushed.body.len() as u64;
        if pushed.body.len() > EVERYDAY {
            share.body.enlarge().await.map_err(|fault| PollError::Local(fault.to_string()))?;
        }
        let limit = u64::try_from(self.fetcher(&planned).max_body()).unwrap_or(u64::MAX);
        let mut reading = match Body::within(pushed.body, limit) {
            Ok(body) => {
                let listed = Arc::new(self.reader.listed(planned.feed.id).await?);
                let (base, content_type) = (planned.feed.ask.clone(), pushed.content_type);
                let found = FetchedDocument { body, base, content_type, validators: Validators::default() };
                let read = self.parse(&planned, found, listed, &mut share).await;
                read.unwrap_or_else(|unread| Reading::of(Outcome::Failed(unread.fault)))
            }
            Err(fault) => Reading::of(Outcome::Failed(fault)),
        };
        if let Outcome::Failed(fault @ Fault::Local(_)) = &reading.outcome {
            return Err(PollError::Local(fault.to_string()));
        }
        if let Some(document) = &mut reading.document {
            document.partial = true;
            if planned.outlet.full_text {
                document.pages = super::article_page::wanted(document);
            }
        }
        reading.body = None;
        let head =
            ResponseHead { status: None, bytes, freshness: Freshness::default(), permanent: None, moved_to: None };
        let mut poll = finished_poll(planned, head, reading, started_at, self.clock.now(), None);
        poll.pushed = true;
        let (outcome, error) = (poll.outcome.clone(), poll.error.clone());
        let written = self.writer.poll(Box::new(poll)).await?;
        let (outcome, error) = written.outcome(outcome, error);
        let took = Duration::try_from(self.clock.now().duration_since(started_at)).unwrap_or_default();
        let (late, hub) = (Duration::ZERO, HubSighting::Unread);
        Ok(PollResult { outcome, status: None, bytes, took, late, error, truncated_at: None, written, hub })
    }
}

/// Returns the hub that a document names, with the address by which the hub knows the document.
pub(super) fn offer(hub: Option<&str>, this: Option<&str>, base: &FeedUrl) -> HubSighting {
    let absolute = |text: &str| FeedUrl::new(base.url().join(text).ok()?).ok();
    match hub.and_then(absolute) {
        Some(hub) => {
            HubSighting::Named(HubOffer { hub, topic: this.and_then(absolute).unwrap_or_else(|| base.clone()) })
        }
        None => HubSighting::Nobody,
    }
}

impl Reading {
    /// Replaces the hub by the one in the response headers, if they name one: it has priority over the one in the document
    /// (WebSub 4). Without a document that was read (304, same bytes) the headers must name the topic as well: the unread document
    /// may name another one.
    pub(super) fn with_links(mut self, hub: Option<FeedUrl>, this: Option<FeedUrl>, base: &FeedUrl) -> Self {
        let is_unchanged = matches!(self.outcome, Outcome::NotModified | Outcome::SameBytes) && this.is_some();
        if let Some(hub) = hub.filter(|_| self.document.is_some() || is_unchanged) {
            let in_document = match &self.hub {
                HubSighting::Named(offer) => Some(offer.topic.clone()),
                HubSighting::Unread | HubSighting::Nobody => None,
            };
            let topic = this.or(in_document).unwrap_or_else(|| base.clone());
            self.hub = HubSighting::Named(HubOffer { hub, topic });
        }
        self
    }
}

impl FetchResponse {
    /// Takes the hub and the document's own address that the response headers name.
    pub(super) fn take_links(&mut self) -> (Option<FeedUrl>, Option<FeedUrl>) {
        (self.hub.take(), self.this.take())
    }
}
