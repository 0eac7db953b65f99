//! Brings dropped entries back when rules change: bounded transactions, with polls between them.

use super::{DecidedPoll, INDEX_WAIT, WriterLoop, isolating::BatchFailure};
use crate::{
    clock::Clock,
    dedup::Arrival,
    model::PlainText,
    store::{
        backend::Backend,
        error::StoreError,
        finished_poll::PollFindings,
        rows::BatchRows,
        writing::{
            dropped::{CheckedEntries, DroppedCheck},
            transaction::{reading, transaction},
        },
    },
};
use futures_util::FutureExt as _;
use std::panic::AssertUnwindSafe;

impl<B: Backend> WriterLoop<B> {
    /// Checks some dropped entries again. Entries that the rules accept now come back with their stated dates.
    pub(super) async fn check_dropped(&mut self) -> Result<(), StoreError> {
        if !self.window.is_loaded() {
            return Ok(());
        }
        let Some(check) = self.dropped_checks.pop_front() else { return Ok(()) };
        let mut checked = reading!(self.database, |b| b.check_dropped(&check))?;
        let returning = std::mem::take(&mut checked.returning);
        if let Err(failure) = self.try_return(&check, &checked, returning.clone()).await? {
            let (outlet, error) = (&check.slug, failure.words);
            tracing::error!(outlet, error, "entries that come back cannot be stored together; storing them one by one");
            let unfinished = CheckedEntries { next: Some(check.clone()), ..CheckedEntries::default() };
            for arrival in returning {
                let title = arrival.entry.title.clone();
                if let Err(failure) = self.try_return(&check, &unfinished, vec![Arrival { poll: 0, ..arrival }]).await?
                {
                    let (outlet, error, title) = (&check.slug, failure.words, title.as_ref().map(PlainText::as_str));
                    tracing::error!(
                        outlet,
                        title,
                        error,
                        "an entry cannot be stored (a bug in Warraq), and stays left out"
                    );
                }
            }
            transaction!(self.database, |b| b.write_checked(&check, &checked))?;
        }
        let CheckedEntries { next, .. } = checked;
        self.dropped_checks.extend(next);
        Ok(())
    }

    /// Decides about entries that come back, and stores them with the rest of a check. If that fails because of one of them, everything is
    /// as before.
    async fn try_return(
        &mut self,
        check: &DroppedCheck,
        checked: &CheckedEntries,
        returning: Vec<Arrival>,
    ) -> Result<Result<(), BatchFailure>, StoreError> {
        let (before, count) = (self.before(check.now), returning.len());
        let tried = AssertUnwindSafe(Box::pin(self.bring_back(check, checked, returning))).catch_unwind().await;
        let done = self.contain(tried, before).await?;
        if done.is_ok() && count > 0 {
            tracing::info!(outlet = check.slug, entries = count, "entries came back because rules changed");
            self.index_at.get_or_insert_with(|| Clock::monotonic() + INDEX_WAIT);
        }
        Ok(done)
    }

    async fn bring_back(
        &mut self,
        check: &DroppedCheck,
        checked: &CheckedEntries,
        returning: Vec<Arrival>,
    ) -> Result<(), StoreError> {
        let mut findings = vec![PollFindings::default(); returning.len()];
        let changes = self.changes(returning, check.now).await?;
        let mut polls: Vec<_> = findings.iter_mut().map(|findings| DecidedPoll { findings, updated: None }).collect();
        let batch_rows = BatchRows::of(changes, &mut polls, &self.catalog);
        let touched = transaction!(self.database, |b| async {
            let touched = b.write(&batch_rows, &self.catalog, &[]).await?;
            b.write_checked(check, checked).await?;
            Ok(touched)
        })?;
        self.touch(&touched);
        Ok(())
    }
}
