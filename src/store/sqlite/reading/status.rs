//! Data of the status page, and the feeds that broke or recovered.

use crate::store::instant::second;
use crate::store::sqlite::error::ErrorContext;
use crate::{
    model::{
        pages::{DAYS, Day, FeedStatus, Incident, StatusPage},
        uri,
    },
    store::{
        error::StoreError,
        sqlite::{
            reading::{Reader, shown_feed},
            row::RowRef,
        },
    },
};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;

/// Most incidents listed.
const INCIDENTS: i64 = 100;
/// Number of latest failed polls examined for incidents. A feed that fails for long has many and is one incident.
const FAILURES: i64 = 5_000;
/// Number of entries per hour used for a day's median delay: exact up to 1,200 entries a day, a sample above.
const SAMPLE: i64 = 50;

#[derive(sqlx::FromRow)]
struct FeedStatusRow {
    id: i64,
    outlet_name: String,
    url: String,
    public_url: Option<String>,
    state: String,
    last_poll_at: Option<String>,
    last_outcome: Option<String>,
    last_error: Option<String>,
    failures: i64,
    next_poll_at: String,
    why: String,
    gaps: i64,
}

#[derive(sqlx::FromRow)]
struct DayRow {
    feed_id: i64,
    day: String,
    new: i64,
    fresh: i64,
    unchanged: i64,
    failed: i64,
}

#[derive(sqlx::FromRow)]
struct IncidentRow {
    poll: i64,
    at: String,
    outlet_name: String,
    url: String,
    public_url: Option<String>,
    error: Option<String>,
}

impl Reader {
    /// Returns the state of everything at `now`. A feed's `why` is the JSON stored by its schedule.
    ///
    /// # Errors
    /// Fails if the file cannot be read or has an invalid row.
    pub async fn status(&self, now: Timestamp) -> Result<StatusPage, StoreError> {
        let dates = dates(now);
        let since = dates.first().cloned().unwrap_or_default();
        let rows: Vec<DayRow> = sqlx::query_as(
            "SELECT d.feed_id, d.day, d.new, d.fresh, d.unchanged, d.failed \
                 FROM feed AS f JOIN feed_day AS d ON d.feed_id = f.id AND d.day >= $1 \
                 JOIN outlet AS o ON o.id = f.outlet_id AND (o.private = 0 OR NOT $2)",
        )
        .bind(&since)
        .bind(self.hides_private)
        .fetch_all(&self.pool)
        .await
        .while_doing("reading days")?;
        let delays = self.delays(now).await?;
        let (days, mut by_feed) = add_up(dates, &rows, &delays)?;
        let (stories, entries): (i64, i64) = sqlx::query_as("SELECT stories, entries FROM tally")
            .fetch_one(&self.pool)
            .await
            .while_doing("counting stories")?;
        let feeds: Vec<FeedStatusRow> = sqlx::query_as(
            "SELECT f.id, o.name AS outlet_name, f.url, f.public_url, f.state, f.last_poll_at, f.last_outcome, f.last_error, \
                    f.failures, f.next_poll_at, f.why, f.gaps \
             FROM feed AS f JOIN outlet AS o ON o.id = f.outlet_id WHERE f.removed = 0 \
                 AND (o.private = 0 OR NOT $1) ORDER BY o.slug, f.url",
        )
        .bind(self.hides_private)
        .fetch_all(&self.pool)
        .await
        .while_doing("reading the state of feeds")?;
        let feeds = feeds.into_iter().map(|row| {
            let entries = by_feed.remove(&row.id).unwrap_or_else(|| vec![0; days.len()]);
            feed_status(row, entries)
        });
        Ok(StatusPage {
            feeds: feeds.collect::<Result<_, _>>()?,
            days,
            stories: u64::try_from(stories).unwrap_or_default(),
            entries: u64::try_from(entries).unwrap_or_default(),
            webhooks: self.webhooks().await?,
        })
    }

