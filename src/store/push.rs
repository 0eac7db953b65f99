//! Changes of what is kept for pushing.

use crate::model::{
    FeedUrl,
    push::{HubPing, HubSubscription},
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
}
