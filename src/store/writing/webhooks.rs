//! The queues of webhooks. A story is queued in the transaction that stores it, so no stored story is missing from a queue, and a
//! queue has no story that was not stored.

use crate::{
    model::{Channel, OutletId, push::Webhook},
    store::{
        catalog::{Catalog, QueuedHook},
        error::StoreError,
        push::WebhookResult,
        rows::BatchRows,
        writing::channel_order::{self, ChannelRows},
    },
};
use serde::Serialize;
use std::collections::{HashMap, HashSet};

/// Maximum number of stories in the queue of a webhook. Beyond it the oldest are dropped.
const QUEUE_MAX: i64 = 1_000;

/// A report of a story, with the values that decide whether a webhook sends it.
#[derive(Debug, sqlx::FromRow)]
pub(in crate::store) struct Report {
    entry_id: i64,
    story_id: i64,
    outlet_id: i64,
    language: Option<String>,
    order_at: String,
    first_seen_at: String,
}

#[derive(Debug, Serialize)]
pub(in crate::store) struct QueuedStory {
    story: i64,
    entry: i64,
    order_at: String,
}

/// The statements of webhooks.
pub(in crate::store) trait WebhookRows: ChannelRows {
    /// Writes a configured webhook. Returns its id.
    async fn webhook(&mut self, hook: &Webhook) -> Result<i64, StoreError>;
    /// Removes all webhooks but these.
    async fn remove_webhooks(&mut self, others: &[i64]) -> Result<(), StoreError>;
    /// Returns the reports of these stories, in order of their ids.
    async fn reports(&mut self, stories: &[i64]) -> Result<Vec<Report>, StoreError>;
    /// Adds to the number of stories in a queue, whose oldest beyond `limit` count as dropped. Returns the number of the last one.
    async fn count_queued(&mut self, hook: i64, more: i64, limit: i64) -> Result<i64, StoreError>;
    /// Writes stories of a queue, numbered from `first`.
    async fn queue_stories(&mut self, hook: i64, first: i64, stories: &[QueuedStory]) -> Result<(), StoreError>;
    /// Removes the stories of a queue up to this number.
    async fn remove_queued(&mut self, hook: i64, number: i64) -> Result<(), StoreError>;
    /// Writes the result of a request that sent the story of this number, or failed.
    async fn webhook_result(&mut self, result: &WebhookResult, number: Option<i64>) -> Result<(), StoreError>;
}

/// Writes the configured webhooks, and removes all others with their queues. A new webhook starts with an empty queue.
pub(in crate::store) async fn adopt(
    connection: &mut impl WebhookRows,
    hooks: &[Webhook],
    channels: &[(i64, Channel)],
) -> Result<Vec<QueuedHook>, StoreError> {
    let mut queued = Vec::with_capacity(hooks.len());
    for hook in hooks {
        let id = connection.webhook(hook).await?;
        let channel = channels.iter().find(|(_, channel)| channel.slug == hook.channel);
        queued.extend(channel.map(|(_, channel)| QueuedHook {
            id,
            channel: Channel { min_outlets: channel.min_outlets.max(hook.outlets), ..channel.clone() },
        }));
    }
    let ids: Vec<i64> = queued.iter().map(|hook| hook.id).collect();
    connection.remove_webhooks(&ids).await?;
    Ok(queued)
}

/// Queues the stories that qualify since the entries of this batch. Reads only the stories of the batch.
pub(in crate::store) async fn queue(
    connection: &mut impl WebhookRows,
    catalog: &Catalog,
    batch_rows: &BatchRows,
) -> Result<(), StoreError> {
    if catalog.hooks.is_empty() || batch_rows.entries.is_empty() {
        return Ok(());
    }
    let news = batch_rows.entries.iter().filter(|entry| !entry.is_of_first_poll);
    let new: HashSet<i64> = news.map(|entry| entry.row.id).collect();
    let mut stories: Vec<i64> = batch_rows.entries.iter().map(|entry| entry.story).collect();
    stories.sort_unstable();
    stories.dedup();
    let reports = connection.reports(&stories).await?;
    let mut by_story: HashMap<i64, Vec<Report>> = HashMap::new();
    for report in reports {
        by_story.entry(report.story_id).or_default().push(report);
    }
    for hook in &catalog.hooks {
        let entries: Vec<i64> = by_story.values().flatten().map(|report| report.entry_id).collect();
        let left_out = channel_order::left_out(connection, &hook.channel.rules, &entries).await?;
        let stories = by_story.values();
        let mut queued: Vec<QueuedStory> =
            stories.filter_map(|reports| qualified(hook, (catalog, &left_out), reports, &new)).collect();
        queued.sort_by(|a, b| (&a.order_at, a.story).cmp(&(&b.order_at, b.story)));
        write(connection, hook.id, &queued).await?;
    }
    Ok(())
}

/// Returns a story if the report with which it came to qualify is one of these new entries, and has no old date.
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
    let last = channel_order::qualifying(channel, inside.iter().map(|r| r.outlet_id))?;
    let (by, first) = (inside[last], inside[0]);
    let order_at = inside[..=last].iter().map(|r| r.order_at.as_str()).max()?;
    let is_news = new.contains(&by.entry_id) && *order_at >= *by.first_seen_at;
    is_news.then(|| QueuedStory { story: first.story_id, entry: first.entry_id, order_at: order_at.to_owned() })
}

async fn write(connection: &mut impl WebhookRows, hook: i64, stories: &[QueuedStory]) -> Result<(), StoreError> {
    if stories.is_empty() {
        return Ok(());
    }
    let count = i64::try_from(stories.len()).unwrap_or(i64::MAX);
    let last = connection.count_queued(hook, count, QUEUE_MAX).await?;
    connection.queue_stories(hook, last - count + 1, stories).await?;
    connection.remove_queued(hook, last - QUEUE_MAX).await
}

/// Stores the result of a webhook request.
pub(in crate::store) async fn sent(
    connection: &mut impl WebhookRows,
    result: &WebhookResult,
) -> Result<(), StoreError> {
    let number = result.number.map(|number| i64::try_from(number).unwrap_or(i64::MAX));
    connection.webhook_result(result, number).await?;
    match number {
        Some(number) => connection.remove_queued(result.id, number).await,
        None => Ok(()),
    }
}
