//! Results of a search, and the places where their pages begin.

use crate::model::{StoryView, browse::PlaceKey};
use std::fmt;

/// The place where a page of results begins: opaque to readers, who get it from links. Results are read in batches of matching
/// entries in the order of their numbers; within a batch they are shown by date.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchPlace {
    /// The latest entry of the batch; `None` = the latest one that there is.
    pub newest: Option<i64>,
    /// The page begins after this result; `None` = with the first one of the batch.
    pub after: Option<PlaceKey>,
}

impl SearchPlace {
    /// Parses the output of [`fmt::Display`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(after) = PlaceKey::parse(text) {
            return Some(Self { newest: None, after: Some(after) });
        }
        let (newest, after) = text.split_once('_').map_or((text, None), |(newest, after)| (newest, Some(after)));
        let newest = newest.parse().ok().filter(|n| *n >= 0)?;
        let after = match after {
            Some(after) => Some(PlaceKey::parse(after)?),
            None => None,
        };
        Some(Self { newest: Some(newest), after })
    }
}

impl fmt::Display for SearchPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.newest, &self.after) {
            (Some(newest), Some(after)) => write!(f, "{newest}_{after}"),
            (Some(newest), None) => write!(f, "{newest}"),
            (None, Some(after)) => write!(f, "{after}"),
            (None, None) => Ok(()),
        }
    }
}

/// A page of results.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SearchPage {
    /// The stories, newest first, each shown as its first matching report.
    pub stories: Vec<StoryView>,
    /// How many stories were found; `None` if they were not counted.
    pub count: Option<SearchCount>,
    /// Where the next older page begins; `None` = there is nothing older.
    pub older: Option<SearchPlace>,
}

/// Number of stories that a search finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchCount {
    /// Exactly this number.
    Exactly(u32),
    /// More than this: counting stopped.
    MoreThan(u32),
}

/// A piece of a text: whether a search found it, and its characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// The text of the piece.
    pub text: String,
    /// Whether the search found this piece.
    pub is_match: bool,
}

/// A story that was found, with the matches in its title and text.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundStory {
    /// The story.
    pub story: StoryView,
    /// Its title.
    pub title: Vec<Segment>,
    /// The part of its text with the first match, or the beginning of the text without a match. May be empty.
    pub excerpt: Vec<Segment>,
}

/// A page of results with the words that were found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FoundPage {
    /// The stories, newest first.
    pub stories: Vec<FoundStory>,
    /// How many stories were found; `None` if they were not counted.
    pub count: Option<SearchCount>,
    /// Where the next older page begins; `None` = there is nothing older.
    pub older: Option<SearchPlace>,
}
