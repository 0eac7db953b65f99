//! Changes of what is kept for pushing.

use crate::model::{
    FeedId, FeedUrl,
    push::{HubLease, HubPing, HubSubscription},
};

/// A row to write or to remove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushChange {
    /// A subscriber of the hub, new or changed.
    Subscriber(HubSubscription),
    /// A subscriber of the hub left, by the path of its edition and its callback.
    SubscriberLeft(String, FeedUrl),
    /// Another hub was told of an edition.
    Pinged(HubPing),
    /// A feed's subscription, new or changed.
    Lease(HubLease),
    /// A feed's subscription ended.
    LeaseEnded(FeedId),
}
