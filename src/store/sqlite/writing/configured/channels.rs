//! Stores the channels; the positions of a channel whose definition changed are rebuilt.

use crate::{
    model::{Channel, Language, Outlet, OutletId, Slug},
    store::{
        catalog::{Catalog, KnownOutlet},
        configured::StoreConfig,
        error::StoreError,
        sqlite::{
            error::ErrorContext,
            row::{self, RowRef},
            writing::channel_order::ChannelRebuild,
        },
    },
};
use jiff::tz::TimeZone;
use sqlx::SqliteConnection;
use std::collections::HashMap;

/// Reads the outlets; the channels come from the configuration one by one.
async fn load_catalog(connection: &mut SqliteConnection, store_config: &StoreConfig) -> Result<Catalog, StoreError> {
    let configured: HashMap<&str, &Outlet> =
        store_config.outlets.iter().map(|(outlet, _)| (outlet.slug.as_str(), outlet)).collect();
    let rows: Vec<(i64, String, String, String, bool)> =
        sqlx::query_as("SELECT id, slug, name, tags, private FROM outlet")
            .fetch_all(connection)
            .await
            .while_doing("reading outlets")?;
    let mut outlets = HashMap::with_capacity(rows.len());
    for (id, slug, name, tags, private) in rows {
        let tags = RowRef { table: "outlet", row: id }.json("tags", &tags)?;
        let configured = configured.get(slug.as_str());
        let rules = configured.map(|outlet| outlet.rules.clone()).unwrap_or_default();
        let zone = configured.map_or(TimeZone::UTC, |outlet| outlet.time_zone.clone());
        outlets.insert(OutletId(id), KnownOutlet { slug, name, tags, private, rules, zone });
    }
    Ok(Catalog { outlets, ..Catalog::default() })
}

/// Writes the channels. The positions of a channel whose definition changed are rebuilt: at once in a small file, otherwise the
/// remaining work is returned.
pub(super) async fn adopt_channels(
    connection: &mut SqliteConnection,
    store_config: &StoreConfig,
) -> Result<(Catalog, Vec<ChannelRebuild>), StoreError> {
    let mut catalog = load_catalog(connection, store_config).await?;
    let channels = Channel::with_variants(&store_config.channels, catalog.any_private());
    let slugs: Vec<&str> = channels.iter().map(|c| c.slug.as_str()).collect();
    sqlx::query("DELETE FROM channel WHERE id <> 1 AND slug NOT IN (SELECT value FROM json_each($1))")
        .bind(row::rows(&slugs))
        .execute(&mut *connection)
        .await
        .while_doing("removing channels")?;
    let mut changed = Vec::new();
    for channel in &channels {
        let definition = definition(channel, &catalog);
        let was: Option<(i64, String, String)> =
            sqlx::query_as("SELECT id, definition, title FROM channel WHERE slug = $1")
                .bind(channel.slug.as_str())
                .fetch_optional(&mut *connection)
                .await
                .while_doing("reading channels")?;
        let same = was.as_ref().is_some_and(|(_, was, _)| *was == definition);
        let id = match &was {
            Some((id, _, title)) if same && *title == channel.title => *id,
            // A definition is written after its positions.
            _ => write_channel(connection, channel, if same { &definition } else { UNFINISHED }).await?,
        };
        if !same {
            changed.push(ChannelRebuild::new(id, channel, definition));
        }
        catalog.channels.push((id, channel.clone()));
    }
    let mut left = Vec::new();
    for mut rebuilding in changed {
        let mut strides = AT_ONCE;
        while let Some(next) = rebuilding.stride(connection, &catalog).await? {
            rebuilding = next;
            strides -= 1;
            if strides == 0 {
                catalog.rebuilding.insert(rebuilding.id);
                left.push(rebuilding);
                break;
            }
        }
    }
    Ok((catalog, left))
}

/// Stored instead of the definition while the positions of a channel are incomplete.
const UNFINISHED: &str = "";
/// Number of rebuild steps done together with storing the configuration.
const AT_ONCE: u32 = 3;

async fn write_channel(
    connection: &mut SqliteConnection,
    channel: &Channel,
    definition: &str,
) -> Result<i64, StoreError> {
    sqlx::query_scalar(
        "INSERT INTO channel (slug, title, definition) VALUES ($1, $2, $3) \
         ON CONFLICT (slug) DO UPDATE SET title = excluded.title, definition = excluded.definition RETURNING id",
    )
    .bind(channel.slug.as_str())
    .bind(&channel.title)
    .bind(definition)
    .fetch_one(connection)
    .await
    .while_doing("writing channels")
}

/// Returns the criteria of a channel as text; channels with equal texts have equal positions. Title and limit are not included.
fn definition(channel: &Channel, catalog: &Catalog) -> String {
    let mut outlets: Vec<&str> = Vec::new();
    if !(channel.outlets.is_empty() && channel.tags.is_empty()) {
        let any_language = channel.languages.first().map(Language::as_str);
        outlets = catalog
            .outlets
            .values()
            .filter(|o| channel.takes(&o.slug, &o.tags, any_language))
            .map(|o| o.slug.as_str())
            .collect();
        outlets.sort_unstable();
    }
    let list = |items: &mut dyn Iterator<Item = &str>| items.collect::<Vec<_>>().join(",");
    let mut definition = format!(
        "outlets={} languages={} min_outlets={} prefer={} collapse={}",
        if outlets.is_empty() && channel.outlets.is_empty() && channel.tags.is_empty() {
            "*".to_owned()
        } else {
            outlets.join(",")
        },
        list(&mut channel.languages.iter().map(Language::primary)),
        channel.min_outlets,
        list(&mut channel.prefer.iter().map(Slug::as_str)),
        channel.collapse,
    );
    if !channel.rules.is_empty() {
        definition.push_str(" rules=");
        definition.push_str(&channel.rules.definition());
    }
    if channel.hides_private {
        let mut private: Vec<&str> = catalog.outlets.values().filter(|o| o.private).map(|o| o.slug.as_str()).collect();
        private.sort_unstable();
        definition.push_str(" without=");
        definition.push_str(&list(&mut private.into_iter()));
    }
    definition
}
