//! An article in its states: as parsed ([`ParsedEntry`]), as stored ([`Entry`]) and, in `dedup`, as already known
//! (`KnownEntry`).

use super::{Hints, PlainText, SafeHtml};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

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

/// Key that identifies an entry within its feed, the same in every parse. It is the guid or id, else `rdf:about`, else the
/// canonical link, else a hash. In feeds whose guids repeat for different articles, it is made of guid and link.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EntryKey(pub String);

impl EntryKey {
    /// Returns the hash by which the store looks the entry up.
    #[must_use]
    pub fn hash(&self) -> i64 {
        hash64(self.0.as_bytes())
    }
}

/// Hash of an entry's bytes in the document. If it is equal, the entry need not be examined again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RawHash(pub i64);

impl RawHash {
    /// Hashes these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(hash64(bytes))
    }
}

/// Hash of the canonical form of an article's link: equal keys mean the same page. Used only for comparing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LinkKey(pub i64);

impl LinkKey {
    /// Hashes a link in canonical form.
    #[must_use]
    pub fn of(canonical: &str) -> Self {
        Self(hash64(canonical.as_bytes()))
    }
}

/// Returns the first 8 bytes of the BLAKE3 hash as a signed integer for SQLite. The hash is cryptographic because outlets choose
/// the input.
fn hash64(bytes: &[u8]) -> i64 {
    let mut first = [0; 8];
    first.copy_from_slice(&blake3::hash(bytes).as_bytes()[..8]);
    i64::from_le_bytes(first)
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

/// An author or contributor.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Person {
    /// Name as stated; empty only if nothing but an address is stated.
    pub name: String,
    /// E-mail address as stated.
    pub email: Option<String>,
    /// Absolute address of the person's page, as stated.
    pub uri: Option<String>,
}

/// A category of an entry or feed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Category {
    /// The term.
    pub term: String,
    /// The vocabulary that the term belongs to.
    pub scheme: Option<String>,
    /// The term as shown to people.
    pub label: Option<String>,
}

/// A file attached to an entry.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Enclosure {
    /// Absolute http(s) address.
    pub url: String,
    /// Media type.
    #[serde(rename = "type")]
    pub media_type: Option<String>,
    /// Length in bytes, as stated.
    pub length: Option<u64>,
    /// What the outlet says about the file, such as the caption of a picture. HTML as parsed, plain text in [`Extras`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// How long sound or video takes, in seconds, as stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<u32>,
}

/// The feed an entry was taken from, as the entry states it (RSS `source`, `atom:source`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRef {
    /// Title of that feed.
    pub title: Option<String>,
    /// Address of that feed or of its page.
    pub link: Option<String>,
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

/// Data of an entry other than title, link and texts. It is passed on to merged feeds and stored as one JSON document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Extras {
    /// Language of the title, if it is not the entry's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title_language: Option<String>,
    /// Language of the text, if it is not the entry's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_language: Option<String>,
    /// Authors, with names in plain text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authors: Vec<Person>,
    /// Contributors, with names in plain text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contributors: Vec<Person>,
    /// Categories, in plain text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<Category>,
    /// Attached files, only with http(s) addresses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub enclosures: Vec<Enclosure>,
    /// Rights, in plain text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rights: Option<String>,
    /// Address of the picture, only http(s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Address of the comments page, only http(s).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comments: Option<String>,
    /// The feed it was taken from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceRef>,
}

/// Title and text folded for comparing and searching: tokens separated by single spaces. Not for display.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoldedText {
    /// The folded title.
    pub title: String,
    /// The folded text, without markup.
    pub body: String,
}

/// An article as Warraq stores it: every text is clean, every address is absolute http(s).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Key that identifies the entry within its feed.
    pub key: EntryKey,
    /// Hash of the entry's bytes in the document.
    pub raw: RawHash,
    /// The entry's id as the outlet wrote it.
    pub source_id: Option<String>,
    /// Title; `None` if it is missing or empty.
    pub title: Option<PlainText>,
    /// First characters of the text if there is no title ([`super::super::normalise`] limits it to 80).
    pub excerpt: Option<PlainText>,
    /// Address of the article.
    pub link: Option<String>,
    /// Key of `link`; `None` without a link, or if the link identifies nothing because all entries share it.
    pub link_key: Option<LinkKey>,
    /// Summary.
    pub summary: Option<SafeHtml>,
    /// Full text.
    pub content: Option<SafeHtml>,
    /// Language: as stated by the entry, else the feed's, else the outlet's.
    pub language: Option<String>,
    /// Publication date as stated, plausible or not.
    pub published: Option<Timestamp>,
    /// Date of last change as stated, plausible or not.
    pub updated: Option<Timestamp>,
    /// The stated date of publication, else of last change, if it is plausible: not before 1990, and at most a day in the future.
    pub believed: Option<Timestamp>,
    /// All other data.
    pub extras: Extras,
    /// Title and text for comparing and searching.
    pub folded: FoldedText,
    /// Hash of everything that a reader sees and the outlet edits. If it is equal, nothing was edited.
    pub shown: i64,
    /// Whether something in the entry changes without being edited (a signed address, a counter, a clock). Such things are not
    /// part of `shown`.
    pub volatile: bool,
    /// Why the rules of its outlet leave it out, as decided when it was read; `None` if they take it.
    pub dropped: Option<String>,
}

impl Entry {
    /// Hashes texts for [`Entry::shown`]. The boundaries between the parts count.
    #[must_use]
    pub fn hash_shown(parts: &[&str]) -> i64 {
        let mut hasher = blake3::Hasher::new();
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        let mut first = [0; 8];
        first.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
        i64::from_le_bytes(first)
    }
}
