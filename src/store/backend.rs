//! What a database has to do for the writer. Each store implements this, and the statements that it needs, in its own SQL; the order
//! of work, and every decision, are shared. The writer is compiled for each store, so that no call goes through a table of functions.

use super::{
    batch::AskedPage,
    catalog::Catalog,
    changes::Touched,
    configured::StoreConfig,
    documents::{ArchivePage, RenderedEdition},
    error::{StoreError, TransientError},
    finished_poll::FeedUpdate,
    push::PushChange,
    retention::{PruneStep, PruneStepResult, RetentionLimits},
    rows::BatchRows,
    waiting::WaitingNow,
    writing::{
        archive::{self, ArchiveRows},
        channel_order::{self, ChannelRebuild},
        configured::{self, AdoptedConfig, ConfigRows},
        dropped::{CheckedEntries, DroppedCheck},
        edition::{self, EditionRows},
        feeds::{self, PollRows},
        load_window::{self, WindowLoad, WindowRows},
        lookup::{self, LookupRows},
        push::{self, PushRows},
        retention::{self, PruneRows},
        sightings::SightingRows,
        waiting::{self, WaitingStatements},
        webhooks,
    },
};
use crate::{
    dedup::{Arrival, KnownEntries, StoredEntry, Window},
    model::EntryId,
};
use jiff::Timestamp;
use std::{collections::HashSet, time::Duration};
use tokio::time::Instant;

/// The statements about what a batch brings.
pub(super) trait BatchStatements {
    /// Writes the rows of a batch, except for positions that depend on other rows.
    async fn apply(&mut self, batch_rows: &BatchRows) -> Result<(), StoreError>;
    /// Returns the channels that contain one of these stories, or the story of one of these entries.
    async fn holding(&mut self, stories: &HashSet<i64>, entries: &[i64]) -> Result<HashSet<i64>, StoreError>;
    /// Adds the next entries to the search index. Returns whether there may be more.
    async fn index(&mut self) -> Result<bool, StoreError>;
}

/// All statements of the writer.
pub(super) trait WriterStatements:
    BatchStatements
    + LookupRows
    + WindowRows
    + WaitingStatements
    + SightingRows
    + ConfigRows
    + PushRows
    + PruneRows
    + EditionRows
    + ArchiveRows
{
}

/// The database of a writer, open for writing. What writes works in the caller's transaction, and can be repeated after that was
/// rolled back.
pub(super) trait Backend {
    /// The connection of the driver.
    type Connection: WriterStatements;

    /// Returns the connection.
    fn connection(&mut self) -> &mut Self::Connection;

    /// Makes the connection again if it was lost.
    async fn ready(&mut self) -> Result<(), StoreError>;

    /// Notes why the last attempt failed.
    fn failed(&mut self, trouble: &TransientError);

    /// Begins a transaction. After that, nobody else can write.
    async fn begin(&mut self) -> Result<(), StoreError>;

    /// Returns how long the work of a transaction may take before the database counts as unreachable; `None`: without end.
    fn longest(&self) -> Option<Duration> {
        None
    }

    /// Commits the transaction: afterwards it is on the disk.
    async fn commit(&mut self) -> Result<(), StoreError>;

    /// Returns whether the last transaction was committed although [`Backend::commit`] failed, because only the answer was lost.
    async fn is_committed(&mut self) -> Result<bool, StoreError>;

    /// Rolls the transaction back, if one is open.
    async fn rollback(&mut self);

    /// Saves what can be saved of a database that cannot be written any more.
    async fn abandon(&mut self);

    /// Rewrites the database without its free space. Not within a transaction.
    async fn compact(&mut self) -> Result<(), StoreError>;

    /// Returns when [`Backend::upkeep`] is due.
    fn upkeep_at(&self) -> Instant;

    /// Does what the database needs from time to time. Not within a transaction. Returns whether that shows that the database can be
    /// written.
    async fn upkeep(&mut self) -> Result<bool, StoreError>;

    /// Closes the database.
    async fn close(self) -> Result<(), StoreError>;

    /// Reads what is known about the entries of a batch.
    async fn known_entries(&mut self, arrivals: &[Arrival]) -> Result<KnownEntries, StoreError> {
        lookup::known_entries(self.connection(), arrivals).await
    }

    /// Reads whole texts of entries, for comparison with arrivals. Deleted entries are left out.
    async fn texts(&mut self, ids: &[EntryId]) -> Result<Vec<StoredEntry>, StoreError> {
        load_window::texts(self.connection(), ids).await
    }

