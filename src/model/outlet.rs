//! A publisher.

use super::feed::FeedUrl;
use std::fmt;

/// A publisher (Al Alam) as configured: who it is, how its dates are read, where its feeds are.
#[derive(Debug, Clone, PartialEq)]
pub struct Outlet {
    /// What configuration, views and addresses call it.
    pub slug: Slug,
    /// What readers see.
    pub name: String,
    /// Of entries that state none.
    pub language: Option<Language>,
    /// For dates that name no zone, and for crontab schedules.
    pub time_zone: jiff::tz::TimeZone,
    /// What channels select by.
    pub tags: Vec<String>,
    /// Configured addresses: feeds, or pages that announce one.
    pub feeds: Vec<FeedUrl>,
    /// Other addresses of feeds that have some, in the order in which they are tried.
    pub alternatives: Vec<(FeedUrl, Vec<FeedUrl>)>,
    /// Former addresses of feeds: what they brought is this outlet's.
    pub was: Vec<FeedUrl>,
    /// Whether its feeds are polled.
    pub enabled: bool,
}

/// A short name for addresses and scripts: `[a-z0-9]`, with `-` or `_` inside, at most 64 characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct Slug(String);

/// Why a text is no [`Slug`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a slug is 1 to 64 of a-z, 0-9, '-' and '_', and begins with a letter or digit")]
pub struct SlugError;

impl Slug {
    /// Longest slug, in characters.
    pub const MAX: usize = 64;

    /// Takes `text` as a slug.
    ///
    /// # Errors
    /// When it is empty, too long, or holds another character.
    pub fn parse(text: &str) -> Result<Self, SlugError> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let first = text.bytes().next().is_some_and(plain);
        let rest = text.bytes().all(|b| plain(b) || b == b'-' || b == b'_');
        if first && rest && text.len() <= Self::MAX { Ok(Self(text.to_owned())) } else { Err(SlugError) }
    }

    /// The text.
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

/// A BCP 47 language tag, kept in lower case (`ar`, `fr-ma`); only its shape is checked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct Language(String);

/// Why a text is no [`Language`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a language is a tag such as ar, fr or fr-MA (BCP 47)")]
pub struct LanguageError;

impl Language {
    /// Takes `text` as a language tag; `_` counts as `-`.
    ///
    /// # Errors
    /// When it is not of BCP 47's shape: 2 to 8 letters, then subtags of 1 to 8 letters or digits, 35 characters at most.
    pub fn parse(text: &str) -> Result<Self, LanguageError> {
        let tag = text.trim().replace('_', "-").to_ascii_lowercase();
        let mut parts = tag.split('-');
        let primary =
            parts.next().is_some_and(|p| (2..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphabetic()));
        let rest = parts.all(|p| (1..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric()));
        if primary && rest && tag.len() <= 35 { Ok(Self(tag)) } else { Err(LanguageError) }
    }

    /// The whole tag.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The primary subtag: `fr` of `fr-ma`.
    #[must_use]
    pub fn primary(&self) -> &str {
        self.0.split('-').next().unwrap_or(&self.0)
    }

    /// Whether it is written from right to left.
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
