//! The stories that an outlet shares with others.

use crate::store::instant::second;
use crate::store::sqlite::error::ErrorContext;
use crate::{
    model::{
        Slug,
        copies::{COPIES_DAYS, CarriedReport, CopiesPage},
    },
    store::{
        error::StoreError,
        sqlite::{reading::Reader, row::RowRef},
    },
};
use jiff::{SignedDuration, Timestamp};

/// Latest entries of the outlet whose stories are read, and most reports of these stories.
const ENTRIES: i64 = 1_500;
const REPORTS: i64 = 6_000;

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
        let found: Option<(i64, String)> =
            sqlx::query_as("SELECT id, name FROM outlet WHERE slug = $1 AND (private = 0 OR NOT $2)")
                .bind(outlet.as_str())
                .bind(self.hides_private)
                .fetch_optional(&self.pool)
                .await
                .while_doing("reading an outlet")?;
        let Some((id, name)) = found else { return Ok(None) };
        let since = now.checked_sub(SignedDuration::from_hours(24 * i64::from(COPIES_DAYS))).unwrap_or(now);
        let rows: Vec<ReportRow> = sqlx::query_as(
            "WITH own (story_id) AS MATERIALIZED (SELECT DISTINCT story_id FROM ( \
                SELECT story_id FROM entry WHERE outlet_id = $1 AND first_seen_at >= $2 \
                ORDER BY first_seen_at DESC LIMIT $3)) \
             SELECT e.story_id, e.id, o.slug AS outlet, o.name, e.published_at, iif(e.outlet_id = $1, e.title, NULL) AS title, \
                    e.language \
             FROM own CROSS JOIN story AS s ON s.id = own.story_id AND s.outlets > 1 \
             CROSS JOIN entry AS e ON e.story_id = s.id \
             JOIN outlet AS o ON o.id = e.outlet_id AND (o.private = 0 OR NOT $5) LIMIT $4",
        )
        .bind(id)
        .bind(second(since))
        .bind(ENTRIES)
        .bind(REPORTS)
        .bind(self.hides_private)
        .fetch_all(&self.pool)
        .await
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
