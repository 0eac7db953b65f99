//! The input of the writer for a finished poll, and its result: plain data, the same for every store.

use crate::{
    dedup::Listing,
    model::{
        Entry, EntryRules, Fault, FeedInfo, FeedRecord, FeedUrl, Freshness, Hints, LargerThanMaxBody, Outcome, RawHash,
        Rule, Tally, Validators, WaitingPage,
    },
    schedule::{Bounds, Fleet, RedirectDecision, Schedule, Why},
};
use jiff::{Timestamp, tz::TimeZone};
use serde::{Serialize, Serializer};
use std::{collections::HashSet, sync::Arc};

/// A finished poll. It is stored completely or not at all.
#[derive(Debug, Clone, Serialize)]
pub struct FinishedPoll {
    /// The feed as it was before the poll.
    pub feed: FeedRecord,
    /// The settings that decide when it is polled next.
    pub timing: PollTiming,
    /// When the request began.
    pub started_at: Timestamp,
    /// When the response had been read.
    pub ended_at: Timestamp,
    /// The outcome.
    pub outcome: Outcome,
    /// What went wrong, if it failed.
    pub error: Option<String>,
    /// The HTTP status, if there was a response.
    pub status: Option<u16>,
    /// Size of the decoded body, in bytes.
    pub bytes: u64,
    /// What the response headers ask for.
    pub freshness: Freshness,
    /// What to do about a permanent redirect.
    pub redirect: RedirectDecision,
    /// The feed that a page announced; it is polled from now on.
    pub announced: Option<FeedUrl>,
    /// Why an older page of the feed could not be read.
    pub older_fault: Option<PageFault>,
    /// The body that was read or compared; `None` if there was none.
    pub body: Option<BodyState>,
    /// The document; `None` if there was nothing new to read.
    pub document: Option<Document>,
    /// Whether a hub delivered the document. Such a document is often only a part of the feed: its entries are stored, and
    /// nothing else changes.
    pub pushed: bool,
}

/// The part of the configuration that decides when a feed is polled next.
#[derive(Debug, Clone, Serialize)]
pub struct PollTiming {
    /// The outlet's schedule, or the default.
    #[serde(serialize_with = "shared")]
    pub schedule: Arc<Schedule>,
    /// The outlet's time zone.
    #[serde(serialize_with = "jiff::fmt::serde::tz::required::serialize")]
    pub zone: TimeZone,
    /// Bounds of adaptive schedules.
    pub bounds: Bounds,
    /// Statistics of all adaptive feeds.
    pub fleet: Fleet,
    /// The end of the feed's verified lease at a hub; `None` without one.
    pub pushed_until: Option<Timestamp>,
}

/// What the feed's row keeps about a body once its entries are stored.
#[derive(Debug, Clone, Serialize)]
pub struct BodyState {
    /// Validators for the next conditional request.
    pub validators: Validators,
    /// The first 8 bytes of the BLAKE3 hash of the body.
    pub hash: i64,
    /// Hints of the document about polling.
    pub hints: Hints,
    /// Whether different articles of the feed share a guid, so that guids alone do not identify entries.
    pub guids_void: bool,
}

/// Why an older page could not be read.
#[derive(Debug, Clone, Serialize)]
pub struct PageFault {
    /// The failure.
    pub fault: Fault,
    /// Until when the server asks to wait.
    pub retry_after: Option<Timestamp>,
}

/// Serialises a schedule that is shared between polls as if the poll owned it.
fn shared<T: Serialize, S: Serializer>(value: &Arc<T>, to: S) -> Result<S::Ok, S::Error> {
    value.as_ref().serialize(to)
}

/// The results of a poll that the schedule needs.
#[derive(Debug, Clone, Default)]
pub struct PollFindings {
    /// Counts of new, revised and duplicate entries.
    pub tally: Tally,
    /// Believed publication times of the new entries that have one.
    pub stamps: Vec<Timestamp>,
    /// Whether the document and the older pages had no entry in common with the previous document, although that was not empty.
    pub gap: bool,
    /// The rules by which entries were recognised or joined a story.
    pub joined: Vec<Rule>,
    /// Entries that wait for their pages before they are decided. They count as new, or as revised.
    pub waiting: Vec<WaitingPage>,
}

/// The next state of a feed.
#[derive(Debug, Clone)]
pub struct FeedUpdate {
    /// The feed: validators, due time and all other state that must survive a restart.
    pub feed: FeedRecord,
    /// Why the next poll is scheduled when it is.
    pub why: Why,
}

