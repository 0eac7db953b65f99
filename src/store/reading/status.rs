//! Data of the status page: all feeds in a narrow form, from which the table is made, and the rows of one page of it.

use crate::store::driver::ErrorContext;
use crate::store::reading::statements::FeedSql as _;
use crate::{
    model::{
        FeedState, FeedUrl,
        feed_table::{FEEDS_ON_A_PAGE, FeedOrder, FeedOverview, FeedQuery, FeedSummary, FeedsShown},
        status::{FeedStatus, NextPollReason, OutletSettings, PollFault, StatusPage},
        uri,
    },
    schedule::Why,
    store::{
        error::StoreError,
        reading::{
            Reader, ask,
            history::{date_before, day_number},
            shown_feed,
        },
        row::{self, RowRef},
    },
};
use jiff::Timestamp;
use std::{borrow::Cow, collections::HashMap};

/// Feeds that need attention and are shown above the table, of each kind.
const ATTENTION: usize = 6;
/// Days of the small plot beside a feed.
const SPARK: usize = 14;

#[derive(sqlx::FromRow)]
struct SummaryRow {
    id: i64,
    outlet: String,
    ask_url: String,
    public_url: Option<String>,
    state: String,
    last_outcome: Option<String>,
    last_poll_at: Option<String>,
    failures: i64,
    next_poll_at: String,
    gaps: i64,
    host_hold: Option<i64>,
    entries: i64,
}

#[derive(sqlx::FromRow)]
struct DetailRow {
    id: i64,
    outlet_name: String,
    url: String,
    public_url: Option<String>,
    last_error: Option<String>,
    why: String,
    fault: Option<String>,
    status: Option<i64>,
}

impl Reader {
    /// Returns the state of everything at `now`, with the asked page of the table of feeds. A page after the last is the last.
    /// `summaries` are those of [`Reader::feed_summaries`].
    ///
    /// # Errors
    /// Fails if the file cannot be read or has an invalid row.
    pub async fn status(
        &self,
        summaries: &[FeedSummary],
        query: FeedQuery,
        now: Timestamp,
        outlets: &OutletSettings,
    ) -> Result<StatusPage, StoreError> {
        let overview = FeedOverview::new(summaries, &outlets.disabled, now);
        let listed = overview.select(query.selection, query.order);
        let pages = listed.len().div_ceil(FEEDS_ON_A_PAGE).max(1);
        let query = FeedQuery { page: query.page.min(pages - 1), ..query };
        let listed: Vec<_> = listed.into_iter().skip(query.page * FEEDS_ON_A_PAGE).take(FEEDS_ON_A_PAGE).collect();
        let mut failing = overview.select(FeedsShown::Failing, FeedOrder::Failures);
        let mut overdue = overview.select(FeedsShown::Overdue, FeedOrder::Next);
        failing.truncate(ATTENTION);
        overdue.truncate(ATTENTION);
        let ids: Vec<i64> = [&listed, &failing, &overdue].into_iter().flatten().map(|feed| feed.id).collect();
        let details = self.feed_details(&ids, now).await?;
        let status = |feeds: Vec<&FeedSummary>| {
            let full = |feed: &&FeedSummary| Some(details.get(&feed.id)?.status(feed, &overview));
            feeds.iter().filter_map(full).collect::<Vec<_>>()
        };
        let (stories, entries) = self.tally().await?;
        Ok(StatusPage {
            query,
            counts: overview.counts(),
            pages,
            feeds: status(listed),
            failing: status(failing),
            overdue: status(overdue),
            held_hosts: overview.held_hosts(),
            history: self.history(now).await?,
            stories,
            entries,
            webhooks: self.webhooks().await?,
            waiting: self.waiting_entries().await?,
        })
    }

    /// Returns the number of stories and of entries.
    async fn tally(&self) -> Result<(u64, u64), StoreError> {
        let (stories, entries): (i64, i64) =
            ask!(self.pool, Db: fetch_one(query_as(Db::TALLY))).while_doing("counting stories")?;
        Ok((u64::try_from(stories).unwrap_or_default(), u64::try_from(entries).unwrap_or_default()))
    }

    /// Returns the number of entries that wait for their pages. It is limited for each host.
    ///
    /// # Errors
    /// Fails if the store cannot be read.
    pub async fn waiting_entries(&self) -> Result<u64, StoreError> {
        let count: i64 = ask!(self.pool, Db: fetch_one(query_scalar(Db::WAITING_COUNT), self.hides_private))
            .while_doing("counting entries that wait for their pages")?;
        Ok(u64::try_from(count).unwrap_or_default())
    }

    /// Returns all configured feeds, by outlet and address. This takes time in proportion to their number.
    ///
    /// # Errors
    /// Fails if the store cannot be read or has an invalid row.
    pub async fn feed_summaries(&self, now: Timestamp) -> Result<Vec<FeedSummary>, StoreError> {
        let rows: Vec<SummaryRow> =
            ask!(self.pool, Db: fetch_all(query_as(Db::FEED_SUMMARIES), date_before(now, 6), self.hides_private))
                .while_doing("reading the state of feeds")?;
        rows.into_iter().map(summary).collect()
    }

