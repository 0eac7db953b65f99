//! A story with all its reports, the evidence that they belong together, and the changes by their outlets.

use crate::store::driver::ErrorContext;
use crate::store::reading::statements::StorySql as _;
use crate::{
    model::{
        EntryId, Extras, PlainText, SafeHtml, StoryId,
        pages::{RevisionView, StoryPage, StoryReport},
    },
    store::{
        error::StoreError,
        reading::{Reader, ask},
        row::{self, RowRef},
    },
};
use std::collections::HashMap;

/// Most reports shown; no story has more members.
const REPORTS: i64 = 64;
/// Number of latest revisions of the whole story that are shown.
const REVISIONS: i64 = 500;

#[derive(sqlx::FromRow)]
struct ReportRow {
    id: i64,
    outlet: String,
    outlet_name: String,
    title: String,
    link: Option<String>,
    language: Option<String>,
    author: Option<String>,
    published_at: String,
    first_seen_at: String,
    joined_at: String,
    rule: String,
    evidence: String,
    containment: Option<f64>,
    summary: Option<String>,
    content: Option<String>,
    article: Option<String>,
    extras: String,
}

#[derive(sqlx::FromRow)]
struct RevisionRow {
    id: i64,
    entry_id: i64,
    seen_at: String,
    what: String,
    old_title: String,
    new_title: String,
    old_summary: Option<String>,
    old_content: Option<String>,
}

impl Reader {
    /// Returns a story with its reports, the leading one first; `None` if there is no such story.
    ///
    /// # Errors
    /// Fails if the file cannot be read or has an invalid row.
    pub async fn story(&self, id: StoryId) -> Result<Option<StoryPage>, StoreError> {
        let snapshot = &self.snapshot().await?;
        let rows: Vec<ReportRow> =
            ask!(snapshot.pool, Db: fetch_all(query_as(Db::REPORTS), id.0, REPORTS, snapshot.hides_private))
                .while_doing("reading a story")?;
        if rows.is_empty() {
            return Ok(None);
        }
        let mut revisions = snapshot.revisions(&rows.iter().map(|r| r.id).collect::<Vec<_>>()).await?;
        let reports = rows.into_iter().map(|row| {
            let revised = revisions.remove(&row.id).unwrap_or_default();
            report(row, revised)
        });
        Ok(Some(StoryPage { id, reports: reports.collect::<Result<_, _>>()? }))
    }

    /// Returns the latest revisions of these entries, newest first.
    async fn revisions(&self, entries: &[i64]) -> Result<HashMap<i64, Vec<RevisionRow>>, StoreError> {
        let rows: Vec<RevisionRow> =
            ask!(self.pool, Db: fetch_all(query_as(Db::REVISIONS), row::rows(entries), REVISIONS))
                .while_doing("reading revisions")?;
        let mut revisions: HashMap<i64, Vec<RevisionRow>> = HashMap::new();
        for row in rows {
            revisions.entry(row.entry_id).or_default().push(row);
        }
        Ok(revisions)
    }
}

fn report(row: ReportRow, revised: Vec<RevisionRow>) -> Result<StoryReport, StoreError> {
    let entry = RowRef { table: "entry", row: row.id };
    let revisions = revisions(revised, &row)?;
    let extras: Extras = RowRef { table: "entry_text", row: row.id }.json("extras", &row.extras)?;
    Ok(StoryReport {
        entry: EntryId(row.id),
        outlet: row.outlet,
        outlet_name: row.outlet_name,
        title: PlainText::vouch(row.title),
        link: row.link,
        language: row.language,
        title_language: extras.title_language,
        text_language: extras.text_language,
        author: row.author,
        published: entry.time("published_at", &row.published_at)?,
        first_seen: entry.time("first_seen_at", &row.first_seen_at)?,
        joined: RowRef { table: "story_member", row: row.id }.time("joined_at", &row.joined_at)?,
        rule: row.rule,
        matched: matched(&row.evidence),
        evidence: row.evidence,
        shared: row.containment,
        is_page_text: row.article.is_some(),
        text: row.article.or(row.content).or(row.summary).map(SafeHtml::vouch),
        image: extras.image,
        enclosures: extras.enclosures,
        revisions,
    })
}

/// Returns the entry that a sentence of evidence names: `same report: 97 % of the lead … of entry 12 (Al Alam)`.
fn matched(evidence: &str) -> Option<EntryId> {
    let (_, rest) = evidence.split_once("entry ")?;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok().map(EntryId)
}

/// Works back from the current text: a revision stores the previous values of what changed, and an empty text where there was
/// none.
fn revisions(newest_first: Vec<RevisionRow>, now: &ReportRow) -> Result<Vec<RevisionView>, StoreError> {
    let (mut content, mut summary) = (now.content.clone(), now.summary.clone());
    let shown = |content: &Option<String>, summary: &Option<String>| {
        [content, summary].into_iter().flatten().find(|text| !text.is_empty()).cloned()
    };
    let mut views = Vec::with_capacity(newest_first.len());
    for row in newest_first {
        let after = shown(&content, &summary);
        content = row.old_content.or(content);
        summary = row.old_summary.or(summary);
        let before = shown(&content, &summary);
        views.push(RevisionView {
            seen: RowRef { table: "revision", row: row.id }.time("seen_at", &row.seen_at)?,
            what: row.what,
            title: (row.old_title, row.new_title),
            text: before.zip(after).filter(|(b, a)| b != a).map(|(b, a)| (SafeHtml::vouch(b), SafeHtml::vouch(a))),
        });
    }
    views.reverse();
    Ok(views)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_names_the_report_that_was_compared() {
        let words = "same report: 97 % of the lead and 98 % of the text of entry 12 (Al Alam, entry 7)";
        assert_eq!(matched(words), Some(EntryId(12)));
        assert_eq!((matched("same link"), matched("entry of a list"), matched("")), (None, None, None));
    }
}
