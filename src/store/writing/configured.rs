//! Stores the configured outlets, feeds and channels. What is no longer configured stays in the file: its entries are kept, but
//! its feeds are not polled.

mod channels;

use crate::store::configured::{ConfigChanges, StoreConfig};
use crate::store::instant;
use crate::{
    model::{FeedId, FeedRecord, FeedUrl, Language, PublishedText},
    store::{
        catalog::Catalog,
        error::StoreError,
        row,
        writing::{
            channel_order::ChannelRebuild,
            dropped::{self, DroppedCheck, DroppedRows},
            feeds::{self, FeedRows},
            webhooks::{self, WebhookRows},
        },
    },
};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::{HashMap, HashSet};

/// What a new configuration leaves to do.
pub(in crate::store) struct AdoptedConfig {
    pub changes: ConfigChanges,
    pub catalog: Catalog,
    /// Channels whose positions are being rebuilt.
    pub rebuilding: Vec<ChannelRebuild>,
    /// Outlets whose dropped entries are checked again.
    pub dropped_checks: Vec<DroppedCheck>,
    /// All configured feeds.
    pub feeds: Vec<FeedRecord>,
}

/// An outlet as stored: slug, name, language, tags, private, publishes_page.
pub(in crate::store) type StoredOutlet = (String, String, Option<String>, String, bool, bool);

