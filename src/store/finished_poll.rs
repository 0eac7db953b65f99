//! What a poll hands to the writer, and what it gets back: plain data, the same for every store.

use crate::{
    dedup::Listing,
    model::{Entry, Fault, FeedInfo, FeedRecord, FeedUrl, Freshness, Hints, Outcome, RawHash, Rule, Tally, Validators},
    schedule::{Bounds, Fleet, RedirectDecision, Schedule, Why},
};
use jiff::{Timestamp, tz::TimeZone};
use serde::{Serialize, Serializer};
use std::{collections::HashSet, sync::Arc};

/// A finished poll. It is stored whole or not at all.
#[derive(Debug, Clone, Serialize)]
pub struct FinishedPoll {
    /// The feed as it was before the poll.
    pub feed: FeedRecord,
    /// When it is polled, as configured.
    pub timing: PollTiming,
    /// When the request began.
    pub started_at: Timestamp,
    /// When the answer was read.
    pub ended_at: Timestamp,
    /// How it ended.
    pub outcome: Outcome,
    /// HTTP status, where there was an answer.
    pub status: Option<u16>,
    /// Bytes of the body, decoded.
    pub bytes: u64,
    /// What the answer's headers ask for.
    pub freshness: Freshness,
    /// What becomes of a permanent redirect.
    pub redirect: RedirectDecision,
    /// The feed that a page announced: it is asked from now on.
    pub announced: Option<FeedUrl>,
    /// Why an older page was not to be had.
    pub older_fault: Option<PageFault>,
    /// The body that was read or compared; `None` when there was none.
    pub body: Option<BodyState>,
    /// What was read; `None` when there was nothing new to read.
    pub document: Option<Document>,
}

/// What of the configuration decides when a feed is polled next.
#[derive(Debug, Clone, Serialize)]
pub struct PollTiming {
    /// The outlet's schedule, else the default.
    #[serde(serialize_with = "shared")]
    pub schedule: Arc<Schedule>,
    /// The outlet's time zone.
    #[serde(serialize_with = "jiff::fmt::serde::tz::required::serialize")]
    pub zone: TimeZone,
    /// Of adaptive schedules.
    pub bounds: Bounds,
    /// All adaptive feeds.
    pub fleet: Fleet,
}

/// What the feed's row keeps of a body, once its entries are stored.
#[derive(Debug, Clone, Serialize)]
pub struct BodyState {
    /// For the next conditional request.
    pub validators: Validators,
    /// BLAKE3 of its bytes, first 8 bytes.
    pub hash: i64,
    /// What the document asks of pollers.
    pub hints: Hints,
    /// The feed's guids are void.
    pub guids_void: bool,
}

/// Why an older page was not to be had.
#[derive(Debug, Clone, Serialize)]
pub struct PageFault {
    /// What went wrong.
    pub fault: Fault,
    /// Until when its server asks for time.
    pub retry_after: Option<Timestamp>,
}

/// Serialises what is shared between polls as if it were the poll's own.
fn shared<T: Serialize, S: Serializer>(value: &Arc<T>, to: S) -> Result<S::Ok, S::Error> {
    value.as_ref().serialize(to)
}

/// What a poll brought, as the schedule wants to know it.
#[derive(Debug, Clone, Default)]
pub struct PollFindings {
    /// The counts.
    pub tally: Tally,
    /// Believed publication times of the new entries that have one.
    pub stamps: Vec<Timestamp>,
    /// Nothing in the document was in the last one, which was not empty, nor in the older pages that were read.
    pub gap: bool,
    /// The rules by which its entries were recognised or joined a story.
    pub joined: Vec<Rule>,
}

/// The feed's next state.
#[derive(Debug, Clone)]
pub struct FeedUpdate {
    /// The feed: validators, due time and everything a restart must know.
    pub feed: FeedRecord,
    /// Why the next poll is when it is.
    pub why: Why,
}

/// A document that was read.
#[derive(Debug, Clone, Serialize)]
pub struct Document {
    /// What the feed says of itself.
    pub info: FeedInfo,
    /// Its own word on when it last changed.
    pub updated: Option<Timestamp>,
    /// What had to be mended.
    pub repairs: Vec<&'static str>,
    /// It was cut off: what is missing has not left.
    pub partial: bool,
    /// What it says of its entries as a whole.
    #[serde(serialize_with = "shared")]
    pub listing: Arc<Listing>,
    /// Every entry it lists, by the hash of its bytes.
    pub raw: Vec<RawHash>,
    /// The entries whose bytes were not known.
    pub entries: Vec<Entry>,
    /// What the feed listed at its last poll.
    #[serde(serialize_with = "shared")]
    pub listed_before: Arc<HashSet<RawHash>>,
    /// Those of `entries` that older pages brought: the feed lists them no longer.
    pub older: Vec<RawHash>,
    /// Entries may have been lost since the last poll.
    pub gap: bool,
}

/// What became of a poll, after its commit.
#[derive(Debug, Clone)]
pub struct CommittedPoll {
    /// The counts.
    pub tally: Tally,
    /// Whether entries may have been lost since the last poll.
    pub gap: bool,
    /// The rules by which its entries were recognised or joined a story.
    pub joined: Vec<Rule>,
    /// The feed from now on.
    pub feed: FeedRecord,
}
