//! The state of subscriptions and webhooks, read once at the start.

use crate::model::{
    FeedId, FeedUrl, Secret, StoryView,
    push::{HubLease, HubPing, HubSubscription, LeaseState, WebhookState},
};
use crate::store::reading::statements::FeedSql as _;
use crate::store::{
    documents::ShownReport,
    driver::ErrorContext,
    error::StoreError,
    reading::{Reader, ask},
    row::RowRef,
};
use url::Url;

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

#[derive(sqlx::FromRow)]
struct LeaseRow {
    feed_id: i64,
    hub: String,
    topic: String,
    token: String,
    secret: String,
    state: String,
    expires_at: Option<String>,
    next_try_at: String,
    failures: i64,
    last_error: Option<String>,
    last_push_at: Option<String>,
}

impl Reader {
    /// Returns the subscriptions of feeds at hubs.
    ///
    /// # Errors
    /// Fails if the file cannot be read or has an invalid row.
    pub async fn hub_leases(&self) -> Result<Vec<HubLease>, StoreError> {
        let rows: Vec<LeaseRow> =
            ask!(self.pool, Db: fetch_all(query_as(Db::HUB_LEASES))).while_doing("reading subscriptions")?;
        let lease = |row: LeaseRow| {
            let at = RowRef { table: "hub_lease", row: row.feed_id };
            Ok(HubLease {
                feed: FeedId(row.feed_id),
                hub: at.parse("hub", &row.hub, |text| FeedUrl::parse(text).ok())?,
                topic: at.parse("topic", &row.topic, |text| FeedUrl::parse(text).ok())?,
                token: row.token,
                secret: Secret::new(row.secret),
                state: at.parse("state", &row.state, LeaseState::parse)?,
                expires_at: at.maybe_time("expires_at", row.expires_at.as_deref())?,
                next_try_at: at.time("next_try_at", &row.next_try_at)?,
                failures: at.count("failures", row.failures)?,
                last_error: row.last_error,
                last_push_at: at.maybe_time("last_push_at", row.last_push_at.as_deref())?,
            })
        };
        rows.into_iter().map(lease).collect()
    }

    /// Returns the subscribers of this server's hub.
    ///
    /// # Errors
    /// Fails if the file cannot be read or has an invalid row.
    pub async fn hub_subscribers(&self) -> Result<Vec<HubSubscription>, StoreError> {
        let rows: Vec<SubscriberRow> = ask!(self.pool, Db: fetch_all(query_as(Db::HUB_SUBSCRIBERS)))
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

    /// Returns the editions of which another hub was notified.
    ///
    /// # Errors
    /// Fails if the file cannot be read.
    pub async fn hub_pings(&self) -> Result<Vec<HubPing>, StoreError> {
        let rows: Vec<(String, String, String)> =
            ask!(self.pool, Db: fetch_all(query_as(Db::HUB_PINGS))).while_doing("reading what a hub was told")?;
        Ok(rows.into_iter().map(|(topic, hub, sent)| HubPing { topic, hub, sent }).collect())
    }
}

#[derive(sqlx::FromRow)]
struct WebhookRow {
    id: i64,
    channel: String,
    target: String,
    host: String,
    outlets: i64,
    queued: i64,
    sent: i64,
    dropped: i64,
    failures: i64,
    next_try_at: Option<String>,
    last_error: Option<String>,
    last_sent_at: Option<String>,
}

impl Reader {
    /// Returns the states of all webhooks, in the order of their channels.
    ///
    /// # Errors
    /// Fails if the file cannot be read or has an invalid row.
    pub async fn webhooks(&self) -> Result<Vec<WebhookState>, StoreError> {
        let rows: Vec<WebhookRow> =
            ask!(self.pool, Db: fetch_all(query_as(Db::WEBHOOKS))).while_doing("reading webhooks")?;
        let state = |row: WebhookRow| {
            let at = RowRef { table: "webhook", row: row.id };
            Ok(WebhookState {
                id: row.id,
                outlets: at.count("outlets", row.outlets)?,
                queued: row.queued.unsigned_abs(),
                sent: row.sent.unsigned_abs(),
                dropped: row.dropped.unsigned_abs(),
                failures: at.count("failures", row.failures)?,
                next_try_at: at.maybe_time("next_try_at", row.next_try_at.as_deref())?,
                last_sent_at: at.maybe_time("last_sent_at", row.last_sent_at.as_deref())?,
                channel: row.channel,
                target: row.target,
                host: row.host,
                last_error: row.last_error,
            })
        };
        rows.into_iter().map(state).collect()
    }

    /// Returns the story after this number in a webhook's queue, with its number; the story is `None` if it was deleted in the
    /// meantime.
    ///
    /// # Errors
    /// Fails if the file cannot be read or has an invalid row.
    pub async fn webhook_next(
        &self,
        webhook: i64,
        after: u64,
        public_url: &Url,
    ) -> Result<Option<(u64, Option<StoryView>)>, StoreError> {
        let row: Option<(i64, i64, i64, String)> = ask!(self.pool, Db: fetch_optional(query_as(Db::WEBHOOK_NEXT), webhook, i64::try_from(after).unwrap_or(i64::MAX)))
        .while_doing("reading a webhook's queue")?;
        let Some((number, story, entry, order_at)) = row else { return Ok(None) };
        let wanted = ShownReport { story, entry, published_at: order_at.clone(), order_at };
        let found = self.stories(&[wanted], true, public_url).await?;
        Ok(Some((number.unsigned_abs(), found.into_iter().next())))
    }
}