    /// Returns the median time from publication to first sight for each day, in seconds.
    async fn delays(&self, now: Timestamp) -> Result<HashMap<String, u32>, StoreError> {
        let hours = i64::try_from(DAYS * 24).unwrap_or(i64::MAX);
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "WITH RECURSIVE hour (n, starts) AS ( \
                SELECT 0, substr($1, 1, 13) UNION ALL \
                SELECT n + 1, strftime('%Y-%m-%dT%H', substr($1, 1, 13) || ':00:00Z', '-' || (n + 1) || ' hours') \
                FROM hour WHERE n < $2) \
             SELECT substr(h.starts, 1, 10), unixepoch(e.first_seen_at) - unixepoch(e.believed) AS delay \
             FROM hour AS h CROSS JOIN entry AS e ON e.id IN ( \
                SELECT id FROM entry WHERE first_seen_at >= h.starts AND first_seen_at < h.starts || ';' LIMIT $3) \
             WHERE e.believed IS NOT NULL AND e.order_at = e.first_seen_at ORDER BY 1, 2",
        )
        .bind(second(now))
        .bind(hours)
        .bind(SAMPLE)
        .fetch_all(&self.pool)
        .await
        .while_doing("reading delays")?;
        let median = |day: &[(String, i64)]| {
            let (date, delay) = &day[day.len() / 2];
            (date.clone(), u32::try_from(*delay).unwrap_or(0))
        };
        Ok(rows.chunk_by(|a, b| a.0 == b.0).map(median).collect())
    }

    /// Returns feeds that broke or recovered, newest first. If retention has deleted the polls before a failure, the feed counts
    /// as broken before.
    ///
    /// # Errors
    /// Fails if the file cannot be read or has an invalid row.
    pub async fn incidents(&self) -> Result<Vec<Incident>, StoreError> {
        let rows: Vec<IncidentRow> = sqlx::query_as(
            "WITH bad (id, feed_id, ended_at) AS ( \
                SELECT id, feed_id, ended_at FROM poll WHERE outcome IN ('failed', 'gone') \
                ORDER BY ended_at DESC LIMIT $1), \
             broke (id) AS ( \
                SELECT id FROM bad WHERE coalesce(( \
                    SELECT outcome FROM poll AS p WHERE p.feed_id = bad.feed_id AND p.ended_at < bad.ended_at \
                    ORDER BY p.ended_at DESC LIMIT 1), ( \
                    SELECT 'failed' FROM feed_day AS d \
                    WHERE d.feed_id = bad.feed_id AND d.day < substr(bad.ended_at, 1, 10)), \
                    '') NOT IN ('failed', 'gone')), \
             works (id) AS ( \
                SELECT ( \
                    SELECT CASE WHEN outcome IN ('failed', 'gone') THEN NULL ELSE id END FROM poll AS p \
                    WHERE p.feed_id = bad.feed_id AND p.ended_at > bad.ended_at ORDER BY p.ended_at LIMIT 1) FROM bad) \
             SELECT p.id AS poll, p.ended_at AS at, o.name AS outlet_name, f.url, f.public_url, \
                    CASE p.outcome WHEN 'failed' THEN coalesce(p.error, 'failed') \
                                   WHEN 'gone' THEN 'gone for good, says its server (410)' END AS error \
             FROM poll AS p JOIN feed AS f ON f.id = p.feed_id JOIN outlet AS o ON o.id = f.outlet_id \
             WHERE p.id IN (SELECT id FROM broke UNION SELECT id FROM works) AND f.removed = 0 \
                 AND (o.private = 0 OR NOT $3) \
             ORDER BY p.ended_at DESC, p.id DESC LIMIT $2",
        )
        .bind(FAILURES)
        .bind(INCIDENTS)
        .bind(self.hides_private)
        .fetch_all(&self.pool)
        .await
        .while_doing("reading incidents")?;
        let incident = |row: IncidentRow| {
            let at = RowRef { table: "poll", row: row.poll }.time("ended_at", &row.at)?;
            let url = shown_feed(&row.url, row.public_url);
            let error = row.error.map(|error| uri::shown_within(&error).into_owned());
            Ok(Incident { poll: row.poll, at, outlet_name: row.outlet_name, url, error })
        };
        rows.into_iter().map(incident).collect()
    }
}

