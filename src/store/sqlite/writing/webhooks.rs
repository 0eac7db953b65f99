//! The queues of webhooks. A story is queued in the transaction that stores it, so no stored story is missing from a queue, and a
//! queue has no story that was not stored.

use crate::{
    model::{Channel, OutletId, push::Webhook},
    store::{
        catalog::{Catalog, QueuedHook},
        error::StoreError,
        instant::milli,
        push::WebhookResult,
        rows::BatchRows,
        sqlite::{error::ErrorContext, row, writing::channel_rules},
    },
};
use serde::Serialize;
use sqlx::SqliteConnection;
use std::collections::{HashMap, HashSet};

/// Maximum number of stories in the queue of a webhook. Beyond it the oldest are dropped.
const QUEUE_MAX: i64 = 1_000;

/// A report of a story, with the values that decide whether a webhook sends it.
#[derive(Debug, sqlx::FromRow)]
struct Report {
    entry_id: i64,
    story_id: i64,
    outlet_id: i64,
    language: Option<String>,
    order_at: String,
    first_seen_at: String,
}

#[derive(Debug, Serialize)]
struct QueuedStory {
    story: i64,
    entry: i64,
    order_at: String,
}

/// Writes the configured webhooks, and removes all others with their queues. A new webhook starts with an empty queue.
pub(in crate::store) async fn adopt(
    connection: &mut SqliteConnection,
    hooks: &[Webhook],
    channels: &[(i64, Channel)],
) -> Result<Vec<QueuedHook>, StoreError> {
    let mut queued = Vec::with_capacity(hooks.len());
    for hook in hooks {
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO webhook (channel, target, host, outlets) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (channel, target, outlets) DO UPDATE SET host = excluded.host RETURNING id",
        )
        .bind(hook.channel.as_str())
        .bind(hook.target())
        .bind(hook.url.host())
        .bind(hook.outlets)
        .fetch_one(&mut *connection)
        .await
        .while_doing("writing webhooks")?;
        let channel = channels.iter().find(|(_, channel)| channel.slug == hook.channel);
        queued.extend(channel.map(|(_, channel)| QueuedHook {
            id,
            channel: Channel { min_outlets: channel.min_outlets.max(hook.outlets), ..channel.clone() },
        }));
    }
    let ids: Vec<i64> = queued.iter().map(|hook| hook.id).collect();
    sqlx::query("DELETE FROM webhook WHERE id NOT IN (SELECT value FROM json_each($1))")
        .bind(row::rows(&ids))
        .execute(connection)
        .await
        .while_doing("removing webhooks")?;
    Ok(queued)
}

/// Queues the stories that qualify since the entries of this batch. Reads only the stories of the batch.
pub(in crate::store) async fn queue(
    connection: &mut SqliteConnection,
    catalog: &Catalog,
    batch_rows: &BatchRows,
) -> Result<(), StoreError> {
    if catalog.hooks.is_empty() || batch_rows.entries.is_empty() {
        return Ok(());
    }
    let new: HashSet<i64> = batch_rows.entries.iter().map(|entry| entry.row.id).collect();
    let mut stories: Vec<i64> = batch_rows.entries.iter().map(|entry| entry.story).collect();
    stories.sort_unstable();
    stories.dedup();
    let reports: Vec<Report> = sqlx::query_as(
        "SELECT id AS entry_id, story_id, outlet_id, language, order_at, first_seen_at FROM entry \
         WHERE story_id IN (SELECT value FROM json_each($1)) ORDER BY id",
    )
    .bind(row::rows(&stories))
    .fetch_all(&mut *connection)
    .await
    .while_doing("reading the members of stories")?;
    let mut by_story: HashMap<i64, Vec<Report>> = HashMap::new();
    for report in reports {
        by_story.entry(report.story_id).or_default().push(report);
    }
    for hook in &catalog.hooks {
        let entries: Vec<i64> = by_story.values().flatten().map(|report| report.entry_id).collect();
        let left_out = channel_rules::left_out(connection, &hook.channel.rules, &entries).await?;
        let stories = by_story.values();
        let mut queued: Vec<QueuedStory> =
            stories.filter_map(|reports| qualified(hook, (catalog, &left_out), reports, &new)).collect();
        queued.sort_by(|a, b| (&a.order_at, a.story).cmp(&(&b.order_at, b.story)));
        write(connection, hook.id, &queued).await?;
    }
    Ok(())
}

