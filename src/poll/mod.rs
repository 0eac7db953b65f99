//! The poller: one feed, one poll, from the request to the commit. Combines the other modules and decides nothing itself.
//!
//! Whatever a server sends ends as an [`Outcome`] in the feed's history; an `Err` means that the store has failed.

mod alternatives;
mod backfill;
mod sitemaps;

use crate::{
    clock::Clock,
    dedup::Listing,
    fetch::{Body, FetchResponse, Fetched, Fetcher, Fetchers},
    model::{
        Deadline, Fault, FeedInfo, FeedRecord, FeedUrl, Freshness, Hints, Language, ListedEntry, Outcome, Outlet,
        PlainText, RawHash, Validators,
    },
    normalise, parse,
    schedule::{self, Bounds, Fleet, RedirectDecision, Schedule},
    store::{
        CommittedPoll, Document, FeedUpdate, FeedUpdateFn, FinishedPoll, PollFindings, Reader, StoreError, Writer,
    },
};
use jiff::Timestamp;
use std::{collections::HashSet, sync::Arc, time::Duration};
use tokio::sync::Semaphore;

/// Memory that reading documents may take at once, over all polls, in bytes as [`parse::cost`] estimates: one document that is as
/// large as may be, or a hundred of everyday size.
const PARSING_MEMORY: u32 = 64_000_000;

/// Feeds announced by one page that are tried at one poll: sites announce their comments and categories too.
const ANNOUNCED_TRIED: usize = 3;

/// After so many failures in a row a feed that was led elsewhere is asked at its configured address again.
const ASTRAY: u32 = 3;

