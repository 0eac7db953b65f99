//! One article, in three states: as read (`ParsedEntry`), as kept (`Entry`), and, in `dedup`, as known (`KnownEntry`).

use super::{Hints, PlainText, SafeHtml};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The dialect of a document, in `inspect`'s words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DocumentFormat {
    /// RSS 2.x, and a version-less `<rss>`.
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
}

/// What decided the character encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EncodingFrom {
    /// A byte order mark.
    Bom,
    /// The bytes are valid UTF-8.
    Utf8,
    /// The `charset` of the Content-Type.
    Http,
    /// The XML declaration.
    Declaration,
    /// Statistics over the bytes.
    Guess,
}

/// What a feed's entry is known by within its feed, the same over any number of parses: its guid or id, else `rdf:about`,
/// else its canonical link, else a hash; guid and link where the feed's guids are void.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct EntryKey(pub String);

impl EntryKey {
    /// The number the store finds it by.
    #[must_use]
    pub fn hash(&self) -> i64 {
        hash64(self.0.as_bytes())
    }
}

/// Hash of an entry's bytes as they stood in the document: equal means that nothing about it needs to be looked at again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RawHash(pub i64);

impl RawHash {
    /// Of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(hash64(bytes))
    }
}

/// Canonical form of an article's link, hashed: equal keys are the same page. For comparing, never shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkKey(pub i64);

impl LinkKey {
    /// Of the canonical form.
    #[must_use]
    pub fn of(canonical: &str) -> Self {
        Self(hash64(canonical.as_bytes()))
    }
}

/// First 8 bytes of BLAKE3, as SQLite's signed integer. BLAKE3, because outlets choose what is hashed.
fn hash64(bytes: &[u8]) -> i64 {
    let mut first = [0; 8];
    first.copy_from_slice(&blake3::hash(bytes).as_bytes()[..8]);
    i64::from_le_bytes(first)
}

/// A text as the document has it, not cleaned yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Markup {
    /// Plain text: `<` is a less-than sign.
    Text(String),
    /// HTML, or a text that may be HTML.
    Html(String),
}

impl Markup {
    /// The characters, whatever they are.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Text(s) | Self::Html(s) => s,
        }
    }
}

/// Someone who wrote.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// As signed; empty only where an address is all there is.
    pub name: String,
    /// Stated address.
    pub email: Option<String>,
    /// Stated page, absolute.
    pub uri: Option<String>,
}

/// What an outlet files an entry under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Category {
    /// The term itself.
    pub term: String,
    /// The vocabulary it belongs to.
    pub scheme: Option<String>,
    /// How it is shown.
    pub label: Option<String>,
}

/// A file that goes with an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enclosure {
    /// Absolute http(s) address.
    pub url: String,
    /// Media type.
    #[serde(rename = "type")]
    pub media_type: Option<String>,
    /// Bytes.
    pub length: Option<u64>,
}

/// Where an entry was taken from, as it says itself (RSS `source`, `atom:source`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRef {
    /// Title of the feed it came from.
    pub title: Option<String>,
    /// Address of that feed or its page.
    pub link: Option<String>,
}

/// A document, read.
#[derive(Debug, Clone, PartialEq)]
pub struct ParsedFeed {
    /// Dialect.
    pub format: DocumentFormat,
    /// WHATWG name of the encoding it was read in.
    pub encoding: &'static str,
    /// What decided that.
    pub encoding_from: EncodingFrom,
    /// Names of the repairs it needed, each once, in order of first use.
    pub repairs: Vec<&'static str>,
    /// It was cut off: closed entries are here, the cut one is not.
    pub partial: bool,
    /// Title.
    pub title: Option<Markup>,
    /// Subtitle, tagline or description.
    pub description: Option<Markup>,
    /// The page it belongs to, absolute.
    pub link: Option<String>,
    /// Its own address, as stated.
    pub self_link: Option<String>,
    /// WebSub hub.
    pub hub: Option<String>,
    /// Where its next older entries are, as stated (RFC 5005, JSON Feed's `next_url`), absolute.
    pub older: Option<String>,
    /// Stated language.
    pub language: Option<String>,
    /// Stated rights.
    pub rights: Option<Markup>,
    /// Authors of the feed.
    pub authors: Vec<Person>,
    /// Categories of the feed.
    pub categories: Vec<Category>,
    /// Its picture, absolute.
    pub image: Option<String>,
    /// The program that wrote it.
    pub generator: Option<String>,
    /// RSS `pubDate`.
    pub published: Option<Timestamp>,
    /// RSS `lastBuildDate`, Atom `updated`.
    pub updated: Option<Timestamp>,
    /// What it asks of pollers.
    pub hints: Hints,
    /// Some guid stands at several different entries of this document.
    pub guids_void: bool,
    /// All its entries, two at least, have one and the same link: it says nothing about any of them.
    pub link_shared: bool,
    /// Its entries in document order, each key once.
    pub listed: Vec<ListedEntry>,
}