/// A document that was read.
#[derive(Debug, Clone, Serialize)]
pub struct Document {
    /// What the feed says about itself.
    pub info: FeedInfo,
    /// When the feed says it last changed.
    pub updated: Option<Timestamp>,
    /// The repairs that reading it needed.
    pub repairs: Vec<&'static str>,
    /// Whether the document was cut off. Then entries that are missing from it have not left the feed.
    pub partial: bool,
    /// What the document says about all its entries.
    #[serde(serialize_with = "shared")]
    pub listing: Arc<Listing>,
    /// The hash of every entry that it lists.
    pub raw: Vec<RawHash>,
    /// The entries whose hash was not known.
    pub entries: Vec<Entry>,
    /// The entries that the feed listed at its last poll.
    #[serde(serialize_with = "shared")]
    pub listed_before: Arc<HashSet<RawHash>>,
    /// Hashes of those `entries` that came from older pages. The feed no longer lists them.
    pub older: Vec<RawHash>,
    /// Whether entries may have been lost since the last poll.
    pub gap: bool,
    /// Hashed keys of those `entries` whose pages must be requested if the entries are new or edited.
    pub pages: HashSet<i64>,
    /// The rules by which its entries were checked.
    #[serde(skip)]
    pub rules: EntryRules,
}

impl FinishedPoll {
    /// Returns the poll as one that failed, because what it brought cannot be stored. Validators and addresses stay as they were, so the
    /// same document is asked for again.
    pub(super) fn failed(self, fault: Fault) -> Self {
        Self {
            error: Some(fault.to_string()),
            outcome: Outcome::Failed(fault),
            redirect: RedirectDecision::Stay,
            announced: None,
            older_fault: None,
            body: None,
            document: None,
            ..self
        }
    }
}

/// Memory of an entry without its texts, in bytes.
const ENTRY: usize = 1_500;

/// If a feed is always cut off by a limit, how many times the entries that are read may count as listed.
const LISTED_BEYOND: usize = 4;

impl Document {
    /// Returns whether the document was cut off by a limit of ours. The rest is not read at the next poll either.
    #[must_use]
    pub fn is_limited(&self) -> bool {
        let limits = [LargerThanMaxBody::REPAIR, "too-many-entries"];
        self.partial && self.repairs.iter().any(|repair| limits.contains(repair))
    }

    /// Returns whether entries that are missing from the document have left the feed. A document that was cut off does not tell; but
    /// one that always is would list more at each poll, so what lies far beyond the limit counts as gone.
    #[must_use]
    pub fn tells_what_left(&self) -> bool {
        let is_crowded = self.listed_before.len() > LISTED_BEYOND.saturating_mul(self.raw.len());
        !self.partial || self.is_limited() && is_crowded
    }

    /// Returns the approximate memory of its entries, in bytes.
    #[must_use]
    pub fn memory(&self) -> usize {
        let of = |entry: &Entry| {
            let html = [&entry.summary, &entry.content].into_iter().flatten().map(|text| text.as_str().len());
            ENTRY + html.sum::<usize>() + entry.folded.title.len() + entry.folded.body.len()
        };
        self.entries.iter().map(of).sum()
    }
}

/// The result of a poll after its commit.
#[derive(Debug, Clone)]
pub struct CommittedPoll {
    /// Counts of new, revised and duplicate entries.
    pub tally: Tally,
    /// Whether entries may have been lost since the last poll.
    pub gap: bool,
    /// The rules by which its entries were recognised or joined a story.
    pub joined: Vec<Rule>,
    /// Entries that wait for their pages before they are decided.
    pub waiting: Vec<WaitingPage>,
    /// The feed after the poll.
    pub feed: FeedRecord,
    /// Why the poll failed although its document was read: what it brought cannot be stored.
    pub fault: Option<Fault>,
}

impl CommittedPoll {
    /// Returns how the poll ended, and with which error, if it ended so before it was stored.
    #[must_use]
    pub fn outcome(&self, read: Outcome, error: Option<String>) -> (Outcome, Option<String>) {
        match &self.fault {
            Some(fault) => (Outcome::Failed(fault.clone()), Some(fault.to_string())),
            None => (read, error),
        }
    }
}

/// A poll whose entries are decided.
pub(super) struct DecidedPoll<'a> {
    /// The findings of the poll.
    pub findings: &'a mut PollFindings,
    /// When its document says that it last changed.
    pub updated: Option<Timestamp>,
}
