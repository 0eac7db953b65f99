//! The poller: polls one feed, from the request to the commit. It combines the other modules and makes no decisions itself.
//!
//! Whatever a server sends becomes an [`Outcome`] in the feed's history. An `Err` means that the store has failed.

mod alternatives;
mod article_page;
mod backfill;
mod finish;
mod memory;
mod pushed;
mod sitemaps;

pub use article_page::PageVisit;

use crate::{
    clock::Clock,
    dedup::Listing,
    fetch::{Body, EVERYDAY, FetchResponse, Fetched, Fetcher, Fetchers, RobotsCache},
    model::{
        Deadline, Entry, Fault, FeedInfo, FeedRecord, FeedUrl, Language, LargerThanMaxBody, ListedEntry, Outcome,
        Outlet, PlainText, RawHash, Validators,
        push::{HubSighting, PushLeases},
    },
    normalise, parse,
    rules::{self, RuleSubject},
    schedule::{self, Bounds, Fleet, Schedule},
    store::{BodyState, CommittedPoll, Document, PageFault, Reader, StoreError, Writer},
};
use finish::{ResponseHead, finished_poll};
use jiff::Timestamp;
use memory::{PollMemory, PollShare};
use std::{collections::HashSet, sync::Arc, time::Duration};

/// Maximum number of feeds announced by a page that are tried in one poll. Sites also announce feeds of comments and categories.
const ANNOUNCED_TRIED: usize = 3;

/// What all polls share; cheap to clone.
#[derive(Clone)]
pub struct Poller {
    fetchers: Fetchers,
    reader: Reader,
    writer: Writer,
    clock: Clock,
    /// The feeds whose changes hubs deliver.
    leases: Arc<PushLeases>,
    memory: PollMemory,
    /// What sites allow, for pages.
    robots: RobotsCache,
    /// Time limit for parsing one document.
    work_limit: Duration,
}

/// A poll to be made.
#[derive(Debug, Clone)]
pub struct PlannedPoll {
    /// The feed's current state.
    pub feed: FeedRecord,
    /// The feed's outlet.
    pub outlet: Arc<Outlet>,
    /// The feed's schedule.
    pub schedule: Arc<Schedule>,
    /// Bounds of adaptive schedules.
    pub bounds: Bounds,
    /// Number of feeds with an adaptive schedule.
    pub fleet: Fleet,
    /// How long ago the feed was due.
    pub late: Duration,
    /// Pause between two requests to the feed's host.
    pub host_pause: Duration,
    /// Whether this is the only feed on its host.
    pub alone: bool,
}

/// The result of a poll.
#[derive(Debug, Clone)]
pub struct PollResult {
    /// How it ended.
    pub outcome: Outcome,
    /// HTTP status, if there was a response.
    pub status: Option<u16>,
    /// Size of the decoded body and of the older pages that were read, in bytes.
    pub bytes: u64,
    /// How long the poll took, commit included.
    pub took: Duration,
    /// Time between the due time and the start.
    pub late: Duration,
    /// The error, if the poll failed. It names the address that a redirect led to.
    pub error: Option<String>,
    /// `[fetch] max_body` in bytes, if the document was longer: the rest was not read.
    pub truncated_at: Option<u64>,
    /// What was stored: counts, and the feed's new state.
    pub written: CommittedPoll,
    /// The hub that the document names.
    pub hub: HubSighting,
}

/// Why a poll was not made. Nothing about it is stored.
#[derive(Debug, thiserror::Error)]
pub enum PollError {
    /// The store has failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// This process or machine lacks open files or memory for the request. This is not a failure of the feed.
    #[error("{0}")]
    Local(String),
}

/// The result of the requests of one poll.
struct Reading {
    outcome: Outcome,
    document: Option<Document>,
    /// Hash of the body.
    body: Option<BodyState>,
    /// The address of the document, if it is another than the one requested first.
    status: Option<u16>,
    /// The feed that a page announced; it is polled from now on.
    announced: Option<FeedUrl>,
    /// URL of the document's next older page.
    older: Option<FeedUrl>,
    /// Size of the older pages that were read, in bytes.
    older_bytes: u64,
    /// Why an older page could not be read.
    older_fault: Option<PageFault>,
    /// The hub that the document names.
    hub: HubSighting,
}

