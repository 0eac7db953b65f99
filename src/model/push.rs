//! Pushing (WebSub, webhooks): what the server hands over, and what the database keeps.

use super::{FeedId, FeedUrl, Secret, Slug};
use jiff::Timestamp;
use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
};

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

/// A hub that a document names, and the address by which the hub knows the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubOffer {
    /// The hub.
    pub hub: FeedUrl,
    /// `rel=self`, else the document's own address.
    pub topic: FeedUrl,
}

/// What a poll learned about a feed's hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HubSighting {
    /// Nothing: no document was read.
    Unread,
    /// The document names no hub, or the feed is not for everybody.
    Nobody,
    /// The document names this hub.
    Named(HubOffer),
}

/// State of a subscription at a hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseState {
    /// The hub is asked, and has not verified yet. An earlier lease may still be valid.
    Asking,
    /// Verified.
    Active,
    /// Given up: the hub is told.
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
    /// Last part of the callback's address. Nobody can guess it.
    pub token: String,
    /// With which the hub signs.
    pub secret: Secret,
    /// State.
    pub state: LeaseState,
    /// End of the lease; `None` before the hub verified it.
    pub expires_at: Option<Timestamp>,
    /// When something is to be done next.
    pub next_try_at: Timestamp,
    /// Consecutive requests that failed.
    pub failures: u32,
    /// Why the last request failed, if it did.
    pub last_error: Option<String>,
    /// When the hub last delivered.
    pub last_push_at: Option<Timestamp>,
}

impl HubLease {
    /// Returns until when the hub delivers; `None` if it does not.
    #[must_use]
    pub fn valid_until(&self) -> Option<Timestamp> {
        self.expires_at.filter(|_| self.state != LeaseState::Leaving)
    }
}

/// A document that a hub delivered, with a right signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushedDocument {
    /// The feed.
    pub feed: FeedId,
    /// The document.
    pub body: Vec<u8>,
    /// `Content-Type`.
    pub content_type: Option<String>,
}

/// Until when each feed is subscribed to. The subscriber writes it, polls read it.
#[derive(Debug, Default)]
pub struct PushLeases(RwLock<HashMap<FeedId, Timestamp>>);

impl PushLeases {
    /// Replaces everything.
    pub fn replace(&self, leases: impl IntoIterator<Item = (FeedId, Timestamp)>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = leases.into_iter().collect();
    }

    /// Records until when a feed is subscribed to; `None` if it is not.
    pub fn set(&self, feed: FeedId, until: Option<Timestamp>) {
        let mut leases = self.0.write().unwrap_or_else(PoisonError::into_inner);
        match until {
            Some(until) => leases.insert(feed, until),
            None => leases.remove(&feed),
        };
    }

    /// Returns until when a feed is subscribed to; `None` if it is not.
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
    /// Where stories are posted. It is often a secret itself, so only its host is shown.
    pub url: FeedUrl,
    /// Signs what is posted: `whsec_` and base64 (Standard Webhooks).
    pub secret: Secret,
    /// Number of outlets that must carry a story.
    pub outlets: u32,
}

impl Webhook {
    /// Returns what identifies the address in the database: its hash.
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
    /// Host of the address.
    pub host: String,
    /// [`Webhook::outlets`].
    pub outlets: u32,
    /// Number of the newest story in the queue, counted from 1.
    pub queued: u64,
    /// Number of the story last sent.
    pub sent: u64,
    /// Stories that did not fit into the queue.
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
