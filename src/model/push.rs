//! Types of WebSub and webhooks: requests that the server passes on, and the stored state.

use super::{FeedId, FeedUrl, Secret, Slug};
use jiff::Timestamp;
use std::{
    any::Any,
    collections::HashMap,
    sync::{PoisonError, RwLock},
};

/// Path of this server's own hub.
pub const HUB_PATH: &str = "/websub/hub";
/// Prefix of the paths of callbacks. The rest of a path is the token of a subscription.
pub const CALLBACK_PATH: &str = "/websub/callback/";

/// The hub that editions name (`[websub] hub`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum HubChoice {
    /// This server's own hub.
    #[default]
    Own,
    /// Another hub, which is notified of every change.
    Other(FeedUrl),
    /// Editions name no hub.
    Nobody,
}

/// The requested address below `/websub/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushTarget {
    /// The hub: a subscription request.
    Hub,
    /// The callback with this token: a verification (GET) or a delivery (POST).
    Callback(String),
}

/// A request to an address below `/websub/`.
#[derive(Debug, Clone)]
pub struct PushRequest {
    /// The address.
    pub target: PushTarget,
    /// Whether the method is POST; otherwise it is GET.
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

/// The memory that is reserved for a delivery, from its first byte until its document is read. Dropping it makes room for another
/// delivery.
pub type DeliveryGuard = Box<dyn Any + Send>;

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

/// A verified subscriber of this server's hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubSubscription {
    /// Path of the edition.
    pub topic: String,
    /// The address to which editions are delivered.
    pub callback: FeedUrl,
    /// The key of the signatures; `None`: deliveries are not signed.
    pub secret: Option<Secret>,
    /// End of the lease.
    pub expires_at: Timestamp,
    /// Entity tag of the last delivered edition.
    pub sent: Option<String>,
    /// Consecutive deliveries that failed.
    pub failures: u32,
    /// No delivery before this time.
    pub next_try_at: Option<Timestamp>,
    /// Why the last delivery failed, if it did.
    pub last_error: Option<String>,
}

/// A change of an edition of which another hub was notified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubPing {
    /// Path of the edition.
    pub topic: String,
    /// The hub's address.
    pub hub: String,
    /// Entity tag of the edition.
    pub sent: String,
}

/// A hub that a document names, and the address by which the hub knows the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubOffer {
    /// The hub.
    pub hub: FeedUrl,
    /// The address of `rel=self`; without one, the document's own address.
    pub topic: FeedUrl,
}

/// What a poll found out about a feed's hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HubSighting {
    /// No document was read.
    Unread,
    /// The document names no hub, or the feed is not public.
    Nobody,
    /// The document names this hub.
    Named(HubOffer),
}

/// State of a subscription at a hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseState {
    /// The hub was asked and has not verified the request yet. An earlier lease may still be valid.
    Asking,
    /// The hub has verified the subscription.
    Active,
    /// The subscription is being ended at the hub.
    Leaving,
}

impl LeaseState {
    /// Returns the name used in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Asking => "asking",
            Self::Active => "active",
            Self::Leaving => "leaving",
        }
    }

    /// Returns the state with this name in the database.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Asking, Self::Active, Self::Leaving].into_iter().find(|state| state.as_str() == word)
    }
}

/// A feed's subscription at a hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubLease {
    /// The feed.
    pub feed: FeedId,
    /// The hub.
    pub hub: FeedUrl,
    /// The address by which the hub knows the feed.
    pub topic: FeedUrl,
    /// Last part of the callback's address: a random text.
    pub token: String,
    /// The key with which the hub signs deliveries.
    pub secret: Secret,
    /// The state of the subscription.
    pub state: LeaseState,
    /// End of the lease; `None` before the hub verified it.
    pub expires_at: Option<Timestamp>,
    /// When the next request to the hub is due.
    pub next_try_at: Timestamp,
    /// Consecutive requests that failed.
    pub failures: u32,
    /// Why the last request failed, if it did.
    pub last_error: Option<String>,
    /// When the hub last delivered.
    pub last_push_at: Option<Timestamp>,
}

impl HubLease {
    /// Returns the end of the lease; `None` if no lease is verified.
    #[must_use]
    pub fn valid_until(&self) -> Option<Timestamp> {
        self.expires_at.filter(|_| self.state != LeaseState::Leaving)
    }
}

/// A document that a hub delivered with a valid signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushedDocument {
    /// The feed.
    pub feed: FeedId,
    /// The document.
    pub body: Vec<u8>,
    /// `Content-Type`.
    pub content_type: Option<String>,
}

/// The end of each feed's verified lease. The subscriber writes it, and polls read it.
#[derive(Debug, Default)]
pub struct PushLeases(RwLock<HashMap<FeedId, Timestamp>>);

impl PushLeases {
    /// Replaces all leases.
    pub fn replace(&self, leases: impl IntoIterator<Item = (FeedId, Timestamp)>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = leases.into_iter().collect();
    }

    /// Records the end of a feed's lease; `None`: the feed has none.
    pub fn set(&self, feed: FeedId, until: Option<Timestamp>) {
        let mut leases = self.0.write().unwrap_or_else(PoisonError::into_inner);
        match until {
            Some(until) => leases.insert(feed, until),
            None => leases.remove(&feed),
        };
    }

    /// Returns the end of a feed's lease; `None` if it has none.
    #[must_use]
    pub fn until(&self, feed: FeedId) -> Option<Timestamp> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&feed).copied()
    }
}

/// A receiver of a channel's new stories, as configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// The channel.
    pub channel: Slug,
    /// The channel's title.
    pub title: String,
    /// The address to which stories are posted. It often contains a secret, so only its host is shown.
    pub url: FeedUrl,
    /// The keys of the signatures: `whsec_` and base64 (Standard Webhooks). Each message is signed with every one of them, so that
    /// a receiver can change its key.
    pub secrets: Vec<Secret>,
    /// Minimum number of outlets that must report a story.
    pub outlets: u32,
}

impl Webhook {
    /// Returns the part of the address that may be shown: the host, and the port if it is not the usual one.
    #[must_use]
    pub fn place(&self) -> String {
        match self.url.url().port() {
            Some(port) => format!("{}:{port}", self.url.host()),
            None => self.url.host().to_owned(),
        }
    }

    /// Returns the hash that identifies the address in the database.
    #[must_use]
    pub fn target(&self) -> String {
        blake3::hash(self.url.as_str().as_bytes()).to_hex()[..32].to_owned()
    }
}

/// The state of a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookState {
    /// Row id.
    pub id: i64,
    /// The channel's slug.
    pub channel: String,
    /// [`Webhook::target`].
    pub target: String,
    /// [`Webhook::place`].
    pub host: String,
    /// [`Webhook::outlets`].
    pub outlets: u32,
    /// Number of the newest story in the queue, counted from 1.
    pub queued: u64,
    /// Number of the last story that was sent.
    pub sent: u64,
    /// Number of stories that were dropped because the queue was full.
    pub dropped: u64,
    /// Consecutive requests that failed.
    pub failures: u32,
    /// No request before this time.
    pub next_try_at: Option<Timestamp>,
    /// Why the last request failed, if it did.
    pub last_error: Option<String>,
    /// When a story was last sent.
    pub last_sent_at: Option<Timestamp>,
}

impl WebhookState {
    /// Returns the number of stories that wait.
    #[must_use]
    pub fn waiting(&self) -> u64 {
        self.queued.saturating_sub(self.sent)
    }
}
