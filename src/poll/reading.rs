//! Reads what a server answered: the document itself, or one that a page announces.

use super::{
    PlannedPoll, Poller,
    document::{ReadDocument, UnreadableDocument, read_document},
    fetched::FetchedDocument,
    leads::Landing,
    memory::PollShare,
};
use crate::{
    clock::Clock,
    fetch::{EVERYDAY, Fetched},
    model::{Deadline, Fault, FeedRecord, FeedUrl, Outcome, PendingRedirect, RawHash, push::HubSighting},
    parse,
    store::{BodyState, Document, PageFault, StoreError},
};
use std::{collections::HashSet, sync::Arc};

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
    /// Where a page in the place of a known feed sends its readers, if this was seen for the first time.
    pub(super) pending: Option<PendingRedirect>,
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
            pending: None,
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
        landing: Landing,
        share: &mut PollShare,
    ) -> Result<Reading, StoreError> {
        let (body, content_type, validators) = match fetched {
            Err(fault) => return Ok(Reading::of(Outcome::Failed(fault))),
            // Only the configured address can say that the feed is gone. Another was announced or redirected to, and may be replaced.
            Ok(Fetched::Gone) if planned.feed.ask != planned.feed.url => {
                return Ok(Reading::of(Outcome::Failed(Fault::GONE)));
            }
            Ok(Fetched::Gone) => return Ok(Reading::of(Outcome::Gone)),
            Ok(Fetched::NotModified) => return Ok(Reading::of(Outcome::NotModified)),
            Ok(Fetched::Document { body, content_type, validators }) => (body, content_type, validators),
        };
        let base = landing.base.clone();
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
        // the whole site. A page that sends its readers on at once is a redirect.
        let is_new = never_read || planned.feed.body_hash.is_none();
        if let Some(reading) = self.follow(planned, (&landing, &unread), is_new, &listed_before, share).await {
            return Ok(reading);
        }
        // For a page, the first announced feed that can be read is used from now on; otherwise a news sitemap of the site.
        if is_new
            && unread.fault == Fault::Html
            && let Some(reading) = self.find_sitemap(planned, &index.0, &listed_before, share).await
        {
            return Ok(reading);
        }
        Ok(Reading::of(Outcome::Failed(unread.fault)))
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
                now,
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
