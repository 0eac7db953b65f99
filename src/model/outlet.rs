//! Outlets, with their slugs and languages.

use super::{EntryRules, feed::FeedUrl};
use std::{fmt, sync::Arc};

/// A publisher (such as Al Alam) as configured: its name, how its dates are read, and where its feeds are.
#[derive(Debug, Clone, PartialEq)]
pub struct Outlet {
    /// Name in the configuration, in views and in addresses.
    pub slug: Slug,
    /// Name shown to readers.
    pub name: String,
    /// Language of entries that state none.
    pub language: Option<Language>,
    /// Time zone of dates that state none, and of crontab schedules.
    pub time_zone: jiff::tz::TimeZone,
    /// Tags by which channels select outlets.
    pub tags: Vec<String>,
    /// Configured addresses: feeds, or pages that announce one.
    pub feeds: Vec<FeedUrl>,
    /// Alternative addresses of the feeds that have some, in the order in which they are tried.
    pub alternatives: Vec<(FeedUrl, Vec<FeedUrl>)>,
    /// Former addresses of feeds. The entries they brought belong to this outlet.
    pub was: Vec<FeedUrl>,
    /// Whether the feeds are polled.
    pub enabled: bool,
    /// Whether only readers with a key see its entries.
    pub private: bool,
    /// Whether the pages of entries with little text are fetched.
    pub full_text: bool,
    /// Which text of an entry is published.
    pub published_text: PublishedText,
    /// Which of its entries are taken.
    pub rules: EntryRules,
}

impl Outlet {
    /// Returns whether a person who writes `name` means this outlet: its slug, or the configured address of one of its feeds.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        self.slug.as_str() == name || self.feeds.iter().any(|feed| feed.as_str() == name)
    }
}

/// Which text of an entry feeds and pages show.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PublishedText {
    /// What the feed says.
    #[default]
    Feed,
    /// The article of the entry's page, where `full_text` brought it.
    Page,
}

/// A short name for addresses and scripts: `[a-z0-9]`, and `-` or `_` except at the beginning; at most 64 characters. Clones share
/// it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct Slug(Arc<str>);

/// First character of the internal slugs of variants.
const VARIANT: char = '_';

/// Error of parsing a [`Slug`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a slug is 1 to 64 of a-z, 0-9, '-' and '_', and begins with a letter or digit")]
pub struct SlugError;

impl Slug {
    /// Longest slug, in characters.
    pub const MAX: usize = 64;

    /// Parses a slug.
    ///
    /// # Errors
    /// Fails if the text is empty, too long, or contains another character.
    pub fn parse(text: &str) -> Result<Self, SlugError> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let first = text.bytes().next().is_some_and(plain);
        let rest = text.bytes().all(|b| plain(b) || b == b'-' || b == b'_');
        if first && rest && text.len() <= Self::MAX { Ok(Self(text.into())) } else { Err(SlugError) }
    }

    /// Returns the internal slug of a channel's variant, which no configuration can contain.
    pub(super) fn variant(&self) -> Self {
        Self(format!("{VARIANT}{}", self.0).into())
    }

    /// Returns the slug of the channel whose variant this is, or the slug itself.
    pub(super) fn without_variant(&self) -> &str {
        self.0.strip_prefix(VARIANT).unwrap_or(&self.0)
    }

    /// Returns the slug as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A BCP 47 language tag, stored in lower case (`ar`, `fr-ma`). Only its syntax is checked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct Language(String);

/// Error of parsing a [`Language`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a language is a tag such as ar, fr or fr-MA (BCP 47)")]
pub struct LanguageError;

impl Language {
    /// Parses a language tag; `_` counts as `-`.
    ///
    /// # Errors
    /// Fails if the tag does not have the syntax of BCP 47: 2 to 8 letters, then subtags of 1 to 8 letters or digits, at most 35
    /// characters.
    pub fn parse(text: &str) -> Result<Self, LanguageError> {
        let tag = text.trim().replace('_', "-").to_ascii_lowercase();
        let mut parts = tag.split('-');
        let primary =
            parts.next().is_some_and(|p| (2..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphabetic()));
        let rest = parts.all(|p| (1..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric()));
        if primary && rest && tag.len() <= 35 { Ok(Self(tag)) } else { Err(LanguageError) }
    }

    /// Returns the whole tag.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the primary subtag: `fr` of `fr-ma`.
    #[must_use]
    pub fn primary(&self) -> &str {
        self.0.split('-').next().unwrap_or(&self.0)
    }

    /// Returns whether the language is written from right to left.
    #[must_use]
    pub fn is_rtl(&self) -> bool {
        matches!(self.primary(), "ar" | "arc" | "ckb" | "dv" | "fa" | "he" | "ks" | "ps" | "sd" | "ug" | "ur" | "yi")
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
