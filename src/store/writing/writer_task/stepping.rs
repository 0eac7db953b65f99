//! Long work in steps, with polls between them: loading the window, and rebuilding the positions of a channel.

use super::WriterLoop;
use crate::{
    clock::Clock,
    store::{
        backend::Backend,
        changes::Touched,
        error::StoreError,
        writing::{
            load_window::WindowLoad,
            transaction::{reading, transaction},
        },
    },
};
use std::collections::HashSet;
use tokio::time::Instant;

impl<B: Backend> WriterLoop<B> {
    /// Does what is due between two steps. A changed channel of a large database takes thousands of them, and meanwhile new entries
    /// are to be found by their words, and the right to write must not end.
    pub(super) async fn do_what_is_due(&mut self) -> Result<(), StoreError> {
        let now = Clock::monotonic();
        let is_due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        if is_due(self.flush_at()) {
            self.flush().await?;
        }
        if is_due(self.index_at) {
            self.try_index().await?;
        }
        if is_due(Some(self.database.backend.upkeep_at())) {
            self.database.upkeep().await?;
        }
        Ok(())
    }

    /// Reads a part of the window, outside any transaction, if it is due or anything waits for it.
    pub(super) async fn load_window(&mut self) -> Result<(), StoreError> {
        let Some(mut load) = self.loading.take().or_else(|| self.start_loading()) else { return Ok(()) };
        let window = &mut self.window;
        reading!(self.database, |b| b.load_window(&mut load, window))?;
        self.loading = (!self.window.is_loaded()).then_some(load);
        Ok(())
    }

    /// Starts loading if it is due, or if a document, a page or a changed rule waits for a decision.
    fn start_loading(&mut self) -> Option<WindowLoad> {
        let pages = self.pages.iter().map(|asked| asked.page.asked_at);
        let documents = self.long.iter().map(|waiting| waiting.poll.ended_at);
        let rules = self.dropped_checks.iter().map(|check| check.now);
        let latest = documents.chain(pages).chain(rules).max();
        let planned = self.load_at.take_if(|(at, _)| latest.is_some() || *at <= Clock::monotonic());
        planned.map(|(_, load)| load).or_else(|| latest.map(|now| WindowLoad::new(&self.window, now)))
    }

    /// Does one step of rebuilding a channel's positions.
    pub(super) async fn relay(&mut self) -> Result<(), StoreError> {
        let Some(rebuilding) = self.rebuilding.pop_front() else { return Ok(()) };
        match transaction!(self.database, |b| b.rebuild(&rebuilding, &self.catalog))? {
            Some(next) => self.rebuilding.push_back(next),
            None => drop(self.catalog.rebuilding.remove(&rebuilding.id)),
        }
        self.touch(&Touched { channels: HashSet::from([rebuilding.id]), feeds: false });
        Ok(())
    }
}
