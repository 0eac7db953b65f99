//! Brings dropped entries back when rules change: bounded transactions, with polls between them.

use super::{DecidedPoll, WriterLoop, committing::write};
use crate::{
    clock::Clock,
    store::{
        error::StoreError,
        finished_poll::PollFindings,
        rows::BatchRows,
        sqlite::writing::{
            dropped::Judged,
            search_index,
            transaction::{reading, transaction},
        },
    },
};

impl WriterLoop {
    /// Checks some dropped entries again. Entries that the rules accept now come back with their stated dates.
    pub(super) async fn rejudge(&mut self) -> Result<(), StoreError> {
        if !self.window.is_loaded() {
            return Ok(());
        }
        let Some(rejudging) = self.rejudging.pop_front() else { return Ok(()) };
        let mut judged = reading!(self.database, |c| rejudging.stride(c))?;
        let returning = std::mem::take(&mut judged.returning);
        let count = returning.len();
        let mut findings = vec![PollFindings::default(); count];
        let changes = self.changes(returning, rejudging.now).await?;
        let mut polls: Vec<_> = findings.iter_mut().map(|findings| DecidedPoll { findings, updated: None }).collect();
        let batch_rows = BatchRows::of(changes, &mut polls, &self.catalog);
        let touched = transaction!(self.database, |c| async {
            let touched = write(c, &batch_rows, &self.catalog, &[]).await?;
            rejudging.write(c, &judged).await?;
            Ok(touched)
        })?;
        if count > 0 {
            tracing::info!(outlet = rejudging.slug, entries = count, "entries came back because rules changed");
            self.index_at.get_or_insert_with(|| Clock::monotonic() + search_index::WAIT);
        }
        let Judged { next, .. } = judged;
        self.rejudging.extend(next);
        if !touched.is_empty() {
            self.touch(&touched);
        }
        Ok(())
    }
}
