//! Reads the configured feeds, once at the start.

use crate::{
    model::{FeedId, FeedRecord, FeedState, FeedUrl, OutletId, PendingRedirect, Rhythm, Slug, Validators},
    store::{
        error::StoreError,
        sqlite::{error::ErrorContext, row::RowRef},
    },
};
use sqlx::SqliteConnection;

#[derive(sqlx::FromRow)]
struct FeedRow {
    id: i64,
    outlet_id: i64,
    slug: String,
    url: String,
    ask_url: String,
    etag: Option<Vec<u8>>,
    last_modified: Option<Vec<u8>>,
    body_hash: Option<i64>,
    state: String,
    failures: i64,
    hold_until: Option<String>,
    last_poll_at: Option<String>,
    last_success_at: Option<String>,
    next_poll_at: String,
    hints: String,
    rhythm: String,
    moving_to: Option<String>,
    moving_visits: i64,
    moving_since: Option<String>,
    guids_void: bool,
}

/// Returns all configured feeds in order of their ids.
pub(in crate::store) async fn configured(connection: &mut SqliteConnection) -> Result<Vec<FeedRecord>, StoreError> {
    let rows: Vec<FeedRow> = sqlx::query_as(
        "SELECT f.id, f.outlet_id, o.slug, f.url, f.ask_url, f.etag, f.last_modified, f.body_hash, f.state, f.failures, \
                f.hold_until, f.last_poll_at, f.last_success_at, f.next_poll_at, f.hints, f.rhythm, f.moving_to, \
                f.moving_visits, f.moving_since, f.guids_void \
         FROM feed AS f JOIN outlet AS o ON o.id = f.outlet_id WHERE f.removed = 0 ORDER BY f.id",
    )
    .fetch_all(connection)
    .await
    .while_doing("reading feeds")?;
    rows.into_iter().map(record).collect()
}

fn record(row: FeedRow) -> Result<FeedRecord, StoreError> {
    let place = RowRef { table: "feed", row: row.id };
    let url = |column, text: &str| place.parse(column, text, |t| FeedUrl::parse(t).ok());
    let moving = match (&row.moving_to, place.maybe_time("moving_since", row.moving_since.as_deref())?) {
        (Some(to), Some(since)) => {
            let polls = place.count("moving_visits", row.moving_visits)?;
            Some(PendingRedirect { to: url("moving_to", to)?, polls, since })
        }
        _ => None,
    };
    Ok(FeedRecord {
        id: FeedId(row.id),
        outlet_id: OutletId(row.outlet_id),
        outlet: place.parse("outlet_id", &row.slug, |t| Slug::parse(t).ok())?,
        url: url("url", &row.url)?,
        ask: url("ask_url", &row.ask_url)?,
        validators: Validators { etag: row.etag, last_modified: row.last_modified },
        body_hash: row.body_hash,
        state: place.parse("state", &row.state, FeedState::parse)?,
        failures: place.count("failures", row.failures)?,
        hold_until: place.maybe_time("hold_until", row.hold_until.as_deref())?,
        last_poll_at: place.maybe_time("last_poll_at", row.last_poll_at.as_deref())?,
        last_success_at: place.maybe_time("last_success_at", row.last_success_at.as_deref())?,
        next_poll_at: place.time("next_poll_at", &row.next_poll_at)?,
        hints: place.json("hints", &row.hints)?,
        rhythm: Rhythm::read(&row.rhythm).map(Box::new),
        moving,
        guids_void: row.guids_void,
    })
}
