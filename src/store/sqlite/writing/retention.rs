//! Retention: deletes stories that no feed lists any more, and old rows of poll history. Sightings stay, so that a deleted entry
//! never returns as new.
//!
//! Each step is one short transaction over a bounded number of rows, so that polls are stored in between. Stories are examined in
//! the order of their ids, which is that of their creation, up to the first that is too young.

use crate::model::EntryId;
use crate::store::instant::{milli, second};
use crate::store::retention::{PruneStep, PruneStepResult, RetentionLimits};
use crate::store::sqlite::error::ErrorContext;
use crate::store::{error::StoreError, sqlite::row};
use sqlx::SqliteConnection;

/// Number of stories that one step examines, which takes about ten milliseconds.
const LOOK: i64 = 1_000;
/// Number of deleted entries after which a step ends. An entry takes about 0.15 ms, most of it for the search index.
const FORGET: i64 = 200;
/// Number of rows of poll history, or of archive pages, that one step deletes.
const POLLS: i64 = 2_000;
const PAGES: i64 = 50;
/// With fewer stories than this, all may be deleted at once.
const FEW: u64 = 100;

/// Runs one step in the caller's transaction.
pub(in crate::store) async fn step(
    connection: &mut SqliteConnection,
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
        PruneStep::CountPolls => count_polls(connection, keep).await,
    }
}

#[derive(sqlx::FromRow)]
struct Candidate {
    id: i64,
    members: i64,
    old: bool,
    gone: bool,
}

/// Finds, after this story, those of which nothing was listed since the given time, up to `most` entries. A story is deleted as a
/// whole.
async fn look(
    connection: &mut SqliteConnection,
    keep: RetentionLimits,
    after: i64,
    most: i64,
) -> Result<(Vec<i64>, PruneStepResult), StoreError> {
    let looked: Vec<Candidate> = sqlx::query_as(
        "SELECT s.id, s.members, s.created_at < $1 AS old, s.created_at < $1 AND NOT EXISTS ( \
            SELECT 1 FROM entry AS m JOIN sighting AS n ON n.entry_id = m.id JOIN feed AS f ON f.id = n.feed_id \
            WHERE m.story_id = s.id AND ((n.left_at IS NULL AND f.removed = 0) \
              OR coalesce(n.left_at, f.last_success_at, n.first_seen_at) >= $1)) AS gone \
         FROM story AS s WHERE s.id > $2 ORDER BY s.id LIMIT $3",
    )
    .bind(second(keep.entries_since))
    .bind(after)
    .bind(LOOK)
    .fetch_all(connection)
    .await
    .while_doing("looking for stories to forget")?;
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
    connection: &mut SqliteConnection,
    keep: RetentionLimits,
    after: i64,
) -> Result<PruneStepResult, StoreError> {
    let (going, mut done) = look(connection, keep, after, FORGET).await?;
    if going.is_empty() {
        return Ok(done);
    }
    let going = row::rows(&going);
    sqlx::query("DELETE FROM place WHERE story_id IN (SELECT value FROM json_each($1))")
        .bind(&going)
        .execute(&mut *connection)
        .await
        .while_doing("forgetting the places of stories")?;
    // Texts, revisions and membership are deleted with the entry; sightings stay, without an entry.
    let deleted: Vec<i64> =
        sqlx::query_scalar("DELETE FROM entry WHERE story_id IN (SELECT value FROM json_each($1)) RETURNING id")
            .bind(&going)
            .fetch_all(&mut *connection)
            .await
            .while_doing("forgetting the entries of stories")?;
    sqlx::query("DELETE FROM story WHERE id IN (SELECT value FROM json_each($1))")
        .bind(&going)
        .execute(&mut *connection)
        .await
        .while_doing("forgetting stories")?;
    done.deleted = deleted.into_iter().map(EntryId).collect();
    Ok(done)
}

