//! The statements about feeds.

use crate::store::{
    driver::ErrorContext,
    error::StoreError,
    postgres::text::json,
    writing::feeds::{FeedAfter, FeedRow, FeedRows, InfoRow, PollRow},
};
use sqlx::PgConnection;

impl FeedRows for PgConnection {
    async fn configured(&mut self) -> Result<Vec<FeedRow>, StoreError> {
        sqlx::query_as("SELECT f.id, f.outlet_id, o.slug, f.url, f.ask_url, f.etag, f.last_modified, f.body_hash, f.state, f.failures, \
                f.hold_until, f.last_poll_at, f.last_success_at, f.next_poll_at, f.hints, f.rhythm, f.moving_to, \
                f.moving_visits, f.moving_since, f.guids_void <> 0 AS guids_void \
         FROM feed AS f JOIN outlet AS o ON o.id = f.outlet_id WHERE f.removed = 0 ORDER BY f.id")
        .fetch_all(self)
        .await
        .while_doing("reading feeds")
    }

    async fn write_history(&mut self, polls: &[&PollRow]) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO feed_day AS d (feed_id, day, new, fresh, unchanged, failed) \
             SELECT feed, substr(ended_at, 1, 10), sum(new)::bigint, count(*) FILTER (WHERE outcome IN ('fresh', 'moved')), \
                    count(*) FILTER (WHERE outcome IN ('not_modified', 'same_bytes')), \
                    count(*) FILTER (WHERE outcome IN ('failed', 'gone')) \
             FROM json_to_recordset($1::json) AS r (feed bigint, ended_at text, outcome text, new bigint) GROUP BY 1, 2 \
             ON CONFLICT (feed_id, day) DO UPDATE SET new = d.new + excluded.new, fresh = d.fresh + excluded.fresh, \
                    unchanged = d.unchanged + excluded.unchanged, failed = d.failed + excluded.failed",
        )
        .bind(json(polls))
        .execute(&mut *self)
        .await
        .while_doing("adding up the polls of days")?;
        sqlx::query("INSERT INTO poll (feed_id, ended_at, ms, outcome, fault, error, status, bytes, listed, new, revised, \
                duplicate, dropped, gap, repairs, next_poll_at, why) \
         SELECT feed, ended_at, ms, outcome, fault, error, status, bytes, listed, new, revised, duplicate, dropped, gap::int, \
                repairs, next_poll_at, why \
         FROM json_to_recordset($1::json) AS r (feed bigint, ended_at text, ms bigint, outcome text, fault text, error text, \
                status bigint, bytes bigint, listed bigint, new bigint, revised bigint, duplicate bigint, dropped bigint, \
                gap boolean, repairs text, next_poll_at text, why text)")
        .bind(json(polls))
        .execute(self)
        .await
        .map(drop)
        .while_doing("writing the history of polls")
    }

    async fn write_feeds(&mut self, feeds: &[&FeedAfter]) -> Result<(), StoreError> {
        sqlx::query("UPDATE feed SET ask_url = r.ask_url, etag = decode(r.etag, 'hex'), last_modified = decode(r.last_modified, 'hex'), \
                body_hash = r.body_hash, state = r.state, failures = r.failures, hold_until = r.hold_until, \
                last_poll_at = r.last_poll_at, last_success_at = r.last_success_at, \
                last_outcome = coalesce(r.last_outcome, feed.last_outcome), \
                last_error = CASE WHEN r.last_outcome IS NULL THEN feed.last_error ELSE r.last_error END, \
                next_poll_at = r.next_poll_at, why = r.why, hints = r.hints, rhythm = r.rhythm, moving_to = r.moving_to, \
                moving_visits = r.moving_visits, moving_since = r.moving_since, guids_void = r.guids_void::int, \
                gaps = gaps + r.gap::int \
         FROM json_to_recordset($1::json) AS r (id bigint, ask_url text, etag text, last_modified text, body_hash bigint, \
                state text, failures bigint, hold_until text, last_poll_at text, last_success_at text, last_outcome text, \
                last_error text, next_poll_at text, why text, hints text, rhythm text, moving_to text, moving_visits bigint, \
                moving_since text, guids_void boolean, gap boolean) \
         WHERE feed.id = r.id")
        .bind(json(feeds))
        .execute(self)
        .await
        .map(drop)
        .while_doing("writing feeds")
    }

    async fn write_infos(&mut self, infos: &[&InfoRow]) -> Result<bool, StoreError> {
        sqlx::query(
            "UPDATE feed SET title = r.title, link = r.link, language = r.language, repairs = r.repairs \
         FROM json_to_recordset($1::json) AS r (id bigint, title text, link text, language text, repairs text) \
         WHERE feed.id = r.id AND (feed.title, feed.link, feed.language, feed.repairs) \
                IS DISTINCT FROM (r.title, r.link, r.language, r.repairs)",
        )
        .bind(json(infos))
        .execute(self)
        .await
        .map(|done| done.rows_affected() > 0)
        .while_doing("writing what feeds say of themselves")
    }
}