/// What every poll uses; cheap to clone.
#[derive(Clone)]
pub struct Poller {
    fetchers: Fetchers,
    reader: Reader,
    writer: Writer,
    clock: Clock,
    parsing: Arc<Semaphore>,
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
    /// Of the document that was read, with the hash of its bytes.
    read: Option<(Validators, i64, Hints)>,
    guids_void: bool,
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

/// Why an older page was not to be had, and until when its server asks for time.
type PageFault = (Fault, Option<Timestamp>);

impl Reading {
    fn of(outcome: Outcome) -> Self {
        Self {
            outcome,
            document: None,
            read: None,
            guids_void: false,
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
        let parsing = Arc::new(Semaphore::new(PARSING_MEMORY as usize));
        Self { fetchers, reader, writer, clock, parsing, work_limit: parse::WORK }
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
        let started_at = self.clock.now();
        // A server whose 304s may lie gets one clean request (polling.md, manner 8).
        let clean = schedule::doubts(&planned.feed, started_at);
        let validators = if clean { Validators::default() } else { planned.feed.validators.clone() };
        let mut answer = if planned.alone {
            self.fetcher(&planned).closing().get(&planned.feed.ask, &validators, started_at).await
        } else {
            self.fetcher(&planned).get(&planned.feed.ask, &validators, started_at).await
        };
        let fetched = std::mem::replace(&mut answer.result, Ok(Fetched::Gone));
        if let Err(fault @ Fault::Local(_)) = fetched {
            return Err(PollError::Local(fault.to_string()));
        }
        let reading = self.read(&planned, &answer, fetched).await?;
        let reading = self.or_alternative(&planned, reading).await?;
        let reading = self.backfill(&planned, reading).await?;
        let ended_at = self.clock.now();
        let moving = if reading.outcome.is_success() {
            schedule::permanent(planned.feed.moving.as_ref(), answer.permanent.as_ref(), ended_at)
        } else {
            RedirectDecision::Stay
        };
        let outcome = match (&moving, reading.outcome) {
            (RedirectDecision::Adopt(_), _) => Outcome::Moved,
            (_, outcome) => outcome,
        };
        let (status, bytes, late) =
            (reading.status.or(answer.status), answer.bytes + reading.older_bytes, planned.late);
        let poll = FinishedPoll {
            feed: planned.feed.clone(),
            started_at,
            ended_at,
            outcome: outcome.clone(),
            status,
            bytes,
            document: reading.document,
        };
        let input = FeedUpdateInput {
            planned,
            outcome: outcome.clone(),
            ended_at,
            freshness: answer.freshness,
            read: reading.read,
            guids_void: reading.guids_void,
            moving,
            announced: reading.announced,
            older_fault: reading.older_fault,
        };
        let feed_update: FeedUpdateFn = Box::new(move |findings| input.feed_update(findings));
        let written = self.writer.poll(poll, feed_update).await?;
        let took = Duration::try_from(self.clock.now().duration_since(started_at)).unwrap_or_default();
        Ok(PollResult { outcome, status, bytes, took, late, written })
    }

    /// Makes of an answer what is to be stored.
    async fn read(
        &self,
        planned: &PlannedPoll,
        answer: &FetchResponse,
        fetched: Result<Fetched, Fault>,
    ) -> Result<Reading, StoreError> {
        let (body, content_type, validators) = match fetched {
            Err(fault) => return Ok(Reading::of(Outcome::Failed(fault))),
            Ok(Fetched::Gone) => return Ok(Reading::of(Outcome::Gone)),
            Ok(Fetched::NotModified) => return Ok(Reading::of(Outcome::NotModified)),
            Ok(Fetched::Document { body, content_type, validators }) => (body, content_type, validators),
        };
        let base = answer.base(&planned.feed.ask).clone();
        let index = (base.clone(), validators.clone(), body.hash());
        if planned.feed.body_hash == Some(body.hash()) {
            let read = Some((validators, body.hash(), planned.feed.hints.clone()));
            return Ok(Reading { read, guids_void: planned.feed.guids_void, ..Reading::of(Outcome::SameBytes) });
        }
        // A feed that was never read lists nothing yet.
        let never_read = planned.feed.last_success_at.is_none();
        let listed = if never_read { HashSet::new() } else { self.reader.listed(planned.feed.id).await? };
        let listed_before = Arc::new(listed);
        let found = FetchedDocument { body, base, content_type, validators };
        let unread = match self.parse(planned, found, Arc::clone(&listed_before)).await {
            Ok(reading) => return Ok(reading),
            Err(unread) => unread,
        };
        if let Some(sitemaps) = unread.sitemaps {
            return Ok(self.read_index(planned, index, sitemaps, &listed_before).await);
        }
        // A feed that was read here and is a page now has failed: the feed that the page announces may be the whole site's.
        if !never_read && planned.feed.body_hash.is_some() {
            return Ok(Reading::of(Outcome::Failed(unread.fault)));
        }
        // A page: the first announced feed that reads is followed, and asked from now on; else a news sitemap of the site.
        let announced = answer.announced.iter().cloned().chain(unread.announced);
        for url in announced.take(ANNOUNCED_TRIED) {
            if let Some(reading) = self.try_address(planned, url, &listed_before).await {
                return Ok(reading);
            }
        }
        if unread.fault == Fault::Html
            && let Some(reading) = self.find_sitemap(planned, &index.0, &listed_before).await
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
    ) -> Option<Reading> {
        tokio::time::sleep(planned.host_pause).await;
        let answer = self.fetcher(planned).get(&url, &Validators::default(), self.clock.now()).await;
        let base = answer.base(&url).clone();
        let Ok(Fetched::Document { body, content_type, validators }) = answer.result else { return None };
        let index = (base.clone(), validators.clone(), body.hash());
        let found = FetchedDocument { body, base, content_type, validators };
        let reading = match self.parse(planned, found, Arc::clone(listed_before)).await {
            Ok(reading) => reading,
            Err(unread) => self.read_index(planned, index, unread.sitemaps?, listed_before).await,
        };
        reading.outcome.is_success().then_some(Reading { announced: Some(url), status: answer.status, ..reading })
    }

    /// Reads a document on a blocking thread, under the limit of memory for parsing.
    async fn parse(
        &self,
        planned: &PlannedPoll,
        found: FetchedDocument,
        listed_before: Arc<HashSet<RawHash>>,
    ) -> Result<Reading, UnreadableDocument> {
        let hash = found.body.hash();
        let cost = u32::try_from(parse::cost(&found.body)).unwrap_or(u32::MAX).min(PARSING_MEMORY);
        // The semaphore is never closed. The permit goes along: a poll that is dropped does not end its thread.
        let permit = Arc::clone(&self.parsing).acquire_many_owned(cost).await;
        let (outlet, guids_void, now) = (Arc::clone(&planned.outlet), planned.feed.guids_void, self.clock.now());
        let (max_body, limit) = (self.fetcher(planned).max_body(), self.work_limit);
        let FetchedDocument { body, base, content_type, validators } = found;
        let work = move || {
            let _permit = permit;
            let context = parse::ParseContext {
                base: Some(base.url().clone()),
                content_type,
                zone: outlet.time_zone.clone(),
                guids_void,
                max_body,
                deadline: Deadline::when(Clock::over_after(limit)),
            };
            read_document(&body, &base, &context, &outlet, listed_before, now)
        };
        let (document, guids_void, older) = match tokio::task::spawn_blocking(work).await {
            Ok(read) => read?,
            Err(panic) => {
                return Err(UnreadableDocument::of(Fault::Parser(panic.to_string())));
            }
        };
        Ok(Reading {
            read: Some((validators, hash, document.info.hints.clone())),
            document: Some(document),
            guids_void,
            older,
            ..Reading::of(Outcome::Fresh)
        })
    }
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

/// Parses and normalises: CPU work, for a blocking thread. Answers the document, whether its feed's guids are void, and where
/// its next older page is.
fn read_document(
    body: &[u8],
    base: &FeedUrl,
    context: &parse::ParseContext,
    outlet: &Outlet,
    listed_before: Arc<HashSet<RawHash>>,
    now: Timestamp,
) -> Result<(Document, bool, Option<FeedUrl>), UnreadableDocument> {
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
    let mut repeated_links = HashSet::new();
    let mut entries = Vec::new();
    let keys: Vec<i64> = feed.listed.iter().map(|l| l.key).collect();
    for ListedEntry { raw, link_repeats, entry, .. } in feed.listed {
        let Some(parsed) = entry else { continue };
        let Some(entry) = normalise::entry_within(*parsed, raw, &own, &context.deadline) else {
            return Err(UnreadableDocument::of(Fault::WorkLimit(parse::WORK)));
        };
        repeated_links.extend(entry.link_key.filter(|_| link_repeats));
        entries.push(entry);
    }
    let listing = Listing::of(keys, &entries, repeated_links, void, outlet.time_zone.clone());
    let document = Document {
        info,
        updated: feed.updated.or(feed.published),
        repairs: feed.repairs,
        partial: feed.partial,
        oldest_believed: entries.iter().filter_map(|e| e.believed).min(),
        listing: Arc::new(listing),
        raw,
        entries,
        listed_before,
        older: Vec::new(),
        gap: false,
    };
    Ok((document, void, older))
}

/// What the feed's next state is made of, once its entries are decided.
struct FeedUpdateInput {
    planned: PlannedPoll,
    outcome: Outcome,
    ended_at: Timestamp,
    freshness: Freshness,
    read: Option<(Validators, i64, Hints)>,
    guids_void: bool,
    moving: RedirectDecision,
    announced: Option<FeedUrl>,
    older_fault: Option<PageFault>,
}

impl FeedUpdateInput {
    fn feed_update(self, findings: &PollFindings) -> FeedUpdate {
        let Self { planned, outcome, ended_at, freshness, read, guids_void, moving, announced, older_fault } = self;
        let hints = read.as_ref().map_or(&planned.feed.hints, |(.., hints)| hints);
        let due = schedule::next(&schedule::PolledFeed {
            now: ended_at,
            feed: &planned.feed,
            schedule: &planned.schedule,
            zone: &planned.outlet.time_zone,
            bounds: &planned.bounds,
            fleet: planned.fleet,
            outcome: &outcome,
            tally: findings.tally,
            hints,
            freshness: &freshness,
            stamps: &findings.stamps,
            gap: findings.gap,
            older_fault: older_fault.as_ref().map(|(fault, asked)| (fault, *asked)),
        });
        let why = due.why.to_json();
        let succeeded = outcome.is_success();
        let mut feed = planned.feed;
        feed.last_poll_at = Some(ended_at);
        if succeeded {
            feed.last_success_at = Some(ended_at);
        }
        if let Some((validators, hash, hints)) = read {
            feed.validators = validators;
            feed.body_hash = Some(hash);
            feed.hints = hints;
            feed.guids_void = guids_void;
        }
        match moving {
            RedirectDecision::Adopt(to) => {
                feed.ask = to;
                feed.moving = None;
            }
            RedirectDecision::Quarantine(to, polls, since) => feed.moving = Some((to, polls, since)),
            RedirectDecision::Stay if succeeded => feed.moving = None,
            RedirectDecision::Stay => {}
        }
        if let Some(announced) = announced {
            feed.ask = announced;
        }
        // Where a page or a redirect once led may be gone; the configured address is the operator's word.
        if due.failures >= ASTRAY && feed.ask != feed.url {
            feed.ask = feed.url.clone();
            feed.validators = Validators::default();
            feed.body_hash = None;
        }
        feed.next_poll_at = due.at;
        feed.state = due.state;
        feed.failures = due.failures;
        feed.hold_until = due.hold_until;
        feed.rhythm = due.rhythm;
        FeedUpdate { feed, why }
    }
}
