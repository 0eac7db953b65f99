//! Links from pages to feeds and to other lists.

use super::channel_page::LocalisedText;
use crate::publish::Format;

/// A link from a page to a feed.
#[derive(Debug, Clone)]
pub(super) struct FeedLink {
    /// `Atom`, `RSS` or `JSON`.
    pub(super) name: &'static str,
    pub(super) media_type: &'static str,
    pub(super) path: String,
}

/// A link to a narrower or wider list.
#[derive(Debug, Clone)]
pub(super) struct Chip {
    pub(super) href: String,
    pub(super) text: LocalisedText,
    /// Number of articles of the last seven days in words, if known.
    pub(super) count: Option<String>,
    pub(super) is_current: bool,
}

/// Returns the name of a format for readers.
pub(super) fn format_name(format: Format) -> &'static str {
    match format {
        Format::Atom => "Atom",
        Format::Rss => "RSS",
        Format::Json => "JSON",
    }
}
