//! Feeds: addresses, validators, and what documents ask of pollers.

use super::{FeedId, OutletId, Rhythm, Slug};
use jiff::Timestamp;
use std::{fmt, sync::Arc, time::Duration};
use url::Url;

/// An http(s) address with a host and without userinfo or fragment. Clones share it: configuration, queue and polls hold the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct FeedUrl(Arc<Url>);

/// Error of parsing a [`FeedUrl`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FeedUrlError {
    /// The text has no scheme.
    #[error("an address without a scheme; allowed: http://… or https://…")]
    NoScheme,
    /// The text is not a URL.
    #[error("not an address ({0}); allowed: http://… or https://…")]
    NotAUrl(url::ParseError),
    /// The scheme is neither http nor https.
    #[error("the scheme {0}: is not polled; allowed: http:// and https://")]
    Scheme(String),
    /// The address contains `user:password@`, which would end up in logs, in the database and in published feeds.
    #[error("user name and password are not allowed in an address")]
    Userinfo,
    /// The address is too long to be requested, stored with every poll and shown.
    #[error("an address of more than {ADDRESS_MAX} bytes")]
    TooLong,
    /// The address is too long for the name of a feed.
    #[error("an address of more than {POLLED_MAX} bytes; allowed: shorter ones, such as one that redirects to it")]
    TooLongToPoll,
}

/// Longest address, in bytes. Servers and proxies are to support 8,000 (RFC 9110 4.1); few accept more.
pub const ADDRESS_MAX: usize = 8_000;
/// Longest address of a feed that is configured, in bytes. It is the feed's name in the database, and no index of PostgreSQL takes more
/// than 2,704 bytes.
pub const POLLED_MAX: usize = 2_000;

impl FeedUrl {
    /// Parses the address of a feed. A fragment is dropped, because it is never sent.
    ///
    /// # Errors
    /// Fails if it is not an absolute http(s) address, or contains userinfo.
    pub fn parse(text: &str) -> Result<Self, FeedUrlError> {
        Self::new(Url::parse(text).map_err(|why| match why {
            url::ParseError::RelativeUrlWithoutBase => FeedUrlError::NoScheme,
            why => FeedUrlError::NotAUrl(why),
        })?)
    }

    /// Parses the address of a feed that is to be polled.
    ///
    /// # Errors
    /// Fails as [`FeedUrl::parse`] does, and if the address is longer than 2,000 bytes.
    pub fn parse_polled(text: &str) -> Result<Self, FeedUrlError> {
        let url = Self::parse(text)?;
        if url.as_str().len() > POLLED_MAX { Err(FeedUrlError::TooLongToPoll) } else { Ok(url) }
    }

    /// Converts a parsed address, with the same rules as [`FeedUrl::parse`].
    ///
    /// # Errors
    /// Fails if it is not http(s), or contains userinfo.
    pub fn new(mut url: Url) -> Result<Self, FeedUrlError> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(FeedUrlError::Scheme(url.scheme().to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(FeedUrlError::Userinfo);
        }
        url.set_fragment(None);
        if url.as_str().len() > ADDRESS_MAX {
            return Err(FeedUrlError::TooLong);
        }
        Ok(Self(Arc::new(url)))
    }

    /// Returns the address.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// Returns the address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Returns the address as it may be shown: without a query that may contain a secret.
    #[must_use]
    pub fn shown(&self) -> std::borrow::Cow<'_, str> {
        super::uri::shown(self.as_str())
    }

    /// Returns the host, which http(s) addresses always have.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }
}

impl fmt::Display for FeedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// `ETag` and `Last-Modified` exactly as received (RFC 9110 8.8). Quotes and `W/` belong to the tag. They are sent back byte for
/// byte.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Validators {
    /// `ETag`.
    pub etag: Option<Vec<u8>>,
    /// `Last-Modified`.
    pub last_modified: Option<Vec<u8>>,
}

/// What a document asks of its pollers. It can only make an adaptive schedule slower, never faster.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Hints {
    /// RSS `ttl`, in seconds.
    pub ttl_s: Option<u64>,
    /// RSS 1.0 syndication module: period divided by frequency, in seconds.
    pub update_period_s: Option<u64>,
    /// RSS `skipHours`: hours of the day in UTC, 0 to 23.
    pub skip_hours: Vec<u8>,
    /// RSS `skipDays`: English weekday names, capitalised.
    pub skip_days: Vec<String>,
}

/// What a feed says about itself, as last read. Used for `atom:source`, OPML and the pages.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct FeedInfo {
    /// Title, in plain text.
    pub title: Option<String>,
    /// Address of the web page the feed belongs to.
    pub link: Option<String>,
    /// Language of the feed.
    pub language: Option<String>,
    /// What the feed asks of pollers.
    pub hints: Hints,
}

/// State of a feed, as shown in `feed_health.state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
pub enum FeedState {
    /// Never polled.
    New,
    /// The last poll read the feed, or found it unchanged.
    Active,
    /// The last poll failed; the feed is polled again at growing intervals.
    Failing,
    /// The server asked to wait (`Retry-After`).
    Held,
    /// The server says that the feed is gone (410); it is polled again after about thirty days.
    Gone,
}

impl FeedState {
    /// Returns the name used in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Active => "active",
            Self::Failing => "failing",
            Self::Held => "held",
            Self::Gone => "gone",
        }
    }

    /// Returns the state with this name in the database.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::New, Self::Active, Self::Failing, Self::Held, Self::Gone].into_iter().find(|s| s.as_str() == word)
    }
}

/// A permanent redirect that is not adopted yet.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct PendingRedirect {
    /// Where it leads.
    pub to: FeedUrl,
    /// Polls that found a feed there.
    pub polls: u32,
    /// When the first of them ended.
    pub since: Timestamp,
}

/// The part of a feed's row that a poll needs: the data of the schedule and of the fetcher.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct FeedRecord {
    /// Row id.
    pub id: FeedId,
    /// The outlet's row id.
    pub outlet_id: OutletId,
    /// The outlet's slug.
    pub outlet: Slug,
    /// The configured address, which identifies the feed.
    pub url: FeedUrl,
    /// The polled address: the configured one, or the one to which a permanent redirect or an HTML page led.
    pub ask: FeedUrl,
    /// Validators of the last document whose entries were committed.
    pub validators: Validators,
    /// First 8 bytes of the BLAKE3 hash of the last body read.
    pub body_hash: Option<i64>,
    /// State of the feed.
    pub state: FeedState,
    /// Consecutive failures.
    pub failures: u32,
    /// No request is sent before this time (`Retry-After`).
    pub hold_until: Option<Timestamp>,
    /// When the last poll ended.
    pub last_poll_at: Option<Timestamp>,
    /// When the last successful poll ended: one that read the feed, or found it unchanged.
    pub last_success_at: Option<Timestamp>,
    /// When the next poll is due.
    pub next_poll_at: Timestamp,
    /// What the last document asked of pollers.
    pub hints: Hints,
    /// The schedule's state for the feed; `None` before its first due time is decided.
    pub rhythm: Option<Box<Rhythm>>,
    /// A permanent redirect that is not adopted yet.
    pub moving: Option<PendingRedirect>,
    /// Whether guids were seen to repeat for different articles. From then on, guid and link together identify an entry.
    pub guids_void: bool,
}

impl FeedRecord {
    /// Returns the time since the last poll ended; zero if there was none or the clock was set back.
    #[must_use]
    pub fn since_last_poll(&self, now: Timestamp) -> Duration {
        self.last_poll_at.and_then(|at| Duration::try_from(now.duration_since(at)).ok()).unwrap_or_default()
    }
}
