//! The columns of plots: polling by hours or by days, of all feeds or of one.

use crate::store::driver::ErrorContext;
use crate::store::instant::{milli, second};
use crate::store::reading::statements::FeedSql as _;
use crate::{
    model::status::{DAYS, Period, PollHistory},
    store::{
        error::StoreError,
        reading::{Reader, ask},
        row::RowRef,
    },
};
use jiff::{SignedDuration, Timestamp, civil::Date};
use std::collections::HashMap;

/// Hours of the plots while Warraq has polled for less than two days.
const HOURS: usize = 48;
/// Fewest columns of a plot of hours, and of one of days.
const HOURS_MIN: usize = 12;
const DAYS_MIN: usize = 7;
/// Most polls that are counted by hours.
const POLLS: i64 = 50_000;
/// Entries of an hour that the median delay of the hour or of its day is taken from.
const SAMPLE_OF_HOUR: i64 = 50;
const SAMPLE_OF_DAY: i64 = 2;
/// Seconds of an hour.
const HOUR: i64 = 3_600;

/// Counts of an hour or a day, which is named by its beginning as text: `2026-11-02`, `2026-11-02T09`.
#[derive(sqlx::FromRow)]
struct CountRow {
    period: String,
    new: i64,
    fresh: i64,
    unchanged: i64,
    failed: i64,
}

/// Which feeds are counted.
#[derive(Debug, Clone, Copy)]
enum Counted {
    All,
    Feed(i64),
}

impl Reader {
    /// Returns the columns of the plots of all feeds.
    pub(super) async fn history(&self, now: Timestamp) -> Result<PollHistory, StoreError> {
        self.columns(Counted::All, now).await
    }

    /// Returns the columns of the plots of a feed, without delays.
    pub(super) async fn history_of(&self, feed: i64, now: Timestamp) -> Result<PollHistory, StoreError> {
        self.columns(Counted::Feed(feed), now).await
    }

    async fn columns(&self, counted: Counted, now: Timestamp) -> Result<PollHistory, StoreError> {
        let days = self.days(counted, now).await?;
        let young = days.iter().all(|row| row.period >= date_before(now, 1));
        if young {
            let begins = hours(now);
            let rows = self.hours(counted, begins[0]).await?;
            let delays = match counted {
                Counted::All => self.delays(now, HOURS, SAMPLE_OF_HOUR, "2026-11-02T09".len()).await?,
                Counted::Feed(_) => HashMap::new(),
            };
            return Ok(PollHistory::Hours(fill(&begins, &rows, &delays, HOURS_MIN)?));
        }
        let delays = match counted {
            Counted::All => self.delays(now, DAYS * 24, SAMPLE_OF_DAY, "2026-11-02".len()).await?,
            Counted::Feed(_) => HashMap::new(),
        };
        Ok(PollHistory::Days(fill(&dates(now), &days, &delays, DAYS_MIN)?))
    }

    /// Returns the counts of the last days.
    async fn days(&self, counted: Counted, now: Timestamp) -> Result<Vec<CountRow>, StoreError> {
        let since = date_before(now, DAYS - 1);
        match counted {
            Counted::All => ask!(self.pool, Db: fetch_all(query_as(Db::DAYS_OF_ALL), &since, self.hides_private)),
            Counted::Feed(feed) => ask!(self.pool, Db: fetch_all(query_as(Db::DAYS_OF_FEED), &since, feed)),
        }
        .while_doing("reading days")
    }

    /// Returns the counts of the hours since an instant.
    async fn hours(&self, counted: Counted, since: Timestamp) -> Result<Vec<CountRow>, StoreError> {
        let since = milli(since);
        match counted {
            Counted::All => {
                ask!(self.pool, Db: fetch_all(query_as(Db::HOURS_OF_ALL), &since, POLLS, self.hides_private))
            }
            Counted::Feed(feed) => ask!(self.pool, Db: fetch_all(query_as(Db::HOURS_OF_FEED), &since, POLLS, feed)),
        }
        .while_doing("reading hours")
    }

    /// Returns the median time from publication to first sight in seconds, for each period of `hours` hours before now. A
    /// period's name has `length` characters. Of each hour, the first `sample` entries count.
    async fn delays(
        &self,
        now: Timestamp,
        hours: usize,
        sample: i64,
        length: usize,
    ) -> Result<HashMap<String, u32>, StoreError> {
        let rows: Vec<(String, i64)> = ask!(self.pool, Db: fetch_all(query_as(Db::DELAYS), second(now), i64::try_from(hours).unwrap_or(i64::MAX), sample, i64::try_from(length).unwrap_or(0), self.hides_private))
        .while_doing("reading delays")?;
        let median = |period: &[(String, i64)]| {
            let (name, delay) = &period[period.len() / 2];
            (name.clone(), u32::try_from(*delay).unwrap_or(0))
        };
        Ok(rows.chunk_by(|a, b| a.0 == b.0).map(median).collect())
    }
}