    /// Reads the next part of the window of stories. A step that fails has changed nothing.
    async fn load_window(&mut self, load: &mut WindowLoad, window: &mut Window) -> Result<(), StoreError> {
        load.stride(self.connection(), window).await
    }

    /// Reads which of these arrivals, and how many entries of their hosts, wait for their pages.
    async fn waiting(&mut self, arrivals: &[Arrival]) -> Result<WaitingNow, StoreError> {
        waiting::now(self.connection(), arrivals).await
    }

    /// Reads the arrivals whose waiting has ended, and the time at which each of their documents says that it last changed. The
    /// documents are numbered from `first`.
    async fn waited(
        &mut self,
        pages: &[AskedPage],
        first: usize,
    ) -> Result<(Vec<Arrival>, Vec<Option<Timestamp>>), StoreError> {
        waiting::arrivals(self.connection(), pages, first).await
    }

    /// Writes a batch and the results of polls. Returns what changed of what is published.
    async fn write(
        &mut self,
        batch_rows: &BatchRows,
        catalog: &Catalog,
        polls: &[PollRows],
    ) -> Result<Touched, StoreError> {
        let connection = self.connection();
        connection.apply(batch_rows).await?;
        let revised: Vec<i64> = batch_rows.revised.iter().map(|revised| revised.row.id).collect();
        let mut candidates = channel_order::revised_candidates(connection, catalog, &revised).await?;
        candidates.extend(&batch_rows.candidates);
        channel_order::insert_qualified(connection, catalog, &candidates).await?;
        webhooks::queue(connection, catalog, batch_rows).await?;
        let feeds = feeds::write(connection, polls).await?;
        let mut channels = connection.holding(&batch_rows.grown, &revised).await?;
        channels.extend(&batch_rows.touched);
        Ok(Touched { channels, feeds })
    }

    /// Writes polls without news. Returns whether a feed says something new about itself.
    async fn write_polls(&mut self, polls: &[PollRows]) -> Result<bool, StoreError> {
        feeds::write(self.connection(), polls).await
    }

    /// Writes feeds that changed without a poll.
    async fn update_feeds(&mut self, updates: &[FeedUpdate]) -> Result<(), StoreError> {
        feeds::update_feeds(self.connection(), updates).await
    }

    /// Stores the configuration.
    async fn configure(&mut self, store_config: &StoreConfig, now: Timestamp) -> Result<AdoptedConfig, StoreError> {
        configured::adopt(self.connection(), store_config, now).await
    }

    /// Does the next step of rebuilding the positions of a channel. Returns `None` after the last one.
    async fn rebuild(
        &mut self,
        rebuild: &ChannelRebuild,
        catalog: &Catalog,
    ) -> Result<Option<ChannelRebuild>, StoreError> {
        rebuild.stride(self.connection(), catalog).await
    }

    /// Reads the next dropped entries of an outlet and checks them by its new rules.
    async fn check_dropped(&mut self, check: &DroppedCheck) -> Result<CheckedEntries, StoreError> {
        check.stride(self.connection()).await
    }

    /// Writes the result of that check, except for entries that come back.
    async fn write_checked(&mut self, check: &DroppedCheck, checked: &CheckedEntries) -> Result<(), StoreError> {
        check.write(self.connection(), checked).await
    }

    /// Stores rendered editions, and deletes those of all paths but these. Returns when the bytes of each last changed.
    async fn keep_editions(
        &mut self,
        editions: &[RenderedEdition],
        shown: Option<&[String]>,
        now: Timestamp,
    ) -> Result<Vec<Timestamp>, StoreError> {
        edition::keep(self.connection(), editions, shown, now).await
    }

    /// Stores an archive page. Returns false if the pages of the channel have changed in the meantime.
    async fn keep_archive(
        &mut self,
        page: &ArchivePage,
        packed: &[u8],
        fingerprint: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        archive::keep(self.connection(), page, packed, fingerprint, now).await
    }

    /// Stores the state of subscriptions and webhooks.
    async fn push(&mut self, changes: &[PushChange]) -> Result<(), StoreError> {
        push::write(self.connection(), changes).await
    }

    /// Runs one step of retention.
    async fn prune(&mut self, keep: RetentionLimits, step: PruneStep) -> Result<PruneStepResult, StoreError> {
        retention::step(self.connection(), keep, step).await
    }

    /// Adds the next entries to the search index. Returns whether there may be more.
    async fn index(&mut self) -> Result<bool, StoreError> {
        self.connection().index().await
    }
}
