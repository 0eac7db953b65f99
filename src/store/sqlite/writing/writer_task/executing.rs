//! Executes commands other than polls: the configuration, editions, archive pages, retention, and the end.

use super::{WriterLoop, send_reply};
use crate::{
    clock::Clock,
    model::FeedRecord,
    store::{
        changes::ChannelChanges,
        command::Task,
        configured::{ConfigChanges, StoreConfig},
        error::StoreError,
        finished_poll::FeedUpdate,
        retention::PruneStep,
        sqlite::{
            error::{ErrorContext, is_busy},
            open::{self, TempStore},
            writing::{
                archive, configured, edition, feeds, load_window::WindowLoad, push, retention, search_index,
                transaction::transaction,
            },
        },
    },
};
use jiff::Timestamp;
use sqlx::Connection as _;

impl WriterLoop {
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
            Task::Editions(rendered_editions, now, reply) => {
                let changed = transaction!(self.database, |c| edition::keep(c, &rendered_editions, now))?;
                send_reply(reply, changed);
            }
            Task::Archive { page, packed, fingerprint, now, reply } => {
                let kept = transaction!(self.database, |c| archive::keep(c, &page, &packed, &fingerprint, now))?;
                send_reply(reply, kept);
            }
            Task::Push(changes, reply) => {
                transaction!(self.database, |c| push::write(c, &changes))?;
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
                let done = transaction!(self.database, |c| retention::step(c, keep, step))?;
                self.window.forget_deleted(done.deleted.iter().copied());
                // Editions must no longer show deleted stories or link to deleted archive pages.
                if !done.deleted.is_empty() || matches!(step, PruneStep::Pages) && done.rows > 0 {
                    self.changed.send_modify(ChannelChanges::touch_all);
                }
                send_reply(reply, done);
            }
            Task::Compact(reply) => {
                let doing = "compacting the database";
                let connection = &mut self.database.connection;
                open::set_temp_store(connection, TempStore::Files).await.while_doing(doing)?;
                sqlx::query("VACUUM").execute(&mut *connection).await.while_doing(doing)?;
                open::set_temp_store(connection, TempStore::Memory).await.while_doing(doing)?;
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
        let ((adopted, catalog, rebuilding, rejudging), feeds) = transaction!(self.database, |c| async {
            Ok((configured::adopt(c, store_config, now).await?, feeds::configured(c).await?))
        })?;
        for (id, outlet) in &catalog.outlets {
            self.window.introduce(*id, &outlet.name);
        }
        if !self.window.is_loaded() {
            self.loading.get_or_insert_with(|| WindowLoad::new(&self.window, now));
        }
        self.catalog = catalog;
        self.rebuilding = rebuilding.into();
        self.rejudging = rejudging.into();
        Ok((adopted, feeds))
    }

    async fn update_feeds(&mut self, updates: &[FeedUpdate]) -> Result<(), StoreError> {
        self.flush().await?;
        transaction!(self.database, |c| feeds::update_feeds(c, updates))
    }

    pub(super) async fn close(mut self) -> Result<(), StoreError> {
        match self.flush().await {
            Err(error @ StoreError::Moved(_)) => {
                // If the file has another name now, it gets what was committed before.
                let _ = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut self.database.connection).await;
                return Err(error);
            }
            flushed => flushed?,
        }
        let last = Clock::monotonic() + search_index::LAST;
        while self.index_at.is_some() && Clock::monotonic() < last {
            self.index().await?;
        }
        // Readers that block the checkpoint are not waited for beyond the time of a shutdown.
        sqlx::query("PRAGMA busy_timeout = 1000")
            .execute(&mut self.database.connection)
            .await
            .while_doing("losing patience")?;
        // TRUNCATE: afterwards everything is in the database file, and there is no long WAL.
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
            .execute(&mut self.database.connection)
            .await
            .while_doing("bringing the WAL into the file")?;
        // A WAL database that nobody has open cannot be read by users without write permission on its folder (measured with
        // SQLite 3.40); one with a rollback journal can. If a reader prevents the change, the WAL's files stay, which works as
        // well.
        match sqlx::query("PRAGMA journal_mode = DELETE").execute(&mut self.database.connection).await {
            Err(error) if !is_busy(&error) => return Err(error).while_doing("leaving WAL mode"),
            _ => {}
        }
        self.database.connection.close().await.while_doing("closing the database")
    }
}
