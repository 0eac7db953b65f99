//! Retention: deletes stories that no feed lists any more, and old rows of poll history. Sightings stay, so that a deleted entry
//! never returns as new.
//!
//! Each step is one short transaction over a bounded number of rows, so that polls are stored in between. Stories are examined in
//! the order of their ids, which is that of their creation, up to the first that is too young.

use crate::model::EntryId;
use crate::store::error::StoreError;
use crate::store::instant::{milli, second};
use crate::store::retention::{PruneStep, PruneStepResult, RetentionLimits};

/// Number of stories that one step examines, which takes about ten milliseconds.
const LOOK: i64 = 1_000;
/// Number of deleted entries after which a step ends. An entry takes about 0.15 ms, most of it for the search index.
const FORGET: i64 = 200;
/// Number of rows of poll history, or of archive pages, that one step deletes.
const POLLS: i64 = 2_000;
const PAGES: i64 = 50;
/// Number of feeds whose old daily totals one step deletes: in a day each has one more.
const FEEDS: i64 = 100;
/// With fewer stories than this, all may be deleted at once.
const FEW: u64 = 100;

/// The statements of retention.
pub(in crate::store) trait PruneRows {
    /// Returns the stories after this one, with whether they are older than this time and were last listed before it.
    async fn candidates(&mut self, since: &str, after: i64, limit: i64) -> Result<Vec<Candidate>, StoreError>;
    /// Deletes stories with their entries and positions. Returns the entries; their sightings stay.
    async fn forget_stories(&mut self, stories: &[i64]) -> Result<Vec<i64>, StoreError>;
    /// Counts the stories after this one, up to a limit.
    async fn count_after(&mut self, story: i64, limit: i64) -> Result<i64, StoreError>;
    /// Deletes the documents of the oldest archive pages made before this time. Returns how many.
    async fn forget_pages(&mut self, before: &str, limit: i64) -> Result<u64, StoreError>;
    /// Returns the dropped entries after this one, with whether they were last listed before this time.
    async fn look_at_dropped(&mut self, since: &str, after: i64, limit: i64) -> Result<Vec<(i64, bool)>, StoreError>;
    /// Deletes dropped entries.
    async fn forget_dropped(&mut self, ids: &[i64]) -> Result<(), StoreError>;
    /// Deletes the oldest polls that ended before this time. Returns how many.
    async fn forget_polls(&mut self, before: &str, limit: i64) -> Result<u64, StoreError>;
    /// Returns the last of the feeds after this one, so many at most; `None` if there is none.
    async fn last_feed(&mut self, after: i64, limit: i64) -> Result<Option<i64>, StoreError>;
    /// Deletes the daily totals of the feeds after the first up to the second from before this day. Returns how many.
    async fn forget_days(&mut self, after: i64, last: i64, before: &str) -> Result<u64, StoreError>;
    /// Counts the polls that ended before this time.
    async fn count_polls(&mut self, before: &str) -> Result<i64, StoreError>;
}

/// Runs one step in the caller's transaction.
pub(in crate::store) async fn step(
    connection: &mut impl PruneRows,
    keep: RetentionLimits,
    step: PruneStep,
) -> Result<PruneStepResult, StoreError> {
    match step {
        PruneStep::Look(after) => Ok(look(connection, keep, after, i64::MAX).await?.1),
        PruneStep::Stories(after) => stories(connection, keep, after).await,
        PruneStep::LeavesNothing { going, looked, last } => leaves_nothing(connection, going, looked, last).await,
        PruneStep::Pages => pages(connection, keep).await,
        PruneStep::Dropped(after) => dropped(connection, keep, after).await,
        PruneStep::Polls => polls(connection, keep).await,
        PruneStep::Days(after) => days(connection, keep, after).await,
        PruneStep::CountPolls => count_polls(connection, keep).await,
    }
}

/// A story that may be deleted.
#[derive(sqlx::FromRow)]
pub(in crate::store) struct Candidate {
    id: i64,
    members: i64,
    old: bool,
    gone: bool,
}

