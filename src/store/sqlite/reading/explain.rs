//! Decisions and their stored reasons, for `warraq explain`.

use crate::store::explanations::{EntryExplanation, EntrySnapshot, FeedExplanation, FeedSnapshot, StoryExplanation};
use crate::store::sqlite::error::ErrorContext;
use crate::{
    model::{EntryId, StoryId},
    store::{error::StoreError, sqlite::reading::Reader},
};

/// Number of latest polls shown for a feed.
const POLLS: i64 = 10;
/// Number of first sightings, revisions and positions shown.
const ROWS: i64 = 200;

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