/// Returns the UTC date some days before, as the database writes it.
pub(super) fn date_before(now: Timestamp, days: usize) -> String {
    let hours = i64::try_from(24 * days).unwrap_or(0);
    let then = now.checked_sub(SignedDuration::from_hours(hours)).unwrap_or(now);
    second(then).chars().take("2026-11-02".len()).collect()
}

/// Returns the number of a day, counted from another; `None` if it is before it or no date.
pub(super) fn day_number(from: &str, day: &str) -> Option<usize> {
    let (from, day): (Date, Date) = (from.parse().ok()?, day.parse().ok()?);
    usize::try_from(day.since(from).ok()?.get_days()).ok()
}

/// Returns the last hours, the current one last.
fn hours(now: Timestamp) -> Vec<Timestamp> {
    let current = now.as_second().div_euclid(HOUR) * HOUR;
    let hour = |back: usize| current - HOUR * i64::try_from(back).unwrap_or(0);
    (0..HOURS).rev().filter_map(|back| Timestamp::from_second(hour(back)).ok()).collect()
}

/// Returns the beginnings of the last days in UTC, today last.
fn dates(now: Timestamp) -> Vec<Timestamp> {
    let begins = |back: usize| format!("{}T00:00:00Z", date_before(now, back)).parse().ok();
    (0..DAYS).rev().filter_map(begins).collect()
}

/// Returns the periods with their counts. Those before the first with a count are left out, but for the last `least`.
fn fill(
    begins: &[Timestamp],
    rows: &[CountRow],
    delays: &HashMap<String, u32>,
    least: usize,
) -> Result<Vec<Period>, StoreError> {
    let mut periods: Vec<Period> = begins.iter().map(|at| Period::blank(*at)).collect();
    for period in &mut periods {
        let name = second(period.begins);
        period.delay = delays.get(&name[..13]).or_else(|| delays.get(&name[..10])).copied();
        let Some(row) = rows.iter().find(|row| name.starts_with(&row.period)) else { continue };
        let place = RowRef { table: "feed_day", row: 0 };
        period.entries = place.count("new", row.new)?;
        period.fresh = place.count("fresh", row.fresh)?;
        period.unchanged = place.count("unchanged", row.unchanged)?;
        period.failed = place.count("failed", row.failed)?;
    }
    let first = periods.iter().position(|period| period.polls() > 0 || period.entries > 0).unwrap_or(periods.len());
    let kept = (periods.len() - first).max(least).min(periods.len());
    Ok(periods.split_off(periods.len() - kept))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(period: &str, new: i64) -> CountRow {
        CountRow { period: period.to_owned(), new, fresh: 1, unchanged: 2, failed: 3 }
    }

    #[test]
    fn the_days_end_today_and_begin_with_the_first_poll() {
        let now: Timestamp = "2026-03-01T00:00:01Z".parse().unwrap();
        let begins = dates(now);
        let day = |n: usize| format!("{:.0}", begins[n]);
        assert_eq!(
            (begins.len(), day(DAYS - 1), day(DAYS - 2)),
            (DAYS, "2026-03-01T00:00:00Z".to_owned(), "2026-02-28T00:00:00Z".to_owned())
        );
        let delays = HashMap::from([("2026-03-01".to_owned(), 60)]);
        let days = fill(&begins, &[row("2026-03-01", 5), row("2027-01-01", 9)], &delays, DAYS_MIN).unwrap();
        let today = Period { begins: begins[DAYS - 1], entries: 5, delay: Some(60), fresh: 1, unchanged: 2, failed: 3 };
        assert_eq!((days.len(), days.last()), (DAYS_MIN, Some(&today)));
        let days = fill(&begins, &[row("2026-02-10", 1)], &delays, DAYS_MIN).unwrap();
        assert_eq!((days.len(), days[0].entries), (20, 1));
    }

    #[test]
    fn the_hours_end_with_the_current_one() {
        let now: Timestamp = "2026-03-01T05:59:59Z".parse().unwrap();
        let begins = hours(now);
        assert_eq!((begins.len(), format!("{:.0}", begins[HOURS - 1])), (HOURS, "2026-03-01T05:00:00Z".to_owned()));
        let columns = fill(&begins, &[row("2026-03-01T05", 4)], &HashMap::new(), HOURS_MIN).unwrap();
        assert_eq!((columns.len(), columns[HOURS_MIN - 1].entries, columns[0].entries), (HOURS_MIN, 4, 0));
    }

    #[test]
    fn days_are_counted_over_the_end_of_a_month() {
        assert_eq!(day_number("2026-02-27", "2026-03-02"), Some(3));
        assert_eq!((day_number("2026-02-27", "2026-02-26"), day_number("x", "2026-02-26")), (None, None));
    }

    #[test]
    fn the_date_of_some_days_ago_is_that_of_the_calendar() {
        let now = "2026-03-01T00:00:01Z".parse().unwrap();
        assert_eq!((date_before(now, 0), date_before(now, 1)), ("2026-03-01".to_owned(), "2026-02-28".to_owned()));
    }
}
