//! Decisions and their stored reasons, for `warraq explain`.

use crate::store::sqlite::error::ErrorContext;
use crate::{
    model::{EntryId, StoryId},
    store::{error::StoreError, sqlite::reading::Reader},
};
use serde::Serialize;

/// Number of latest polls shown for a feed.
const POLLS: i64 = 10;
/// Number of first sightings, revisions and positions shown.
const ROWS: i64 = 200;

/// A feed and its latest polls.
#[derive(Debug, Clone, Serialize)]
pub struct FeedExplanation {
    /// Its current state.
    #[serde(flatten)]
    pub feed: FeedSnapshot,
    /// Its latest polls, newest first.
    pub polls: Vec<PastPoll>,
}

/// The current state of a feed.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct FeedSnapshot {
    #[serde(skip)]
    id: i64,
    /// The outlet's slug.
    pub outlet: String,
    /// The configured address.
    pub url: String,
    /// The address that is polled.
    pub ask_url: String,
    /// `new active failing held gone`.
    pub state: String,
    /// Number of consecutive failures.
    pub failures: i64,
    /// Error of the last poll.
    pub last_error: Option<String>,
    /// Due time of the next poll.
    pub next_poll_at: String,
    /// Reason for the due time: a JSON object.
    pub why: String,
    /// The document's hints about polling: a JSON object.
    pub hints: String,
    /// Target of a permanent redirect that is not adopted yet.
    pub moving_to: Option<String>,
    /// Number of polls that confirmed the redirect.
    pub moving_visits: i64,
    /// Whether different articles share a guid.
    pub guids_void: bool,
    /// Number of polls whose document had nothing in common with the previous one.
    pub gaps: i64,
}

/// A past poll.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct PastPoll {
    /// When it ended.
    pub ended_at: String,
    /// Its outcome.
    pub outcome: String,
    /// Its error.
    pub error: Option<String>,
    /// Number of new entries.
    pub new: i64,
    /// Number of revised entries.
    pub revised: i64,
    /// Number of entries known from elsewhere or joined to a story.
    pub duplicate: i64,
    /// Due time of the next poll, as decided then.
    pub next_poll_at: String,
    /// Reason for the due time: a JSON object.
    pub why: String,
}

/// An entry and the decisions about it.
#[derive(Debug, Clone, Serialize)]
pub struct EntryExplanation {
    /// The entry, and why it belongs to its story.
    #[serde(flatten)]
    pub entry: EntrySnapshot,
    /// Where it was seen; the first sighting is first.
    pub sightings: Vec<PastSighting>,
    /// Changes by its outlet, oldest first.
    pub revisions: Vec<PastRevision>,
}

/// An entry, and why it belongs to its story.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct EntrySnapshot {
    /// Id of the entry.
    pub entry_id: i64,
    /// Id of its story.
    pub story_id: i64,
    /// The outlet's slug.
    pub outlet: String,
    /// The feed that listed it first.
    pub feed: String,
    /// The key by which the feed identifies it.
    pub key: String,
    /// Its current title.
    pub title: String,
    /// Address of the article.
    pub link: Option<String>,
    /// Its first known address, as far as revisions record it.
    pub first_link: Option<String>,
    /// The date stated by its outlet.
    pub published: Option<String>,
    /// The stated date if it is plausible, else another plausible one.
    pub believed: Option<String>,
    /// When Warraq first saw it.
    pub first_seen_at: String,
    /// Its position in channels.
    pub order_at: String,
    /// The rule by which it joined its story.
    pub rule: String,
    /// The evidence for the rule.
    pub evidence: String,
    /// The smaller share of the two leads found in the other text.
    pub lmin: Option<f64>,
    /// Share of the three-word sequences of the shorter text that are in the longer one.
    pub containment: Option<f64>,
    /// The smaller share of the two beginnings found in the other text.
    pub start: Option<f64>,
    /// Address of its page, if that was asked for because of `full_text`.
    pub page: Option<String>,
    /// When the page came or was given up.
    pub page_at: Option<String>,
    /// Why there is no article from it.
    pub page_missing: Option<String>,
    /// The same in words.
    pub page_detail: Option<String>,
}

/// An entry seen in a feed.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct PastSighting {
    /// The feed.
    pub feed: String,
    /// Its guid there, if it differs.
    pub guid: Option<String>,
    /// Its link there, if it differs.
    pub link: Option<String>,
    /// When it was first seen there.
    pub first_seen_at: String,
    /// The last poll that listed it; `None` while it is listed.
    pub left_at: Option<String>,
    /// Evidence that it is this entry, if it was known from another address or feed.
    pub evidence: Option<String>,
}

/// A change by an outlet.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct PastRevision {
    /// When it was noticed.
    pub seen_at: String,
    /// What changed, in words.
    pub what: String,
    /// Whether it changes `updated` in published feeds.
    pub material: bool,
    /// Title before the change.
    pub old_title: String,
    /// Title after the change.
    pub new_title: String,
}

/// A story, its members, and where it is published.
#[derive(Debug, Clone, Serialize)]
pub struct StoryExplanation {
    /// Id of the story.
    pub story_id: i64,
    /// Its id in published feeds.
    pub iri: String,
    /// When it was created.
    pub created_at: String,
    /// Its members in order of joining; the first one leads.
    pub members: Vec<EntrySnapshot>,
    /// The channels that list it.
    pub places: Vec<ChannelPosition>,
}

/// A story's position in a channel.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct ChannelPosition {
    /// The channel's slug.
    pub channel: String,
    /// Its position.
    pub order_at: String,
    /// Id of the report that is shown.
    pub entry_id: i64,
    /// The archive page that contains it.
    pub page: Option<i64>,
}

/// Columns of an entry with its membership; the rest of the statement selects the entry.
macro_rules! entries {
    ($rest:literal) => {
        concat!(
            "SELECT e.id AS entry_id, e.story_id, o.slug AS outlet, f.url AS feed, e.key, e.title, e.link, e.published, \
                    coalesce((SELECT old_link FROM revision WHERE entry_id = e.id AND old_link IS NOT NULL \
                       ORDER BY id LIMIT 1), e.link) AS first_link, \
                    e.believed, e.first_seen_at, e.order_at, m.rule, m.evidence, m.lmin, m.containment, m.start, \
                    g.url AS page, g.asked_at AS page_at, g.missing AS page_missing, g.detail AS page_detail \
             FROM entry AS e LEFT JOIN entry_page AS g ON g.entry_id = e.id JOIN outlet AS o ON o.id = e.outlet_id JOIN feed AS f ON f.id = e.feed_id \
             JOIN story_member AS m ON m.entry_id = e.id ",
            $rest
        )
    };
}

impl Reader {
    /// Returns the configured feeds of an outlet's slug or of an address, each with its latest polls.
    ///
    /// # Errors
    /// Fails if the file cannot be read.
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

    /// Returns the decisions about an entry; `None` if there is no such entry.
    ///
    /// # Errors
    /// Fails if the file cannot be read.
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

    /// Returns why entries belong to a story; `None` if there is no such story.
    ///
    /// # Errors
    /// Fails if the file cannot be read.
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
