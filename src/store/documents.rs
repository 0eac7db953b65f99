//! Rendered documents as they are stored: editions and archive pages (RFC 5005 4).

use crate::model::ChannelView;
use jiff::Timestamp;

/// A stored edition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptEdition {
    /// The document as it was stored, compressed.
    pub packed: Vec<u8>,
    /// When its bytes last changed.
    pub changed: Timestamp,
}

/// A rendered edition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedEdition {
    /// Its path.
    pub path: String,
    /// Hash of its bytes.
    pub hash: Vec<u8>,
    /// The document, compressed.
    pub packed: Vec<u8>,
    /// Fingerprint of the rules and settings by which it was rendered.
    pub fingerprint: String,
}

/// The result of looking up an archive page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArchiveLookup {
    /// The page exists.
    Page {
        /// The document as it was stored, compressed.
        packed: Vec<u8>,
        /// When it was rendered.
        made: Timestamp,
    },
    /// The page was rendered by other rules or settings than today's and must be rendered again ([`Reader::archive_page_again`](crate::store::Reader::archive_page_again)).
    Stale,
    /// The page after the newest one.
    NotYet,
    /// Retention has deleted the page.
    Gone,
    /// The channel or the page does not exist.
    Unknown,
}

/// The stories of an archive page.
#[derive(Debug, Clone, PartialEq)]
pub struct ArchivePage {
    /// The channel's slug in the database.
    pub(in crate::store) channel: String,
    /// Number of the page.
    pub number: u32,
    /// The stories, newest first.
    pub view: ChannelView,
    /// Whether the page exists already, rendered by other rules.
    pub(in crate::store) is_again: bool,
    /// The channel positions that it contains.
    pub(in crate::store) places: Vec<ShownReport>,
}

/// A story with the report that is shown for it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, sqlx::FromRow)]
pub(in crate::store) struct ShownReport {
    pub story: i64,
    pub entry: i64,
    /// Its position.
    pub order_at: String,
    pub published_at: String,
}
