//! The stories that an outlet shares with others.

use crate::store::driver::ErrorContext;
use crate::store::instant::second;
use crate::store::reading::statements::ListSql as _;
use crate::{
    model::{
        Slug,
        copies::{COPIES_DAYS, CarriedReport, CopiesPage},
    },
    store::{
        error::StoreError,
        reading::{Reader, ask},
        row::RowRef,
    },
};
use jiff::{SignedDuration, Timestamp};

/// Latest entries of the outlet whose stories are read, and most reports of these stories.
const ENTRIES: i64 = 1_000;
const REPORTS: i64 = 4_000;

#[derive(sqlx::FromRow)]
struct ReportRow {
    story_id: i64,
    id: i64,
    outlet: String,
    name: String,
    published_at: String,
    title: Option<String>,
    language: Option<String>,
}

impl Reader {
    /// Returns the stories of the last days that an outlet shares with others; `None` if there is no such outlet.
    ///
    /// # Errors
    /// Fails if the file cannot be read or has an invalid row.
    pub async fn copies(&self, outlet: &Slug, now: Timestamp) -> Result<Option<CopiesPage>, StoreError> {
        let snapshot = &self.snapshot().await?;
        let found: Option<(i64, String)> =
            ask!(snapshot.pool, Db: fetch_optional(query_as(Db::OUTLET_NAME), outlet.as_str(), snapshot.hides_private))
                .while_doing("reading an outlet")?;
        let Some((id, name)) = found else { return Ok(None) };
        let since = now.checked_sub(SignedDuration::from_hours(24 * i64::from(COPIES_DAYS))).unwrap_or(now);
        let rows: Vec<ReportRow> = ask!(snapshot.pool, Db: fetch_all(query_as(Db::SHARED_STORIES), id, second(since), ENTRIES, REPORTS, snapshot.hides_private))
        .while_doing("reading the stories of several outlets")?;
        let report = |row: ReportRow| {
            let published = RowRef { table: "entry", row: row.id }.time("published_at", &row.published_at)?;
            Ok(CarriedReport {
                story: row.story_id,
                entry: row.id,
                outlet: row.outlet,
                name: row.name,
                published,
                title: row.title.unwrap_or_default(),
                language: row.language,
            })
        };
        let reports = rows.into_iter().map(report).collect::<Result<_, StoreError>>()?;
        Ok(Some(CopiesPage::of(outlet.to_string(), name, reports)))
    }
}
