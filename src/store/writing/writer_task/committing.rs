//! Commits what is decided.

use super::{INDEX_AGAIN, INDEX_WAIT, WriterLoop, isolating::BatchParts, send_reply};
use crate::{
    clock::Clock,
    dedup::Arrival,
    store::{
        backend::Backend,
        batch::Batch,
        changes::Touched,
        error::StoreError,
        finished_poll::CommittedPoll,
        writing::transaction::{attempt, transaction},
    },
};

impl<B: Backend> WriterLoop<B> {
    /// Decides and commits a batch, together with the waiting polls without news. If that fails because of what the batch brings, its
    /// polls are stored one by one.
    pub(super) async fn commit(&mut self, mut batch: Batch) -> Result<(), StoreError> {
        if batch.is_empty() {
            return Ok(());
        }
        let arrivals = batch.arrivals(&self.catalog);
        let parts = self.is_shared(&batch).then(|| BatchParts::of(&batch, &arrivals));
        match self.try_commit(&mut batch, arrivals).await? {
            Ok(settled) => self.answer(batch, settled),
            Err(cause) => self.isolate(batch, parts, cause).await?,
        }
        Ok(())
    }

    /// Decides about these entries of a batch and commits it. Returns the ends of the polls that are whole, in order.
    pub(super) async fn decide_and_write(
        &mut self,
        batch: &mut Batch,
        arrivals: Vec<Arrival>,
    ) -> Result<Vec<CommittedPoll>, StoreError> {
        let batch_rows = self.decide(batch, arrivals).await?;
        let mut settled = Vec::with_capacity(batch.polls.len());
        for pending in batch.polls.iter_mut().filter(|pending| pending.is_whole()) {
            let findings = std::mem::take(&mut pending.findings);
            settled.push(self.settle(&pending.poll, findings));
        }
        let touched = transaction!(self.database, |b| b.write(&batch_rows, &self.catalog, &self.empty_polls))?;
        self.empty_polls.clear();
        self.empty_since = None;
        self.committed_at = Some(Clock::monotonic());
        self.index_at.get_or_insert_with(|| Clock::monotonic() + INDEX_WAIT);
        self.database.figures.send_modify(|figures| {
            figures.window = self.window.len();
            figures.unindexed_since.get_or_insert_with(Clock::monotonic);
        });
        self.touch(&touched);
        Ok(settled)
    }

    /// Replies to the polls of a committed batch that are whole. The others wait for their next parts.
    pub(super) fn answer(&mut self, batch: Batch, settled: Vec<CommittedPoll>) {
        let mut settled = settled.into_iter();
        for pending in batch.polls {
            if !pending.is_whole() {
                self.long.push_back(pending);
            } else if let Some(committed) = settled.next() {
                send_reply(pending.reply, committed);
            }
        }
    }

    /// Adds a batch of entries to the search index, whenever the database allows it.
    pub(super) async fn index(&mut self) -> Result<(), StoreError> {
        let more = transaction!(self.database, |b| b.index())?;
        self.indexed(more);
        Ok(())
    }

    /// Adds a batch of entries to the search index if the database allows it now. A server may cancel only this statement, and that must
    /// not keep polls waiting.
    pub(super) async fn try_index(&mut self) -> Result<(), StoreError> {
        // What keeps a file from being indexed keeps it from being written.
        if self.database.backend.longest().is_none() {
            return self.index().await;
        }
        match attempt!(self.database, |b| b.index()) {
            Ok(more) => {
                self.database.passed();
                self.indexed(more);
            }
            Err(error) => {
                let told = error.with_causes();
                self.database.put_off(error)?;
                self.index_at = Some(Clock::monotonic() + INDEX_AGAIN);
                if !std::mem::replace(&mut self.index_failed, true) {
                    tracing::warn!(error = told, "new entries cannot be added to the search index yet; trying again");
                }
            }
        }
        Ok(())
    }

    fn indexed(&mut self, more: bool) {
        self.index_failed = false;
        self.index_at = more.then(Clock::monotonic);
        if !more {
            self.database.figures.send_modify(|figures| figures.unindexed_since = None);
        }
    }

    /// Commits the waiting polls without news.
    pub(super) async fn flush(&mut self) -> Result<(), StoreError> {
        self.empty_since = None;
        if self.empty_polls.is_empty() {
            return Ok(());
        }
        let feeds = match transaction!(self.database, |b| b.write_polls(&self.empty_polls)) {
            Err(error) if error.is_rejection() => self.flush_one_by_one().await?,
            feeds => feeds?,
        };
        self.empty_polls.clear();
        self.touch(&Touched { feeds, ..Touched::default() });
        Ok(())
    }
}
