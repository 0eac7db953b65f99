//! Data of the page of a feed: its state, what it asks of pollers, when it publishes, and its history of polls.

use crate::store::driver::ErrorContext;
use crate::store::instant::milli;
use crate::store::reading::statements::FeedSql as _;
use crate::{
    model::{
        Hints, Rhythm,
        feed_table::{FeedOverview, FeedSummary},
        status::{FeedPage, FeedPageQuery, OutletSettings, PastPollRow, WeekRhythm},
        uri,
    },
    store::{
        error::StoreError,
        reading::{
            Reader, ask,
            status::{poll_fault, reason, shown_error},
        },
        row::RowRef,
    },
};
use jiff::{Timestamp, tz::TimeZone};

/// Polls on a page of the history.
const POLLS: usize = 50;

#[derive(sqlx::FromRow)]
struct FeedPageRow {
    url: String,
    public_url: Option<String>,
    ask_url: String,
    title: Option<String>,
    link: Option<String>,
    hints: String,
    rhythm: String,
}

#[derive(sqlx::FromRow)]
struct PolledRow {
    id: i64,
    ended_at: String,
    outcome: String,
    fault: Option<String>,
    error: Option<String>,
    status: Option<i64>,
    ms: i64,
    bytes: i64,
    listed: i64,
    new: i64,
    revised: i64,
    why: String,
}

impl Reader {
    /// Returns the page of a configured feed; `None` if there is no such feed.
    ///
    /// # Errors
    /// Fails if the file cannot be read or has an invalid row.
    pub async fn feed_page(
        &self,
        summaries: &[FeedSummary],
        query: &FeedPageQuery,
        now: Timestamp,
        outlets: &OutletSettings,
    ) -> Result<Option<FeedPage>, StoreError> {
        let snapshot = &self.snapshot().await?;
        let row: Option<FeedPageRow> =
            ask!(snapshot.pool, Db: fetch_optional(query_as(Db::FEED), query.id, snapshot.hides_private))
                .while_doing("reading a feed")?;
        let Some(row) = row else { return Ok(None) };
        // Of all feeds, because another one of the host may be the one that was asked to wait.
        let Some(summary) = summaries.iter().find(|feed| feed.id == query.id) else { return Ok(None) };
        let overview = FeedOverview::new(summaries, &outlets.disabled, now);
        let details = snapshot.feed_details(&[query.id], now).await?;
        let Some(details) = details.get(&query.id) else { return Ok(None) };
        let mut polls = snapshot.polls(query, &row).await?;
        let has_older = polls.len() > POLLS;
        polls.truncate(POLLS);
        let rhythm = Rhythm::read(&row.rhythm);
        let moved = row.public_url.is_none() && row.ask_url != row.url;
        Ok(Some(FeedPage {
            status: details.status(summary, &overview),
            title: row.title.filter(|title| !title.is_empty()),
            link: row.link.filter(|link| uri::is_http(link) && row.public_url.is_none()),
            polled_at: moved.then(|| uri::shown(&row.ask_url).into_owned()),
            hints: RowRef { table: "feed", row: query.id }.json::<Hints>("hints", &row.hints)?,
            max_age: rhythm.as_ref().map_or(0, |rhythm| rhythm.max_age),
            week: rhythm.and_then(|rhythm| week(&rhythm, outlets.zones.get(&summary.outlet))),
            history: snapshot.history_of(query.id, now).await?,
            older: polls.last().filter(|_| has_older).map(|poll| poll.ended),
            before: query.before,
            polls,
        }))
    }

    /// Returns the polls of a page and one more, newest first.
    async fn polls(&self, query: &FeedPageQuery, feed: &FeedPageRow) -> Result<Vec<PastPollRow>, StoreError> {
        let rows: Vec<PolledRow> = ask!(self.pool, Db: fetch_all(query_as(Db::POLLS_BEFORE), query.id, milli(query.before.unwrap_or(Timestamp::MAX)), i64::try_from(POLLS + 1).unwrap_or(i64::MAX)))
        .while_doing("reading polls")?;
        rows.into_iter().map(|row| poll(row, feed)).collect()
    }
}

fn poll(row: PolledRow, feed: &FeedPageRow) -> Result<PastPollRow, StoreError> {
    let place = RowRef { table: "poll", row: row.id };
    Ok(PastPollRow {
        ended: place.time("ended_at", &row.ended_at)?,
        outcome: row.outcome,
        fault: poll_fault(row.fault, row.status),
        error: row.error.map(|error| shown_error(&error, &feed.url, feed.public_url.as_deref())),
        ms: u32::try_from(row.ms).unwrap_or(u32::MAX),
        bytes: u64::try_from(row.bytes).unwrap_or_default(),
        listed: place.count("listed", row.listed)?,
        new: place.count("new", row.new)?,
        revised: place.count("revised", row.revised)?,
        reason: reason(&row.why),
    })
}

/// Returns when a feed publishes; `None` if nothing is known of it yet.
fn week(rhythm: &Rhythm, zone: Option<&TimeZone>) -> Option<WeekRhythm> {
    let since = (rhythm.since > 0).then(|| Timestamp::from_second(rhythm.since).ok()).flatten();
    let zone = zone.cloned().unwrap_or(TimeZone::UTC);
    (!rhythm.bins.is_empty()).then(|| WeekRhythm { hours: rhythm.bins.counts().to_vec(), zone, since })
}
