//! What a poll hands to the writer, and what it gets back.

use crate::dedup::Listing;
use crate::model::{Entry, FeedInfo, FeedRecord, Outcome, RawHash, Rule, Tally};
use jiff::Timestamp;
use std::{collections::HashSet, sync::Arc};

/// A finished poll. It is in the file whole or not at all.
#[derive(Debug)]
pub struct FinishedPoll {
    /// The feed as it was before the poll.
    pub feed: FeedRecord,
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
    /// What was read; `None` when there was nothing new to read.
    pub document: Option<Document>,
}

/// Makes the feed's next state from what its poll brought: called once the entries are decided, inside the transaction,
/// so that due time and validators are in the file together with the entries they stand for.
pub type FeedUpdateFn = Box<dyn FnOnce(&PollFindings) -> FeedUpdate + Send>;

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
    /// Why the next poll is when it is, as JSON.
    pub why: String,
}

/// A document that was read.
#[derive(Debug, Clone)]
pub struct Document {
    /// What the feed says of itself.
    pub info: FeedInfo,
    /// Its own word on when it last changed.
    pub updated: Option<Timestamp>,
    /// What had to be mended.
    pub repairs: Vec<&'static str>,
    /// It was cut off: what is missing has not left.
    pub partial: bool,
    /// The oldest believed date among its entries.
    pub oldest_believed: Option<Timestamp>,
    /// What it says of its entries as a whole.
    pub listing: Arc<Listing>,
    /// Every entry it lists, by the hash of its bytes.
    pub raw: Vec<RawHash>,
    /// The entries whose bytes were not known.
    pub entries: Vec<Entry>,
    /// What the feed listed at its last poll.
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
