//! The order of channels, stored as rows: a story gets its position once and keeps it.

use crate::store::sqlite::error::ErrorContext;
use crate::{
    model::{Channel, OutletId},
    store::{
        catalog::Catalog,
        error::StoreError,
        rows::{BatchRows, PlaceRow},
        sqlite::{
            row,
            writing::{
                channel_rules,
                insert::{self, Query},
            },
        },
    },
};
use sqlx::SqliteConnection;
use std::collections::{HashMap, HashSet};

/// A report of a story, with what a channel needs to know about it.
#[derive(Debug, Clone, sqlx::FromRow)]
struct Member {
    entry_id: i64,
    story_id: i64,
    outlet_id: i64,
    language: Option<String>,
    order_at: String,
    published_at: String,
}

/// Writes the positions of new entries. If a batch has several reports of a story, the first one gets the position.
pub(in crate::store) async fn insert_batch(
    connection: &mut SqliteConnection,
    batch_rows: &BatchRows,
) -> Result<(), StoreError> {
    let mut taken = HashSet::new();
    let first = batch_rows.places.iter().filter(|p| p.each || taken.insert((p.channel, p.story)));
    // Nobody has to look whether a channel has a new story.
    let (certain, rows): (Vec<&PlaceRow>, Vec<&PlaceRow>) = first.partition(|p| p.each || p.new);
    insert::rows(connection, &certain, &insert::PLACES, bind_place, "writing places").await?;
    insert(connection, &rows).await
}

/// Binds the columns in the order of [`insert::PLACES`].
fn bind_place<'q>(query: Query<'q>, place: &'q &PlaceRow) -> Query<'q> {
    query.bind(place.channel).bind(&place.order_at).bind(&place.published_at).bind(place.story).bind(place.entry)
}

async fn insert(connection: &mut SqliteConnection, rows: &[&PlaceRow]) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "WITH r (v) AS MATERIALIZED (SELECT value FROM json_each($1)) \
         INSERT INTO place (channel_id, order_at, published_at, story_id, entry_id) \
         SELECT v ->> 'channel', v ->> 'order_at', v ->> 'published_at', v ->> 'story', \
                v ->> 'entry' FROM r \
         WHERE v ->> 'each' OR NOT EXISTS (SELECT 1 FROM place AS p \
            WHERE p.story_id = v ->> 'story' AND p.channel_id = v ->> 'channel') \
         ON CONFLICT DO NOTHING",
    )
    .bind(row::rows(rows))
    .execute(connection)
    .await
    .while_doing("writing places")?;
    Ok(())
}

/// Returns the channels that contain one of these stories, or the story of one of these entries.
pub(in crate::store) async fn holding(
    connection: &mut SqliteConnection,
    stories: &HashSet<i64>,
    entries: &[i64],
) -> Result<HashSet<i64>, StoreError> {
    if stories.is_empty() && entries.is_empty() {
        return Ok(HashSet::new());
    }
    let channels: Vec<i64> = sqlx::query_scalar(
        "SELECT channel_id FROM place WHERE story_id IN (SELECT value FROM json_each($1)) \
         UNION ALL \
         SELECT p.channel_id FROM entry AS e JOIN place AS p ON p.story_id = e.story_id \
         WHERE e.id IN (SELECT value FROM json_each($2))",
    )
    .bind(row::rows(&stories.iter().collect::<Vec<_>>()))
    .bind(row::rows(entries))
    .fetch_all(connection)
    .await
    .while_doing("reading which channels hold changed stories")?;
    Ok(channels.into_iter().collect())
}

/// Returns the stories of revised entries in the channels with rules: a rule that left out the earlier version of an entry may
/// accept the new one. A position that exists stays, whatever the new version says, because what was published is not withdrawn.
pub(in crate::store) async fn revised_candidates(
    connection: &mut SqliteConnection,
    catalog: &Catalog,
    revised: &[i64],
) -> Result<HashSet<(i64, i64)>, StoreError> {
    let by_rules: Vec<i64> =
        catalog.channels.iter().filter(|(_, channel)| !channel.rules.is_empty()).map(|(id, _)| *id).collect();
    if by_rules.is_empty() || revised.is_empty() {
        return Ok(HashSet::new());
    }
    let stories: Vec<i64> =
        sqlx::query_scalar("SELECT story_id FROM entry WHERE id IN (SELECT value FROM json_each($1))")
            .bind(row::rows(revised))
            .fetch_all(connection)
            .await
            .while_doing("reading the stories of revised entries")?;
    Ok(by_rules.iter().flat_map(|channel| stories.iter().map(|story| (*channel, *story))).collect())
}

