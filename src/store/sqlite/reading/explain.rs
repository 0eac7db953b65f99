//! Decisions and their stored reasons, for `warraq explain`.

use crate::store::sqlite::error::ErrorContext;
use crate::{
    model::{EntryId, StoryId},
    store::{error::StoreError, sqlite::reading::Reader},
};
use serde::Serialize;

/// Polls of a feed that are told, the latest.
const POLLS: i64 = 10;
/// Sightings, revisions and places that are told, the first.
const ROWS: i64 = 200;

/// A feed and its latest polls.
#[derive(Debug, Clone, Serialize)]
pub struct FeedExplanation {
    /// How it stands.
    #[serde(flatten)]
    pub feed: FeedSnapshot,
    /// Newest first.
    pub polls: Vec<PastPoll>,
}

/// How a feed stands.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct FeedSnapshot {
    #[serde(skip)]
    id: i64,
    /// The outlet's slug.
    pub outlet: String,
    /// The configured address.
    pub url: String,
    /// Where it is asked.
    pub ask_url: String,
    /// `new active failing held gone`.
    pub state: String,
    /// Failures in a row.
    pub failures: i64,
    /// What was wrong at the last poll.
    pub last_error: Option<String>,
    /// When it is due.
    pub next_poll_at: String,
    /// Why then: a JSON object.
    pub why: String,
    /// What its document asks of pollers: a JSON object.
    pub hints: String,
    /// Where a permanent redirect leads that is not adopted yet.
    pub moving_to: Option<String>,
    /// Polls that confirmed the redirect.
    pub moving_visits: i64,
    /// Its guids repeat for different articles.
    pub guids_void: bool,
    /// Times its window had moved on entirely between two polls.
    pub gaps: i64,
}

/// A poll of the past.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct PastPoll {
    /// When it ended.
    pub ended_at: String,
    /// How.
    pub outcome: String,
    /// What was wrong.
    pub error: Option<String>,
    /// New entries.
    pub new: i64,
    /// Revised ones.
    pub revised: i64,
    /// Known elsewhere, or joined to a story.
    pub duplicate: i64,
    /// When the next poll was to be.
    pub next_poll_at: String,
    /// Why then: a JSON object.
    pub why: String,
}

/// An entry, and what was decided of it.
#[derive(Debug, Clone, Serialize)]
pub struct EntryExplanation {
    /// What it is, and why it stands in its story.
    #[serde(flatten)]
    pub entry: EntrySnapshot,
    /// Where it was seen, the first first.
    pub sightings: Vec<PastSighting>,
    /// What its outlet changed, oldest first.
    pub revisions: Vec<PastRevision>,
}

/// An entry, and why it stands in its story.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct EntrySnapshot {
    /// Its number.
    pub entry_id: i64,
    /// Its story's.
    pub story_id: i64,
    /// The outlet's slug.
    pub outlet: String,
    /// The feed that brought it.
    pub feed: String,
    /// What the feed knows it by.
    pub key: String,
    /// Title as it stands now.
    pub title: String,
    /// The article.
    pub link: Option<String>,
    /// The address it was first known by, as far as its revisions tell.
    pub first_link: Option<String>,
    /// The date its outlet stated.
    pub published: Option<String>,
    /// The stated date, where it can be true.
    pub believed: Option<String>,
    /// When Warraq first saw it.
    pub first_seen_at: String,
    /// Its place in channels.
    pub order_at: String,
    /// The rule that put it in its story.
    pub rule: String,
    /// What the rule saw.
    pub evidence: String,
    /// The smaller share of the two leads found in the other text.
    pub lmin: Option<f64>,
    /// Share of the shorter text's three-word runs found in the longer.
    pub containment: Option<f64>,
    /// The smaller share of the two beginnings found in the other.
    pub start: Option<f64>,
}

/// An entry seen in a feed.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct PastSighting {
    /// The feed.
    pub feed: String,
    /// Its guid there, where it differs.
    pub guid: Option<String>,
    /// Its link there, where it differs.
    pub link: Option<String>,
    /// First seen.
    pub first_seen_at: String,
    /// Last poll that listed it; nothing while it is listed.
    pub left_at: Option<String>,
    /// What showed that it is this entry, where another address or feed had it first.
    pub evidence: Option<String>,
}

/// A change an outlet made.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct PastRevision {
    /// When it was seen.
    pub seen_at: String,
    /// In words.
    pub what: String,
    /// Whether it moves `updated` in published feeds.
    pub material: bool,
    /// Title before.
    pub old_title: String,
    /// Title after.
    pub new_title: String,
}

/// A story: its members and where it is published.
#[derive(Debug, Clone, Serialize)]
pub struct StoryExplanation {
    /// Its number.
    pub story_id: i64,
    /// Its id in published feeds.
    pub iri: String,
    /// When it began.
    pub created_at: String,
    /// In order of joining; the first is the lead.
    pub members: Vec<EntrySnapshot>,
    /// The channels that list it.
    pub places: Vec<ChannelPosition>,
}

