//! Decisions and their stored reasons, for `warraq explain`.

use crate::store::driver::ErrorContext;
use crate::store::explanations::{
    DroppedExplanation, EntryExplanation, EntrySnapshot, FeedExplanation, FeedSnapshot, StoryExplanation,
};
use crate::store::reading::statements::StorySql as _;
use crate::{
    model::{EntryId, StoryId, link::link_key, uri::as_uri},
    store::{
        error::StoreError,
        reading::{Reader, ask},
    },
};

/// Number of latest polls shown for a feed.
const POLLS: i64 = 10;
/// Number of first sightings, revisions and positions shown.
const ROWS: i64 = 200;

impl Reader {
    /// Returns the configured feeds of an outlet's slug or of an address, each with its latest polls.
    ///
    /// # Errors
    /// Fails if the file cannot be read.
    pub async fn explain_feed(&self, name: &str) -> Result<Vec<FeedExplanation>, StoreError> {
        let feeds: Vec<FeedSnapshot> =
            ask!(self.pool, Db: fetch_all(query_as(Db::EXPLAIN_FEED), name)).while_doing("reading feeds")?;
        let mut told = Vec::with_capacity(feeds.len());
        for feed in feeds {
            let polls = ask!(self.pool, Db: fetch_all(query_as(Db::LATEST_POLLS), feed.id, POLLS))
                .while_doing("reading polls")?;
            let dropped = ask!(self.pool, Db: fetch_all(query_as(Db::DROPPED_BY_RULE), feed.id))
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
        let entry: Option<EntrySnapshot> =
            ask!(self.pool, Db: fetch_optional(query_as(Db::EXPLAIN_ENTRY), id.0)).while_doing("reading an entry")?;
        let Some(entry) = entry else { return Ok(None) };
        let sightings =
            ask!(self.pool, Db: fetch_all(query_as(Db::SIGHTINGS), id.0, ROWS)).while_doing("reading sightings")?;
        let revisions = ask!(self.pool, Db: fetch_all(query_as(Db::REVISIONS_OF_ENTRY), id.0, ROWS))
            .while_doing("reading revisions")?;
        Ok(Some(EntryExplanation { entry, sightings, revisions }))
    }

    /// Returns the entries at an address, newest first.
    ///
    /// # Errors
    /// Fails if the file cannot be read.
    pub async fn entries_at(&self, link: &str) -> Result<Vec<EntryId>, StoreError> {
        let Some(key) = link_key(link) else { return Ok(Vec::new()) };
        let ids: Vec<i64> = ask!(self.pool, Db: fetch_all(query_scalar(Db::ENTRIES_AT), key.0, ROWS))
            .while_doing("looking for entries at an address")?;
        Ok(ids.into_iter().map(EntryId).collect())
    }

    /// Returns the entries at an address that rules leave out, newest first.
    ///
    /// # Errors
    /// Fails if the file cannot be read.
    pub async fn dropped_at(&self, link: &str) -> Result<Vec<DroppedExplanation>, StoreError> {
        ask!(self.pool, Db: fetch_all(query_as(Db::DROPPED_AT), link, as_uri(link).as_ref(), ROWS))
            .while_doing("reading dropped entries")
    }

    /// Returns why entries belong to a story; `None` if there is no such story.
    ///
    /// # Errors
    /// Fails if the file cannot be read.
    pub async fn explain_story(&self, id: StoryId) -> Result<Option<StoryExplanation>, StoreError> {
        let story: Option<(String, String)> =
            ask!(self.pool, Db: fetch_optional(query_as(Db::STORY_ORIGIN), id.0)).while_doing("reading a story")?;
        let Some((iri, created_at)) = story else { return Ok(None) };
        let members = ask!(self.pool, Db: fetch_all(query_as(Db::EXPLAIN_MEMBERS), id.0, ROWS))
            .while_doing("reading the members of a story")?;
        let places =
            ask!(self.pool, Db: fetch_all(query_as(Db::PLACES_OF_STORY), id.0, ROWS)).while_doing("reading places")?;
        Ok(Some(StoryExplanation { story_id: id.0, iri, created_at, members, places }))
    }
}