/// Looks up stories in channels that require several outlets, prefer one or have rules, and adds those that qualify now.
pub(in crate::store) async fn insert_qualified(
    connection: &mut SqliteConnection,
    catalog: &Catalog,
    candidates: &HashSet<(i64, i64)>,
) -> Result<(), StoreError> {
    let mut stories: Vec<i64> = candidates.iter().map(|(_, story)| *story).collect();
    if stories.is_empty() {
        return Ok(());
    }
    stories.sort_unstable();
    stories.dedup();
    let members: Vec<Member> = sqlx::query_as(
        "SELECT id AS entry_id, story_id, outlet_id, language, order_at, published_at FROM entry \
         WHERE story_id IN (SELECT value FROM json_each($1)) ORDER BY id",
    )
    .bind(row::rows(&stories))
    .fetch_all(&mut *connection)
    .await
    .while_doing("reading the members of stories")?;
    let mut by_story: HashMap<i64, Vec<Member>> = HashMap::new();
    for member in members {
        by_story.entry(member.story_id).or_default().push(member);
    }
    let mut rows = Vec::new();
    for (id, channel) in &catalog.channels {
        let own = stories.iter().filter(|story| candidates.contains(&(*id, **story)));
        let entries: Vec<i64> = own.filter_map(|story| by_story.get(story)).flatten().map(|m| m.entry_id).collect();
        let left_out = channel_rules::left_out(connection, &channel.rules, &entries).await?;
        for story in stories.iter().filter(|story| candidates.contains(&(*id, **story))) {
            let members = by_story.get(story).map(Vec::as_slice).unwrap_or_default();
            rows.extend(places_of(*id, channel, (catalog, &left_out), members));
        }
    }
    insert(connection, &rows.iter().collect::<Vec<_>>()).await
}

/// Returns a story's positions in a channel: one, or in a channel that does not collapse one for each report.
fn places_of(
    id: i64,
    channel: &Channel,
    (catalog, left_out): (&Catalog, &HashSet<i64>),
    members: &[Member],
) -> Vec<PlaceRow> {
    if channel.collapse {
        return place_of(id, channel, (catalog, left_out), members).into_iter().collect();
    }
    let inside = |m: &&Member| {
        catalog.takes(channel, OutletId(m.outlet_id), m.language.as_deref()) && !left_out.contains(&m.entry_id)
    };
    members.iter().filter(inside).map(|member| each(id, member.clone())).collect()
}

/// Returns a story's position in a collapsing channel. It qualifies with the report of the last required outlet. The first report
/// in the channel leads, or that of a preferred outlet if it had arrived by then.
fn place_of(
    id: i64,
    channel: &Channel,
    (catalog, left_out): (&Catalog, &HashSet<i64>),
    members: &[Member],
) -> Option<PlaceRow> {
    let is_inside = |m: &&Member| {
        catalog.takes(channel, OutletId(m.outlet_id), m.language.as_deref()) && !left_out.contains(&m.entry_id)
    };
    let inside: Vec<&Member> = members.iter().filter(is_inside).collect();
    let mut outlets = HashSet::new();
    let wanted = usize::try_from(channel.min_outlets.max(1)).unwrap_or(usize::MAX);
    let last = inside.iter().position(|m| {
        outlets.insert(m.outlet_id);
        outlets.len() >= wanted
    })?;
    // With a preference and no minimum, all reports that arrived before the decision count.
    let by_then = if channel.min_outlets > 1 { &inside[..=last] } else { &inside[..] };
    let rank = |m: &Member| {
        let slug = catalog.outlets.get(&OutletId(m.outlet_id)).map_or("", |known| known.slug.as_str());
        channel.prefer.iter().position(|p| p.as_str() == slug).unwrap_or(channel.prefer.len())
    };
    let lead = by_then.iter().min_by_key(|m| rank(m))?;
    let order_at = inside[..=last].iter().map(|m| m.order_at.as_str()).max()?;
    Some(PlaceRow {
        channel: id,
        order_at: order_at.to_owned(),
        published_at: lead.published_at.clone(),
        story: lead.story_id,
        entry: lead.entry_id,
        each: false,
        new: false,
    })
}

