//! Brings dropped entries back when rules change: bounded transactions, with polls between them.

use super::{DecidedPoll, INDEX_WAIT, WriterLoop};
use crate::{
    clock::Clock,
    store::{
        backend::Backend,
        error::StoreError,
        finished_poll::PollFindings,
        rows::BatchRows,
        writing::{
            dropped::CheckedEntries,
            transaction::{reading, transaction},
        },
    },
};

impl<B: Backend> WriterLoop<B> {
    /// Checks some dropped entries again. Entries that the rules accept now come back with their stated dates.
    pub(super) async fn check_dropped(&mut self) -> Result<(), StoreError> {
        if !self.window.is_loaded() {
            return Ok(());
        }
        let Some(check) = self.dropped_checks.pop_front() else { return Ok(()) };
        let mut checked = reading!(self.database, |b| b.check_dropped(&check))?;
        let returning = std::mem::take(&mut checked.returning);
        let count = returning.len();
        let mut findings = vec![PollFindings::default(); count];
        let changes = self.changes(returning, check.now).await?;
        let mut polls: Vec<_> = findings.iter_mut().map(|findings| DecidedPoll { findings, updated: None }).collect();
        let batch_rows = BatchRows::of(changes, &mut polls, &self.catalog);
        let touched = transaction!(self.database, |b| async {
            let touched = b.write(&batch_rows, &self.catalog, &[]).await?;
            b.write_checked(&check, &checked).await?;
            Ok(touched)
        })?;
        if count > 0 {
            tracing::info!(outlet = check.slug, entries = count, "entries came back because rules changed");
            self.index_at.get_or_insert_with(|| Clock::monotonic() + INDEX_WAIT);
        }
        let CheckedEntries { next, .. } = checked;
        self.dropped_checks.extend(next);
        self.touch(&touched);
        Ok(())
    }
}
