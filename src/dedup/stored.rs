//! What the store gives the window of each entry.

use crate::model::{EntryId, FeedId, OutletId, StoryId};
use jiff::Timestamp;

/// A stored entry, reduced to what the window needs.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredEntry {
    /// Row id.
    pub id: EntryId,
    /// Its outlet.
    pub outlet: OutletId,
    /// The feed whose words are kept.
    pub feed: FeedId,
    /// Its story.
    pub story: StoryId,
    /// Number of members of its story, including those outside the window.
    pub story_members: u32,
    /// The stated date, if it is credible.
    pub believed: Option<Timestamp>,
    /// When it was first seen.
    pub first_seen_at: Timestamp,
    /// Its address as published.
    pub link: Option<String>,
    /// Its language.
    pub language: Option<String>,
    /// Its guid as its outlet wrote it.
    pub source_id: Option<String>,
    /// Addresses of its files, as returned by [`super::files`].
    pub files: Vec<String>,
    /// Folded title.
    pub title: String,
    /// Folded body.
    pub body: String,
    /// Titles that it had before its outlet changed them, as displayed, oldest first. Copies may still have them.
    pub former_titles: Vec<String>,
}

/// A stored entry, reduced to what is needed to find it in the window.
#[derive(Debug, Clone)]
pub struct StoredSignature<'a> {
    /// Row id.
    pub id: EntryId,
    /// Its outlet.
    pub outlet: OutletId,
    /// The feed whose words are kept.
    pub feed: FeedId,
    /// Its story.
    pub story: StoryId,
    /// Number of members of its story, including those outside the window.
    pub story_members: u32,
    /// The stated date, if it is credible.
    pub believed: Option<Timestamp>,
    /// When it was first seen.
    pub first_seen_at: Timestamp,
    /// Its address as published.
    pub link: Option<&'a str>,
    /// Folded title.
    pub title: &'a str,
    /// Folded body, or at least its first `rules::HEAD` words.
    pub body: &'a str,
    /// Titles that it had before its outlet changed them, as displayed, oldest first. Copies may still have them.
    pub former_titles: &'a [String],
}
