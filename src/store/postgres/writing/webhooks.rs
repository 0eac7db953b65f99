//! The statements of webhooks.

use crate::{
    model::push::Webhook,
    store::{
        driver::ErrorContext,
        error::StoreError,
        instant::milli,
        postgres::text::{json, maybe_text},
        push::WebhookResult,
        writing::webhooks::{QueuedStory, Report, WebhookRows},
    },
};
use sqlx::PgConnection;

impl WebhookRows for PgConnection {
    async fn webhook(&mut self, hook: &Webhook) -> Result<i64, StoreError> {
        sqlx::query_scalar(
            "INSERT INTO webhook (channel, target, host, outlets) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (channel, target, outlets) DO UPDATE SET host = excluded.host RETURNING id",
        )
        .bind(hook.channel.as_str())
        .bind(hook.target())
        .bind(hook.place())
        .bind(i64::from(hook.outlets))
        .fetch_one(self)
        .await
        .while_doing("writing webhooks")
    }

    async fn remove_webhooks(&mut self, others: &[i64]) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM webhook WHERE id <> ALL($1)")
            .bind(others)
            .execute(self)
            .await
            .map(drop)
            .while_doing("removing webhooks")
    }

    async fn reports(&mut self, stories: &[i64]) -> Result<Vec<Report>, StoreError> {
        sqlx::query_as(
            "SELECT id AS entry_id, story_id, outlet_id, language, order_at, first_seen_at FROM entry \
         WHERE story_id = ANY($1) ORDER BY id",
        )
        .bind(stories)
        .fetch_all(self)
        .await
        .while_doing("reading the members of stories")
    }

    async fn count_queued(&mut self, hook: i64, more: i64, limit: i64) -> Result<i64, StoreError> {
        // On the right-hand sides, columns have their old values.
        sqlx::query_scalar(
            "UPDATE webhook SET queued = queued + $2, dropped = dropped + greatest(0, queued + $2 - $3 - sent), \
             sent = greatest(sent, queued + $2 - $3) WHERE id = $1 RETURNING queued",
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
            "INSERT INTO webhook_queue (webhook_id, number, story_id, entry_id, order_at) \
         SELECT $2, $3 + n - 1, (v ->> 'story')::bigint, (v ->> 'entry')::bigint, v ->> 'order_at' \
         FROM json_array_elements($1::json) WITH ORDINALITY AS r (v, n)",
        )
        .bind(json(stories))
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
        sqlx::query("UPDATE webhook SET sent = greatest(sent, coalesce($2, 0)), failures = $3, next_try_at = $4, last_error = $5, \
             last_sent_at = CASE WHEN $2 IS NULL THEN last_sent_at ELSE $6 END WHERE id = $1")
        .bind(result.id)
        .bind(number)
        .bind(i64::from(result.failures))
        .bind(result.next_try_at.map(milli))
        .bind(maybe_text(result.last_error.as_deref()))
        .bind(milli(result.at))
        .execute(self)
        .await
        .map(drop)
        .while_doing("writing a webhook")
    }
}
