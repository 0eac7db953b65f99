//! The poller: one feed, one poll, from the request to the commit. Combines the other modules and decides nothing itself.
//!
//! Whatever a server sends ends as an [`Outcome`] in the feed's history; an `Err` means that the store has failed.

mod alternatives;
mod article_page;
mod backfill;
mod memory;
mod sitemaps;

use crate::{
    article,
    clock::Clock,
    dedup::Listing,
    fetch::{Body, EVERYDAY, FetchResponse, Fetched, Fetcher, Fetchers, RobotsCache},
    model::{
        Deadline, Fault, FeedInfo, FeedRecord, FeedUrl, Freshness, Language, LargerThanMaxBody, ListedEntry, Outcome,
        Outlet, PlainText, RawHash, Validators,
    },
    normalise, parse,
    schedule::{self, Bounds, Fleet, RedirectDecision, Schedule},
    store::{BodyState, CommittedPoll, Document, FinishedPoll, PageFault, PollTiming, Reader, StoreError, Writer},
};
use jiff::Timestamp;
use memory::{PollMemory, PollShare};
use std::{collections::HashSet, sync::Arc, time::Duration};

/// Feeds announced by one page that are tried at one poll: sites announce their comments and categories too.
const ANNOUNCED_TRIED: usize = 3;

/// What every poll uses; cheap to clone.
#[derive(Clone)]
pub struct Poller {
    fetchers: Fetchers,
    reader: Reader,
    writer: Writer,
    clock: Clock,
    memory: PollMemory,
    /// What sites allow, for pages.
    robots: RobotsCache,
    /// Time that reading one document may take.
    work_limit: Duration,
}

/// One poll to be made.
#[derive(Debug, Clone)]
pub struct PlannedPoll {
    /// The feed as it stands.
    pub feed: FeedRecord,
    /// Its outlet.
    pub outlet: Arc<Outlet>,
    /// Its schedule.
    pub schedule: Arc<Schedule>,
    /// Of adaptive schedules.
    pub bounds: Bounds,
    /// All adaptive feeds.
    pub fleet: Fleet,
    /// How long ago it was due.
    pub late: Duration,
    /// Between one request and the next to its host.
    pub host_pause: Duration,
    /// No other feed is at its host.
    pub alone: bool,
}

/// A poll that was made.
#[derive(Debug, Clone)]
pub struct PollResult {
    /// How it ended.
    pub outcome: Outcome,
    /// HTTP status.
    pub status: Option<u16>,
    /// Bytes of the body, decoded, and of the older pages that were read.
    pub bytes: u64,
    /// How long it took, the commit included.
    pub took: Duration,
    /// How long after it was due it started.
    pub late: Duration,
    /// What went wrong, if it failed; it names the address that a redirect led to.
    pub error: Option<String>,
    /// `[fetch] max_body` in bytes, if the document was larger: the rest was not read.
    pub truncated_at: Option<u64>,
    /// What was written: counts, and the feed from now on.
    pub written: CommittedPoll,
}

/// Why a poll was not made. Nothing of it is stored.
#[derive(Debug, thiserror::Error)]
pub enum PollError {
    /// The store has failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// This process or machine lacks the means to ask (open files, memory): no fault of the feed.
    #[error("{0}")]
    Local(String),
}

/// What was read at one poll.
struct Reading {
    outcome: Outcome,
    document: Option<Document>,
    /// Of the body that was read or compared.
    body: Option<BodyState>,
    /// Where the document came from another address than the one that was asked first.
    status: Option<u16>,
    /// The feed that a page announced, asked from now on.
    announced: Option<FeedUrl>,
    /// The document's next older page.
    older: Option<FeedUrl>,
    /// Bytes of the older pages that were read.
    older_bytes: u64,
    /// Why an older page was not to be had.
    older_fault: Option<PageFault>,
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
        }
    }
}

impl Poller {
    /// A poller over these.
    #[must_use]
    pub fn new(fetchers: Fetchers, reader: Reader, writer: Writer, clock: Clock) -> Self {
        Self {
            fetchers,
            reader,
            writer,
            clock,
            memory: PollMemory::new(),
            robots: RobotsCache::default(),
            work_limit: parse::WORK,
        }
    }

    /// Other limits for requests from now on.
    pub fn set_fetchers(&mut self, fetchers: Fetchers) {
        self.fetchers = fetchers;
    }

    /// Who asks for a feed of this poll.
    fn fetcher(&self, planned: &PlannedPoll) -> &Fetcher {
        self.fetchers.of(&planned.feed.outlet)
    }

