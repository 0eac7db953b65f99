//! Reads what a server answered: the document itself, or one that a page announces.

use super::{
    PlannedPoll, Poller,
    document::{ReadDocument, UnreadableDocument, read_document},
    fetched::FetchedDocument,
    memory::PollShare,
};
use crate::{
    clock::Clock,
    fetch::{EVERYDAY, Fetched},
    model::{Deadline, Fault, FeedRecord, FeedUrl, Outcome, RawHash, Validators, push::HubSighting},
    parse,
    store::{BodyState, Document, PageFault, StoreError},
};
use std::{collections::HashSet, sync::Arc};

/// Maximum number of feeds announced by a page that are tried in one poll. Sites also announce feeds of comments and categories.
const ANNOUNCED_TRIED: usize = 3;

/// The status 410 (RFC 9110 15.5.11).
const GONE: u16 = 410;

/// The result of the requests of one poll.
pub(super) struct Reading {
    pub(super) outcome: Outcome,
    pub(super) document: Option<Document>,
    /// Hash of the body.
    pub(super) body: Option<BodyState>,
    /// The address of the document, if it is another than the one requested first.
    pub(super) status: Option<u16>,
    /// The feed that a page announced; it is polled from now on.
    pub(super) announced: Option<FeedUrl>,
    /// URL of the document's next older page.
    pub(super) older: Option<FeedUrl>,
    /// Size of the older pages that were read, in bytes.
    pub(super) older_bytes: u64,
    /// Why an older page could not be read.
    pub(super) older_fault: Option<PageFault>,
    /// The hub that the document names.
    pub(super) hub: HubSighting,
}

impl Reading {
    pub(super) fn of(outcome: Outcome) -> Self {
        Self {
            outcome,
            document: None,
            body: None,
            status: None,
            announced: None,
            older: None,
            older_bytes: 0,
            older_fault: None,
            hub: HubSighting::Unread,
        }
    }
}

impl Poller {
    /// Converts a response to what is to be stored.
    pub(super) async fn read(
        &self,
        planned: &PlannedPoll,
        fetched: Result<Fetched, Fault>,
        base: FeedUrl,
        announced: Vec<FeedUrl>,
        share: &mut PollShare,
    ) -> Result<Reading, StoreError> {
        let (body, content_type, validators) = match fetched {
            Err(fault) => return Ok(Reading::of(Outcome::Failed(fault))),
            // Only the configured address can say that the feed is gone. Another was announced or redirected to, and may be replaced.
            Ok(Fetched::Gone) if planned.feed.ask != planned.feed.url => {
                return Ok(Reading::of(Outcome::Failed(Fault::Status(GONE))));
            }
            Ok(Fetched::Gone) => return Ok(Reading::of(Outcome::Gone)),
            Ok(Fetched::NotModified) => return Ok(Reading::of(Outcome::NotModified)),
            Ok(Fetched::Document { body, content_type, validators }) => (body, content_type, validators),
        };
        let index = (base.clone(), validators.clone(), body.hash());
        if planned.feed.body_hash == Some(body.hash()) {
            let FeedRecord { hints, guids_void, .. } = &planned.feed;
            let body = BodyState { validators, hash: body.hash(), hints: hints.clone(), guids_void: *guids_void };
            return Ok(Reading { body: Some(body), ..Reading::of(Outcome::SameBytes) });
        }
        // A feed that has never been read lists nothing yet.
        let never_read = planned.feed.last_success_at.is_none();
        let listed = if never_read { HashSet::new() } else { self.reader.listed(planned.feed.id).await? };
        let listed_before = Arc::new(listed);
        let found = FetchedDocument { body, base, content_type, validators };
        let unread = match self.parse(planned, found, Arc::clone(&listed_before), share).await {
            Ok(reading) => return Ok(reading),
            Err(unread) => unread,
        };
        if let Some(sitemaps) = unread.sitemaps {
            return Ok(self.read_index(planned, index, sitemaps, &listed_before, share).await);
        }
        // If a feed was readable before and is a page now, the poll has failed: the feed that the page announces may be that of
        // the whole site.
        if !never_read && planned.feed.body_hash.is_some() {
            // A page that sends its readers on at once is a redirect.
            if let Some(url) = unread.redirect
                && let Some(reading) = self.try_address(planned, url, &listed_before, share).await
            {
                return Ok(reading);
            }
            return Ok(Reading::of(Outcome::Failed(unread.fault)));
        }
        // For a page, the first announced feed that can be read is used from now on; otherwise a news sitemap of the site.
        for url in announced.into_iter().chain(unread.announced).take(ANNOUNCED_TRIED) {
            if let Some(reading) = self.try_address(planned, url, &listed_before, share).await {
                return Ok(reading);
            }
        }
        if unread.fault == Fault::Html
            && let Some(reading) = self.find_sitemap(planned, &index.0, &listed_before, share).await
        {
            return Ok(reading);
        }
        Ok(Reading::of(Outcome::Failed(unread.fault)))
    }

