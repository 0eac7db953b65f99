//! The page of an entry and the article in it: what `full_text` asks for, stored beside what the feed says.

use super::{FeedId, FeedUrl, SafeHtml, Slug};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Longest time that an entry waits for its page before it is decided without.
pub const PAGE_PATIENCE: jiff::SignedDuration = jiff::SignedDuration::from_mins(2);

/// The article of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Article {
    /// The text as safe HTML.
    pub html: SafeHtml,
    /// The text folded for comparing and searching.
    pub folded: String,
}

/// Why an entry has no article from its page. The names are those of `texts.article_missing`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoArticle {
    /// `robots.txt` forbids the page, or could not be had.
    Robots,
    /// The server answered with a status that brings no page.
    Status,
    /// The page could not be fetched for another reason.
    Unreachable,
    /// The page did not come in time.
    Timeout,
    /// The document is no web page.
    NotAPage,
    /// No article was found in the page, or none that is longer than the feed's own text.
    TooShort,
    /// Reading the page took too long or failed.
    Unreadable,
    /// Too many pages of the host were waited for.
    TooMany,
    /// `full_text` is no longer set.
    Off,
}

impl NoArticle {
    /// Returns the name in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Robots => "robots",
            Self::Status => "status",
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::NotAPage => "not_a_page",
            Self::TooShort => "too_short",
            Self::Unreadable => "unreadable",
            Self::TooMany => "too_many",
            Self::Off => "off",
        }
    }
}

/// Why an entry has no article, with details in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingArticle {
    /// The kind of reason.
    pub why: NoArticle,
    /// What happened, for people.
    pub words: String,
}

impl MissingArticle {
    /// Creates a reason with its words.
    pub fn new(why: NoArticle, words: impl fmt::Display) -> Self {
        Self { why, words: words.to_string() }
    }
}

/// What became of the page of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryPage {
    /// The address that was asked.
    pub url: String,
    /// When the answer was there, or when it was given up.
    pub asked_at: Timestamp,
    /// The article, or why there is none.
    pub article: Result<Article, MissingArticle>,
}

/// Identifies an entry that waits for its page: its feed and the hash of its key.
pub type WaitingKey = (FeedId, i64);

/// An entry that waits for its page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingPage {
    /// Feed and key.
    pub key: WaitingKey,
    /// The entry's outlet, whose settings its requests have.
    pub outlet: Slug,
    /// Address of the page.
    pub url: FeedUrl,
    /// Until when it waits.
    pub until: Timestamp,
    /// The entry's folded title.
    pub title: String,
    /// Number of words of the text that the feed itself brings.
    pub words: usize,
}
