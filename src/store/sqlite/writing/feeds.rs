//! The statements about feeds.

use crate::store::{
    driver::ErrorContext,
    error::StoreError,
    sqlite::{
        row,
        writing::insert::{self, Query},
    },
    writing::feeds::{FeedAfter, FeedRow, FeedRows, InfoRow, PollRow},
};
use sqlx::SqliteConnection;

impl FeedRows for SqliteConnection {
    async fn configured(&mut self) -> Result<Vec<FeedRow>, StoreError> {
        sqlx::query_as("SELECT f.id, f.outlet_id, o.slug, f.url, f.ask_url, f.etag, f.last_modified, f.body_hash, f.state, f.failures, \
                f.hold_until, f.last_poll_at, f.last_success_at, f.next_poll_at, f.hints, f.rhythm, f.moving_to, \
                f.moving_visits, f.moving_since, f.guids_void \
         FROM feed AS f JOIN outlet AS o ON o.id = f.outlet_id WHERE f.removed = 0 ORDER BY f.id")
        .fetch_all(self)
        .await
        .while_doing("reading feeds")
    }

    async fn write_history(&mut self, polls: &[&PollRow]) -> Result<(), StoreError> {
        insert::rows(self, polls, &insert::POLLS, bind_poll, "writing the history of polls").await
    }

    async fn write_feeds(&mut self, feeds: &[&FeedAfter]) -> Result<(), StoreError> {
        insert::rows(self, feeds, &insert::FEEDS, bind_feed, "writing feeds").await
    }

    async fn write_infos(&mut self, infos: &[&InfoRow]) -> Result<bool, StoreError> {
        sqlx::query(
            "WITH r (v) AS MATERIALIZED (SELECT value FROM json_each($1)) \
         UPDATE feed SET title = v ->> 'title', link = v ->> 'link', language = v ->> 'language', \
                repairs = v ->> 'repairs' \
         FROM r WHERE feed.id = v ->> 'id' \
                AND (title, link, language, repairs) IS NOT (v ->> 'title', v ->> 'link', v ->> 'language', v ->> 'repairs')",
        )
        .bind(row::rows(infos))
        .execute(self)
        .await
        .map(|done| done.rows_affected() > 0)
        .while_doing("writing what feeds say of themselves")
    }
}

/// Binds the columns in the order of [`insert::POLLS`].
fn bind_poll<'q>(query: Query<'q>, poll: &'q &PollRow) -> Query<'q> {
    query
        .bind(poll.feed)
        .bind(&poll.ended_at)
        .bind(poll.ms)
        .bind(poll.outcome)
        .bind(poll.fault)
        .bind(&poll.error)
        .bind(poll.status)
        .bind(poll.bytes)
        .bind(poll.listed)
        .bind(poll.new)
        .bind(poll.revised)
        .bind(poll.duplicate)
        .bind(poll.dropped)
        .bind(poll.gap)
        .bind(&poll.repairs)
        .bind(&poll.next_poll_at)
        .bind(&poll.why)
}

/// Binds the columns in the order of [`insert::FEEDS`].
fn bind_feed<'q>(query: Query<'q>, feed: &'q &FeedAfter) -> Query<'q> {
    query
        .bind(feed.id)
        .bind(&feed.ask_url)
        .bind(&feed.etag)
        .bind(&feed.last_modified)
        .bind(feed.body_hash)
        .bind(feed.state)
        .bind(feed.failures)
        .bind(&feed.hold_until)
        .bind(&feed.last_poll_at)
        .bind(&feed.last_success_at)
        .bind(feed.last_outcome)
        .bind(&feed.last_error)
        .bind(&feed.next_poll_at)
        .bind(&feed.why)
        .bind(&feed.hints)
        .bind(&feed.rhythm)
        .bind(&feed.moving_to)
        .bind(feed.moving_visits)
        .bind(&feed.moving_since)
        .bind(feed.guids_void)
        .bind(feed.gap)
}