/// The statements about what is configured.
pub(in crate::store) trait ConfigRows: DroppedRows + FeedRows + WebhookRows {
    /// Writes the address of this server.
    async fn write_public_url(&mut self, url: &str) -> Result<(), StoreError>;
    /// Returns all outlets.
    async fn outlets(&mut self) -> Result<Vec<StoredOutlet>, StoreError>;
    /// Writes outlets, by slug.
    async fn write_outlets(&mut self, rows: &[OutletRow<'_>]) -> Result<(), StoreError>;
    /// Returns the ids of all outlets, by slug.
    async fn outlet_ids(&mut self) -> Result<Vec<(String, i64)>, StoreError>;
    /// Returns all feeds.
    async fn known_feeds(&mut self) -> Result<Vec<KnownFeed>, StoreError>;
    /// Returns the removed feeds with these addresses that other outlets have, each with the id of its outlet.
    async fn former_feeds(&mut self, outlet: i64, urls: &[&str]) -> Result<Vec<(i64, i64)>, StoreError>;
    /// Moves a feed and its entries from one outlet to another.
    async fn move_feed(&mut self, feed: i64, from: i64, to: i64) -> Result<(), StoreError>;
    /// Writes feeds, by address. New ones are due `now`.
    async fn write_configured_feeds(&mut self, rows: &[ConfiguredFeedRow<'_>], now: &str) -> Result<(), StoreError>;
    /// Marks feeds as no longer configured.
    async fn remove_feeds(&mut self, feeds: &[i64]) -> Result<(), StoreError>;
    /// Returns id, slug, name, tags and whether it is private of all outlets.
    async fn known_outlets(&mut self) -> Result<Vec<(i64, String, String, String, bool)>, StoreError>;
    /// Removes all channels but these and `all`.
    async fn remove_channels(&mut self, others: &[&str]) -> Result<(), StoreError>;
    /// Returns id, definition and title of a channel.
    async fn channel(&mut self, slug: &str) -> Result<Option<(i64, String, String)>, StoreError>;
    /// Writes a channel, by slug. Returns its id.
    async fn write_channel(&mut self, slug: &str, title: &str, definition: &str) -> Result<i64, StoreError>;
}

/// Stores the configuration in the caller's transaction.
pub(in crate::store) async fn adopt(
    connection: &mut impl ConfigRows,
    store_config: &StoreConfig,
    now: Timestamp,
) -> Result<AdoptedConfig, StoreError> {
    connection.write_public_url(store_config.public_url.as_str()).await?;
    adopt_outlets(connection, store_config).await?;
    let mut adopted = adopt_feeds(connection, store_config, now).await?;
    let (mut catalog, rebuilding) = channels::adopt_channels(connection, store_config).await?;
    catalog.hooks = webhooks::adopt(connection, &store_config.webhooks, &catalog.channels).await?;
    adopted.any_private = catalog.any_private();
    let configured = store_config.outlets.iter().map(|(outlet, _)| outlet.slug.as_str()).collect();
    let dropped_checks = dropped::changed(connection, &catalog, &configured, now).await?;
    let feeds = feeds::configured(connection).await?;
    Ok(AdoptedConfig { changes: adopted, catalog, rebuilding, dropped_checks, feeds })
}

/// A configured outlet.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(in crate::store) struct OutletRow<'a> {
    slug: &'a str,
    name: &'a str,
    language: Option<&'a str>,
    tags: String,
    private: bool,
    publishes_page: bool,
}

/// Writes new and changed outlets.
async fn adopt_outlets(connection: &mut impl ConfigRows, store_config: &StoreConfig) -> Result<(), StoreError> {
    let known = connection.outlets().await?;
    let known: HashMap<&str, OutletRow<'_>> = known
        .iter()
        .map(|(slug, name, language, tags, private, publishes_page)| {
            let (language, tags, private) = (language.as_deref(), tags.clone(), *private);
            (slug.as_str(), OutletRow { slug, name, language, tags, private, publishes_page: *publishes_page })
        })
        .collect();
    let rows: Vec<OutletRow<'_>> = store_config
        .outlets
        .iter()
        .map(|(outlet, _)| OutletRow {
            slug: outlet.slug.as_str(),
            name: &outlet.name,
            language: outlet.language.as_ref().map(Language::as_str),
            tags: row::rows(&outlet.tags),
            private: outlet.private,
            publishes_page: outlet.published_text == PublishedText::Page,
        })
        .filter(|row| known.get(row.slug) != Some(row))
        .collect();
    if rows.is_empty() { Ok(()) } else { connection.write_outlets(&rows).await }
}

/// A configured feed.
#[derive(Debug, Serialize)]
pub(in crate::store) struct ConfiguredFeedRow<'a> {
    url: &'a str,
    outlet: i64,
    schedule: &'a str,
    public_url: Option<&'a str>,
}

/// A feed that was configured before.
#[derive(sqlx::FromRow)]
pub(in crate::store) struct KnownFeed {
    id: i64,
    url: String,
    outlet_id: i64,
    schedule: String,
    public_url: Option<String>,
    removed: bool,
}

/// Writes new and changed feeds, and marks those that are no longer configured.
async fn adopt_feeds(
    connection: &mut impl ConfigRows,
    store_config: &StoreConfig,
    now: Timestamp,
) -> Result<ConfigChanges, StoreError> {
    let ids = connection.outlet_ids().await?;
    let ids: HashMap<&str, i64> = ids.iter().map(|(slug, id)| (slug.as_str(), *id)).collect();
    let known = connection.known_feeds().await?;
    let mut known: HashMap<&str, &KnownFeed> = known.iter().map(|f| (f.url.as_str(), f)).collect();
    let mut adopted = ConfigChanges::default();
    let (mut rows, mut added) = (Vec::new(), Vec::new());
    for (outlet, schedule) in &store_config.outlets {
        let Some(&id) = ids.get(outlet.slug.as_str()) else { continue };
        for url in &outlet.feeds {
            let public_url = store_config.public_urls.get(url).map(FeedUrl::as_str);
            let row = ConfiguredFeedRow { url: url.as_str(), outlet: id, schedule, public_url };
            match known.remove(row.url) {
                None => added.push(row.url),
                Some(f) if f.removed => adopted.added.push(FeedId(f.id)),
                Some(f) if f.schedule != *schedule => adopted.rescheduled.push(FeedId(f.id)),
                Some(f) if f.outlet_id == id && f.public_url.as_deref() == public_url => continue,
                Some(_) => {}
            }
            rows.push(row);
        }
    }
    // The remaining feeds are those that are no longer configured.
    let removed: Vec<i64> = known.values().filter(|f| !f.removed).map(|f| f.id).collect();
    adopted.removed = removed.len() as u64;
    write_feeds(connection, &rows, &removed, now).await?;
    for (outlet, _) in store_config.outlets.iter().filter(|(outlet, _)| !outlet.was.is_empty()) {
        let Some(&id) = ids.get(outlet.slug.as_str()) else { continue };
        inherit(connection, id, &outlet.was).await?;
    }
    if !added.is_empty() {
        let new = connection.known_feeds().await?;
        let added: HashSet<&str> = added.into_iter().collect();
        adopted.added.extend(new.iter().filter(|f| added.contains(f.url.as_str())).map(|f| FeedId(f.id)));
    }
    Ok(adopted)
}

/// Moves feeds at an outlet's former addresses, with their entries, from the outlets that have them to this one. Configured feeds
/// are not moved.
async fn inherit(connection: &mut impl ConfigRows, outlet: i64, was: &[FeedUrl]) -> Result<(), StoreError> {
    let urls: Vec<&str> = was.iter().map(FeedUrl::as_str).collect();
    let moved = connection.former_feeds(outlet, &urls).await?;
    for (feed, former) in moved {
        connection.move_feed(feed, former, outlet).await?;
    }
    Ok(())
}

async fn write_feeds(
    connection: &mut impl ConfigRows,
    rows: &[ConfiguredFeedRow<'_>],
    removed: &[i64],
    now: Timestamp,
) -> Result<(), StoreError> {
    if !rows.is_empty() {
        connection.write_configured_feeds(rows, &instant::milli(now)).await?;
    }
    if removed.is_empty() { Ok(()) } else { connection.remove_feeds(removed).await }
}
