//! What a due time is decided from: a poll, or a feed as it stands.

use super::{
    fleet::Fleet,
    spec::{Bounds, Schedule},
};
use crate::model::{Fault, FeedRecord, Freshness, Hints, Outcome, Tally};
use jiff::{Timestamp, tz::TimeZone};

/// What a poll found, and what the schedule needs besides.
#[derive(Debug, Clone)]
pub struct PolledFeed<'a> {
    /// When it ended.
    pub now: Timestamp,
    /// The feed as it was before the poll.
    pub feed: &'a FeedRecord,
    /// Its schedule: the outlet's, else the default.
    pub schedule: &'a Schedule,
    /// Its outlet's time zone.
    pub zone: &'a TimeZone,
    /// Of adaptive schedules.
    pub bounds: &'a Bounds,
    /// All adaptive feeds.
    pub fleet: Fleet,
    /// How it ended.
    pub outcome: &'a Outcome,
    /// What the writer counted.
    pub tally: Tally,
    /// What the document asks for: the one just read, else the last.
    pub hints: &'a Hints,
    /// What the answer's headers ask for.
    pub freshness: &'a Freshness,
    /// Believed publication times of the new entries that have one, in any order.
    pub stamps: &'a [Timestamp],
    /// Whether entries were missed: nothing listed now was listed at the last poll.
    pub gap: bool,
    /// Why an older page was not to be had, and until when its server then asked for time.
    pub older_fault: Option<(&'a Fault, Option<Timestamp>)>,
}

/// A feed as it stands in the database, to be looked at anew.
#[derive(Debug, Clone)]
pub struct ReplanInput<'a> {
    /// Now.
    pub now: Timestamp,
    /// The feed.
    pub feed: &'a FeedRecord,
    /// Its schedule as now configured.
    pub schedule: &'a Schedule,
    /// Its outlet's time zone.
    pub zone: &'a TimeZone,
    /// Of adaptive schedules.
    pub bounds: &'a Bounds,
    /// All adaptive feeds.
    pub fleet: Fleet,
    /// Feeds that are looked at together: first polls are spread over them.
    pub crowd: usize,
}