/// A story's place in a channel.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct ChannelPosition {
    /// The channel's slug.
    pub channel: String,
    /// Its place.
    pub order_at: String,
    /// The report that is shown.
    pub entry_id: i64,
    /// The archive page that holds it.
    pub page: Option<i64>,
}

/// An entry with its membership; what follows says which.
macro_rules! entries {
    ($rest:literal) => {
        concat!(
            "SELECT e.id AS entry_id, e.story_id, o.slug AS outlet, f.url AS feed, e.key, e.title, e.link, e.published, \
                    coalesce((SELECT old_link FROM revision WHERE entry_id = e.id AND old_link IS NOT NULL \
                       ORDER BY id LIMIT 1), e.link) AS first_link, \
                    e.believed, e.first_seen_at, e.order_at, m.rule, m.evidence, m.lmin, m.containment, m.start \
             FROM entry AS e JOIN outlet AS o ON o.id = e.outlet_id JOIN feed AS f ON f.id = e.feed_id \
             JOIN story_member AS m ON m.entry_id = e.id ",
            $rest
        )
    };
}

impl Reader {
    /// The configured feeds that a name means: an outlet's slug, or an address; each with its latest polls.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn explain_feed(&self, name: &str) -> Result<Vec<FeedExplanation>, StoreError> {
        let feeds: Vec<FeedSnapshot> = sqlx::query_as(
            "SELECT f.id, o.slug AS outlet, f.url, f.ask_url, f.state, f.failures, f.last_error, f.next_poll_at, f.why, \
                    f.hints, f.moving_to, f.moving_visits, f.guids_void, f.gaps \
             FROM feed AS f JOIN outlet AS o ON o.id = f.outlet_id \
             WHERE f.removed = 0 AND (o.slug = $1 OR f.url = $1) ORDER BY f.url",
        )
        .bind(name)
        .fetch_all(&self.pool)
        .await
        .while_doing("reading feeds")?;
        let mut told = Vec::with_capacity(feeds.len());
        for feed in feeds {
            let polls = sqlx::query_as(
                "SELECT ended_at, outcome, error, new, revised, duplicate, next_poll_at, why FROM poll \
                 WHERE feed_id = $1 ORDER BY ended_at DESC LIMIT $2",
            )
            .bind(feed.id)
            .bind(POLLS)
            .fetch_all(&self.pool)
            .await
            .while_doing("reading polls")?;
            told.push(FeedExplanation { feed, polls });
        }
        Ok(told)
    }

    /// What was decided of an entry; `None` when there is none of this number.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn explain_entry(&self, id: EntryId) -> Result<Option<EntryExplanation>, StoreError> {
        let entry: Option<EntrySnapshot> = sqlx::query_as(entries!("WHERE e.id = $1"))
            .bind(id.0)
            .fetch_optional(&self.pool)
            .await
            .while_doing("reading an entry")?;
        let Some(entry) = entry else { return Ok(None) };
        let sightings = sqlx::query_as(
            "SELECT f.url AS feed, s.guid, s.link, s.first_seen_at, s.left_at, s.evidence \
             FROM sighting AS s JOIN feed AS f ON f.id = s.feed_id WHERE s.entry_id = $1 ORDER BY s.id LIMIT $2",
        )
        .bind(id.0)
        .bind(ROWS)
        .fetch_all(&self.pool)
        .await
        .while_doing("reading sightings")?;
        let revisions = sqlx::query_as(
            "SELECT seen_at, what, material, old_title, new_title FROM revision WHERE entry_id = $1 ORDER BY id LIMIT $2",
        )
        .bind(id.0)
        .bind(ROWS)
        .fetch_all(&self.pool)
        .await
        .while_doing("reading revisions")?;
        Ok(Some(EntryExplanation { entry, sightings, revisions }))
    }

    /// Why entries were joined in a story; `None` when there is none of this number.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn explain_story(&self, id: StoryId) -> Result<Option<StoryExplanation>, StoreError> {
        let story: Option<(String, String)> = sqlx::query_as("SELECT iri, created_at FROM story WHERE id = $1")
            .bind(id.0)
            .fetch_optional(&self.pool)
            .await
            .while_doing("reading a story")?;
        let Some((iri, created_at)) = story else { return Ok(None) };
        let members = sqlx::query_as(entries!("WHERE e.story_id = $1 ORDER BY e.id LIMIT $2"))
            .bind(id.0)
            .bind(ROWS)
            .fetch_all(&self.pool)
            .await
            .while_doing("reading the members of a story")?;
        let places = sqlx::query_as(
            "SELECT c.slug AS channel, p.order_at, p.entry_id, p.page FROM place AS p \
             JOIN channel AS c ON c.id = p.channel_id WHERE p.story_id = $1 ORDER BY c.id, p.entry_id LIMIT $2",
        )
        .bind(id.0)
        .bind(ROWS)
        .fetch_all(&self.pool)
        .await
        .while_doing("reading places")?;
        Ok(Some(StoryExplanation { story_id: id.0, iri, created_at, members, places }))
    }
}