    /// Makes one poll. Dropping the future leaves no trace of it, unless its poll has already reached the writer.
    ///
    /// # Errors
    /// When the store has failed, or we lack the means to ask; never for anything a server did.
    pub async fn poll(&self, planned: PlannedPoll) -> Result<PollResult, PollError> {
        let _underway = self.writer.announce();
        let started_at = self.clock.now();
        // A server whose 304s may lie gets one clean request (polling.md, manner 8).
        let clean = schedule::doubts(&planned.feed, started_at);
        let validators = if clean { Validators::default() } else { planned.feed.validators.clone() };
        // Held until the poll is stored.
        let mut share = self.memory.share();
        let answer = if planned.alone {
            self.fetcher(&planned).closing().get(&planned.feed.ask, &validators, started_at, &mut share.body).await
        } else {
            self.fetcher(&planned).get(&planned.feed.ask, &validators, started_at, &mut share.body).await
        };
        let base = answer.base(&planned.feed.ask).clone();
        let FetchResponse { result, status, bytes, freshness, permanent, announced, moved_to, .. } = answer;
        if let Err(fault @ Fault::Local(_)) = result {
            return Err(PollError::Local(fault.to_string()));
        }
        let reading = self.read(&planned, result, base, announced, &mut share).await?;
        let reading = self.or_alternative(&planned, reading, &mut share).await?;
        if let Outcome::Failed(fault @ Fault::Local(_)) = &reading.outcome {
            return Err(PollError::Local(fault.to_string()));
        }
        let mut reading = self.backfill(&planned, reading, &mut share).await?;
        if let Some(document) = reading.document.as_mut().filter(|_| planned.outlet.full_text) {
            document.pages = wanted_pages(document);
        }
        let (status, late) = (reading.status.or(status), planned.late);
        let head = ResponseHead { status, bytes, freshness, permanent, moved_to };
        let is_truncated = reading.document.as_ref().is_some_and(|d| d.repairs.contains(&LargerThanMaxBody::REPAIR));
        let truncated_at = is_truncated.then(|| self.fetcher(&planned).max_body() as u64);
        let poll = finished_poll(planned, head, reading, started_at, self.clock.now());
        let (outcome, bytes, error) = (poll.outcome.clone(), poll.bytes, poll.error.clone());
        let written = self.writer.poll(poll).await?;
        let took = Duration::try_from(self.clock.now().duration_since(started_at)).unwrap_or_default();
        Ok(PollResult { outcome, status, bytes, took, late, error, truncated_at, written })
    }

    /// Makes of an answer what is to be stored.
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
        // A feed that was never read lists nothing yet.
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
        // A feed that was read here and is a page now has failed: the feed that the page announces may be the whole site's.
        if !never_read && planned.feed.body_hash.is_some() {
            return Ok(Reading::of(Outcome::Failed(unread.fault)));
        }
        // A page: the first announced feed that reads is followed, and asked from now on; else a news sitemap of the site.
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

    /// Asks for an address that may be the feed's; what reads is asked from now on.
    async fn try_address(
        &self,
        planned: &PlannedPoll,
        url: FeedUrl,
        listed_before: &Arc<HashSet<RawHash>>,
        share: &mut PollShare,
    ) -> Option<Reading> {
        tokio::time::sleep(planned.host_pause).await;
        share.release_document();
        let answer = self.fetcher(planned).get(&url, &Validators::default(), self.clock.now(), &mut share.body).await;
        let base = answer.base(&url).clone();
        let Ok(Fetched::Document { body, content_type, validators }) = answer.result else { return None };
        let index = (base.clone(), validators.clone(), body.hash());
        let found = FetchedDocument { body, base, content_type, validators };
        let reading = match self.parse(planned, found, Arc::clone(listed_before), share).await {
            Ok(reading) => reading,
            Err(unread) => self.read_index(planned, index, unread.sitemaps?, listed_before, share).await,
        };
        reading.outcome.is_success().then_some(Reading { announced: Some(url), status: answer.status, ..reading })
    }

    /// Reads a document. If one of ordinary size expands beyond it (entities, authors that all entries share), it is read again
    /// once the poll may hold a large one.
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

    /// Reads a document on a blocking thread, under the limit of memory for parsing.
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
            (read_document(&found.body, &found.base, &context, &outlet, listed_before, now), permit)
        };
        let (read, permit) = tokio::task::spawn_blocking(work)
            .await
            .map_err(|panic| UnreadableDocument::of(Fault::Parser(panic.to_string())))?;
        let ReadDocument { document, guids_void, older } = read?;
        share.keep(permit, &document);
        Ok(Reading {
            body: Some(BodyState { validators, hash, hints: document.info.hints.clone(), guids_void }),
            document: Some(document),
            older,
            ..Reading::of(Outcome::Fresh)
        })
    }
}

/// Most pages that are asked for because of one document.
const PAGES: usize = 100;

/// Returns which entries of a document want their pages, the first listed of them: in nearly all documents the newest. Entries of
/// older pages are not among them.
fn wanted_pages(document: &Document) -> HashSet<i64> {
    let older: HashSet<&RawHash> = document.older.iter().collect();
    let listed = document.entries.iter().filter(|entry| !older.contains(&entry.raw));
    listed.filter(|entry| article::wants_page(entry)).map(|entry| entry.key.hash()).take(PAGES).collect()
}

