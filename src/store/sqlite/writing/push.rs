//! The statements of subscriptions.

use crate::{
    model::{
        FeedId, FeedUrl, Secret,
        push::{HubLease, HubPing, HubSubscription},
    },
    store::{driver::ErrorContext, error::StoreError, instant::milli, writing::push::PushRows},
};
use sqlx::SqliteConnection;

impl PushRows for SqliteConnection {
    async fn write_subscriber(&mut self, row: &HubSubscription) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO hub_subscription (topic, callback, secret, expires_at, sent, failures, next_try_at, last_error) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
         ON CONFLICT (topic, callback) DO UPDATE SET secret = excluded.secret, expires_at = excluded.expires_at, \
             sent = excluded.sent, failures = excluded.failures, next_try_at = excluded.next_try_at, \
             last_error = excluded.last_error")
            .bind(&row.topic)
            .bind(row.callback.as_str())
            .bind(row.secret.as_ref().map(Secret::reveal))
            .bind(milli(row.expires_at))
            .bind(&row.sent)
            .bind(row.failures)
            .bind(row.next_try_at.map(milli))
            .bind(&row.last_error)
            .execute(self)
            .await
            .map(drop)
            .while_doing("writing a subscriber")
    }

    async fn write_left(&mut self, topic: &str, callback: &FeedUrl) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM hub_subscription WHERE topic = $1 AND callback = $2")
            .bind(topic)
            .bind(callback.as_str())
            .execute(self)
            .await
            .map(drop)
            .while_doing("removing a subscriber")
    }

    async fn write_pinged(&mut self, row: &HubPing) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO hub_ping (topic, hub, sent) VALUES ($1, $2, $3) \
         ON CONFLICT (topic) DO UPDATE SET hub = excluded.hub, sent = excluded.sent",
        )
        .bind(&row.topic)
        .bind(&row.hub)
        .bind(&row.sent)
        .execute(self)
        .await
        .map(drop)
        .while_doing("writing what a hub was told")
    }

    async fn write_lease(&mut self, row: &HubLease) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO hub_lease (feed_id, hub, topic, token, secret, state, expires_at, next_try_at, failures, last_error, \
             last_push_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
         ON CONFLICT (feed_id) DO UPDATE SET hub = excluded.hub, topic = excluded.topic, token = excluded.token, \
             secret = excluded.secret, state = excluded.state, expires_at = excluded.expires_at, \
             next_try_at = excluded.next_try_at, failures = excluded.failures, last_error = excluded.last_error, \
             last_push_at = excluded.last_push_at")
            .bind(row.feed.0)
            .bind(row.hub.as_str())
            .bind(row.topic.as_str())
            .bind(&row.token)
            .bind(row.secret.reveal())
            .bind(row.state.as_str())
            .bind(row.expires_at.map(milli))
            .bind(milli(row.next_try_at))
            .bind(row.failures)
            .bind(&row.last_error)
            .bind(row.last_push_at.map(milli))
            .execute(self)
            .await
            .map(drop)
            .while_doing("writing a subscription")
    }

    async fn write_lease_ended(&mut self, feed: FeedId) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM hub_lease WHERE feed_id = $1")
            .bind(feed.0)
            .execute(self)
            .await
            .map(drop)
            .while_doing("removing a subscription")
    }
}
