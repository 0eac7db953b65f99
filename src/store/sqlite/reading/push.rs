//! The state of subscriptions and webhooks, read once at the start.

use crate::model::{
    FeedUrl, Secret,
    push::{HubPing, HubSubscription},
};
use crate::store::{
    error::StoreError,
    sqlite::{error::ErrorContext, reading::Reader, row::RowRef},
};

#[derive(sqlx::FromRow)]
struct SubscriberRow {
    topic: String,
    callback: String,
    secret: Option<String>,
    expires_at: String,
    sent: Option<String>,
    failures: i64,
    next_try_at: Option<String>,
    last_error: Option<String>,
}

impl Reader {
    /// Returns the subscribers of this server's hub.
    ///
    /// # Errors
    /// Fails if the file cannot be read or has an invalid row.
    pub async fn hub_subscribers(&self) -> Result<Vec<HubSubscription>, StoreError> {
        let rows: Vec<SubscriberRow> = sqlx::query_as(
            "SELECT topic, callback, secret, expires_at, sent, failures, next_try_at, last_error FROM hub_subscription",
        )
        .fetch_all(&self.pool)
        .await
        .while_doing("reading the hub's subscribers")?;
        // The rows have no number.
        let at = RowRef { table: "hub_subscription", row: 0 };
        let subscriber = |row: SubscriberRow| {
            Ok(HubSubscription {
                callback: at.parse("callback", &row.callback, |text| FeedUrl::parse(text).ok())?,
                secret: row.secret.map(Secret::new),
                expires_at: at.time("expires_at", &row.expires_at)?,
                failures: at.count("failures", row.failures)?,
                next_try_at: at.maybe_time("next_try_at", row.next_try_at.as_deref())?,
                topic: row.topic,
                sent: row.sent,
                last_error: row.last_error,
            })
        };
        rows.into_iter().map(subscriber).collect()
    }

    /// Returns the editions of which another hub was told.
    ///
    /// # Errors
    /// Fails if the file cannot be read.
    pub async fn hub_pings(&self) -> Result<Vec<HubPing>, StoreError> {
        let rows: Vec<(String, String, String)> = sqlx::query_as("SELECT topic, hub, sent FROM hub_ping")
            .fetch_all(&self.pool)
            .await
            .while_doing("reading what a hub was told")?;
        Ok(rows.into_iter().map(|(topic, hub, sent)| HubPing { topic, hub, sent }).collect())
    }
}
