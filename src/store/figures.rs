//! What the writer tells of its own work: sums that only grow, and how much it holds at the moment.

use crate::{clock::Clock, model::DurationHistogram};
use std::time::Duration;
use tokio::time::Instant;

/// The writer's work since its start.
#[derive(Debug, Clone, Copy, Default)]
pub struct WriterFigures {
    /// Time until SQLite granted the write lock, or refused it.
    pub waits: DurationHistogram,
    /// Time that commits took, whether they succeeded or not: mostly the disk's.
    pub commits: DurationHistogram,
    /// Entries among which the reports of one story are looked for, in memory.
    pub window: usize,
    /// Since when entries are stored that the search index does not have yet.
    pub unindexed_since: Option<Instant>,
}

impl WriterFigures {
    /// How far the search index is behind.
    #[must_use]
    pub fn search_lag(&self) -> Duration {
        self.unindexed_since.map_or(Duration::ZERO, |since| Clock::monotonic() - since)
    }
}
