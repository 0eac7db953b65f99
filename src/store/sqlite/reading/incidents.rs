//! Feeds that broke or recovered.

use crate::store::sqlite::error::ErrorContext;
use crate::{
    model::{pages::Incident, uri},
    store::{
        error::StoreError,
        sqlite::{
            reading::{Reader, shown_feed},
            row::RowRef,
        },
    },
};

/// Most incidents listed.
const INCIDENTS: i64 = 100;
/// Number of latest failed polls examined for incidents. A feed that fails for long has many and is one incident.
const FAILURES: i64 = 5_000;

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
