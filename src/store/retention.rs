//! What retention keeps, and its steps.

use crate::model::EntryId;
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// How long the daily totals of feeds are kept at least: a month can be compared with the same month of the year before.
const TOTALS: Duration = Duration::from_hours(400 * 24);

/// What is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetentionLimits {
    /// Entries listed by a feed at or after this time are kept.
    pub entries_since: Timestamp,
    /// Polls that ended at or after this time are kept.
    pub polls_since: Timestamp,
    /// The daily totals of feeds are kept from this time on: no shorter than entries and polls.
    pub days_since: Timestamp,
    /// Only count what would be deleted.
    pub dry_run: bool,
    /// Delete even if nearly everything would go.
    pub force: bool,
}

impl RetentionLimits {
    /// Returns the limits at `now`: entries listed within the last `entries` and polls of the last `polls` are kept.
    #[must_use]
    pub fn as_of(now: Timestamp, entries: Duration, polls: Duration, dry_run: bool) -> Self {
        let since = |keep: Duration| {
            let keep = SignedDuration::try_from(keep).unwrap_or(SignedDuration::MAX);
            now.checked_sub(keep).unwrap_or(Timestamp::MIN)
        };
        let (entries_since, polls_since) = (since(entries), since(polls));
        let days_since = since(TOTALS).min(entries_since).min(polls_since);
        Self { entries_since, polls_since, days_since, dry_run, force: false }
    }

    /// Same limits, but also if nearly everything would be deleted.
    #[must_use]
    pub fn forced(self, force: bool) -> Self {
        Self { force, ..self }
    }
}

/// What was deleted, or would be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Pruned {
    /// Number of entries; a story is deleted when none of its entries is listed any more.
    pub entries: u64,
    /// Number of stories.
    pub stories: u64,
    /// Number of rows of poll history.
    pub polls: u64,
    /// Number of entries that rules had left out.
    pub dropped: u64,
}

/// One step of retention: a short transaction of the writer.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) enum PruneStep {
    /// Examine the stories after this one, without deleting any.
    Look(i64),
    /// Find out whether deleting `going` of the `looked` stories up to `last` would leave nearly nothing.
    LeavesNothing { going: u64, looked: u64, last: i64 },
    /// Delete stories after this one.
    Stories(i64),
    /// Delete archive pages.
    Pages,
    /// Delete dropped entries after this one.
    Dropped(i64),
    /// Delete poll history.
    Polls,
    /// Delete old daily totals of the feeds after this one.
    Days(i64),
    /// Count the poll history that would be deleted.
    CountPolls,
}

/// The result of a step.
#[derive(Debug, Clone, Default)]
pub(in crate::store) struct PruneStepResult {
    /// Number of rows that were or would be deleted: stories, pages or polls. For [`PruneStep::LeavesNothing`], 1 means yes.
    pub rows: u64,
    /// Number of entries of these stories.
    pub entries: u64,
    /// Number of stories that were examined.
    pub looked: u64,
    /// The last story of this step.
    pub last: i64,
    /// Whether there may be more to do.
    pub more: bool,
    /// The entries that were deleted.
    pub deleted: Vec<EntryId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn daily_totals_are_kept_for_no_shorter_than_anything_else() {
        let now: Timestamp = "2026-11-02T12:00:00Z".parse().unwrap();
        let day = Duration::from_hours(24);
        for (entries, polls, totals) in [(90, 30, 400), (500, 30, 500), (90, 1_000, 1_000)] {
            let limits = RetentionLimits::as_of(now, entries * day, polls * day, false);
            assert_eq!(limits.days_since, now - totals * day, "{entries} {polls}");
        }
        assert_eq!(RetentionLimits::as_of(now, Duration::MAX, day, false).days_since, Timestamp::MIN);
    }
}
