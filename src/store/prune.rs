//! Runs retention: many short steps of the writer, with other work between them.

use super::{
    error::StoreError,
    progress::{Progress, ProgressSender, ProgressUnit},
    retention::{PruneStep, PruneStepResult, Pruned, RetentionLimits},
    writer::Writer,
};
use std::time::Duration;

/// Pause between two steps.
const PAUSE: Duration = Duration::from_millis(10);

impl Writer {
    /// Deletes what retention no longer keeps, in short transactions with other work between them. If the future is dropped, what
    /// was deleted stays deleted.
    ///
    /// # Errors
    /// Fails if nearly everything would be deleted ([`StoreError::NothingLeft`]), or if the writer has stopped.
    pub async fn prune(&self, keep: RetentionLimits) -> Result<Pruned, StoreError> {
        self.prune_with_progress(keep, ProgressSender::default()).await
    }

    /// Same as [`Writer::prune`], with progress reports.
    ///
    /// # Errors
    /// Fails if the writer has stopped.
    pub async fn prune_with_progress(
        &self,
        keep: RetentionLimits,
        progress_sender: ProgressSender,
    ) -> Result<Pruned, StoreError> {
        prune(self, keep, &progress_sender).await
    }
}

/// Deletes what is no longer kept, step by step.
async fn prune(writer: &Writer, keep: RetentionLimits, progress_sender: &ProgressSender) -> Result<Pruned, StoreError> {
    progress_sender.send_replace(Progress::unmeasured("looking for what to delete"));
    let found = walk(writer, keep, PruneStep::Look, |_| {}).await?;
    let mut pruned = Pruned { entries: found.entries, stories: found.rows, ..Pruned::default() };
    if keep.dry_run {
        pruned.dropped = walk(writer, keep, PruneStep::Dropped, |_| {}).await?.rows;
        pruned.polls = writer.retention(keep, PruneStep::CountPolls).await?.rows;
        return Ok(pruned);
    }
    let leaves = PruneStep::LeavesNothing { going: found.rows, looked: found.looked, last: found.last };
    if !keep.force && writer.retention(keep, leaves).await?.rows > 0 {
        let (stories, since) = (found.rows, keep.entries_since);
        return Err(StoreError::NothingLeft { stories, since });
    }
    let total = found.rows;
    let advance = |done| {
        let progress = Progress { doing: "deleting", done, total, unit: ProgressUnit::Stories };
        progress_sender.send_replace(progress);
    };
    let gone = walk(writer, keep, PruneStep::Stories, advance).await?;
    (pruned.stories, pruned.entries) = (gone.rows, gone.entries);
    progress_sender.send_replace(Progress::unmeasured("deleting archive pages and polls"));
    walk(writer, keep, |_| PruneStep::Pages, |_| {}).await?;
    pruned.dropped = walk(writer, keep, PruneStep::Dropped, |_| {}).await?.rows;
    pruned.polls = walk(writer, keep, |_| PruneStep::Polls, |_| {}).await?.rows;
    walk(writer, keep, PruneStep::Days, |_| {}).await?;
    Ok(pruned)
}

/// Repeats a step until nothing is left to do, and returns the totals. Other commands of the writer run in between.
async fn walk(
    writer: &Writer,
    keep: RetentionLimits,
    step: impl Fn(i64) -> PruneStep,
    advance: impl Fn(u64),
) -> Result<PruneStepResult, StoreError> {
    let mut sums = PruneStepResult { last: i64::MIN, ..PruneStepResult::default() };
    loop {
        let done = writer.retention(keep, step(sums.last)).await?;
        sums.rows += done.rows;
        sums.entries += done.entries;
        sums.looked += done.looked;
        sums.last = done.last;
        if !done.more {
            return Ok(sums);
        }
        advance(sums.rows);
        tokio::time::sleep(PAUSE).await;
    }
}