/// Returns a story if the report with which it came to qualify is one of these new entries, and is news. Entries of a feed's
/// first poll and entries with an old date are not news.
fn qualified(
    hook: &QueuedHook,
    (catalog, left_out): (&Catalog, &HashSet<i64>),
    reports: &[Report],
    new: &HashSet<i64>,
) -> Option<QueuedStory> {
    let channel = &hook.channel;
    let is_inside = |r: &&Report| {
        catalog.takes(channel, OutletId(r.outlet_id), r.language.as_deref()) && !left_out.contains(&r.entry_id)
    };
    let inside: Vec<&Report> = reports.iter().filter(is_inside).collect();
    let mut outlets = HashSet::new();
    let wanted = usize::try_from(channel.min_outlets.max(1)).unwrap_or(usize::MAX);
    let last = inside.iter().position(|r| {
        outlets.insert(r.outlet_id);
        outlets.len() >= wanted
    })?;
    let (by, first) = (inside[last], inside[0]);
    let order_at = inside[..=last].iter().map(|r| r.order_at.as_str()).max()?;
    let is_news = new.contains(&by.entry_id) && *order_at >= *by.first_seen_at;
    is_news.then(|| QueuedStory { story: first.story_id, entry: first.entry_id, order_at: order_at.to_owned() })
}

async fn write(connection: &mut SqliteConnection, hook: i64, stories: &[QueuedStory]) -> Result<(), StoreError> {
    if stories.is_empty() {
        return Ok(());
    }
    let count = i64::try_from(stories.len()).unwrap_or(i64::MAX);
    // On the right-hand sides, columns have their old values.
    let last: i64 = sqlx::query_scalar(
        "UPDATE webhook SET queued = queued + $2, dropped = dropped + max(0, queued + $2 - $3 - sent), \
             sent = max(sent, queued + $2 - $3) WHERE id = $1 RETURNING queued",
    )
    .bind(hook)
    .bind(count)
    .bind(QUEUE_MAX)
    .fetch_one(&mut *connection)
    .await
    .while_doing("writing a webhook")?;
    sqlx::query(
        "WITH r (n, v) AS MATERIALIZED (SELECT key, value FROM json_each($1)) \
         INSERT INTO webhook_queue (webhook_id, number, story_id, entry_id, order_at) \
         SELECT $2, $3 + n, v ->> 'story', v ->> 'entry', v ->> 'order_at' FROM r",
    )
    .bind(row::rows(stories))
    .bind(hook)
    .bind(last - count + 1)
    .execute(&mut *connection)
    .await
    .while_doing("queueing stories for a webhook")?;
    remove(connection, hook, last - QUEUE_MAX).await
}

/// Removes the stories of a queue up to this number.
async fn remove(connection: &mut SqliteConnection, hook: i64, number: i64) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM webhook_queue WHERE webhook_id = $1 AND number <= $2")
        .bind(hook)
        .bind(number)
        .execute(connection)
        .await
        .map(drop)
        .while_doing("removing what a webhook has sent")
}

/// Stores the result of a webhook request.
pub(in crate::store) async fn sent(
    connection: &mut SqliteConnection,
    result: &WebhookResult,
) -> Result<(), StoreError> {
    let number = result.number.map(|number| i64::try_from(number).unwrap_or(i64::MAX));
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
    .execute(&mut *connection)
    .await
    .while_doing("writing a webhook")?;
    match number {
        Some(number) => remove(connection, result.id, number).await,
        None => Ok(()),
    }
}
