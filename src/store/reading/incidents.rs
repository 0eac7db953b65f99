//! Feeds that broke or recovered.

use crate::store::driver::ErrorContext;
use crate::store::reading::statements::FeedSql as _;
use crate::{
    model::{pages::Incident, uri},
    store::{
        error::StoreError,
        reading::{Reader, ask, shown_feed},
        row::RowRef,
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
        let rows: Vec<IncidentRow> =
            ask!(self.pool, Db: fetch_all(query_as(Db::INCIDENTS), FAILURES, INCIDENTS, self.hides_private))
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
