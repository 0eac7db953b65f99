//! Decisions and their stored reasons, for `warraq explain`.

use crate::store::explanations::{
    DroppedExplanation, EntryExplanation, EntrySnapshot, FeedExplanation, FeedSnapshot, StoryExplanation,
};
use crate::store::sqlite::error::ErrorContext;
use crate::{
    model::{EntryId, StoryId, link::link_key, uri::as_uri},
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
                "SELECT ended_at, outcome, error, new, revised, duplicate, dropped, next_poll_at, why FROM poll \
                 WHERE feed_id = $1 ORDER BY ended_at DESC LIMIT $2",
            )
            .bind(feed.id)
            .bind(POLLS)
            .fetch_all(&self.pool)
            .await
            .while_doing("reading polls")?;
            let dropped = sqlx::query_as(
                "SELECT rule, count(*) AS entries FROM dropped_entry WHERE feed_id = $1 GROUP BY rule ORDER BY 2 DESC, 1",
            )
            .bind(feed.id)
            .fetch_all(&self.pool)
            .await
            .while_doing("counting dropped entries")?;
            told.push(FeedExplanation { feed, dropped, polls });
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

    /// Returns the entries at an address, newest first.
    ///
    /// # Errors
    /// Fails if the file cannot be read.
    pub async fn entries_at(&self, link: &str) -> Result<Vec<EntryId>, StoreError> {
        let Some(key) = link_key(link) else { return Ok(Vec::new()) };
        let ids: Vec<i64> = sqlx::query_scalar(
            "SELECT row_id FROM lookup_0 WHERE hash = $1 AND kind = 1 UNION \
             SELECT row_id FROM lookup_1 WHERE hash = $1 AND kind = 1 UNION \
             SELECT row_id FROM lookup_2 WHERE hash = $1 AND kind = 1 ORDER BY 1 DESC LIMIT $2",
        )
        .bind(key.0)
        .bind(ROWS)
        .fetch_all(&self.pool)
        .await
        .while_doing("looking for entries at an address")?;
        Ok(ids.into_iter().map(EntryId).collect())
    }

    /// Returns the entries at an address that rules leave out, newest first.
    ///
    /// # Errors
    /// Fails if the file cannot be read.
    pub async fn dropped_at(&self, link: &str) -> Result<Vec<DroppedExplanation>, StoreError> {
        sqlx::query_as(
            "SELECT outlet, feed, title, link, seen_at, rule FROM dropped WHERE link = $1 OR link = $2 LIMIT $3",
        )
        .bind(link)
        .bind(as_uri(link).as_ref())
        .bind(ROWS)
        .fetch_all(&self.pool)
        .await
        .while_doing("reading dropped entries")
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
