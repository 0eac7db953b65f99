//! The statements of webhooks.

use crate::{
    model::push::Webhook,
    store::{
        driver::ErrorContext,
        error::StoreError,
        instant::milli,
        push::WebhookResult,
        sqlite::row,
        writing::webhooks::{QueuedStory, Report, WebhookRows},
    },
};
use sqlx::SqliteConnection;

impl WebhookRows for SqliteConnection {
    async fn webhook(&mut self, hook: &Webhook) -> Result<i64, StoreError> {
        sqlx::query_scalar(
            "INSERT INTO webhook (channel, target, host, outlets) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (channel, target, outlets) DO UPDATE SET host = excluded.host RETURNING id",
        )
        .bind(hook.channel.as_str())
        .bind(hook.target())
        .bind(hook.place())
        .bind(hook.outlets)
        .fetch_one(self)
        .await
        .while_doing("writing webhooks")
    }

    async fn remove_webhooks(&mut self, others: &[i64]) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM webhook WHERE id NOT IN (SELECT value FROM json_each($1))")
            .bind(row::rows(others))
            .execute(self)
            .await
            .map(drop)
            .while_doing("removing webhooks")
    }

    async fn reports(&mut self, stories: &[i64]) -> Result<Vec<Report>, StoreError> {
        sqlx::query_as(
            "SELECT id AS entry_id, story_id, outlet_id, language, order_at, first_seen_at FROM entry \
         WHERE story_id IN (SELECT value FROM json_each($1)) ORDER BY id",
        )
        .bind(row::rows(stories))
        .fetch_all(self)
        .await
        .while_doing("reading the members of stories")
    }

    async fn count_queued(&mut self, hook: i64, more: i64, limit: i64) -> Result<i64, StoreError> {
        // On the right-hand sides, columns have their old values.
        sqlx::query_scalar(
            "UPDATE webhook SET queued = queued + $2, dropped = dropped + max(0, queued + $2 - $3 - sent), \
             sent = max(sent, queued + $2 - $3) WHERE id = $1 RETURNING queued",
        )
        .bind(hook)
        .bind(more)
        .bind(limit)
        .fetch_one(self)
        .await
        .while_doing("writing a webhook")
    }

    async fn queue_stories(&mut self, hook: i64, first: i64, stories: &[QueuedStory]) -> Result<(), StoreError> {
        sqlx::query(
            "WITH r (n, v) AS MATERIALIZED (SELECT key, value FROM json_each($1)) \
         INSERT INTO webhook_queue (webhook_id, number, story_id, entry_id, order_at) \
         SELECT $2, $3 + n, v ->> 'story', v ->> 'entry', v ->> 'order_at' FROM r",
        )
        .bind(row::rows(stories))
        .bind(hook)
        .bind(first)
        .execute(self)
        .await
        .map(drop)
        .while_doing("queueing stories for a webhook")
    }

    async fn remove_queued(&mut self, hook: i64, number: i64) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM webhook_queue WHERE webhook_id = $1 AND number <= $2")
            .bind(hook)
            .bind(number)
            .execute(self)
            .await
            .map(drop)
            .while_doing("removing what a webhook has sent")
    }

    async fn webhook_result(&mut self, result: &WebhookResult, number: Option<i64>) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE webhook SET sent = max(sent, coalesce($2, 0)), failures = $3, next_try_at = $4, last_error = $5, \
             last_sent_at = iif($2 IS NULL, last_sent_at, $6) WHERE id = $1",
        )
        .bind(result.id)
        .bind(number)
        .bind(result.failures)
        .bind(result.next_try_at.map(milli))
        .bind(&result.last_error)
        .bind(milli(result.at))
        .execute(self)
        .await
        .map(drop)
        .while_doing("writing a webhook")
    }
}
