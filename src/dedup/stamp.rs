//! The stamp of an entry: stated second and folded title. It stays when guid, host and address change.

use super::words::hash_text;
use crate::model::Entry;
use crate::normalise::without_counters;
use jiff::Timestamp;

/// Stated second and folded title, counters of comments and the like left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
pub struct Stamp {
    second: i64,
    title: u64,
}

impl Stamp {
    /// Of an entry as it arrived; `None` without a believed date or a title.
    #[must_use]
    pub fn of(entry: &Entry) -> Option<Self> {
        Self::new(entry.believed, &entry.folded.title)
    }

    /// Of a stated date and a folded title.
    #[must_use]
    pub fn new(stated: Option<Timestamp>, folded_title: &str) -> Option<Self> {
        let title = without_counters(folded_title);
        (!title.trim().is_empty()).then_some(())?;
        Some(Self { second: stated?.as_second(), title: hash_text(&title, "") })
    }
}
