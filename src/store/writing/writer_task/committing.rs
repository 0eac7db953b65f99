//! Commits what is decided.

use super::{INDEX_WAIT, WriterLoop, send_reply};
use crate::{
    clock::Clock,
    store::{backend::Backend, batch::Batch, changes::Touched, error::StoreError, writing::transaction::transaction},
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

    /// Adds a batch of entries to the search index.
    pub(super) async fn index(&mut self) -> Result<(), StoreError> {
        let more = transaction!(self.database, |b| b.index())?;
        self.index_at = more.then(Clock::monotonic);
        if !more {
            self.database.figures.send_modify(|figures| figures.unindexed_since = None);
        }
        Ok(())
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
