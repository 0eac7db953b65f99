//! Changes of what is kept for pushing.

use crate::model::{
    FeedId, FeedUrl,
    push::{HubLease, HubPing, HubSubscription},
};
use jiff::Timestamp;

/// A row to write or to remove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushChange {
    /// A subscriber of the hub, new or changed.
    Subscriber(HubSubscription),
    /// A subscriber of the hub was removed: the path of its edition, and its callback.
    SubscriberLeft(String, FeedUrl),
    /// Another hub was notified of an edition.
    Pinged(HubPing),
    /// A feed's subscription, new or changed.
    Lease(HubLease),
    /// A feed's subscription ended.
    LeaseEnded(FeedId),
    /// A webhook's request ended.
    Webhook(WebhookResult),
}

/// The result of a webhook's request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookResult {
    /// Row id of the webhook.
    pub id: i64,
    /// Number of the story that was sent; `None` if the request failed.
    pub number: Option<u64>,
    /// When it ended.
    pub at: Timestamp,
    /// Consecutive requests that failed.
    pub failures: u32,
    /// No request before this time.
    pub next_try_at: Option<Timestamp>,
    /// Why it failed, if it did.
    pub last_error: Option<String>,
}