/// Returns whether fewer than a tenth of all stories would stay. Counts only as far as necessary.
async fn leaves_nothing(
    connection: &mut SqliteConnection,
    going: u64,
    looked: u64,
    last: i64,
) -> Result<PruneStepResult, StoreError> {
    let enough = going / 9 + 1;
    let mut stay = looked.saturating_sub(going);
    if going >= FEW && stay < enough {
        let more: i64 = sqlx::query_scalar("SELECT count(*) FROM (SELECT 1 FROM story WHERE id > $1 LIMIT $2)")
            .bind(last)
            .bind(i64::try_from(enough - stay).unwrap_or(i64::MAX))
            .fetch_one(connection)
            .await
            .while_doing("counting stories that stay")?;
        stay += more.unsigned_abs();
    }
    Ok(PruneStepResult { rows: u64::from(going >= FEW && stay < enough), ..PruneStepResult::default() })
}

/// Deletes the documents of the oldest archive pages. Their rows stay, so that they are known to be gone.
async fn pages(connection: &mut SqliteConnection, keep: RetentionLimits) -> Result<PruneStepResult, StoreError> {
    let done = sqlx::query(
        "UPDATE archive SET atom = NULL WHERE rowid IN ( \
            SELECT rowid FROM archive WHERE atom IS NOT NULL AND made_at < $1 ORDER BY made_at LIMIT $2)",
    )
    .bind(second(keep.entries_since))
    .bind(PAGES)
    .execute(connection)
    .await
    .while_doing("forgetting archive pages")?;
    Ok(some_of(done.rows_affected(), PAGES))
}

/// Deletes dropped entries that no feed has listed since the given time; their sightings stay, so that they never come back.
async fn dropped(
    connection: &mut SqliteConnection,
    keep: RetentionLimits,
    after: i64,
) -> Result<PruneStepResult, StoreError> {
    let looked: Vec<(i64, bool)> = sqlx::query_as(
        "SELECT d.id, (n.left_at IS NOT NULL OR f.removed = 1) \
                AND coalesce(n.left_at, f.last_success_at, n.first_seen_at) < $1 AS gone \
         FROM (SELECT id FROM dropped_entry WHERE id > $2 ORDER BY id LIMIT $3) AS d \
         JOIN sighting AS n ON n.id = d.id JOIN feed AS f ON f.id = n.feed_id ORDER BY d.id",
    )
    .bind(second(keep.entries_since))
    .bind(after)
    .bind(FORGET)
    .fetch_all(&mut *connection)
    .await
    .while_doing("looking for dropped entries to forget")?;
    let gone: Vec<i64> = looked.iter().filter(|(_, gone)| *gone).map(|(id, _)| *id).collect();
    if !gone.is_empty() && !keep.dry_run {
        sqlx::query("DELETE FROM dropped_entry WHERE id IN (SELECT value FROM json_each($1))")
            .bind(row::rows(&gone))
            .execute(connection)
            .await
            .while_doing("forgetting dropped entries")?;
    }
    Ok(PruneStepResult {
        rows: gone.len() as u64,
        last: looked.last().map_or(after, |(id, _)| *id),
        more: i64::try_from(looked.len()).is_ok_and(|n| n == FORGET),
        ..PruneStepResult::default()
    })
}

/// Deletes the oldest rows of poll history.
async fn polls(connection: &mut SqliteConnection, keep: RetentionLimits) -> Result<PruneStepResult, StoreError> {
    let done = sqlx::query(
        "DELETE FROM poll WHERE id IN (SELECT id FROM poll WHERE ended_at < $1 ORDER BY ended_at LIMIT $2)",
    )
    .bind(milli(keep.polls_since))
    .bind(POLLS)
    .execute(connection)
    .await
    .while_doing("forgetting poll history")?;
    Ok(some_of(done.rows_affected(), POLLS))
}

fn some_of(rows: u64, most: i64) -> PruneStepResult {
    PruneStepResult { rows, more: rows >= most.unsigned_abs(), ..PruneStepResult::default() }
}

/// Only for `prune --dry-run`, during which no daemon runs: it reads every row that would be deleted.
async fn count_polls(connection: &mut SqliteConnection, keep: RetentionLimits) -> Result<PruneStepResult, StoreError> {
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM poll WHERE ended_at < $1")
        .bind(milli(keep.polls_since))
        .fetch_one(connection)
        .await
        .while_doing("counting poll history to forget")?;
    Ok(PruneStepResult { rows: rows.unsigned_abs(), ..PruneStepResult::default() })
}
