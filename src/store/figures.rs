//! Statistics of the writer's work.

use crate::{clock::Clock, model::DurationHistogram};
use std::time::Duration;
use tokio::time::Instant;

/// The writer's work since its start, and what it holds in memory now.
#[derive(Debug, Clone, Copy, Default)]
pub struct WriterFigures {
    /// How long SQLite took to grant or refuse the write lock.
    pub waits: DurationHistogram,
    /// How long commits took, successful or not. This is mostly the disk's time.
    pub commits: DurationHistogram,
    /// Number of entries in memory among which the reports of one story are searched.
    pub window: usize,
    /// Since when there are stored entries that the search index lacks.
    pub unindexed_since: Option<Instant>,
}

impl WriterFigures {
    /// Returns how far the search index lags behind.
    #[must_use]
    pub fn search_lag(&self) -> Duration {
        self.unindexed_since.map_or(Duration::ZERO, |since| Clock::monotonic() - since)
    }
}

/// A database on a server, as `warraq status` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerFigures {
    /// Size of the database in bytes, as far as the server tells.
    pub bytes: u64,
    /// The process that may write now; `None` if its lease has ended.
    pub writer: Option<WriterProcess>,
}

/// A process that has the right to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriterProcess {
    /// Its host and process id, in words.
    pub name: String,
    /// Its process id, if it runs on this host.
    pub here: Option<u32>,
}

/// The write-ahead log at the last check.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WalState {
    /// Size of its file, in bytes.
    pub bytes: u64,
    /// Whether a reader's open transaction keeps it from being restarted.
    pub blocked: bool,
}
