//! The outcome of a poll. What goes wrong with a feed is data ([`Fault`]), which is stored and used for scheduling; it is never
//! an `Err`.

use super::FeedUrl;
use jiff::Timestamp;
use serde::Serialize;
use std::time::Duration;

/// How a poll ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Outcome {
    /// The document was read and differs from the last one.
    Fresh,
    /// The server says that nothing changed (304).
    NotModified,
    /// A full response with the same bytes as the last document, which is not parsed again.
    SameBytes,
    /// Like one of the three above, and with this poll the target of a permanent redirect became the polled address.
    Moved,
    /// The server says that the feed is gone (410).
    Gone,
    /// The feed could not be read. Everything already known of it is kept.
    Failed(Fault),
}

impl Outcome {
    /// Returns the name used in the database, in logs and in metrics.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::NotModified => "not_modified",
            Self::SameBytes => "same_bytes",
            Self::Moved => "moved",
            Self::Gone => "gone",
            Self::Failed(_) => "failed",
        }
    }

    /// Returns whether it is known after the poll what the feed currently lists.
    #[must_use]
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Fresh | Self::NotModified | Self::SameBytes | Self::Moved)
    }
}

/// What went wrong in a poll. The error text is shown in `feed_health.last_error`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
pub enum Fault {
    /// The address, or one that it redirects to, is in a network that must not be polled.
    #[error("address refused: {0} is not in a public network; allow it with [fetch] allow_networks")]
    Address(String),
    /// `robots.txt` of the host forbids a page, or could not be had (RFC 9309).
    #[error("robots.txt of {0} forbids it, or could not be read")]
    Robots(String),
    /// The host name does not resolve.
    #[error("cannot resolve the host name {0}")]
    Dns(String),
    /// This process or machine lacks a resource for the request, such as open files or memory. It is not a failure of the feed
    /// and is never stored.
    #[error("not polled: {0}")]
    Local(String),
    /// The connection could not be established.
    #[error("cannot connect: {0}")]
    Connect(String),
    /// TLS failed.
    #[error("TLS failed: {0}")]
    Tls(String),
    /// The response did not arrive completely within the time limit.
    #[error("timed out after {0:?}")]
    Timeout(Duration),
    /// The response ended early or is not valid HTTP.
    #[error("the response was cut off or is not valid HTTP: {0}")]
    Broken(String),
    /// The decompressed document is larger than the limit.
    #[error("the document is larger than {limit} bytes, which is the limit ([fetch] max_body)")]
    TooLarge {
        /// `[fetch] max_body`, in bytes.
        limit: u64,
    },
    /// There are too many redirects, or they form a loop.
    #[error("too many redirects, or redirects in a circle (followed: {0})")]
    Redirects(u32),
    /// A redirect whose target is missing or not allowed.
    #[error("a redirect that cannot be followed: {0}")]
    BadRedirect(String),
    /// The server asks to wait (429, 503, or 403 with `Retry-After`).
    #[error("the server answered {status} and asked to wait")]
    Held {
        /// Status code.
        status: u16,
    },
    /// Any other status without a document.
    #[error("the server answered {0}")]
    Status(u16),
    /// The document is empty.
    #[error("the document is empty")]
    Empty,
    /// The document is an HTML page. It announces no feed, or none that can be read.
    #[error("an HTML page that announces no readable feed")]
    Html,
    /// The document is not in a feed format that Warraq reads.
    #[error("not a feed: {0}")]
    NotAFeed(String),
    /// Reading the document takes longer than allowed: either it was crafted to be expensive, or Warraq has a slow code path.
    #[error(
        "reading the document needs more than {0:?} of CPU time, so Warraq stopped; a document of its size takes less than a second"
    )]
    WorkLimit(Duration),
    /// The parser failed in a way that is a bug in Warraq; the document is worth a bug report.
    #[error("the parser failed on this document (a bug in Warraq): {0}")]
    Parser(String),
    /// What the feed brought could not be decided or stored, which is a bug in Warraq.
    #[error("what the feed brought cannot be stored (a bug in Warraq): {0}")]
    Storing(String),
}

/// Most characters of an address in the description of a fault, which is stored with every poll.
const MAX_SHOWN: usize = 300;

impl Fault {
    /// The server says that an address is gone for good (RFC 9110 15.5.11).
    pub const GONE: Self = Self::Status(410);

    /// Describes the fault. After redirects to `moved_to`, names that address: it is another address's fault than the feed's.
    #[must_use]
    pub fn after_redirect(&self, moved_to: Option<&FeedUrl>) -> String {
        let Some(to) = moved_to else { return self.to_string() };
        let address = to.shown();
        let cut = address.char_indices().nth(MAX_SHOWN).map(|(at, _)| at);
        let address = cut.map_or_else(|| address.to_string(), |at| format!("{}…", &address[..at]));
        format!("after a redirect to {address}: {self}")
    }

    /// Returns a short name for the database, logs and metrics.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Address(_) => "address",
            Self::Robots(_) => "robots",
            Self::Dns(_) => "dns",
            Self::Local(_) => "local",
            Self::Connect(_) => "connect",
            Self::Tls(_) => "tls",
            Self::Timeout(_) => "timeout",
            Self::Broken(_) => "broken",
            Self::TooLarge { .. } => "too_large",
            Self::Redirects(_) => "redirects",
            Self::BadRedirect(_) => "bad_redirect",
            Self::Held { .. } => "held",
            Self::Status(_) => "status",
            Self::Empty => "empty",
            Self::Html => "html",
            Self::NotAFeed(_) => "not_a_feed",
            Self::WorkLimit(_) => "work_limit",
            Self::Parser(_) => "parser",
            Self::Storing(_) => "storing",
        }
    }
}

/// What the response headers ask for. These are minimum intervals for an adaptive schedule; `retry_after` binds every schedule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Freshness {
    /// `Cache-Control: max-age`, else `Expires` minus `Date` (RFC 9111 4.2.1).
    pub max_age: Option<Duration>,
    /// `Retry-After` (RFC 9110 10.2.3) as a point in time; only read from responses with status 403, 429 or 503.
    pub retry_after: Option<Timestamp>,
}

/// The writer's counts for one poll.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Entries that were not known before, including those that joined another outlet's story.
    pub new: u32,
    /// Entries that their outlet changed.
    pub revised: u32,
    /// Entries that another feed of the outlet had already brought, and new ones that joined another outlet's story.
    pub duplicate: u32,
    /// Entries that the rules of the outlet left out.
    pub dropped: u32,
    /// Entries the document lists.
    pub listed: u32,
    /// Listed entries that the last poll listed too.
    pub known: u32,
}
