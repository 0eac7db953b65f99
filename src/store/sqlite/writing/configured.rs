//! Stores the configured outlets, feeds and channels. What is no longer configured stays in the file: its entries are kept, but
//! its feeds are not polled.

mod channels;

use crate::store::configured::{ConfigChanges, StoreConfig};
use crate::store::instant;
use crate::store::sqlite::error::ErrorContext;
use crate::{
    model::{FeedId, FeedUrl, Language, PublishedText},
    store::{
        catalog::Catalog,
        error::StoreError,
        sqlite::{
            row::{self},
            writing::{
                channel_order::ChannelRebuild,
                dropped::{self, Rejudging},
                webhooks,
            },
        },
    },
};
use jiff::Timestamp;
use serde::Serialize;
use sqlx::SqliteConnection;
use std::collections::{HashMap, HashSet};

/// Stores the configuration in the caller's transaction.
pub(in crate::store) async fn adopt(
    connection: &mut SqliteConnection,
    store_config: &StoreConfig,
    now: Timestamp,
) -> Result<(ConfigChanges, Catalog, Vec<ChannelRebuild>, Vec<Rejudging>), StoreError> {
    sqlx::query(
        "INSERT INTO setting (name, value) VALUES ('public_url', $1) \
                 ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE value <> excluded.value",
    )
    .bind(store_config.public_url.as_str())
    .execute(&mut *connection)
    .await
    .while_doing("writing settings")?;
    adopt_outlets(connection, store_config).await?;
    let mut adopted = adopt_feeds(connection, store_config, now).await?;
    let (mut catalog, rebuilding) = channels::adopt_channels(connection, store_config).await?;
    catalog.hooks = webhooks::adopt(connection, &store_config.webhooks, &catalog.channels).await?;
    adopted.any_private = catalog.any_private();
    let configured = store_config.outlets.iter().map(|(outlet, _)| outlet.slug.as_str()).collect();
    let rejudging = dropped::changed(connection, &catalog, &configured, now).await?;
    Ok((adopted, catalog, rebuilding, rejudging))
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct OutletRow<'a> {
    slug: &'a str,
    name: &'a str,
    language: Option<&'a str>,
    tags: String,
    private: bool,
    publishes_page: bool,
}

/// Writes new and changed outlets.
async fn adopt_outlets(connection: &mut SqliteConnection, store_config: &StoreConfig) -> Result<(), StoreError> {
    let known: Vec<(String, String, Option<String>, String, bool, bool)> =
        sqlx::query_as("SELECT slug, name, language, tags, private, publishes_page FROM outlet")
            .fetch_all(&mut *connection)
            .await
            .while_doing("reading outlets")?;
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
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO outlet (slug, name, language, tags, private, publishes_page) \
         SELECT value ->> 'slug', value ->> 'name', value ->> 'language', value ->> 'tags', value ->> 'private', \
                value ->> 'publishes_page' FROM json_each($1) WHERE true \
         ON CONFLICT (slug) DO UPDATE SET name = excluded.name, language = excluded.language, tags = excluded.tags, \
             private = excluded.private, publishes_page = excluded.publishes_page",
    )
    .bind(row::rows(&rows))
    .execute(connection)
    .await
    .while_doing("writing outlets")?;
    Ok(())
}

#[derive(Debug, Serialize)]
struct ConfiguredFeedRow<'a> {
    url: &'a str,
    outlet: i64,
    schedule: &'a str,
    public_url: Option<&'a str>,
}

#[derive(sqlx::FromRow)]
struct KnownFeed {
    id: i64,
    url: String,
    outlet_id: i64,
    schedule: String,
    public_url: Option<String>,
    removed: bool,
}

/// Writes new and changed feeds, and marks those that are no longer configured.
async fn adopt_feeds(
    connection: &mut SqliteConnection,
    store_config: &StoreConfig,
    now: Timestamp,
) -> Result<ConfigChanges, StoreError> {
    let ids: Vec<(String, i64)> = sqlx::query_as("SELECT slug, id FROM outlet")
        .fetch_all(&mut *connection)
        .await
        .while_doing("reading outlets")?;
    let ids: HashMap<&str, i64> = ids.iter().map(|(slug, id)| (slug.as_str(), *id)).collect();
    let known = known_feeds(connection).await?;
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
        let new = known_feeds(connection).await?;
        let added: HashSet<&str> = added.into_iter().collect();
        adopted.added.extend(new.iter().filter(|f| added.contains(f.url.as_str())).map(|f| FeedId(f.id)));
    }
    Ok(adopted)
}

/// Moves feeds at an outlet's former addresses, with their entries, from the outlets that have them to this one. Configured feeds
/// are not moved.
async fn inherit(connection: &mut SqliteConnection, outlet: i64, was: &[FeedUrl]) -> Result<(), StoreError> {
    let urls: Vec<&str> = was.iter().map(FeedUrl::as_str).collect();
    let moved: Vec<(i64, i64)> = sqlx::query_as(
        "SELECT id, outlet_id FROM feed WHERE url IN (SELECT value FROM json_each($2)) AND removed = 1 AND outlet_id <> $1",
    )
    .bind(outlet)
    .bind(row::rows(&urls))
    .fetch_all(&mut *connection)
    .await
    .while_doing("reading former feeds")?;
    for (feed, former) in moved {
        for sql in [
            "UPDATE feed SET outlet_id = $1 WHERE outlet_id = $2 AND id = $3",
            // By the former outlet, for which there is an index; there is none by feed.
            "UPDATE entry SET outlet_id = $1 WHERE outlet_id = $2 AND feed_id = $3",
        ] {
            let query = sqlx::query(sql).bind(outlet).bind(former).bind(feed);
            query.execute(&mut *connection).await.while_doing("moving the entries of former feeds")?;
        }
    }
    Ok(())
}

async fn known_feeds(connection: &mut SqliteConnection) -> Result<Vec<KnownFeed>, StoreError> {
    sqlx::query_as("SELECT id, url, outlet_id, schedule, public_url, removed FROM feed")
        .fetch_all(connection)
        .await
        .while_doing("reading feeds")
}

async fn write_feeds(
    connection: &mut SqliteConnection,
    rows: &[ConfiguredFeedRow<'_>],
    removed: &[i64],
    now: Timestamp,
) -> Result<(), StoreError> {
    if !rows.is_empty() {
        sqlx::query(
            "INSERT INTO feed (url, ask_url, outlet_id, schedule, public_url, next_poll_at) \
             SELECT value ->> 'url', value ->> 'url', value ->> 'outlet', value ->> 'schedule', value ->> 'public_url', $2 \
             FROM json_each($1) WHERE true \
             ON CONFLICT (url) DO UPDATE SET outlet_id = excluded.outlet_id, schedule = excluded.schedule, \
                 public_url = excluded.public_url, removed = 0",
        )
        .bind(row::rows(rows))
        .bind(instant::milli(now))
        .execute(&mut *connection)
        .await
        .while_doing("writing feeds")?;
    }
    if !removed.is_empty() {
        sqlx::query("UPDATE feed SET removed = 1 WHERE id IN (SELECT value FROM json_each($1))")
            .bind(row::rows(removed))
            .execute(connection)
            .await
            .while_doing("removing feeds")?;
    }
    Ok(())
}
