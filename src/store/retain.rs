//! Retention: forgets stories that no feed lists any more, and old rows of poll history. Sightings stay as tombstones, so
//! that a forgotten entry never returns as new.

use super::{
    cell::{milli, second},
    error::{StoreError, While},
    progress::{Progress, Teller, Unit},
};
use jiff::{SignedDuration, Timestamp};
use sqlx::SqliteConnection;
use std::time::Duration;

/// Stories that go with one statement: often enough to see it advance, seldom enough to cost nothing.
const STRIDE: i64 = 500;

/// What is to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// Entries that a feed listed at or after this instant.
    pub entries_since: Timestamp,
    /// Polls that ended at or after this instant.
    pub polls_since: Timestamp,
    /// Count only.
    pub dry_run: bool,
}

impl Keep {
    /// What is to be kept as of `now`: entries listed within the last `entries`, polls of the last `polls`.
    #[must_use]
    pub fn as_of(now: Timestamp, entries: Duration, polls: Duration, dry_run: bool) -> Self {
        let since = |keep: Duration| {
            let keep = SignedDuration::try_from(keep).unwrap_or(SignedDuration::MAX);
            now.checked_sub(keep).unwrap_or(Timestamp::MIN)
        };
        Self { entries_since: since(entries), polls_since: since(polls), dry_run }
    }
}

/// What was forgotten, or would be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Pruned {
    /// Entries, all of stories of which nothing is listed any more.
    pub entries: u64,
    /// Stories.
    pub stories: u64,
    /// Rows of poll history.
    pub polls: u64,
}

/// Prunes in the caller's transaction. A story goes as a whole, once none of its entries was listed since the instant.
pub(super) async fn prune(connection: &mut SqliteConnection, keep: &Keep, tell: &Teller) -> Result<Pruned, StoreError> {
    tell.send_replace(Progress::unmeasured("looking for what to forget"));
    let pruned = look(connection, keep).await?;
    if !keep.dry_run {
        forget(connection, pruned.stories, tell).await?;
        tell.send_replace(Progress::unmeasured("forgetting archive pages and polls"));
        super::archive::prune(connection, keep.entries_since).await?;
        sqlx::query("DELETE FROM poll WHERE ended_at < $1")
            .bind(milli(keep.polls_since))
            .execute(&mut *connection)
            .await
            .while_doing("pruning polls")?;
    }
    Ok(pruned)
}

/// Notes in `temp.pruned` which stories go, and counts.
async fn look(connection: &mut SqliteConnection, keep: &Keep) -> Result<Pruned, StoreError> {
    sqlx::query("CREATE TEMP TABLE IF NOT EXISTS pruned AS SELECT 0 AS story_id WHERE false")
        .execute(&mut *connection)
        .await
        .while_doing("preparing to prune")?;
    sqlx::query("DELETE FROM temp.pruned").execute(&mut *connection).await.while_doing("preparing to prune")?;
    sqlx::query(
        "INSERT INTO temp.pruned SELECT DISTINCT e.story_id FROM entry AS e WHERE e.first_seen_at < $1 \
         AND NOT EXISTS (SELECT 1 FROM entry AS m JOIN sighting AS s ON s.entry_id = m.id \
            JOIN feed AS f ON f.id = s.feed_id \
            WHERE m.story_id = e.story_id \
              AND ((s.left_at IS NULL AND f.removed = 0) OR coalesce(s.left_at, f.last_success_at, s.first_seen_at) >= $1))",
    )
    .bind(second(keep.entries_since))
    .execute(&mut *connection)
    .await
    .while_doing("looking for what to prune")?;
    let count = |sql| sqlx::query_scalar::<_, i64>(sql);
    let entries = count("SELECT count(*) FROM entry WHERE story_id IN (SELECT story_id FROM temp.pruned)")
        .fetch_one(&mut *connection)
        .await
        .while_doing("counting entries to prune")?;
    let stories =
        count("SELECT count(*) FROM temp.pruned").fetch_one(&mut *connection).await.while_doing("counting stories")?;
    let polls = count("SELECT count(*) FROM poll WHERE ended_at < $1")
        .bind(milli(keep.polls_since))
        .fetch_one(&mut *connection)
        .await
        .while_doing("counting polls to prune")?;
    let count = |n: i64| u64::try_from(n).unwrap_or_default();
    Ok(Pruned { entries: count(entries), stories: count(stories), polls: count(polls) })
}

/// Forgets the stories in `temp.pruned`, whose rows count from 1, a stride at a time.
async fn forget(connection: &mut SqliteConnection, total: u64, tell: &Teller) -> Result<(), StoreError> {
    let mut done = 0;
    while done < i64::try_from(total).unwrap_or(i64::MAX) {
        let progress = Progress { doing: "forgetting", done: done.unsigned_abs(), total, unit: Unit::Stories };
        tell.send_replace(progress);
        for sql in [
            "DELETE FROM place WHERE story_id IN (SELECT story_id FROM temp.pruned WHERE rowid > $1 AND rowid <= $2)",
            // Texts, revisions and membership go with the entry; sightings stay, with no entry.
            "DELETE FROM entry WHERE story_id IN (SELECT story_id FROM temp.pruned WHERE rowid > $1 AND rowid <= $2)",
            "DELETE FROM story WHERE id IN (SELECT story_id FROM temp.pruned WHERE rowid > $1 AND rowid <= $2)",
        ] {
            let query = sqlx::query(sql).bind(done).bind(done + STRIDE);
            query.execute(&mut *connection).await.while_doing("pruning stories")?;
        }
        done += STRIDE;
    }
    Ok(())
}
