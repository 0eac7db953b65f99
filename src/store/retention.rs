//! What retention keeps, and its steps.

use crate::model::EntryId;
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// What is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetentionLimits {
    /// Entries listed by a feed at or after this time are kept.
    pub entries_since: Timestamp,
    /// Polls that ended at or after this time are kept.
    pub polls_since: Timestamp,
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
        Self { entries_since: since(entries), polls_since: since(polls), dry_run, force: false }
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