/// Rebuilds the positions of a channel whose definition changed, in several transactions with polls between them. The oldest
/// positions are removed first and the newest are written first, so that what subscribers see is complete at every commit. The
/// new definition is written last, so that an interrupted rebuild starts again.
#[derive(Debug, Clone)]
pub(in crate::store) struct ChannelRebuild {
    pub id: i64,
    pub channel: Channel,
    pub definition: String,
    /// Whether the old positions are removed.
    cleared: bool,
    /// Stories from this id on have their positions.
    from: i64,
}

/// Number of old positions removed in one transaction.
const CLEAR: i64 = 5_000;
/// Number of stories that get their positions in one transaction.
const STORIES: i64 = 500;
/// The same for a channel with rules, for which the texts of all their reports are read.
const STORIES_BY_RULES: i64 = 100;

impl ChannelRebuild {
    /// Starts a rebuild.
    pub(in crate::store) fn new(id: i64, channel: &Channel, definition: String) -> Self {
        Self { id, channel: channel.clone(), definition, cleared: false, from: i64::MAX }
    }

    /// Does the next step in the caller's transaction. Returns `None` after the last one.
    pub(in crate::store) async fn stride(
        &self,
        connection: &mut SqliteConnection,
        catalog: &Catalog,
    ) -> Result<Option<Self>, StoreError> {
        if !self.cleared && clear(connection, self.id).await? {
            return Ok(Some(self.clone()));
        }
        let members: Vec<Member> = sqlx::query_as(
            "SELECT id AS entry_id, story_id, outlet_id, language, order_at, published_at FROM entry \
             WHERE story_id IN (SELECT id FROM story WHERE id < $1 ORDER BY id DESC LIMIT $2) ORDER BY id",
        )
        .bind(self.from)
        .bind(if self.channel.rules.is_empty() { STORIES } else { STORIES_BY_RULES })
        .fetch_all(&mut *connection)
        .await
        .while_doing("reading the members of stories")?;
        let from = members.iter().map(|member| member.story_id).min();
        let entries: Vec<i64> = members.iter().map(|member| member.entry_id).collect();
        let left_out = channel_rules::left_out(connection, &self.channel.rules, &entries).await?;
        let rows = self.rows((catalog, &left_out), members);
        insert(connection, &rows.iter().collect::<Vec<_>>()).await?;
        let Some(from) = from else {
            sqlx::query("UPDATE channel SET definition = $2 WHERE id = $1")
                .bind(self.id)
                .bind(&self.definition)
                .execute(connection)
                .await
                .while_doing("writing a channel's definition")?;
            return Ok(None);
        };
        Ok(Some(Self { cleared: true, from, ..self.clone() }))
    }

    /// Returns the positions of these stories.
    fn rows(&self, (catalog, left_out): (&Catalog, &HashSet<i64>), members: Vec<Member>) -> Vec<PlaceRow> {
        let mut stories: HashMap<i64, Vec<Member>> = HashMap::new();
        for member in members {
            stories.entry(member.story_id).or_default().push(member);
        }
        stories.values().flat_map(|members| places_of(self.id, &self.channel, (catalog, left_out), members)).collect()
    }
}

/// Removes a channel's oldest positions. Returns whether there may be more.
async fn clear(connection: &mut SqliteConnection, channel: i64) -> Result<bool, StoreError> {
    let cleared = sqlx::query(
        "DELETE FROM place WHERE (channel_id, order_at, published_at, story_id, entry_id) IN ( \
            SELECT channel_id, order_at, published_at, story_id, entry_id FROM place WHERE channel_id = $1 \
            ORDER BY order_at, published_at, story_id, entry_id LIMIT $2)",
    )
    .bind(channel)
    .bind(CLEAR)
    .execute(connection)
    .await
    .while_doing("removing a channel's places")?;
    Ok(cleared.rows_affected() >= CLEAR.unsigned_abs())
}

fn each(channel: i64, member: Member) -> PlaceRow {
    PlaceRow {
        channel,
        order_at: member.order_at,
        published_at: member.published_at,
        story: member.story_id,
        entry: member.entry_id,
        each: true,
        new: false,
    }
}
