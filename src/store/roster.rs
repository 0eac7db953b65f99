//! The configuration's outlets, feeds and channels, brought into the file. What left the configuration stays in the file:
//! its entries are kept, its feeds are not polled.

use super::{
    cell,
    directory::Directory,
    error::{StoreError, While},
    place,
};
use crate::model::{Channel, FeedId, FeedUrl, Outlet, Slug};
use jiff::Timestamp;
use sqlx::SqliteConnection;
use url::Url;

/// What the configuration says, as far as the file is concerned.
#[derive(Debug, Clone)]
pub struct Roster {
    /// `[server] public_url`.
    pub public_url: Url,
    /// Each outlet, with its schedule as text (an equal text is an equal schedule).
    pub outlets: Vec<(Outlet, String)>,
    /// `all` first.
    pub channels: Vec<Channel>,
}

/// What adopting a roster changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Adopted {
    /// Feeds that are new, or come back after having been removed.
    pub added: Vec<FeedId>,
    /// Feeds whose schedule changed.
    pub rescheduled: Vec<FeedId>,
    /// Feeds that were removed.
    pub removed: u64,
}

/// Brings the roster into the file, in the caller's transaction.
pub(super) async fn adopt(
    connection: &mut SqliteConnection,
    roster: &Roster,
    now: Timestamp,
) -> Result<(Adopted, Directory), StoreError> {
    sqlx::query(
        "INSERT INTO setting (name, value) VALUES ('public_url', $1) \
                 ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE value <> excluded.value",
    )
    .bind(roster.public_url.as_str())
    .execute(&mut *connection)
    .await
    .while_doing("writing settings")?;
    let mut adopted = Adopted::default();
    for (outlet, schedule) in &roster.outlets {
        let id = adopt_outlet(connection, outlet).await?;
        for url in &outlet.feeds {
            adopt_feed(connection, id, url, schedule, now, &mut adopted).await?;
        }
    }
    let urls: Vec<&str> = roster.outlets.iter().flat_map(|(o, _)| &o.feeds).map(FeedUrl::as_str).collect();
    let removed =
        sqlx::query("UPDATE feed SET removed = 1 WHERE removed = 0 AND url NOT IN (SELECT value FROM json_each($1))")
            .bind(cell::rows(&urls))
            .execute(&mut *connection)
            .await
            .while_doing("removing feeds")?;
    adopted.removed = removed.rows_affected();
    let directory = adopt_channels(connection, &roster.channels).await?;
    Ok((adopted, directory))
}

async fn adopt_outlet(connection: &mut SqliteConnection, outlet: &Outlet) -> Result<i64, StoreError> {
    sqlx::query_scalar(
        "INSERT INTO outlet (slug, name, language, tags) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (slug) DO UPDATE SET name = excluded.name, language = excluded.language, tags = excluded.tags \
         RETURNING id",
    )
    .bind(outlet.slug.as_str())
    .bind(&outlet.name)
    .bind(outlet.language.as_ref().map(crate::model::Language::as_str))
    .bind(cell::rows(&outlet.tags))
    .fetch_one(connection)
    .await
    .while_doing("writing outlets")
}

async fn adopt_feed(
    connection: &mut SqliteConnection,
    outlet: i64,
    url: &FeedUrl,
    schedule: &str,
    now: Timestamp,
    adopted: &mut Adopted,
) -> Result<(), StoreError> {
    let known: Option<(i64, i64, String, bool)> =
        sqlx::query_as("SELECT id, outlet_id, schedule, removed FROM feed WHERE url = $1")
            .bind(url.as_str())
            .fetch_optional(&mut *connection)
            .await
            .while_doing("reading feeds")?;
    let Some((id, had, was, removed)) = known else {
        let id = sqlx::query_scalar(
            "INSERT INTO feed (outlet_id, url, ask_url, schedule, next_poll_at) VALUES ($1, $2, $2, $3, $4) RETURNING id",
        )
        .bind(outlet)
        .bind(url.as_str())
        .bind(schedule)
        .bind(cell::milli(now))
        .fetch_one(connection)
        .await
        .while_doing("writing feeds")?;
        adopted.added.push(FeedId(id));
        return Ok(());
    };
    if had == outlet && was == schedule && !removed {
        return Ok(());
    }
    if removed {
        adopted.added.push(FeedId(id));
    } else if was != schedule {
        adopted.rescheduled.push(FeedId(id));
    }
    sqlx::query("UPDATE feed SET outlet_id = $2, schedule = $3, removed = 0 WHERE id = $1")
        .bind(id)
        .bind(outlet)
        .bind(schedule)
        .execute(connection)
        .await
        .while_doing("writing feeds")?;
    Ok(())
}

/// Writes the channels; one whose definition changed gets its places laid anew.
async fn adopt_channels(connection: &mut SqliteConnection, channels: &[Channel]) -> Result<Directory, StoreError> {
    let slugs: Vec<&str> = channels.iter().map(|c| c.slug.as_str()).collect();
    sqlx::query("DELETE FROM channel WHERE id <> 1 AND slug NOT IN (SELECT value FROM json_each($1))")
        .bind(cell::rows(&slugs))
        .execute(&mut *connection)
        .await
        .while_doing("removing channels")?;
    let mut directory = Directory::load(connection, Vec::new()).await?;
    let mut anew = Vec::new();
    for channel in channels {
        let definition = definition(channel, &directory);
        let was: Option<(i64, String, String)> =
            sqlx::query_as("SELECT id, definition, title FROM channel WHERE slug = $1")
                .bind(channel.slug.as_str())
                .fetch_optional(&mut *connection)
                .await
                .while_doing("reading channels")?;
        let unchanged = was.as_ref().is_some_and(|(_, d, t)| *d == definition && *t == channel.title);
        let id = match &was {
            Some((id, ..)) if unchanged => *id,
            _ => write_channel(connection, channel, &definition).await?,
        };
        if was.is_none_or(|(_, d, _)| d != definition) {
            anew.push((id, channel));
        }
        directory.channels.push((id, channel.clone()));
    }
    for (id, channel) in anew {
        place::lay_anew(connection, &directory, id, channel).await?;
    }
    Ok(directory)
}

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

/// What a channel takes, in terms of outlets: equal texts have equal places. Title and limit are no part of it.
fn definition(channel: &Channel, directory: &Directory) -> String {
    let mut outlets: Vec<&str> = Vec::new();
    if !(channel.outlets.is_empty() && channel.tags.is_empty()) {
        let any_language = channel.languages.first().map(crate::model::Language::as_str);
        outlets = directory
            .outlets
            .values()
            .filter(|o| channel.takes(&o.slug, &o.tags, any_language))
            .map(|o| o.slug.as_str())
            .collect();
        outlets.sort_unstable();
    }
    let list = |items: &mut dyn Iterator<Item = &str>| items.collect::<Vec<_>>().join(",");
    format!(
        "outlets={} languages={} min_outlets={} prefer={} collapse={}",
        if outlets.is_empty() && channel.outlets.is_empty() && channel.tags.is_empty() {
            "*".to_owned()
        } else {
            outlets.join(",")
        },
        list(&mut channel.languages.iter().map(crate::model::Language::primary)),
        channel.min_outlets,
        list(&mut channel.prefer.iter().map(Slug::as_str)),
        channel.collapse,
    )
}
