//! One polled document: its address, its validators, what it asks of pollers.

use super::{FeedId, OutletId, Rhythm, Slug};
use jiff::Timestamp;
use std::{fmt, time::Duration};
use url::Url;

/// An http(s) address with a host and without userinfo or fragment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct FeedUrl(Url);

/// Why a text is no [`FeedUrl`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FeedUrlError {
    /// Not an absolute URL.
    #[error("not an absolute address ({0}); allowed: http://… or https://…")]
    NotAUrl(#[from] url::ParseError),
    /// Neither http nor https.
    #[error("the scheme {0}: is not polled; allowed: http:// and https://")]
    Scheme(String),
    /// `user:password@`: it would end up in logs, in the database and in published feeds.
    #[error("user name and password are not allowed in an address")]
    Userinfo,
}

impl FeedUrl {
    /// Takes `text` as the address of a feed; a fragment is dropped, as it is never sent.
    ///
    /// # Errors
    /// When it is not an absolute http(s) address, or carries userinfo.
    pub fn parse(text: &str) -> Result<Self, FeedUrlError> {
        Self::new(Url::parse(text)?)
    }

    /// Takes a parsed address, as [`FeedUrl::parse`].
    ///
    /// # Errors
    /// When it is not http(s), or carries userinfo.
    pub fn new(mut url: Url) -> Result<Self, FeedUrlError> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(FeedUrlError::Scheme(url.scheme().to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(FeedUrlError::Userinfo);
        }
        url.set_fragment(None);
        Ok(Self(url))
    }

    /// The address.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// The address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// What may be shown of it: without a query that may hold a secret.
    #[must_use]
    pub fn shown(&self) -> std::borrow::Cow<'_, str> {
        super::uri::shown(self.as_str())
    }

    /// The host; http(s) addresses always have one.
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

/// `ETag` and `Last-Modified` exactly as received (RFC 9110 8.8): quotes and `W/` belong to the tag. Sent back byte for byte.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Validators {
    /// `ETag`.
    pub etag: Option<Vec<u8>>,
    /// `Last-Modified`.
    pub last_modified: Option<Vec<u8>>,
}

/// What a document asks of its pollers. Floors for an adaptive schedule, never a hurry.
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

/// What a feed says of itself, as last read: for `atom:source`, OPML and the pages.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct FeedInfo {
    /// Its title, plain.
    pub title: Option<String>,
    /// The page it belongs to.
    pub link: Option<String>,
    /// Its language.
    pub language: Option<String>,
    /// What it asks of pollers.
    pub hints: Hints,
}

/// Where a feed stands, as `feed_health.state` shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
pub enum FeedState {
    /// Never polled.
    New,
    /// The last poll read it, or found it unchanged.
    Active,
    /// The last poll failed; it is asked again with growing pauses.
    Failing,
    /// Its server asked for time (`Retry-After`).
    Held,
    /// 410: asked again after about thirty days.
    Gone,
}

impl FeedState {
    /// The word in the database.
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

    /// The state the database's word stands for.
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

/// What the store remembers of a feed and a poll needs to know: the schedule's and the fetcher's half of its row.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct FeedRecord {
    /// Row id.
    pub id: FeedId,
    /// The outlet's row id.
    pub outlet_id: OutletId,
    /// The outlet.
    pub outlet: Slug,
    /// The configured address: the feed's name.
    pub url: FeedUrl,
    /// Where it is asked: the configured address, or the one a permanent redirect or a page led to.
    pub ask: FeedUrl,
    /// As of the last document whose entries were committed.
    pub validators: Validators,
    /// BLAKE3 of the last read body, first 8 bytes.
    pub body_hash: Option<i64>,
    /// Where it stands.
    pub state: FeedState,
    /// Failures in a row.
    pub failures: u32,
    /// No request before this (`Retry-After`).
    pub hold_until: Option<Timestamp>,
    /// When the last poll ended.
    pub last_poll_at: Option<Timestamp>,
    /// When the last poll that read it, or found it unchanged, ended.
    pub last_success_at: Option<Timestamp>,
    /// When it is due.
    pub next_poll_at: Timestamp,
    /// What the last document and the last answer asked for.
    pub hints: Hints,
    /// What the schedule remembers of it; `None` before its first due time is decided.
    pub rhythm: Option<Box<Rhythm>>,
    /// A permanent redirect that is not adopted yet.
    pub moving: Option<PendingRedirect>,
    /// Its guids were seen to repeat for different articles: identity is guid and link from then on.
    pub guids_void: bool,
}

impl FeedRecord {
    /// Time since the last poll ended; zero when there was none or the clock went back.
    #[must_use]
    pub fn since_last_poll(&self, now: Timestamp) -> Duration {
        self.last_poll_at.and_then(|at| Duration::try_from(now.duration_since(at)).ok()).unwrap_or_default()
    }
}
