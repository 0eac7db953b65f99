//! The stamp of an entry: its stated second and folded title. It stays when guid, host and address change.

use super::words::hash_text;
use crate::model::Entry;
use crate::normalise::without_counters;
use jiff::Timestamp;

/// Stated second and hash of the folded title without counters (such as the number of comments).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Stamp {
    second: i64,
    title: u64,
}

impl Stamp {
    /// Returns the stamp of an entry that arrived, or `None` without a credible date or a title.
    #[must_use]
    pub fn of(entry: &Entry) -> Option<Self> {
        Self::new(entry.believed, &entry.folded.title)
    }

    /// Returns the stamp for a stated date and a folded title.
    #[must_use]
    pub fn new(stated: Option<Timestamp>, folded_title: &str) -> Option<Self> {
        let title = without_counters(folded_title);
        (!title.trim().is_empty()).then_some(())?;
        Some(Self { second: stated?.as_second(), title: hash_text(&title, "") })
    }
}
