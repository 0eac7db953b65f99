//! The inputs from which a due time is decided: a poll, or a stored feed.

use super::{
    fleet::Fleet,
    spec::{Bounds, Schedule},
};
use crate::model::{Fault, FeedRecord, Freshness, Hints, Outcome, Tally};
use jiff::{Timestamp, tz::TimeZone};

/// The results of a poll, and everything else that the schedule needs.
#[derive(Debug, Clone)]
pub struct PolledFeed<'a> {
    /// When the poll ended.
    pub now: Timestamp,
    /// The feed as it was before the poll.
    pub feed: &'a FeedRecord,
    /// The feed's schedule: the outlet's, else the default.
    pub schedule: &'a Schedule,
    /// The outlet's time zone.
    pub zone: &'a TimeZone,
    /// Bounds of adaptive schedules.
    pub bounds: &'a Bounds,
    /// The budget claims of all adaptive feeds.
    pub fleet: Fleet,
    /// How the poll ended.
    pub outcome: &'a Outcome,
    /// The writer's counts.
    pub tally: Tally,
    /// The hints of the document just read, else of the last one.
    pub hints: &'a Hints,
    /// What the response headers ask for.
    pub freshness: &'a Freshness,
    /// Publication times of the new entries that have a plausible one, in any order.
    pub stamps: &'a [Timestamp],
    /// The end of the feed's verified lease at a hub; `None` without one.
    pub pushed_until: Option<Timestamp>,
    /// Whether entries may have been missed: the document has no entry in common with the last poll.
    pub gap: bool,
    /// Why an older page could not be fetched, and until when its server then asked to wait.
    pub older_fault: Option<(&'a Fault, Option<Timestamp>)>,
}

/// A feed as stored in the database, whose due time is to be checked again.
#[derive(Debug, Clone)]
pub struct ReplanInput<'a> {
    /// Current time.
    pub now: Timestamp,
    /// The feed.
    pub feed: &'a FeedRecord,
    /// The feed's schedule as currently configured.
    pub schedule: &'a Schedule,
    /// The outlet's time zone.
    pub zone: &'a TimeZone,
    /// Bounds of adaptive schedules.
    pub bounds: &'a Bounds,
    /// The budget claims of all adaptive feeds.
    pub fleet: Fleet,
    /// Number of feeds that were never polled, over which first polls are spread.
    pub crowd: usize,
}