    /// Tries an address that may be the feed's. If it can be read, it is used from now on.
    pub(super) async fn try_address(
        &self,
        planned: &PlannedPoll,
        url: FeedUrl,
        listed_before: &Arc<HashSet<RawHash>>,
        share: &mut PollShare,
    ) -> Option<Reading> {
        tokio::time::sleep(planned.host_pause).await;
        share.release_document();
        let mut answer =
            self.fetcher(planned).get(&url, &Validators::default(), self.clock.now(), &mut share.body).await;
        let base = answer.base(&url).clone();
        let (hub, this) = answer.take_links();
        let final_base = base.clone();
        let Ok(Fetched::Document { body, content_type, validators }) = answer.result else { return None };
        let index = (base.clone(), validators.clone(), body.hash());
        let found = FetchedDocument { body, base, content_type, validators };
        let reading = match self.parse(planned, found, Arc::clone(listed_before), share).await {
            Ok(reading) => reading,
            Err(unread) => self.read_index(planned, index, unread.sitemaps?, listed_before, share).await,
        };
        let reading = reading.with_links(hub, this, &final_base);
        reading.outcome.is_success().then_some(Reading { announced: Some(url), status: answer.status, ..reading })
    }

    /// Parses a document. If a document of ordinary size expands when parsed (entities, authors shared by all entries), it is
    /// parsed again once the poll has the permit for large documents.
    pub(super) async fn parse(
        &self,
        planned: &PlannedPoll,
        found: FetchedDocument,
        listed_before: Arc<HashSet<RawHash>>,
        share: &mut PollShare,
    ) -> Result<Reading, UnreadableDocument> {
        let (found, max_body) = (Arc::new(found), self.fetcher(planned).max_body());
        if !share.body.is_large() && max_body > EVERYDAY {
            let read =
                self.parse_within(planned, Arc::clone(&found), Arc::clone(&listed_before), EVERYDAY, share).await;
            if !read.as_ref().is_ok_and(|reading| reading.document.as_ref().is_some_and(is_limited)) {
                return read;
            }
            drop(read);
            share.release_document();
            share.body.enlarge().await.map_err(UnreadableDocument::of)?;
        }
        self.parse_within(planned, found, listed_before, max_body, share).await
    }

    /// Parses a document on a blocking thread, within the memory limit.
    async fn parse_within(
        &self,
        planned: &PlannedPoll,
        found: Arc<FetchedDocument>,
        listed_before: Arc<HashSet<RawHash>>,
        max_body: usize,
        share: &mut PollShare,
    ) -> Result<Reading, UnreadableDocument> {
        let (hash, validators) = (found.body.hash(), found.validators.clone());
        let permit = share.parsing(parse::cost(&found.body)).await;
        let (outlet, guids_void, now) = (Arc::clone(&planned.outlet), planned.feed.guids_void, self.clock.now());
        let limit = self.work_limit;
        let work = move || {
            let context = parse::ParseContext {
                base: Some(found.base.url().clone()),
                content_type: found.content_type.clone(),
                zone: outlet.time_zone.clone(),
                guids_void,
                max_body,
                deadline: Deadline::when(Clock::over_after(limit)),
            };
            (read_document(found, &context, &outlet, listed_before, now), permit)
        };
        let (read, permit) = tokio::task::spawn_blocking(work)
            .await
            .map_err(|panic| UnreadableDocument::of(Fault::Parser(panic.to_string())))?;
        let ReadDocument { document, guids_void, older, hub } = read?;
        share.keep(permit, document.memory());
        Ok(Reading {
            body: Some(BodyState { validators, hash, hints: document.info.hints.clone(), guids_void }),
            document: Some(document),
            older,
            hub,
            ..Reading::of(Outcome::Fresh)
        })
    }
}

/// Returns whether a document contains more than could be read within the limit.
fn is_limited(document: &Document) -> bool {
    document.repairs.iter().any(|repair| parse::LIMITED.contains(repair))
}
