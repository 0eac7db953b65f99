//! Executes commands other than polls: the configuration, editions, archive pages, retention, and the end.

use super::{INDEX_LAST, LOAD_WAIT, WriterLoop, send_reply};
use crate::{
    clock::Clock,
    model::FeedRecord,
    store::{
        backend::Backend,
        changes::ChannelChanges,
        command::Task,
        configured::{ConfigChanges, StoreConfig},
        error::StoreError,
        finished_poll::FeedUpdate,
        retention::PruneStep,
        writing::{configured::AdoptedConfig, load_window::WindowLoad, transaction::transaction},
    },
};
use jiff::Timestamp;

impl<B: Backend> WriterLoop<B> {
    pub(super) async fn execute(&mut self, task: Task) -> Result<(), StoreError> {
        match task {
            Task::Adopt(store_config, now, reply) => {
                let answer = self.adopt(&store_config, now).await?;
                self.changed.send_modify(ChannelChanges::touch_all);
                send_reply(reply, answer);
            }
            Task::UpdateFeeds(updates, reply) => {
                self.update_feeds(&updates).await?;
                send_reply(reply, ());
            }
            Task::Editions { editions, shown, now, reply } => {
                let changed = transaction!(self.database, |b| b.keep_editions(&editions, shown.as_deref(), now))?;
                send_reply(reply, changed);
            }
            Task::Archive { page, packed, fingerprint, now, reply } => {
                let kept = transaction!(self.database, |b| b.keep_archive(&page, &packed, &fingerprint, now))?;
                send_reply(reply, kept);
            }
            Task::Push(changes, reply) => {
                transaction!(self.database, |b| b.push(&changes))?;
                send_reply(reply, ());
            }
            Task::Index(reply) => {
                self.index().await?;
                while self.index_at.is_some() {
                    self.index().await?;
                }
                send_reply(reply, ());
            }
            Task::Retention(keep, step, reply) => {
                let done = transaction!(self.database, |b| b.prune(keep, step))?;
                self.window.forget_deleted(done.deleted.iter().copied());
                // Editions must no longer show deleted stories or link to deleted archive pages.
                if !done.deleted.is_empty() || matches!(step, PruneStep::Pages) && done.rows > 0 {
                    self.changed.send_modify(ChannelChanges::touch_all);
                }
                send_reply(reply, done);
            }
            Task::Compact(reply) => {
                self.database.backend.compact().await?;
                send_reply(reply, ());
            }
        }
        Ok(())
    }

    async fn adopt(
        &mut self,
        store_config: &StoreConfig,
        now: Timestamp,
    ) -> Result<(ConfigChanges, Vec<FeedRecord>), StoreError> {
        self.flush().await?;
        let AdoptedConfig { changes, catalog, rebuilding, dropped_checks, feeds } =
            transaction!(self.database, |b| b.configure(store_config, now))?;
        for (id, outlet) in &catalog.outlets {
            self.window.introduce(*id, &outlet.name);
        }
        if !self.window.is_loaded() {
            let later = || (Clock::monotonic() + LOAD_WAIT, WindowLoad::new(&self.window, now));
            self.load_at.get_or_insert_with(later);
        }
        self.catalog = catalog;
        self.rebuilding = rebuilding.into();
        self.dropped_checks = dropped_checks.into();
        Ok((changes, feeds))
    }

    async fn update_feeds(&mut self, updates: &[FeedUpdate]) -> Result<(), StoreError> {
        self.flush().await?;
        transaction!(self.database, |b| b.update_feeds(updates))
    }

    pub(super) async fn close(mut self) -> Result<(), StoreError> {
        match self.flush().await {
            Err(error @ StoreError::Moved(_)) => {
                self.database.backend.abandon().await;
                return Err(error);
            }
            flushed => flushed?,
        }
        let last = Clock::monotonic() + INDEX_LAST;
        while self.index_at.is_some() && Clock::monotonic() < last {
            self.index().await?;
        }
        self.database.backend.close().await
    }
}
