//! Fills the window of stories from the file: at the first new entry after a start, and after a failed transaction.

use crate::store::instant::second;
use crate::store::sqlite::error::ErrorContext;
use crate::{
    dedup::{StoredEntry, Window, files_of, rules},
    model::{EntryId, Extras, FeedId, OutletId, StoryId},
    store::{
        error::StoreError,
        sqlite::row::{self, RowRef},
    },
};
use jiff::{SignedDuration, Timestamp};
use sqlx::SqliteConnection;
use std::collections::HashMap;

/// A believed date lies at most a day after the first sight: older rows cannot be in the window.
const AHEAD: SignedDuration = SignedDuration::from_hours(24);
/// Bytes of a folded body of so few words that its title is remembered; no word is longer than 30 bytes on average.
const SHORT_BYTES: usize = rules::SHORT * 30;

#[derive(sqlx::FromRow)]
struct StoredEntryRow {
    id: i64,
    outlet_id: i64,
    feed_id: i64,
    story_id: i64,
    members: i64,
    believed: Option<String>,
    first_seen_at: String,
    link: Option<String>,
    language: Option<String>,
    source_id: Option<String>,
    extras: String,
    short_html: Option<String>,
    folded_title: String,
    folded_body: String,
}

/// Loads what the window has to know as of `now`.
pub(in crate::store) async fn load(
    connection: &mut SqliteConnection,
    window: &mut Window,
    now: Timestamp,
) -> Result<(), StoreError> {
    let since = window.since(now).checked_sub(AHEAD).unwrap_or(Timestamp::MIN);
    let rows: Vec<StoredEntryRow> = sqlx::query_as(
        "SELECT e.id, e.outlet_id, e.feed_id, e.story_id, s.members, e.believed, e.first_seen_at, e.link, \
                e.language, e.source_id, t.extras, \
                CASE WHEN length(t.folded_body) < 400 THEN coalesce(t.content, t.summary) END AS short_html, \
                t.folded_title, t.folded_body \
         FROM entry AS e INDEXED BY entry_by_time JOIN entry_text AS t ON t.entry_id = e.id JOIN story AS s ON s.id = e.story_id \
         WHERE e.first_seen_at >= min($1, $2) \
           AND (e.first_seen_at >= $1 OR (e.first_seen_at >= $2 AND length(t.folded_body) < $3)) ORDER BY e.id",
    )
    .bind(second(since))
    .bind(second(Window::titles_since(now)))
    .bind(i64::try_from(SHORT_BYTES).unwrap_or(i64::MAX))
    .fetch_all(&mut *connection)
    .await
    .while_doing("remembering the window of stories")?;
    let mut former = former_titles(connection, &rows.iter().map(|r| r.id).collect::<Vec<_>>()).await?;
    let remembered: Vec<StoredEntry> =
        rows.into_iter().map(|row| remembered(row, &mut former)).collect::<Result<_, _>>()?;
    tracing::debug!(entries = remembered.len(), "window of stories loaded");
    window.load(now, remembered);
    Ok(())
}

/// Titles that entries had before their outlets changed them, oldest first.
async fn former_titles(
    connection: &mut SqliteConnection,
    ids: &[i64],
) -> Result<HashMap<i64, Vec<String>>, StoreError> {
    let rows: Vec<(i64, String)> = sqlx::query_as(
        "SELECT entry_id, old_title FROM revision \
         WHERE entry_id IN (SELECT value FROM json_each($1)) AND old_title <> new_title ORDER BY id",
    )
    .bind(row::rows(ids))
    .fetch_all(connection)
    .await
    .while_doing("remembering former titles")?;
    let mut former: HashMap<i64, Vec<String>> = HashMap::new();
    for (entry, title) in rows {
        former.entry(entry).or_default().push(title);
    }
    Ok(former)
}

fn remembered(row: StoredEntryRow, former: &mut HashMap<i64, Vec<String>>) -> Result<StoredEntry, StoreError> {
    let entry = RowRef { table: "entry", row: row.id };
    Ok(StoredEntry {
        id: EntryId(row.id),
        outlet: OutletId(row.outlet_id),
        feed: FeedId(row.feed_id),
        story: StoryId(row.story_id),
        story_members: RowRef { table: "story", row: row.story_id }.count("members", row.members)?,
        believed: entry.maybe_time("believed", row.believed.as_deref())?,
        first_seen_at: entry.time("first_seen_at", &row.first_seen_at)?,
        link: row.link,
        language: row.language,
        source_id: row.source_id,
        files: {
            let is_short = row.folded_body.split(' ').nth(rules::SHORT).is_none();
            files_of(&entry.json::<Extras>("extras", &row.extras)?, row.short_html.as_deref().filter(|_| is_short))
        },
        title: row.folded_title,
        body: row.folded_body,
        former_titles: former.remove(&row.id).unwrap_or_default(),
    })
}