/// Returns the days of the page, oldest first, today last.
fn dates(now: Timestamp) -> Vec<String> {
    let days = i64::try_from(DAYS).unwrap_or(i64::MAX);
    let day = |back: i64| now.checked_sub(SignedDuration::from_hours(24 * back)).unwrap_or(now);
    (0..days).rev().map(|back| day(back).strftime("%Y-%m-%d").to_string()).collect()
}

/// Returns the new entries per day, by feed.
type ByFeed = HashMap<i64, Vec<u32>>;

/// Returns the totals of the days and of each feed.
fn add_up(
    dates: Vec<String>,
    rows: &[DayRow],
    delays: &HashMap<String, u32>,
) -> Result<(Vec<Day>, ByFeed), StoreError> {
    let blank = |date: String| {
        let delay = delays.get(&date).copied();
        Day { date, entries: 0, delay, fresh: 0, unchanged: 0, failed: 0 }
    };
    let mut days: Vec<Day> = dates.into_iter().map(blank).collect();
    let mut by_feed = ByFeed::new();
    let length = days.len();
    for row in rows {
        let Some(n) = days.iter().position(|day| day.date == row.day) else { continue };
        let place = RowRef { table: "feed_day", row: row.feed_id };
        let day = &mut days[n];
        day.entries += place.count("new", row.new)?;
        day.fresh += place.count("fresh", row.fresh)?;
        day.unchanged += place.count("unchanged", row.unchanged)?;
        day.failed += place.count("failed", row.failed)?;
        by_feed.entry(row.feed_id).or_insert_with(|| vec![0; length])[n] = place.count("new", row.new)?;
    }
    Ok((days, by_feed))
}

fn feed_status(row: FeedStatusRow, entries: Vec<u32>) -> Result<FeedStatus, StoreError> {
    let place = RowRef { table: "feed", row: row.id };
    Ok(FeedStatus {
        outlet_name: row.outlet_name,
        url: shown_feed(&row.url, row.public_url),
        state: row.state,
        last_poll: place.maybe_time("last_poll_at", row.last_poll_at.as_deref())?,
        last_outcome: row.last_outcome,
        last_error: row.last_error.map(|error| uri::shown_within(&error).into_owned()),
        failures: place.count("failures", row.failures)?,
        next_poll: place.time("next_poll_at", &row.next_poll_at)?,
        decided: String::new(),
        why: row.why,
        gaps: place.count("gaps", row.gaps)?,
        entries,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_days_end_today_and_what_is_of_no_day_is_left_out() {
        let now: Timestamp = "2026-03-01T00:00:01Z".parse().unwrap();
        let dates = dates(now);
        assert_eq!((dates.len(), &*dates[DAYS - 1], &*dates[DAYS - 2]), (DAYS, "2026-03-01", "2026-02-28"));
        let row =
            |day: &str, feed_id, new| DayRow { feed_id, day: day.to_owned(), new, fresh: 1, unchanged: 2, failed: 3 };
        let rows = [row("2026-03-01", 1, 5), row("2026-03-01", 2, 7), row("2026-02-28", 1, 1), row("2027-01-01", 1, 9)];
        let delays = HashMap::from([("2026-03-01".to_owned(), 60)]);
        let (days, by_feed) = add_up(dates, &rows, &delays).unwrap();
        let today = Day { date: "2026-03-01".into(), entries: 12, delay: Some(60), fresh: 2, unchanged: 4, failed: 6 };
        assert_eq!(days.last(), Some(&today));
        assert_eq!((by_feed[&1][DAYS - 2..].to_vec(), by_feed[&2].iter().sum::<u32>()), (vec![1, 5], 7));
    }
}