/// Returns whether a document contains more than could be read within the limit.
fn is_limited(document: &Document) -> bool {
    document.repairs.iter().any(|repair| parse::LIMITED.contains(repair))
}

/// What a finished poll keeps of the answer beside its document.
struct ResponseHead {
    status: Option<u16>,
    bytes: u64,
    freshness: Freshness,
    /// Where permanent redirects alone led.
    permanent: Option<FeedUrl>,
    /// Where all redirects led.
    moved_to: Option<FeedUrl>,
}

/// A document that came, before it is read.
struct FetchedDocument {
    body: Body,
    base: FeedUrl,
    content_type: Option<String>,
    validators: Validators,
}

/// A document that is no feed.
struct UnreadableDocument {
    fault: Fault,
    /// The feeds that it announces.
    announced: Vec<FeedUrl>,
    /// What it lists, if it is an index of sitemaps.
    sitemaps: Option<Vec<parse::SitemapRef>>,
}

impl UnreadableDocument {
    fn of(fault: Fault) -> Self {
        Self { fault, announced: Vec::new(), sitemaps: None }
    }
}

/// A document that was read, and what it says of its feed.
struct ReadDocument {
    document: Document,
    /// Its feed's guids are void.
    guids_void: bool,
    /// Its next older page.
    older: Option<FeedUrl>,
}

/// Parses and normalises: CPU work, for a blocking thread.
fn read_document(
    body: &Body,
    base: &FeedUrl,
    context: &parse::ParseContext,
    outlet: &Outlet,
    listed_before: Arc<HashSet<RawHash>>,
    now: Timestamp,
) -> Result<ReadDocument, UnreadableDocument> {
    let feed = parse::read(body, context, &|raw| listed_before.contains(&raw)).map_err(|fault| {
        let announced = if fault == Fault::Html { parse::announced(body, context) } else { Vec::new() };
        UnreadableDocument {
            announced: announced.into_iter().filter_map(|a| FeedUrl::new(a.url).ok()).collect(),
            sitemaps: if matches!(fault, Fault::NotAFeed(_)) { parse::sitemap_index(body, context) } else { None },
            fault,
        }
    })?;
    if feed.guids_void && !context.guids_void {
        // From now on, this document included: else its first holder of the guid would pass for whoever had it before.
        let context = parse::ParseContext { guids_void: true, ..context.clone() };
        return read_document(body, base, &context, outlet, listed_before, now);
    }
    let void = feed.guids_void || context.guids_void;
    let older = backfill::older(&feed, base);
    let info = FeedInfo {
        title: feed.title.as_ref().and_then(normalise::plain).map(PlainText::into_string),
        link: feed.link.clone(),
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
        repeated_links.extend(entry.link_key.filter(|_| link_repeats));
        entries.push(entry);
    }
    let mut repairs = feed.repairs;
    limits.add_cuts(&mut repairs);
    if body.is_truncated() {
        repairs.push(LargerThanMaxBody::REPAIR);
    }
    let listing = Listing::of(keys, &entries, repeated_links, void, outlet.time_zone.clone());
    let document = Document {
        info,
        updated: feed.updated.or(feed.published),
        repairs,
        partial: feed.partial || body.is_truncated(),
        listing: Arc::new(listing),
        raw,
        entries,
        listed_before,
        older: Vec::new(),
        gap: false,
        pages: HashSet::new(),
    };
    Ok(ReadDocument { document, guids_void: void, older })
}

/// Returns what went wrong, if anything did. After a redirect it is another address's fault than the feed's.
fn error(outcome: &Outcome, moved_to: Option<&FeedUrl>) -> Option<String> {
    let Outcome::Failed(fault) = outcome else { return None };
    Some(moved_to.map_or_else(|| fault.to_string(), |to| format!("after a redirect to {}: {fault}", to.shown())))
}

/// What the writer is given of a poll.
fn finished_poll(
    planned: PlannedPoll,
    head: ResponseHead,
    reading: Reading,
    started_at: Timestamp,
    ended_at: Timestamp,
) -> FinishedPoll {
    let redirect = if reading.outcome.is_success() {
        schedule::permanent(planned.feed.moving.as_ref(), head.permanent.as_ref(), ended_at)
    } else {
        RedirectDecision::Stay
    };
    let outcome = if let RedirectDecision::Adopt(_) = redirect { Outcome::Moved } else { reading.outcome };
    let error = error(&outcome, head.moved_to.as_ref());
    FinishedPoll {
        feed: planned.feed,
        timing: PollTiming {
            schedule: planned.schedule,
            zone: planned.outlet.time_zone.clone(),
            bounds: planned.bounds,
            fleet: planned.fleet,
        },
        started_at,
        ended_at,
        outcome,
        error,
        status: head.status,
        bytes: head.bytes + reading.older_bytes,
        freshness: head.freshness,
        redirect,
        announced: reading.announced,
        older_fault: reading.older_fault,
        body: reading.body,
        document: reading.document,
    }
}
