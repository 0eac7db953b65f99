//! Commits what is decided.

use super::{WriterLoop, send_reply};
use crate::{
    clock::Clock,
    store::{
        batch::Batch,
        catalog::Catalog,
        error::StoreError,
        rows::BatchRows,
        sqlite::writing::{
            apply, channel_order,
            feeds::{self, PollRows},
            search_index, sightings,
            transaction::transaction,
            webhooks,
        },
    },
};
use sqlx::SqliteConnection;
use std::collections::HashSet;

impl WriterLoop {
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
        let touched = transaction!(self.database, |c| write(c, &batch_rows, &self.catalog, &self.empty_polls))?;
        self.empty_polls.clear();
        self.empty_since = None;
        self.committed_at = Some(Clock::monotonic());
        self.index_at.get_or_insert_with(|| Clock::monotonic() + search_index::WAIT);
        self.database.figures.send_modify(|figures| {
            figures.window = self.window.len();
            figures.unindexed_since.get_or_insert_with(Clock::monotonic);
        });
        if !touched.is_empty() {
            self.touch(&touched);
        }
        for (reply, written) in answers {
            send_reply(reply, written);
        }
        Ok(())
    }

    /// Adds a batch of entries to the search index.
    pub(super) async fn index(&mut self) -> Result<(), StoreError> {
        let more = transaction!(self.database, |c| search_index::index(c))?;
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
        transaction!(self.database, |c| feeds::write(c, &self.empty_polls))?;
        self.empty_polls.clear();
        Ok(())
    }
}

/// Writes a batch and the results of polls without news in the caller's transaction. Returns the channels whose stories changed.
pub(super) async fn write(
    connection: &mut SqliteConnection,
    batch_rows: &BatchRows,
    catalog: &Catalog,
    polls: &[PollRows],
) -> Result<HashSet<i64>, StoreError> {
    apply::apply(connection, batch_rows).await?;
    sightings::merge_lookup(connection).await?;
    let revised: Vec<i64> = batch_rows.revised.iter().map(|revised| revised.row.id).collect();
    let mut candidates = channel_order::revised_candidates(connection, catalog, &revised).await?;
    candidates.extend(&batch_rows.candidates);
    channel_order::insert_qualified(connection, catalog, &candidates).await?;
    webhooks::queue(connection, catalog, batch_rows).await?;
    feeds::write(connection, polls).await?;
    let mut touched = channel_order::holding(connection, &batch_rows.grown, &revised).await?;
    touched.extend(&batch_rows.touched);
    Ok(touched)
}
