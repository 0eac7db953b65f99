//! Stores the state of subscriptions, pings and webhooks: each statement writes one row by its key.

use crate::model::{
    FeedId, FeedUrl,
    push::{HubLease, HubPing, HubSubscription},
};
use crate::store::{
    error::StoreError,
    push::PushChange,
    writing::webhooks::{self, WebhookRows},
};

/// The statements of subscriptions: each writes one row by its key.
pub(in crate::store) trait PushRows: WebhookRows {
    /// Writes a subscriber of the hub.
    async fn write_subscriber(&mut self, row: &HubSubscription) -> Result<(), StoreError>;
    /// Removes a subscriber of the hub.
    async fn write_left(&mut self, topic: &str, callback: &FeedUrl) -> Result<(), StoreError>;
    /// Writes of which edition another hub was notified.
    async fn write_pinged(&mut self, row: &HubPing) -> Result<(), StoreError>;
    /// Writes a subscription of a feed.
    async fn write_lease(&mut self, row: &HubLease) -> Result<(), StoreError>;
    /// Removes a subscription of a feed.
    async fn write_lease_ended(&mut self, feed: FeedId) -> Result<(), StoreError>;
}

/// Writes these changes in the caller's transaction.
pub(in crate::store) async fn write(connection: &mut impl PushRows, changes: &[PushChange]) -> Result<(), StoreError> {
    for change in changes {
        match change {
            PushChange::Subscriber(row) => connection.write_subscriber(row).await?,
            PushChange::SubscriberLeft(topic, callback) => connection.write_left(topic, callback).await?,
            PushChange::Pinged(row) => connection.write_pinged(row).await?,
            PushChange::Lease(row) => connection.write_lease(row).await?,
            PushChange::Webhook(result) => webhooks::sent(connection, result).await?,
            PushChange::LeaseEnded(feed) => connection.write_lease_ended(*feed).await?,
        }
    }
    Ok(())
}
