//! The order of channels, stored as rows: a story gets its position once and keeps it.

use crate::{
    model::{Channel, EntryRules, Extras, OutletId},
    rules::{self, RuleSubject},
    store::{
        catalog::Catalog,
        error::StoreError,
        row::RowRef,
        rows::{BatchRows, PlaceRow},
    },
};
use std::collections::{HashMap, HashSet};

/// A report of a story, with what a channel needs to know about it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(in crate::store) struct Member {
    entry_id: i64,
    story_id: i64,
    outlet_id: i64,
    language: Option<String>,
    order_at: String,
    published_at: String,
}

/// The statements of placing stories in channels.
pub(in crate::store) trait ChannelRows {
    /// Returns the reports of these stories, in order of their ids.
    async fn members(&mut self, stories: &[i64]) -> Result<Vec<Member>, StoreError>;
    /// Returns the stories of these entries.
    async fn stories_of(&mut self, entries: &[i64]) -> Result<Vec<i64>, StoreError>;
    /// Returns the reports of the newest stories with an id below this one, as many stories as `limit`.
    async fn members_below(&mut self, story: i64, limit: i64) -> Result<Vec<Member>, StoreError>;
    /// Returns those of these entries that the rules leave out. Holds the texts of one entry in memory at a time.
    async fn left_out(&mut self, rules: &EntryRules, entries: &[i64]) -> Result<HashSet<i64>, StoreError>;
    /// Writes positions. A channel that has the story already keeps its position, unless each report has its own.
    async fn place(&mut self, rows: &[&PlaceRow]) -> Result<(), StoreError>;
    /// Removes the oldest positions of a channel. Returns how many.
    async fn clear_places(&mut self, channel: i64, limit: i64) -> Result<u64, StoreError>;
    /// Writes the definition of a channel.
    async fn define(&mut self, channel: i64, definition: &str) -> Result<(), StoreError>;
}

/// Returns the positions that a batch brings: those that are certain, and those of stories that channels may have already. If a
/// batch has several reports of a story, the first one gets the position.
pub(in crate::store) fn batch_places(batch_rows: &BatchRows) -> (Vec<&PlaceRow>, Vec<&PlaceRow>) {
    let mut taken = HashSet::new();
    let first = batch_rows.places.iter().filter(|p| p.each || taken.insert((p.channel, p.story)));
    // Nobody has to look whether a channel has a new story.
    first.partition(|p| p.each || p.new)
}

async fn place(connection: &mut impl ChannelRows, rows: &[PlaceRow]) -> Result<(), StoreError> {
    if rows.is_empty() { Ok(()) } else { connection.place(&rows.iter().collect::<Vec<_>>()).await }
}

/// Returns those of these entries that the rules leave out.
pub(in crate::store) async fn left_out(
    connection: &mut impl ChannelRows,
    rules: &EntryRules,
    entries: &[i64],
) -> Result<HashSet<i64>, StoreError> {
    if rules.is_empty() || entries.is_empty() {
        return Ok(HashSet::new());
    }
    connection.left_out(rules, entries).await
}

/// A stored entry, as far as rules need it.
#[derive(sqlx::FromRow)]
pub(in crate::store) struct StoredSubject {
    pub id: i64,
    title: Option<String>,
    link: Option<String>,
    language: Option<String>,
    summary: Option<String>,
    content: Option<String>,
    extras: String,
    folded_body: String,
}

impl StoredSubject {
    /// Returns whether the rules leave the entry out.
    pub(in crate::store) fn is_left_out(&self, rules: &EntryRules) -> Result<bool, StoreError> {
        let extras: Extras = RowRef { table: "entry_text", row: self.id }.json("extras", &self.extras)?;
        let html = [self.summary.as_deref(), self.content.as_deref()];
        let names = (self.link.as_deref(), self.language.as_deref());
        let subject = RuleSubject::new(self.title.as_deref(), html, &self.folded_body, &extras, names);
        Ok(rules::left_out(rules, &subject).is_some())
    }
}

/// Returns the stories of revised entries in the channels with rules: a rule that left out the earlier version of an entry may
/// accept the new one. A position that exists stays, whatever the new version says, because what was published is not withdrawn.
pub(in crate::store) async fn revised_candidates(
    connection: &mut impl ChannelRows,
    catalog: &Catalog,
    revised: &[i64],
) -> Result<HashSet<(i64, i64)>, StoreError> {
    let by_rules: Vec<i64> =
        catalog.channels.iter().filter(|(_, channel)| !channel.rules.is_empty()).map(|(id, _)| *id).collect();
    if by_rules.is_empty() || revised.is_empty() {
        return Ok(HashSet::new());
    }
    let stories = connection.stories_of(revised).await?;
    Ok(by_rules.iter().flat_map(|channel| stories.iter().map(|story| (*channel, *story))).collect())
}

/// Looks up stories in channels that require several outlets, prefer one or have rules, and adds those that qualify now.
pub(in crate::store) async fn insert_qualified(
    connection: &mut impl ChannelRows,
    catalog: &Catalog,
    candidates: &HashSet<(i64, i64)>,
) -> Result<(), StoreError> {
    let mut stories: Vec<i64> = candidates.iter().map(|(_, story)| *story).collect();
    if stories.is_empty() {
        return Ok(());
    }
    stories.sort_unstable();
    stories.dedup();
    let members = connection.members(&stories).await?;
    let mut by_story: HashMap<i64, Vec<Member>> = HashMap::new();
    for member in members {
        by_story.entry(member.story_id).or_default().push(member);
    }
    let mut rows = Vec::new();
    for (id, channel) in &catalog.channels {
        let own = stories.iter().filter(|story| candidates.contains(&(*id, **story)));
        let entries: Vec<i64> = own.filter_map(|story| by_story.get(story)).flatten().map(|m| m.entry_id).collect();
        let left_out = left_out(connection, &channel.rules, &entries).await?;
        for story in stories.iter().filter(|story| candidates.contains(&(*id, **story))) {
            let members = by_story.get(story).map(Vec::as_slice).unwrap_or_default();
            rows.extend(places_of(*id, channel, (catalog, &left_out), members));
        }
    }
    place(connection, &rows).await
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

/// Returns which of a story's reports in a channel, given by their outlets, is the one with which the story qualifies: that of the
/// last required outlet.
pub(in crate::store) fn qualifying(channel: &Channel, mut reports: impl Iterator<Item = i64>) -> Option<usize> {
    let mut outlets = HashSet::new();
    let wanted = usize::try_from(channel.min_outlets.max(1)).unwrap_or(usize::MAX);
    reports.position(|outlet| {
        outlets.insert(outlet);
        outlets.len() >= wanted
    })
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
    let last = qualifying(channel, inside.iter().map(|m| m.outlet_id))?;
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
        connection: &mut impl ChannelRows,
        catalog: &Catalog,
    ) -> Result<Option<Self>, StoreError> {
        if !self.cleared && connection.clear_places(self.id, CLEAR).await? >= CLEAR.unsigned_abs() {
            return Ok(Some(self.clone()));
        }
        let limit = if self.channel.rules.is_empty() { STORIES } else { STORIES_BY_RULES };
        let members = connection.members_below(self.from, limit).await?;
        let from = members.iter().map(|member| member.story_id).min();
        let entries: Vec<i64> = members.iter().map(|member| member.entry_id).collect();
        let left_out = left_out(connection, &self.channel.rules, &entries).await?;
        let rows = self.rows((catalog, &left_out), members);
        place(connection, &rows).await?;
        let Some(from) = from else {
            connection.define(self.id, &self.definition).await?;
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
