//! How far a long work has come, for whoever waits for it.

use tokio::sync::watch;

/// A moment of a long work.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// What is being done, in a word or two; empty before the first.
    pub doing: &'static str,
    /// So much of it is done.
    pub done: u64,
    /// So much there is to do; 0 where nobody can know.
    pub total: u64,
    /// What is counted.
    pub unit: ProgressUnit,
}

/// What is counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ProgressUnit {
    /// Bytes, which people read as megabytes.
    #[default]
    Bytes,
    /// Stories.
    Stories,
    /// Entries.
    Entries,
}

/// Where a work tells of its progress; nobody need listen.
pub type ProgressSender = watch::Sender<Progress>;

impl Progress {
    /// Something whose end cannot be foreseen.
    pub(super) fn unmeasured(doing: &'static str) -> Self {
        Self { doing, ..Self::default() }
    }
}
