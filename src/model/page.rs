//! The page of an entry and its article: requested because of `full_text`, and stored beside the feed's text.

use super::{FeedId, FeedUrl, SafeHtml, Slug};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Longest time that an entry waits for its page. After it, dedup decides without the page.
pub const PAGE_PATIENCE: jiff::SignedDuration = jiff::SignedDuration::from_mins(2);

/// The article of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Article {
    /// The text as safe HTML.
    pub html: SafeHtml,
    /// The text folded for comparing and searching.
    pub folded: String,
}

/// The reason why an entry has no article. The names are those of `texts.article_missing`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoArticle {
    /// `robots.txt` forbids the page, or could not be fetched.
    Robots,
    /// The server answered with an error status.
    Status,
    /// The page could not be fetched for another reason.
    Unreachable,
    /// The page was not fetched in time.
    Timeout,
    /// The document is not a web page.
    NotAPage,
    /// No article was found in the page, or none that is longer than the feed's own text.
    TooShort,
    /// Extracting the article took too long or failed.
    Unreadable,
    /// The maximum number of entries already waits for pages of the host.
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

/// The reason why an entry has no article, with details in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingArticle {
    /// The kind of reason.
    pub why: NoArticle,
    /// The details, for people.
    pub words: String,
}

impl MissingArticle {
    /// Creates a reason with its words.
    pub fn new(why: NoArticle, words: impl fmt::Display) -> Self {
        Self { why, words: words.to_string() }
    }
}

/// The result of requesting the page of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryPage {
    /// The requested address.
    pub url: String,
    /// When the page was fetched, or the request was given up.
    pub asked_at: Timestamp,
    /// The article, or the reason why there is none.
    pub article: Result<Article, MissingArticle>,
}

/// Identifier of an entry that waits for its page: its feed and the hash of its key.
pub type WaitingKey = (FeedId, i64);

/// An entry that waits for its page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingPage {
    /// The entry's feed and the hash of its key.
    pub key: WaitingKey,
    /// The entry's outlet. Its settings apply to the request.
    pub outlet: Slug,
    /// Address of the page.
    pub url: FeedUrl,
    /// End of the waiting time.
    pub until: Timestamp,
    /// The entry's folded title.
    pub title: String,
    /// Number of words of the feed's own text.
    pub words: usize,
}