impl Reading {
    fn of(outcome: Outcome) -> Self {
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
    /// Creates a poller.
    #[must_use]
    pub fn new(fetchers: Fetchers, reader: Reader, writer: Writer, clock: Clock) -> Self {
        Self {
            fetchers,
            reader,
            writer,
            clock,
            leases: Arc::default(),
            memory: PollMemory::new(),
            robots: RobotsCache::default(),
            work_limit: parse::WORK,
        }
    }

    /// Returns the feeds whose changes hubs deliver, for who subscribes.
    #[must_use]
    pub fn leases(&self) -> &Arc<PushLeases> {
        &self.leases
    }

    /// Returns what makes requests.
    #[must_use]
    pub fn fetchers(&self) -> &Fetchers {
        &self.fetchers
    }

    /// Replaces the limits for all later requests.
    pub fn set_fetchers(&mut self, fetchers: Fetchers) {
        self.fetchers = fetchers;
    }

    /// Returns the fetcher for the feed's outlet.
    fn fetcher(&self, planned: &PlannedPoll) -> &Fetcher {
        self.fetchers.of(&planned.feed.outlet)
    }

    /// Makes one poll. If the future is dropped, nothing is stored, unless the poll has already reached the writer. `read` is called
    /// when a document was read and the poll only waits to be stored.
    ///
    /// # Errors
    /// Fails if the store has failed, or if this process lacks open files or memory; never because of a server's response.
    pub async fn poll(&self, planned: PlannedPoll, read: impl FnOnce()) -> Result<PollResult, PollError> {
        let _underway = self.writer.announce();
        let started_at = self.clock.now();
        // A server whose 304 responses are doubtful gets one request without validators (polling.md, manner 8).
        let clean = schedule::doubts(&planned.feed, started_at);
        let validators = if clean { Validators::default() } else { planned.feed.validators.clone() };
        // Held until the poll is stored.
        let mut share = self.memory.share();
        let mut answer = if planned.alone {
            self.fetcher(&planned).closing().get(&planned.feed.ask, &validators, started_at, &mut share.body).await
        } else {
            self.fetcher(&planned).get(&planned.feed.ask, &validators, started_at, &mut share.body).await
        };
        let base = answer.base(&planned.feed.ask).clone();
        let (hub, this) = answer.take_links();
        let FetchResponse { result, status, bytes, freshness, permanent, announced, moved_to, .. } = answer;
        if let Err(fault @ Fault::Local(_)) = result {
            return Err(PollError::Local(fault.to_string()));
        }
        let mut reading = self.read(&planned, result, base.clone(), announced, &mut share).await?;
        if reading.announced.is_none() {
            reading = reading.with_links(hub, this, &base);
        }
        let reading = self.or_alternative(&planned, reading, &mut share).await?;
        if let Outcome::Failed(fault @ Fault::Local(_)) = &reading.outcome {
            return Err(PollError::Local(fault.to_string()));
        }
        let mut reading = self.backfill(&planned, reading, &mut share).await?;
        if let Some(document) = reading.document.as_mut().filter(|_| planned.outlet.full_text) {
            document.pages = article_page::wanted(document);
        }
        let (status, late) = (reading.status.or(status), planned.late);
        let head = ResponseHead { status, bytes, freshness, permanent, moved_to };
        let is_truncated = reading.document.as_ref().is_some_and(|d| d.repairs.contains(&LargerThanMaxBody::REPAIR));
        let truncated_at = is_truncated.then(|| self.fetcher(&planned).max_body() as u64);
        let hub = if planned.outlet.private && reading.document.is_some() {
            HubSighting::Nobody
        } else {
            reading.hub.clone()
        };
        let pushed_until = self.leases.until(planned.feed.id);
        let poll = finished_poll(planned, head, reading, started_at, self.clock.now(), pushed_until);
        if poll.document.is_some() {
            read();
        }
        let (outcome, bytes, error) = (poll.outcome.clone(), poll.bytes, poll.error.clone());
        let written = self.writer.poll(poll).await?;
        let took = Duration::try_from(self.clock.now().duration_since(started_at)).unwrap_or_default();
        Ok(PollResult { outcome, status, bytes, took, late, error, truncated_at, written, hub })
    }

    /// Converts a response to what is to be stored.
    async fn read(
        &self,
        planned: &PlannedPoll,
        fetched: Result<Fetched, Fault>,
        base: FeedUrl,
        announced: Vec<FeedUrl>,
        share: &mut PollShare,
    ) -> Result<Reading, StoreError> {
        let (body, content_type, validators) = match fetched {
            Err(fault) => return Ok(Reading::of(Outcome::Failed(fault))),
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
    async fn try_address(
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
    async fn parse(
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
        share.keep(permit, &document);
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

/// A received document, before it is parsed.
struct FetchedDocument {
    body: Body,
    base: FeedUrl,
    content_type: Option<String>,
    validators: Validators,
}

/// A document that is not a feed.
struct UnreadableDocument {
    fault: Fault,
    /// The feeds that it announces.
    announced: Vec<FeedUrl>,
    /// The sitemaps that it lists, if it is a sitemap index.
    sitemaps: Option<Vec<parse::SitemapRef>>,
}

impl UnreadableDocument {
    fn of(fault: Fault) -> Self {
        Self { fault, announced: Vec::new(), sitemaps: None }
    }
}

/// A parsed document, and what it says about its feed.
struct ReadDocument {
    document: Document,
    /// Whether different articles share a guid in this feed.
    guids_void: bool,
    /// URL of its next older page.
    older: Option<FeedUrl>,
    hub: HubSighting,
}

/// Parses a document as far as its bytes are needed. Also returns whether its feed's guids are void.
fn draft(
    body: &Body,
    context: &parse::ParseContext,
    listed_before: &HashSet<RawHash>,
) -> Result<(parse::DraftedFeed, bool), UnreadableDocument> {
    let draft = parse::draft(body, context, &|raw| listed_before.contains(&raw)).map_err(|fault| {
        let announced = if fault == Fault::Html { parse::announced(body, context) } else { Vec::new() };
        UnreadableDocument {
            announced: announced.into_iter().filter_map(|a| FeedUrl::new(a.url).ok()).collect(),
            sitemaps: if matches!(fault, Fault::NotAFeed(_)) { parse::sitemap_index(body, context) } else { None },
            fault,
        }
    })?;
    if draft.guids_void() && !context.guids_void {
        // Applies to this document too; otherwise its first entry with the guid would count as the earlier article with that
        // guid.
        drop(draft);
        return self::draft(body, &parse::ParseContext { guids_void: true, ..context.clone() }, listed_before);
    }
    Ok((draft, context.guids_void))
}

/// Parses and normalises. This is CPU work for a blocking thread.
fn read_document(
    found: Arc<FetchedDocument>,
    context: &parse::ParseContext,
    outlet: &Outlet,
    listed_before: Arc<HashSet<RawHash>>,
    now: Timestamp,
) -> Result<ReadDocument, UnreadableDocument> {
    let (base, is_truncated) = (found.base.clone(), found.body.is_truncated());
    let (draft, void) = draft(&found.body, context, &listed_before)?;
    // Nobody else holds a large document: its bytes are freed here.
    drop(found);
    let feed = draft.finish(context).map_err(UnreadableDocument::of)?;
    let older = backfill::older(&feed, &base);
    let hub = pushed::offer(feed.hub.as_deref(), feed.self_link.as_deref(), &base);
    let info = FeedInfo {
        title: feed.title.as_ref().and_then(normalise::plain).map(PlainText::into_string),
        link: feed.link.as_deref().map(|link| crate::model::uri::without_userinfo(link).into_owned()),
        language: feed.language.clone(),
        hints: feed.hints.clone(),
    };
    let raw = feed.listed.iter().map(|l| l.raw).collect();
    let language = outlet.language.as_ref().map(Language::as_str);
    let own = normalise::NormaliseContext { language, now, link_shared: feed.link_shared };
    let limits = normalise::TextLimits::within(&context.deadline);
    let mut repeated_links = HashSet::new();
    let mut entries = Vec::new();
    let keys: Vec<i64> = feed.listed.iter().map(|l| l.key).collect();
    for ListedEntry { raw, link_repeats, entry, .. } in feed.listed {
        let Some(parsed) = entry else { continue };
        let Some(entry) = normalise::entry_within(*parsed, raw, &own, &limits) else {
            return Err(UnreadableDocument::of(Fault::WorkLimit(parse::WORK)));
        };
        let dropped = rules::left_out(&outlet.rules, &RuleSubject::of(&entry));
        let entry = Entry { dropped, ..entry };
        repeated_links.extend(entry.link_key.filter(|_| link_repeats));
        entries.push(entry);
    }
    let mut repairs = feed.repairs;
    limits.add_cuts(&mut repairs);
    if is_truncated {
        repairs.push(LargerThanMaxBody::REPAIR);
    }
    let listing = Listing::of(keys, &entries, repeated_links, void, outlet.time_zone.clone());
    let document = Document {
        info,
        updated: feed.updated.or(feed.published),
        repairs,
        partial: feed.partial || is_truncated,
        listing: Arc::new(listing),
        raw,
        entries,
        listed_before,
        older: Vec::new(),
        gap: false,
        pages: HashSet::new(),
        rules: outlet.rules.clone(),
    };
    Ok(ReadDocument { document, guids_void: void, older, hub })
}
