//! The statements about feeds.

use crate::store::{
    driver::ErrorContext,
    error::StoreError,
    sqlite::row,
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
        sqlx::query(
            "WITH r (v) AS MATERIALIZED (SELECT value FROM json_each($1)) \
         INSERT INTO poll (feed_id, ended_at, ms, outcome, fault, error, status, bytes, listed, new, revised, \
                duplicate, dropped, gap, repairs, next_poll_at, why) \
         SELECT v ->> 'feed', v ->> 'ended_at', v ->> 'ms', v ->> 'outcome', v ->> 'fault', \
                v ->> 'error', v ->> 'status', v ->> 'bytes', v ->> 'listed', v ->> 'new', \
                v ->> 'revised', v ->> 'duplicate', v ->> 'dropped', v ->> 'gap', v ->> 'repairs', \
                v ->> 'next_poll_at', v ->> 'why' FROM r",
        )
        .bind(row::rows(polls))
        .execute(self)
        .await
        .map(drop)
        .while_doing("writing the history of polls")
    }

    async fn write_feeds(&mut self, feeds: &[&FeedAfter]) -> Result<(), StoreError> {
        sqlx::query(
            "WITH r (v) AS MATERIALIZED (SELECT value FROM json_each($1)) \
         UPDATE feed SET ask_url = v ->> 'ask_url', etag = unhex(v ->> 'etag'), \
                last_modified = unhex(v ->> 'last_modified'), body_hash = v ->> 'body_hash', \
                state = v ->> 'state', failures = v ->> 'failures', \
                hold_until = v ->> 'hold_until', last_poll_at = v ->> 'last_poll_at', \
                last_success_at = v ->> 'last_success_at', \
                last_outcome = coalesce(v ->> 'last_outcome', last_outcome), \
                last_error = CASE WHEN v ->> 'last_outcome' IS NULL THEN last_error \
                                  ELSE v ->> 'last_error' END, \
                next_poll_at = v ->> 'next_poll_at', why = v ->> 'why', hints = v ->> 'hints', \
                rhythm = v ->> 'rhythm', moving_to = v ->> 'moving_to', \
                moving_visits = v ->> 'moving_visits', moving_since = v ->> 'moving_since', \
                guids_void = v ->> 'guids_void', gaps = gaps + (v ->> 'gap') \
         FROM r WHERE feed.id = v ->> 'id'",
        )
        .bind(row::rows(feeds))
        .execute(self)
        .await
        .map(drop)
        .while_doing("writing feeds")
    }

    async fn write_infos(&mut self, infos: &[&InfoRow]) -> Result<(), StoreError> {
        sqlx::query(
            "WITH r (v) AS MATERIALIZED (SELECT value FROM json_each($1)) \
         UPDATE feed SET title = v ->> 'title', link = v ->> 'link', language = v ->> 'language', \
                repairs = v ->> 'repairs' \
         FROM r WHERE feed.id = v ->> 'id'",
        )
        .bind(row::rows(infos))
        .execute(self)
        .await
        .map(drop)
        .while_doing("writing what feeds say of themselves")
    }
}
