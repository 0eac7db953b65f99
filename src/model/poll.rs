//! One poll: how it ended. A feed's trouble is data ([`Fault`]), stored and scheduled on; it is never an `Err`.

use jiff::Timestamp;
use serde::Serialize;
use std::time::Duration;

/// How a poll ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Outcome {
    /// A document that differs from the last one was read.
    Fresh,
    /// 304: the server says that nothing changed.
    NotModified,
    /// A full answer whose bytes are those of the last document: not parsed again.
    SameBytes,
    /// As one of the three before, and with this poll a permanent redirect's target became the address asked.
    Moved,
    /// 410.
    Gone,
    /// Nothing could be read; everything already known is kept.
    Failed(Fault),
}

impl Outcome {
    /// The word in the database, in logs and in metrics.
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

    /// Whether the poll left us knowing what the feed lists now.
    #[must_use]
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Fresh | Self::NotModified | Self::SameBytes | Self::Moved)
    }
}

/// What was wrong with a feed at a poll. Its text is what `feed_health.last_error` shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
pub enum Fault {
    /// The address, or one that it redirects to, lies in a network that is not polled.
    #[error("address refused: {0} is not in a public network; allow it with [fetch] allow_networks")]
    Address(String),
    /// The name does not resolve.
    #[error("cannot resolve the host name {0}")]
    Dns(String),
    /// This process or machine lacks the means to ask: open files, memory. Never the feed's failure, and never stored.
    #[error("not polled: {0}")]
    Local(String),
    /// No connection.
    #[error("cannot connect: {0}")]
    Connect(String),
    /// TLS refused.
    #[error("TLS failed: {0}")]
    Tls(String),
    /// Nothing, or not everything, within the time limit.
    #[error("timed out after {0:?}")]
    Timeout(Duration),
    /// The answer ended early, or broke HTTP's rules.
    #[error("the response was cut off or is not valid HTTP: {0}")]
    Broken(String),
    /// More than the limit, after decompression.
    #[error("the document is larger than {limit} bytes, which is the limit ([fetch] max_body)")]
    TooLarge {
        /// `[fetch] max_body`, in bytes.
        limit: u64,
    },
    /// More redirects than anyone needs, or a circle.
    #[error("too many redirects ({0})")]
    Redirects(u32),
    /// A redirect without a usable target.
    #[error("redirect without a usable target: {0}")]
    BadRedirect(String),
    /// The server asks for time (429, 503, or 403 with `Retry-After`).
    #[error("the server answered {status} and asked to wait")]
    Held {
        /// The status.
        status: u16,
    },
    /// Any other status that is no document.
    #[error("the server answered {0}")]
    Status(u16),
    /// Nothing in it.
    #[error("the document is empty")]
    Empty,
    /// A page, where a feed was expected, that announces none.
    #[error("an HTML page that announces no feed")]
    Html,
    /// Not a feed of any kind Warraq reads.
    #[error("not a feed: {0}")]
    NotAFeed(String),
    /// It would take longer to read than any document may: it was made to cost, or shows a slow path of ours.
    #[error(
        "the document takes longer than {0:?} of work to read, so it was given up; a document of its size takes less than a second"
    )]
    WorkLimit(Duration),
    /// The parser gave up in a way it should not; the document is worth a bug report.
    #[error("the parser failed on this document (a bug in Warraq): {0}")]
    Parser(String),
}

impl Fault {
    /// A short name for the poll's row, logs and metrics.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Address(_) => "address",
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
        }
    }
}

/// What the answer's headers ask for. Floors for an adaptive schedule; `retry_after` binds every schedule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Freshness {
    /// `Cache-Control: max-age`, else `Expires` minus `Date` (RFC 9111 4.2.1).
    pub max_age: Option<Duration>,
    /// `Retry-After` (RFC 9110 10.2.3), as an instant; only on 403, 429 and 503.
    pub retry_after: Option<Timestamp>,
}

/// What the writer counted in one poll.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Entries that nobody had.
    pub new: u32,
    /// Entries their outlet changed.
    pub revised: u32,
    /// Entries another feed of the outlet had already brought, and new ones that joined another outlet's story.
    pub duplicate: u32,
    /// Entries the document lists.
    pub listed: u32,
    /// Listed entries that were listed at the last poll too.
    pub known: u32,
}