    /// Returns what the table shows of these feeds.
    pub(super) async fn feed_details(
        &self,
        ids: &[i64],
        now: Timestamp,
    ) -> Result<HashMap<i64, FeedDetails>, StoreError> {
        let rows: Vec<DetailRow> =
            ask!(self.pool, Db: fetch_all(query_as(Db::FEED_DETAILS), row::rows(ids))).while_doing("reading feeds")?;
        let from = date_before(now, SPARK - 1);
        let days: Vec<(i64, String, i64)> =
            ask!(self.pool, Db: fetch_all(query_as(Db::DAYS_OF_FEEDS), row::rows(ids), &from))
                .while_doing("reading the days of feeds")?;
        let mut by_feed: HashMap<i64, Vec<u32>> = HashMap::new();
        for (feed, day, new) in days {
            let counts = by_feed.entry(feed).or_insert_with(|| vec![0; SPARK]);
            if let Some(count) = day_number(&from, &day).and_then(|n| counts.get_mut(n)) {
                *count = RowRef { table: "feed_day", row: feed }.count("new", new)?;
            }
        }
        let details = |row: DetailRow| {
            let days = by_feed.remove(&row.id).unwrap_or_else(|| vec![0; SPARK]);
            (row.id, FeedDetails { days, ..FeedDetails::of(row) })
        };
        Ok(rows.into_iter().map(details).collect())
    }
}

/// What the table shows of a feed besides its summary.
#[derive(Debug)]
pub(super) struct FeedDetails {
    outlet_name: String,
    url: String,
    error: Option<String>,
    fault: Option<PollFault>,
    reason: NextPollReason,
    days: Vec<u32>,
}

impl FeedDetails {
    fn of(row: DetailRow) -> Self {
        let error = row.last_error.map(|error| shown_error(&error, &row.url, row.public_url.as_deref()));
        Self {
            outlet_name: row.outlet_name,
            error,
            fault: poll_fault(row.fault, row.status),
            reason: reason(&row.why),
            url: shown_feed(&row.url, row.public_url),
            days: Vec::new(),
        }
    }

    pub(super) fn status(&self, feed: &FeedSummary, overview: &FeedOverview<'_>) -> FeedStatus {
        FeedStatus {
            id: feed.id,
            outlet: feed.outlet.clone(),
            outlet_name: self.outlet_name.clone(),
            url: self.url.clone(),
            state: feed.state,
            is_disabled: overview.is_disabled(feed),
            last_poll: feed.last_poll,
            last_outcome: feed.last_outcome.clone(),
            last_error: self.error.clone(),
            fault: self.fault.clone().filter(|_| feed.is_failing()),
            failures: feed.failures,
            next_poll: feed.next_poll,
            overdue_by: overview.overdue_by(feed),
            held_until: overview.held_until(feed).filter(|until| *until > feed.next_poll),
            reason: self.reason.clone(),
            gaps: feed.gaps,
            entries: feed.entries,
            days: self.days.clone(),
        }
    }
}

fn summary(row: SummaryRow) -> Result<FeedSummary, StoreError> {
    let place = RowRef { table: "feed", row: row.id };
    let host = |url: &str| FeedUrl::parse(url).map(|url| url.host().to_owned()).ok();
    Ok(FeedSummary {
        id: row.id,
        outlet: row.outlet,
        // What may be shown of the feed says which name of its host may be shown.
        host: host(row.public_url.as_deref().unwrap_or(&row.ask_url)).unwrap_or_default(),
        state: place.parse("state", &row.state, FeedState::parse)?,
        last_outcome: row.last_outcome,
        last_poll: place.maybe_time("last_poll_at", row.last_poll_at.as_deref())?,
        failures: place.count("failures", row.failures)?,
        next_poll: place.time("next_poll_at", &row.next_poll_at)?,
        gaps: place.count("gaps", row.gaps)?,
        host_hold: row.host_hold.filter(|at| *at > 0).and_then(|at| Timestamp::from_second(at).ok()),
        entries: place.count("entries", row.entries)?,
    })
}

/// Returns what went wrong in a poll.
pub(super) fn poll_fault(name: Option<String>, status: Option<i64>) -> Option<PollFault> {
    Some(PollFault { name: name?, status: status.and_then(|status| u16::try_from(status).ok()) })
}

/// Returns the stored reason of a due time; an empty one if it is none.
pub(super) fn reason(why: &str) -> NextPollReason {
    Why::from_json(why).map_or_else(NextPollReason::default, |why| why.to_reason())
}

/// Returns an error as it may be shown: without queries that may contain a secret, and without the host of a feed whose address
/// is not shown.
pub(super) fn shown_error(error: &str, url: &str, public_url: Option<&str>) -> String {
    let shown = uri::shown_within(error);
    let host = |url: &str| FeedUrl::parse(url).map(|url| url.host().to_owned()).ok();
    match (public_url, host(url), public_url.and_then(host)) {
        (Some(public), Some(real), Some(other)) => shown.replace(url, public).replace(&real, &other),
        _ => Cow::into_owned(shown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_does_not_show_what_an_address_hides() {
        let error = "cannot connect: https://inner.example/feed?key=1 (inner.example refused)";
        assert_eq!(
            shown_error(error, "https://inner.example/feed?key=1", Some("https://outer.example/")),
            "cannot connect: https://outer.example/feed (outer.example refused)"
        );
        assert_eq!(
            shown_error(error, "https://inner.example/feed?key=1", None),
            "cannot connect: https://inner.example/feed (inner.example refused)"
        );
    }
}
