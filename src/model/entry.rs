//! An article in its states: as parsed ([`ParsedEntry`]), as stored ([`Entry`]) and, in `dedup`, as already known
//! (`KnownEntry`).

use super::{PlainText, SafeHtml};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

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
