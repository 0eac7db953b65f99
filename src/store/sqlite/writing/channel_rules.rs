//! The rules of a channel, applied to stored entries.

use crate::store::sqlite::error::ErrorContext;
use crate::{
    model::{EntryRules, Extras},
    rules::{self, RuleSubject},
    store::{
        error::StoreError,
        sqlite::row::{self, RowRef},
    },
};
use futures_util::TryStreamExt as _;
use sqlx::SqliteConnection;
use std::collections::HashSet;

#[derive(sqlx::FromRow)]
struct StoredSubject {
    id: i64,
    title: Option<String>,
    link: Option<String>,
    language: Option<String>,
    summary: Option<String>,
    content: Option<String>,
    extras: String,
    folded_body: String,
}

/// Returns those of these entries that the rules leave out. Holds the texts of one entry in memory at a time.
pub(in crate::store) async fn left_out(
    connection: &mut SqliteConnection,
    rules: &EntryRules,
    entries: &[i64],
) -> Result<HashSet<i64>, StoreError> {
    let mut left_out = HashSet::new();
    if rules.is_empty() || entries.is_empty() {
        return Ok(left_out);
    }
    let doing = "reading entries for a channel's rules";
    let ids = row::rows(entries);
    let mut rows = sqlx::query_as(
        "SELECT e.id, CASE WHEN e.title_from <> 'outlet' THEN e.title END AS title, e.link, e.language, \
                t.summary, t.content, t.extras, t.folded_body \
         FROM entry AS e JOIN entry_text AS t ON t.entry_id = e.id WHERE e.id IN (SELECT value FROM json_each($1))",
    )
    .bind(&ids)
    .fetch(connection);
    while let Some(stored) = rows.try_next().await.while_doing(doing)? {
        let stored: StoredSubject = stored;
        let extras: Extras = RowRef { table: "entry_text", row: stored.id }.json("extras", &stored.extras)?;
        let html = [stored.summary.as_deref(), stored.content.as_deref()];
        let names = (stored.link.as_deref(), stored.language.as_deref());
        let subject = RuleSubject::new(stored.title.as_deref(), html, &stored.folded_body, &extras, names);
        if rules::left_out(rules, &subject).is_some() {
            left_out.insert(stored.id);
        }
    }
    Ok(left_out)
}
