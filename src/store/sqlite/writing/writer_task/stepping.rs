//! Long work in steps, with polls between them: loading the window, and rebuilding the positions of a channel.

use super::WriterLoop;
use crate::store::{
    error::StoreError,
    sqlite::writing::{
        load_window::WindowLoad,
        transaction::{reading, transaction},
    },
};
use std::collections::HashSet;

impl WriterLoop {
    /// Reads a part of the window, outside any transaction, if it is due or a document waits for it.
    pub(super) async fn load_window(&mut self) -> Result<(), StoreError> {
        let pages = self.pages.iter().map(|asked| asked.page.asked_at);
        let latest = self.long.iter().map(|waiting| waiting.poll.ended_at).chain(pages).max();
        let starting = latest.map(|now| WindowLoad::new(&self.window, now));
        let Some(mut load) = self.loading.take().or(starting) else { return Ok(()) };
        let window = &mut self.window;
        reading!(self.database, |c| load.stride(c, window))?;
        self.loading = (!self.window.is_loaded()).then_some(load);
        Ok(())
    }

    /// Does one step of rebuilding a channel's positions.
    pub(super) async fn relay(&mut self) -> Result<(), StoreError> {
        let Some(rebuilding) = self.rebuilding.pop_front() else { return Ok(()) };
        match transaction!(self.database, |c| rebuilding.stride(c, &self.catalog))? {
            Some(next) => self.rebuilding.push_back(next),
            None => drop(self.catalog.rebuilding.remove(&rebuilding.id)),
        }
        self.touch(&HashSet::from([rebuilding.id]));
        Ok(())
    }
}
