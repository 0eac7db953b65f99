//! Progress of a long operation, for those who wait for it.

use tokio::sync::watch;

/// The state of a long operation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// What is being done, in a word or two; empty before it starts.
    pub doing: &'static str,
    /// Amount of work done.
    pub done: u64,
    /// Total amount of work; 0 if unknown.
    pub total: u64,
    /// The unit of both.
    pub unit: ProgressUnit,
}

/// The unit of work.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ProgressUnit {
    /// Bytes, shown as megabytes.
    #[default]
    Bytes,
    /// Stories.
    Stories,
    /// Entries.
    Entries,
    /// Rows of tables.
    Rows,
}

/// Where an operation reports its progress. It need not have a receiver.
pub type ProgressSender = watch::Sender<Progress>;

impl Progress {
    /// Creates the state of an operation whose amount of work is unknown.
    pub(super) fn unmeasured(doing: &'static str) -> Self {
        Self { doing, ..Self::default() }
    }
}
