//! A document and its entries as parsed: with absolute addresses, and texts that are not cleaned yet.

use super::{Category, Enclosure, EntryKey, Hints, Person, RawHash, SourceRef};
use jiff::Timestamp;
use serde::Serialize;

/// Format of a feed document, with the names that `inspect` shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DocumentFormat {
    /// RSS 2.x, or `<rss>` without a version.
    Rss20,
    /// RSS 0.90 to 0.94.
    Rss09,
    /// RSS 1.0 (RDF).
    Rss10,
    /// Atom 1.0 (RFC 4287).
    Atom10,
    /// Atom 0.3.
    Atom03,
    /// JSON Feed 1.0 and 1.1.
    Json,
    /// Microsoft's Channel Definition Format.
    Cdf,
    /// A sitemap with the elements of Google News (sitemaps.org 0.9, sitemap-news 0.9).
    #[serde(rename = "news-sitemap")]
    NewsSitemap,
}

/// What determined the character encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EncodingFrom {
    /// A byte order mark.
    Bom,
    /// The bytes being valid UTF-8.
    Utf8,
    /// The `charset` of the Content-Type.
    Http,
    /// The XML declaration.
    Declaration,
    /// Statistics over the bytes.
    Guess,
}

/// A text as it is in the document, not cleaned yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Markup {
    /// Plain text, in which `<` is a less-than sign.
    Text(String),
    /// HTML, or text that may be HTML.
    Html(String),
}

impl Markup {
    /// Returns the text in either case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Text(s) | Self::Html(s) => s,
        }
    }
}

/// A parsed feed document.
#[derive(Debug, Clone, PartialEq)]
pub struct ParsedFeed {
    /// Format of the document.
    pub format: DocumentFormat,
    /// WHATWG name of the encoding with which it was decoded.
    pub encoding: &'static str,
    /// What determined the encoding.
    pub encoding_from: EncodingFrom,
    /// Names of the repairs that the document needed, each once, in order of first use.
    pub repairs: Vec<&'static str>,
    /// Whether the document was cut off. Complete entries are listed, the one that was cut off is not.
    pub partial: bool,
    /// Title.
    pub title: Option<Markup>,
    /// Subtitle, tagline or description.
    pub description: Option<Markup>,
    /// Absolute address of the web page the feed belongs to.
    pub link: Option<String>,
    /// The feed's own address, as stated.
    pub self_link: Option<String>,
    /// Address of the WebSub hub.
    pub hub: Option<String>,
    /// Absolute address of the next older entries, as stated (RFC 5005, JSON Feed's `next_url`).
    pub older: Option<String>,
    /// Stated language.
    pub language: Option<String>,
    /// Stated rights.
    pub rights: Option<Markup>,
    /// Authors of the feed.
    pub authors: Vec<Person>,
    /// Categories of the feed.
    pub categories: Vec<Category>,
    /// Absolute address of the feed's picture.
    pub image: Option<String>,
    /// The program that generated the document.
    pub generator: Option<String>,
    /// RSS `pubDate`.
    pub published: Option<Timestamp>,
    /// RSS `lastBuildDate`, Atom `updated`.
    pub updated: Option<Timestamp>,
    /// What the document asks of pollers.
    pub hints: Hints,
    /// Whether some guid occurs at several different entries of this document.
    pub guids_void: bool,
    /// Whether all entries, at least two, have the same link, which therefore identifies none of them.
    pub link_shared: bool,
    /// The entries in document order, each key once.
    pub listed: Vec<ListedEntry>,
}

/// An entry of a document: parsed, or recognised by its bytes and skipped.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedEntry {
    /// Hash of the entry's bytes.
    pub raw: RawHash,
    /// Hash of the entry's key ([`EntryKey::hash`]), whether it was parsed or not.
    pub key: i64,
    /// Whether another entry of the document has the same link.
    pub link_repeats: bool,
    /// The parsed entry; `None` if the caller already knew its bytes.
    pub entry: Option<Box<ParsedEntry>>,
}

/// An article as its document states it, with absolute addresses and texts that are not cleaned yet.
#[derive(Debug, Clone, PartialEq)]
pub struct ParsedEntry {
    /// guid, `atom:id`, `rdf:about` or JSON `id`, exactly as in the document.
    pub id: Option<String>,
    /// Key that identifies the entry within its feed.
    pub key: EntryKey,
    /// Title.
    pub title: Option<Markup>,
    /// Absolute address of the article.
    pub link: Option<String>,
    /// Base for resolving relative addresses in the texts.
    pub base: Option<String>,
    /// Whether the document states it (`xml:base`).
    pub is_base_stated: bool,
    /// Description or summary.
    pub summary: Option<Markup>,
    /// Full text.
    pub content: Option<Markup>,
    /// The entry's authors, else the feed's.
    pub authors: Vec<Person>,
    /// Contributors.
    pub contributors: Vec<Person>,
    /// Categories.
    pub categories: Vec<Category>,
    /// Rights.
    pub rights: Option<Markup>,
    /// Absolute address of the picture.
    pub image: Option<String>,
    /// Date of first publication, as stated.
    pub published: Option<Timestamp>,
    /// Date of last change, as stated.
    pub updated: Option<Timestamp>,
    /// Attached files.
    pub enclosures: Vec<Enclosure>,
    /// The entry's language, else the feed's.
    pub language: Option<String>,
    /// Address of the comments page.
    pub comments: Option<String>,
    /// The feed it was taken from.
    pub source: Option<SourceRef>,
}