/// Finds, after this story, those of which nothing was listed since the given time, up to `most` entries. A story is deleted as a
/// whole.
async fn look(
    connection: &mut impl PruneRows,
    keep: RetentionLimits,
    after: i64,
    most: i64,
) -> Result<(Vec<i64>, PruneStepResult), StoreError> {
    let looked = connection.candidates(&second(keep.entries_since), after, LOOK).await?;
    let mut going = Vec::new();
    let (mut done, mut old) = (PruneStepResult { last: after, ..PruneStepResult::default() }, false);
    for story in &looked {
        if done.entries >= most.unsigned_abs() {
            done.more = true;
            break;
        }
        if story.gone {
            going.push(story.id);
            done.entries += story.members.unsigned_abs();
        }
        (done.looked, done.last) = (done.looked + 1, story.id);
        old |= story.old;
    }
    done.rows = going.len() as u64;
    // A clock that was wrong for a while leaves single stories out of order, so only a thousand young ones in a row end the
    // search.
    done.more |= old && i64::try_from(looked.len()).is_ok_and(|n| n == LOOK);
    Ok((going, done))
}

/// Deletes the next stories.
async fn stories(
    connection: &mut impl PruneRows,
    keep: RetentionLimits,
    after: i64,
) -> Result<PruneStepResult, StoreError> {
    let (going, mut done) = look(connection, keep, after, FORGET).await?;
    if going.is_empty() {
        return Ok(done);
    }
    let deleted = connection.forget_stories(&going).await?;
    done.deleted = deleted.into_iter().map(EntryId).collect();
    Ok(done)
}

/// Returns whether fewer than a tenth of all stories would stay. Counts only as far as necessary.
async fn leaves_nothing(
    connection: &mut impl PruneRows,
    going: u64,
    looked: u64,
    last: i64,
) -> Result<PruneStepResult, StoreError> {
    let enough = going / 9 + 1;
    let mut stay = looked.saturating_sub(going);
    if going >= FEW && stay < enough {
        let more = connection.count_after(last, i64::try_from(enough - stay).unwrap_or(i64::MAX)).await?;
        stay += more.unsigned_abs();
    }
    Ok(PruneStepResult { rows: u64::from(going >= FEW && stay < enough), ..PruneStepResult::default() })
}

/// Deletes the documents of the oldest archive pages. Their rows stay, so that they are known to be gone.
async fn pages(connection: &mut impl PruneRows, keep: RetentionLimits) -> Result<PruneStepResult, StoreError> {
    let done = connection.forget_pages(&second(keep.entries_since), PAGES).await?;
    Ok(some_of(done, PAGES))
}

/// Deletes dropped entries that no feed has listed since the given time; their sightings stay, so that they never come back.
async fn dropped(
    connection: &mut impl PruneRows,
    keep: RetentionLimits,
    after: i64,
) -> Result<PruneStepResult, StoreError> {
    let looked = connection.look_at_dropped(&second(keep.entries_since), after, FORGET).await?;
    let gone: Vec<i64> = looked.iter().filter(|(_, gone)| *gone).map(|(id, _)| *id).collect();
    if !gone.is_empty() && !keep.dry_run {
        connection.forget_dropped(&gone).await?;
    }
    Ok(PruneStepResult {
        rows: gone.len() as u64,
        last: looked.last().map_or(after, |(id, _)| *id),
        more: i64::try_from(looked.len()).is_ok_and(|n| n == FORGET),
        ..PruneStepResult::default()
    })
}

/// Deletes the oldest rows of poll history.
async fn polls(connection: &mut impl PruneRows, keep: RetentionLimits) -> Result<PruneStepResult, StoreError> {
    let done = connection.forget_polls(&milli(keep.polls_since), POLLS).await?;
    Ok(some_of(done, POLLS))
}

/// Deletes the old daily totals of some feeds.
async fn days(
    connection: &mut impl PruneRows,
    keep: RetentionLimits,
    after: i64,
) -> Result<PruneStepResult, StoreError> {
    let Some(last) = connection.last_feed(after, FEEDS).await? else {
        return Ok(PruneStepResult { last: after, ..PruneStepResult::default() });
    };
    let before = second(keep.days_since);
    let day = before.split('T').next().unwrap_or_default();
    let rows = connection.forget_days(after, last, day).await?;
    Ok(PruneStepResult { rows, last, more: true, ..PruneStepResult::default() })
}

fn some_of(rows: u64, most: i64) -> PruneStepResult {
    PruneStepResult { rows, more: rows >= most.unsigned_abs(), ..PruneStepResult::default() }
}

/// Only for `prune --dry-run`, during which no daemon runs: it reads every row that would be deleted.
async fn count_polls(connection: &mut impl PruneRows, keep: RetentionLimits) -> Result<PruneStepResult, StoreError> {
    let rows = connection.count_polls(&milli(keep.polls_since)).await?;
    Ok(PruneStepResult { rows: rows.unsigned_abs(), ..PruneStepResult::default() })
}
