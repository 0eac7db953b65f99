//! What a database has to do for the writer. Each store implements this in its own SQL; the order of work, and every decision,
//! are shared. The writer is compiled for each store, so that no call goes through a table of functions.

use super::{
    batch::AskedPage,
    catalog::Catalog,
    configured::{ConfigChanges, StoreConfig},
    documents::{ArchivePage, RenderedEdition},
    error::StoreError,
    finished_poll::FeedUpdate,
    push::PushChange,
    retention::{PruneStep, PruneStepResult, RetentionLimits},
    rows::BatchRows,
    sqlite::writing::{
        channel_order::ChannelRebuild,
        dropped::{Judged, Rejudging},
        feeds::PollRows,
        load_window::WindowLoad,
    },
    waiting::WaitingNow,
};
use crate::{
    dedup::{Arrival, KnownEntries, StoredEntry, Window},
    model::{EntryId, FeedRecord},
};
use jiff::Timestamp;
use std::collections::HashSet;
use tokio::time::Instant;

/// What a new configuration leaves to do.
pub(super) struct AdoptedConfig {
    pub changes: ConfigChanges,
    pub catalog: Catalog,
    /// Channels whose positions are being rebuilt.
    pub rebuilding: Vec<ChannelRebuild>,
    /// Outlets whose dropped entries are checked again.
    pub rejudging: Vec<Rejudging>,
    /// All configured feeds.
    pub feeds: Vec<FeedRecord>,
}

/// The database of a writer, open for writing. Except for reading, every operation works in the caller's transaction and can be
/// repeated after that was rolled back.
pub(super) trait Backend {
    /// Begins a transaction. After that, nobody else can write.
    async fn begin(&mut self) -> Result<(), StoreError>;

    /// Commits the transaction: afterwards it is on the disk.
    async fn commit(&mut self) -> Result<(), StoreError>;

    /// Rolls the transaction back, if one is open.
    async fn rollback(&mut self);

    /// Reads what is known about the entries of a batch.
    async fn known_entries(&mut self, arrivals: &[Arrival]) -> Result<KnownEntries, StoreError>;

    /// Reads whole texts of entries, for comparison with arrivals. Deleted entries are left out.
    async fn texts(&mut self, ids: &[EntryId]) -> Result<Vec<StoredEntry>, StoreError>;

    /// Reads the next part of the window of stories. A step that fails has changed nothing.
    async fn load_window(&mut self, load: &mut WindowLoad, window: &mut Window) -> Result<(), StoreError>;

    /// Reads which of these arrivals, and how many entries of their hosts, wait for their pages.
    async fn waiting(&mut self, arrivals: &[Arrival]) -> Result<WaitingNow, StoreError>;

    /// Reads the arrivals whose waiting has ended, and the time at which each of their documents says that it last changed. The
    /// documents are numbered from `first`.
    async fn waited(
        &mut self,
        pages: &[AskedPage],
        first: usize,
    ) -> Result<(Vec<Arrival>, Vec<Option<Timestamp>>), StoreError>;

    /// Writes a batch and the results of polls. Returns the channels whose stories changed.
    async fn write(
        &mut self,
        batch_rows: &BatchRows,
        catalog: &Catalog,
        polls: &[PollRows],
    ) -> Result<HashSet<i64>, StoreError>;

    /// Writes polls without news.
    async fn write_polls(&mut self, polls: &[PollRows]) -> Result<(), StoreError>;

    /// Writes feeds that changed without a poll.
    async fn update_feeds(&mut self, updates: &[FeedUpdate]) -> Result<(), StoreError>;

    /// Stores the configuration.
    async fn configure(&mut self, store_config: &StoreConfig, now: Timestamp) -> Result<AdoptedConfig, StoreError>;

    /// Does the next step of rebuilding the positions of a channel. Returns `None` after the last one.
    async fn rebuild(
        &mut self,
        rebuild: &ChannelRebuild,
        catalog: &Catalog,
    ) -> Result<Option<ChannelRebuild>, StoreError>;

    /// Reads the next dropped entries of an outlet and checks them by its new rules.
    async fn dropped(&mut self, rejudging: &Rejudging) -> Result<Judged, StoreError>;

    /// Writes the result of that check, except for entries that come back.
    async fn rejudged(&mut self, rejudging: &Rejudging, judged: &Judged) -> Result<(), StoreError>;

    /// Stores rendered editions. Returns when the bytes of each last changed.
    async fn keep_editions(
        &mut self,
        editions: &[RenderedEdition],
        now: Timestamp,
    ) -> Result<Vec<Timestamp>, StoreError>;

    /// Stores an archive page. Returns false if the pages of the channel have changed in the meantime.
    async fn keep_archive(
        &mut self,
        page: &ArchivePage,
        packed: &[u8],
        fingerprint: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Stores the state of subscriptions and webhooks.
    async fn push(&mut self, changes: &[PushChange]) -> Result<(), StoreError>;

    /// Runs one step of retention.
    async fn prune(&mut self, keep: RetentionLimits, step: PruneStep) -> Result<PruneStepResult, StoreError>;

    /// Adds the next entries to the search index. Returns whether there may be more.
    async fn index(&mut self) -> Result<bool, StoreError>;

    /// Rewrites the database without its free space. Not within a transaction.
    async fn compact(&mut self) -> Result<(), StoreError>;

    /// Returns when [`Backend::upkeep`] is due.
    fn upkeep_at(&self) -> Instant;

    /// Does what the database needs from time to time. Not within a transaction.
    async fn upkeep(&mut self) -> Result<(), StoreError>;

    /// Closes the database.
    async fn close(self) -> Result<(), StoreError>;
}
