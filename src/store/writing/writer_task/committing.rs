//! Commits what is decided.

use super::{INDEX_AGAIN, INDEX_WAIT, WriterLoop, send_reply};
use crate::{
    clock::Clock,
    store::{
        backend::Backend,
        batch::Batch,
        changes::Touched,
        error::StoreError,
        writing::transaction::{attempt, transaction},
    },
};

impl<B: Backend> WriterLoop<B> {
    /// Decides and commits a batch, together with the waiting polls without news.
    pub(super) async fn commit(&mut self, mut batch: Batch) -> Result<(), StoreError> {
        if batch.is_empty() {
            return Ok(());
        }
        let batch_rows = self.decide(&mut batch).await?;
        let mut answers = Vec::with_capacity(batch.polls.len());
        for pending in batch.polls {
            if pending.is_whole() {
                answers.push((pending.reply, self.settle(&pending.poll, pending.findings)));
            } else {
                self.long.push_back(pending);
            }
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
        for (reply, written) in answers {
            send_reply(reply, written);
        }
        Ok(())
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
        let feeds = transaction!(self.database, |b| b.write_polls(&self.empty_polls))?;
        self.empty_polls.clear();
        self.touch(&Touched { feeds, ..Touched::default() });
        Ok(())
    }
}
