//! What the readers of all dialects hand over: an entry and a feed as found, before the typed model has seen them.

use crate::model::{Category, Enclosure, Hints, Markup, Person, SourceRef};

/// One entry as found. Addresses are absolute, dates are still text.
#[derive(Debug, Default)]
pub(super) struct EntryDraft {
    /// As in the document.
    pub id: Option<String>,
    /// The article's page.
    pub link: Option<String>,
    /// Title.
    pub title: Option<Markup>,
    /// Description or summary.
    pub summary: Option<Markup>,
    /// Full text.
    pub content: Option<Markup>,
    /// Rights.
    pub rights: Option<Markup>,
    /// Its own authors.
    pub authors: Vec<Person>,
    /// Contributors.
    pub contributors: Vec<Person>,
    /// Categories.
    pub categories: Vec<Category>,
    /// Files.
    pub enclosures: Vec<Enclosure>,
    /// First publication.
    pub published: Option<String>,
    /// Last change.
    pub updated: Option<String>,
    /// What addresses inside its texts are relative to.
    pub base: Option<String>,
    /// Its own language.
    pub language: Option<String>,
    /// Picture.
    pub image: Option<String>,
    /// Comments page.
    pub comments: Option<String>,
    /// Where it was taken from.
    pub source: Option<SourceRef>,
}

/// A feed as found, without its entries.
#[derive(Debug, Default)]
pub(super) struct FeedDraft {
    /// Title.
    pub title: Option<Markup>,
    /// Subtitle or description.
    pub description: Option<Markup>,
    /// Its page.
    pub link: Option<String>,
    /// Its own address.
    pub self_link: Option<String>,
    /// WebSub hub.
    pub hub: Option<String>,
    /// Its next older page.
    pub older: Option<String>,
    /// Language.
    pub language: Option<String>,
    /// Rights.
    pub rights: Option<Markup>,
    /// Authors.
    pub authors: Vec<Person>,
    /// Categories.
    pub categories: Vec<Category>,
    /// Picture.
    pub image: Option<String>,
    /// The program that wrote it.
    pub generator: Option<String>,
    /// Publication.
    pub published: Option<String>,
    /// Last change.
    pub updated: Option<String>,
    /// What it asks of pollers.
    pub hints: Hints,
}
