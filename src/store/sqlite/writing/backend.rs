//! What the writer asks of SQLite.

use crate::{
    dedup::{Arrival, KnownEntries, StoredEntry, Window},
    model::EntryId,
    store::{
        backend::{AdoptedConfig, Backend},
        batch::AskedPage,
        catalog::Catalog,
        configured::StoreConfig,
        documents::{ArchivePage, RenderedEdition},
        error::StoreError,
        finished_poll::FeedUpdate,
        push::PushChange,
        retention::{PruneStep, PruneStepResult, RetentionLimits},
        rows::BatchRows,
        sqlite::{
            error::{ErrorContext, is_busy},
            open::{self, TempStore, WriterLock},
            writing::{
                apply, archive,
                channel_order::{self, ChannelRebuild},
                checkpoint::Checkpoints,
                configured,
                dropped::{Judged, Rejudging},
                edition,
                feeds::{self, PollRows},
                load_window::{self, WindowLoad},
                lookup, push, retention, search_index, sightings, waiting, webhooks,
            },
        },
        waiting::WaitingNow,
    },
};
use jiff::Timestamp;
use sqlx::{Connection, SqliteConnection};
use std::collections::HashSet;
use tokio::time::Instant;

/// The file, open for writing.
pub(in crate::store) struct SqliteBackend {
    connection: SqliteConnection,
    checkpoints: Checkpoints,
    _lock: WriterLock,
}

impl SqliteBackend {
    pub(super) fn new(connection: SqliteConnection, checkpoints: Checkpoints, lock: WriterLock) -> Self {
        Self { connection, checkpoints, _lock: lock }
    }
}

impl Backend for SqliteBackend {
    /// Takes SQLite's write lock.
    async fn begin(&mut self) -> Result<(), StoreError> {
        let begun = sqlx::query("BEGIN IMMEDIATE").execute(&mut self.connection).await;
        begun.map(drop).while_doing("beginning a transaction")
    }

    async fn commit(&mut self) -> Result<(), StoreError> {
        sqlx::query("COMMIT").execute(&mut self.connection).await.map(drop).while_doing("committing")
    }

    async fn rollback(&mut self) {
        // SQLite rolls back by itself after some errors; then this ROLLBACK fails, which does not matter.
        let _ = sqlx::query("ROLLBACK").execute(&mut self.connection).await;
    }

    async fn known_entries(&mut self, arrivals: &[Arrival]) -> Result<KnownEntries, StoreError> {
        lookup::known_entries(&mut self.connection, arrivals).await
    }

    async fn texts(&mut self, ids: &[EntryId]) -> Result<Vec<StoredEntry>, StoreError> {
        load_window::texts(&mut self.connection, ids).await
    }

    async fn load_window(&mut self, load: &mut WindowLoad, window: &mut Window) -> Result<(), StoreError> {
        load.stride(&mut self.connection, window).await
    }

    async fn waiting(&mut self, arrivals: &[Arrival]) -> Result<WaitingNow, StoreError> {
        waiting::now(&mut self.connection, arrivals).await
    }

    async fn waited(
        &mut self,
        pages: &[AskedPage],
        first: usize,
    ) -> Result<(Vec<Arrival>, Vec<Option<Timestamp>>), StoreError> {
        waiting::arrivals(&mut self.connection, pages, first).await
    }

    async fn write(
        &mut self,
        batch_rows: &BatchRows,
        catalog: &Catalog,
        polls: &[PollRows],
    ) -> Result<HashSet<i64>, StoreError> {
        let connection = &mut self.connection;
        apply::apply(connection, batch_rows).await?;
        sightings::merge_lookup(connection).await?;
        channel_order::insert_qualified(connection, catalog, &batch_rows.candidates).await?;
        webhooks::queue(connection, catalog, batch_rows).await?;
        feeds::write(connection, polls).await?;
        let revised: Vec<i64> = batch_rows.revised.iter().map(|revised| revised.row.id).collect();
        let mut touched = channel_order::holding(connection, &batch_rows.grown, &revised).await?;
        touched.extend(&batch_rows.touched);
        Ok(touched)
    }

    async fn write_polls(&mut self, polls: &[PollRows]) -> Result<(), StoreError> {
        feeds::write(&mut self.connection, polls).await
    }

    async fn update_feeds(&mut self, updates: &[FeedUpdate]) -> Result<(), StoreError> {
        feeds::update_feeds(&mut self.connection, updates).await
    }

    async fn configure(&mut self, store_config: &StoreConfig, now: Timestamp) -> Result<AdoptedConfig, StoreError> {
        configured::adopt(&mut self.connection, store_config, now).await
    }

    async fn rebuild(
        &mut self,
        rebuild: &ChannelRebuild,
        catalog: &Catalog,
    ) -> Result<Option<ChannelRebuild>, StoreError> {
        rebuild.stride(&mut self.connection, catalog).await
    }

    async fn dropped(&mut self, rejudging: &Rejudging) -> Result<Judged, StoreError> {
        rejudging.stride(&mut self.connection).await
    }

    async fn rejudged(&mut self, rejudging: &Rejudging, judged: &Judged) -> Result<(), StoreError> {
        rejudging.write(&mut self.connection, judged).await
    }

    async fn keep_editions(
        &mut self,
        editions: &[RenderedEdition],
        now: Timestamp,
    ) -> Result<Vec<Timestamp>, StoreError> {
        edition::keep(&mut self.connection, editions, now).await
    }

    async fn keep_archive(
        &mut self,
        page: &ArchivePage,
        packed: &[u8],
        fingerprint: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        archive::keep(&mut self.connection, page, packed, fingerprint, now).await
    }

    async fn push(&mut self, changes: &[PushChange]) -> Result<(), StoreError> {
        push::write(&mut self.connection, changes).await
    }

    async fn prune(&mut self, keep: RetentionLimits, step: PruneStep) -> Result<PruneStepResult, StoreError> {
        retention::step(&mut self.connection, keep, step).await
    }

    async fn index(&mut self) -> Result<bool, StoreError> {
        search_index::index(&mut self.connection).await
    }

    async fn compact(&mut self) -> Result<(), StoreError> {
        let doing = "compacting the database";
        let connection = &mut self.connection;
        open::set_temp_store(connection, TempStore::Files).await.while_doing(doing)?;
        sqlx::query("VACUUM").execute(&mut *connection).await.while_doing(doing)?;
        open::set_temp_store(connection, TempStore::Memory).await.while_doing(doing)
    }

    fn upkeep_at(&self) -> Instant {
        self.checkpoints.due()
    }

    async fn upkeep(&mut self) -> Result<(), StoreError> {
        self.checkpoints.look(&mut self.connection).await;
        Ok(())
    }

    async fn close(mut self) -> Result<(), StoreError> {
        // Readers that block the checkpoint are not waited for beyond the time of a shutdown.
        sqlx::query("PRAGMA busy_timeout = 1000").execute(&mut self.connection).await.while_doing("losing patience")?;
        // TRUNCATE: afterwards everything is in the database file, and there is no long WAL.
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
            .execute(&mut self.connection)
            .await
            .while_doing("bringing the WAL into the file")?;
        // A WAL database that nobody has open cannot be read by users without write permission on its folder (measured with
        // SQLite 3.40); one with a rollback journal can. If a reader prevents the change, the WAL's files stay, which works as
        // well.
        match sqlx::query("PRAGMA journal_mode = DELETE").execute(&mut self.connection).await {
            Err(error) if !is_busy(&error) => return Err(error).while_doing("leaving WAL mode"),
            _ => {}
        }
        self.connection.close().await.while_doing("closing the database")
    }
}