/// One entry of a document: read, or recognised by its bytes and passed over.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedEntry {
    /// Hash of its bytes.
    pub raw: RawHash,
    /// Hash of what it is known by ([`EntryKey::hash`]), whether it was read or not.
    pub key: i64,
    /// Another entry of the document has the same link.
    pub link_repeats: bool,
    /// What it says; `None` when the caller already knew its bytes.
    pub entry: Option<Box<ParsedEntry>>,
}

/// An article as its document states it: addresses absolute, texts not cleaned yet.
#[derive(Debug, Clone, PartialEq)]
pub struct ParsedEntry {
    /// guid, `atom:id`, `rdf:about` or JSON `id`, exactly as in the document.
    pub id: Option<String>,
    /// What Warraq knows it by.
    pub key: EntryKey,
    /// Title.
    pub title: Option<Markup>,
    /// The article's page, absolute.
    pub link: Option<String>,
    /// What relative addresses inside its texts are resolved against.
    pub base: Option<String>,
    /// Description or summary.
    pub summary: Option<Markup>,
    /// Full text.
    pub content: Option<Markup>,
    /// Its authors, else the feed's.
    pub authors: Vec<Person>,
    /// Contributors.
    pub contributors: Vec<Person>,
    /// Categories.
    pub categories: Vec<Category>,
    /// Rights.
    pub rights: Option<Markup>,
    /// Picture, absolute.
    pub image: Option<String>,
    /// First publication, as stated.
    pub published: Option<Timestamp>,
    /// Last change, as stated.
    pub updated: Option<Timestamp>,
    /// Files.
    pub enclosures: Vec<Enclosure>,
    /// Its language, else the feed's.
    pub language: Option<String>,
    /// Address of the comments page.
    pub comments: Option<String>,
    /// Where it was taken from.
    pub source: Option<SourceRef>,
}

/// What an entry carries beside title, link and texts; passed on to merged feeds, kept as one JSON document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Extras {
    /// Language of the title, where it is not the entry's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title_language: Option<String>,
    /// Language of the text, where it is not the entry's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_language: Option<String>,
    /// Authors, names plain.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authors: Vec<Person>,
    /// Contributors, names plain.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contributors: Vec<Person>,
    /// Categories, plain.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<Category>,
    /// Files, http(s) only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub enclosures: Vec<Enclosure>,
    /// Rights, plain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rights: Option<String>,
    /// Picture, http(s) only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Comments page, http(s) only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comments: Option<String>,
    /// Where it was taken from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceRef>,
}

/// Title and text folded for comparing and searching: tokens separated by single spaces. Never shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FoldedText {
    /// Of the title.
    pub title: String,
    /// Of the text without markup.
    pub body: String,
}

/// An article as Warraq keeps it: every text clean, every address absolute http(s).
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// What Warraq knows it by within its feed.
    pub key: EntryKey,
    /// Hash of its bytes in the document.
    pub raw: RawHash,
    /// Its id as the outlet wrote it.
    pub source_id: Option<String>,
    /// Title, or `None` when it has none or an empty one.
    pub title: Option<PlainText>,
    /// First characters of the text, where there is no title ([`super::super::normalise`] caps it at 80).
    pub excerpt: Option<PlainText>,
    /// The article's page.
    pub link: Option<String>,
    /// Canonical form of `link`, hashed; `None` without a link, or where the link is no identity (shared by all entries).
    pub link_key: Option<LinkKey>,
    /// Summary.
    pub summary: Option<SafeHtml>,
    /// Full text.
    pub content: Option<SafeHtml>,
    /// Its language: stated, else its feed's, else its outlet's.
    pub language: Option<String>,
    /// Publication as stated, believed or not.
    pub published: Option<Timestamp>,
    /// Last change as stated, believed or not.
    pub updated: Option<Timestamp>,
    /// The stated publication (else change) when it can be believed: not before 1990, at most a day ahead.
    pub believed: Option<Timestamp>,
    /// Everything else.
    pub extras: Extras,
    /// For comparing and searching.
    pub folded: FoldedText,
    /// Hash of all that a reader would see and the outlet edits; equal means that it edited nothing.
    pub shown: i64,
    /// Something in it changes without being edited (a signed address, a counter, a clock) and is no part of `shown`.
    pub volatile: bool,
}

impl Entry {
    /// Hash of texts for [`Entry::shown`], parts kept apart.
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
