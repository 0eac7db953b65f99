//! The state of feeds: read once at the start, and written with each poll.

mod records;

pub(in crate::store) use records::configured;

use crate::store::instant::milli;
use crate::store::sqlite::error::ErrorContext;
use crate::{
    model::{FeedId, FeedInfo, Outcome, Rhythm, Tally},
    store::{
        error::StoreError,
        finished_poll::{FeedUpdate, FinishedPoll},
        sqlite::{
            row,
            writing::insert::{self, Query},
        },
    },
};
use serde::Serialize;
use sqlx::SqliteConnection;

/// A poll and the feed's state after it, as rows. Owned, so that polls without news can wait for a batch.
#[derive(Debug)]
pub(in crate::store) struct PollRows {
    poll: PollRow,
    /// `None` if a hub delivered the document, which changes nothing of the feed.
    feed: Option<FeedAfter>,
    info: Option<InfoRow>,
}

#[derive(Debug)]
struct PollRow {
    feed: i64,
    ended_at: String,
    ms: i64,
    outcome: &'static str,
    fault: Option<&'static str>,
    error: Option<String>,
    status: Option<u16>,
    bytes: i64,
    listed: u32,
    new: u32,
    revised: u32,
    duplicate: u32,
    dropped: u32,
    gap: bool,
    repairs: Option<String>,
    next_poll_at: String,
    why: String,
}

#[derive(Debug)]
struct FeedAfter {
    id: i64,
    ask_url: String,
    etag: Option<Vec<u8>>,
    last_modified: Option<Vec<u8>>,
    body_hash: Option<i64>,
    state: &'static str,
    failures: u32,
    hold_until: Option<String>,
    last_poll_at: Option<String>,
    last_success_at: Option<String>,
    last_outcome: Option<&'static str>,
    last_error: Option<String>,
    next_poll_at: String,
    why: String,
    hints: String,
    rhythm: String,
    moving_to: Option<String>,
    moving_visits: u32,
    moving_since: Option<String>,
    guids_void: bool,
    gap: bool,
}

#[derive(Debug, Serialize)]
struct InfoRow {
    id: i64,
    title: Option<String>,
    link: Option<String>,
    language: Option<String>,
    repairs: String,
}

impl FeedAfter {
    fn of(updates: &FeedUpdate, poll: Option<&FinishedPoll>, gap: bool) -> Self {
        let feed = &updates.feed;
        Self {
            id: feed.id.0,
            ask_url: feed.ask.as_str().to_owned(),
            etag: feed.validators.etag.clone(),
            last_modified: feed.validators.last_modified.clone(),
            body_hash: feed.body_hash,
            state: feed.state.as_str(),
            failures: feed.failures,
            hold_until: feed.hold_until.map(milli),
            last_poll_at: feed.last_poll_at.map(milli),
            last_success_at: feed.last_success_at.map(milli),
            last_outcome: poll.map(|poll| poll.outcome.as_str()),
            last_error: poll.and_then(|poll| poll.error.clone()),
            next_poll_at: milli(feed.next_poll_at),
            why: updates.why.to_json(),
            // Serialising numbers and strings cannot fail.
            hints: serde_json::to_string(&feed.hints).unwrap_or_else(|_| "{}".to_owned()),
            rhythm: feed.rhythm.as_deref().map_or_else(String::new, Rhythm::write),
            moving_to: feed.moving.as_ref().map(|pending| pending.to.as_str().to_owned()),
            moving_visits: feed.moving.as_ref().map_or(0, |pending| pending.polls),
            moving_since: feed.moving.as_ref().map(|pending| milli(pending.since)),
            guids_void: feed.guids_void,
            gap,
        }
    }
}

impl PollRows {
    /// Returns the rows of a decided poll.
    pub(in crate::store) fn of(poll: &FinishedPoll, updates: &FeedUpdate, tally: Tally, gap: bool) -> Self {
        let feed = FeedAfter::of(updates, Some(poll), gap);
        let repairs = poll.document.as_ref().map(|d| row::rows(&d.repairs));
        let history = PollRow {
            feed: poll.feed.id.0,
            ended_at: milli(poll.ended_at),
            ms: i64::try_from(poll.ended_at.duration_since(poll.started_at).as_millis()).unwrap_or(i64::MAX),
            outcome: poll.outcome.as_str(),
            fault: if let Outcome::Failed(fault) = &poll.outcome { Some(fault.as_str()) } else { None },
            error: feed.last_error.clone(),
            status: poll.status,
            bytes: i64::try_from(poll.bytes).unwrap_or(i64::MAX),
            listed: tally.listed,
            new: tally.new,
            revised: tally.revised,
            duplicate: tally.duplicate,
            dropped: tally.dropped,
            gap,
            repairs: repairs.clone().filter(|text| text != "[]"),
            next_poll_at: feed.next_poll_at.clone(),
            why: feed.why.clone(),
        };
        let document = poll.document.as_ref().filter(|_| !poll.pushed);
        let info = document.zip(repairs).map(|(d, repairs)| info(poll.feed.id, &d.info, repairs));
        Self { poll: history, feed: (!poll.pushed).then_some(feed), info }
    }
}

fn info(feed: FeedId, info: &FeedInfo, repairs: String) -> InfoRow {
    InfoRow { id: feed.0, title: info.title.clone(), link: info.link.clone(), language: info.language.clone(), repairs }
}

/// Writes polls: their history, and the new state of their feeds.
pub(in crate::store) async fn write(connection: &mut SqliteConnection, polls: &[PollRows]) -> Result<(), StoreError> {
    if polls.is_empty() {
        return Ok(());
    }
    insert::rows(connection, polls, &insert::POLLS, bind_poll, "writing the history of polls").await?;
    // If a batch has several polls of a feed, the last one counts.
    let mut last = std::collections::HashMap::new();
    for feed in polls.iter().filter_map(|poll| poll.feed.as_ref()) {
        last.insert(feed.id, feed);
    }
    update(connection, &last.into_values().collect::<Vec<_>>()).await?;
    let infos: Vec<&InfoRow> = polls.iter().filter_map(|v| v.info.as_ref()).collect();
    if infos.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "WITH r (v) AS MATERIALIZED (SELECT value FROM json_each($1)) \
         UPDATE feed SET title = v ->> 'title', link = v ->> 'link', language = v ->> 'language', \
                repairs = v ->> 'repairs' \
         FROM r WHERE feed.id = v ->> 'id'",
    )
    .bind(row::rows(&infos))
    .execute(connection)
    .await
    .while_doing("writing what feeds say of themselves")?;
    Ok(())
}

/// Writes feeds that changed without a poll: new ones, and those with another schedule.
pub(in crate::store) async fn update_feeds(
    connection: &mut SqliteConnection,
    updates: &[FeedUpdate],
) -> Result<(), StoreError> {
    let rows: Vec<FeedAfter> = updates.iter().map(|s| FeedAfter::of(s, None, false)).collect();
    update(connection, &rows.iter().collect::<Vec<_>>()).await
}

async fn update(connection: &mut SqliteConnection, feeds: &[&FeedAfter]) -> Result<(), StoreError> {
    insert::rows(connection, feeds, &insert::FEEDS, bind_feed, "writing feeds").await
}

/// Binds the columns in the order of [`insert::POLLS`].
fn bind_poll<'q>(query: Query<'q>, PollRows { poll, .. }: &'q PollRows) -> Query<'q> {
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
