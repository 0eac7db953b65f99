//! What the store keeps of entries, as the window takes it.

#[cfg(doc)]
use super::rules;
use crate::model::{EntryId, FeedId, OutletId, StoryId};
use jiff::Timestamp;

/// What the store keeps of an entry for the window.
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
    /// Members of its story, those outside the window included.
    pub story_members: u32,
    /// The stated date, where it is believed.
    pub believed: Option<Timestamp>,
    /// When it was first seen.
    pub first_seen_at: Timestamp,
    /// Its address as published.
    pub link: Option<String>,
    /// Its language.
    pub language: Option<String>,
    /// Its guid as its outlet wrote it.
    pub source_id: Option<String>,
    /// Its files, as [`super::files`] gives them.
    pub files: Vec<String>,
    /// Folded title.
    pub title: String,
    /// Folded body.
    pub body: String,
    /// Titles that it had before its outlet changed them, as shown, oldest first: copies may keep those.
    pub former_titles: Vec<String>,
}

/// What the store keeps of an entry for finding it in the window.
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
    /// Members of its story, those outside the window included.
    pub story_members: u32,
    /// The stated date, where it is believed.
    pub believed: Option<Timestamp>,
    /// When it was first seen.
    pub first_seen_at: Timestamp,
    /// Its address as published.
    pub link: Option<&'a str>,
    /// Folded title.
    pub title: &'a str,
    /// Folded body, or at least its first [`rules::HEAD`] words.
    pub body: &'a str,
    /// Titles that it had before its outlet changed them, as shown, oldest first: copies may keep those.
    pub former_titles: &'a [String],
}
