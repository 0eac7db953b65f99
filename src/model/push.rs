//! Pushing (WebSub, webhooks): what the server hands over, and what the database keeps.

use super::{FeedUrl, Secret};
use jiff::Timestamp;

/// Path of this server's own hub.
pub const HUB_PATH: &str = "/websub/hub";
/// Beginning of the paths of callbacks; the rest is the token of a subscription.
pub const CALLBACK_PATH: &str = "/websub/callback/";

/// The hub that editions name (`[websub] hub`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum HubChoice {
    /// This server's own hub.
    #[default]
    Own,
    /// Another hub, which is told of every change.
    Other(FeedUrl),
    /// None.
    Nobody,
}

/// Which address of `/websub/` was requested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushTarget {
    /// The hub: a subscription request.
    Hub,
    /// The callback with this token: a verification (GET) or a delivery (POST).
    Callback(String),
}

/// A request to an address of `/websub/`.
#[derive(Debug, Clone)]
pub struct PushRequest {
    /// The address.
    pub target: PushTarget,
    /// Whether it is a POST; else it is a GET.
    pub is_post: bool,
    /// The query, without `?`.
    pub query: String,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `X-Hub-Signature`.
    pub signature: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

/// The response to a [`PushRequest`], in plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushAnswer {
    /// HTTP status.
    pub status: u16,
    /// The body.
    pub text: String,
}

impl PushAnswer {
    /// Creates a response with this status and text.
    #[must_use]
    pub fn new(status: u16, text: impl Into<String>) -> Self {
        Self { status, text: text.into() }
    }
}

/// A subscriber of this server's hub, verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubSubscription {
    /// Path of the edition.
    pub topic: String,
    /// Where it is delivered.
    pub callback: FeedUrl,
    /// Signs deliveries; with `None` they are not signed.
    pub secret: Option<Secret>,
    /// End of the lease.
    pub expires_at: Timestamp,
    /// Entity tag of the edition last delivered.
    pub sent: Option<String>,
    /// Consecutive deliveries that failed.
    pub failures: u32,
    /// No delivery before this time.
    pub next_try_at: Option<Timestamp>,
    /// Why the last delivery failed, if it did.
    pub last_error: Option<String>,
}

/// An edition of which another hub was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubPing {
    /// Path of the edition.
    pub topic: String,
    /// The hub's address.
    pub hub: String,
    /// Entity tag of the edition.
    pub sent: String,
}
