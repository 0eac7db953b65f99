//! Loads the window of stories from the database, in short steps between other work: at the start, and after stories were pruned.
//! The window holds the beginnings of texts. Whole texts are read by id when a decision needs them.

use crate::store::instant::second;
use crate::store::sqlite::error::ErrorContext;
use crate::{
    dedup::{StoredEntry, StoredSignature, Window, files_of, rules},
    model::{EntryId, Extras, FeedId, OutletId, StoryId},
    store::{
        error::StoreError,
        sqlite::row::{self, RowRef},
    },
};
use jiff::{SignedDuration, Timestamp};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};
use std::collections::HashMap;

/// A plausible date is at most a day after the entry was first seen, so older rows cannot be in the window.
const AHEAD: SignedDuration = SignedDuration::from_hours(24);
/// Length in characters of the folded body of an entry whose title is remembered because its text is short. Words have 30
/// characters at most on average.
const SHORT: usize = rules::SHORT * 30;
/// Number of entries loaded with their texts in one step.
const STRIDE: i64 = 500;
/// Number of entries searched for short texts in one step.
const SHORT_STRIDE: i64 = 5_000;

/// A position in the index `entry_by_time`.
type Place = (String, i64);

/// Progress of loading a window.
#[derive(Debug)]
pub(in crate::store) struct WindowLoad {
    now: Timestamp,
    /// Position of the window's first entry.
    since: String,
    /// Position of the last entry that was read.
    reached: Place,
    /// Whether all entries within the window are read. Titles of older entries follow.
    titles: bool,
}

impl WindowLoad {
    /// Starts loading what `window` needs as of `now`.
    pub(in crate::store) fn new(window: &Window, now: Timestamp) -> Self {
        let since = second(window.since(now).checked_sub(AHEAD).unwrap_or(Timestamp::MIN));
        Self { now, reached: (since.clone(), i64::MIN), since, titles: false }
    }

    /// Runs one step. The last one tells the window that it is complete. A step that fails has changed nothing.
    pub(in crate::store) async fn stride(
        &mut self,
        connection: &mut SqliteConnection,
        window: &mut Window,
    ) -> Result<(), StoreError> {
        if self.titles { self.short_texts(connection, window).await } else { self.texts(connection, window).await }
    }

    async fn texts(&mut self, connection: &mut SqliteConnection, window: &mut Window) -> Result<(), StoreError> {
        let rows = sqlx::query(
            "SELECT e.id, e.outlet_id, e.feed_id, e.story_id, s.members, e.believed, e.first_seen_at, e.link, \
                    t.folded_title, t.folded_body \
             FROM entry AS e INDEXED BY entry_by_time JOIN entry_text AS t ON t.entry_id = e.id \
             JOIN story AS s ON s.id = e.story_id \
             WHERE (e.first_seen_at, e.id) > ($1, $2) ORDER BY e.first_seen_at, e.id LIMIT $3",
        )
        .bind(&self.reached.0)
        .bind(self.reached.1)
        .bind(STRIDE)
        .fetch_all(&mut *connection)
        .await
        .while_doing("remembering the window of stories")?;
        self.remember(connection, window, &rows).await?;
        match rows.last() {
            Some(last) if rows.len() == usize::try_from(STRIDE).unwrap_or(usize::MAX) => self.reached = place(last)?,
            _ => {
                self.titles = true;
                self.reached = (second(Window::titles_since(self.now)), i64::MIN);
            }
        }
        Ok(())
    }

    /// Reads, among entries before the window, those with short texts, whose titles may be headings.
    async fn short_texts(&mut self, connection: &mut SqliteConnection, window: &mut Window) -> Result<(), StoreError> {
        let last: Option<Place> = sqlx::query_as(
            "SELECT first_seen_at, id FROM entry INDEXED BY entry_by_time \
             WHERE (first_seen_at, id) > ($1, $2) AND first_seen_at < $3 ORDER BY first_seen_at, id LIMIT 1 OFFSET $4",
        )
        .bind(&self.reached.0)
        .bind(self.reached.1)
        .bind(&self.since)
        .bind(SHORT_STRIDE)
        .fetch_optional(&mut *connection)
        .await
        .while_doing("remembering titles")?;
        let (to, to_id) = last.clone().unwrap_or_else(|| (self.since.clone(), i64::MIN));
        // One row for all: each row of its own costs more than reading it. Bytes first: they are counted without reading what is
        // long.
        let rows: String = sqlx::query_scalar(
            "SELECT json_group_array(json_array(e.id, e.outlet_id, coalesce(e.believed, e.first_seen_at), \
                                                t.folded_title, t.folded_body)) \
             FROM entry AS i INDEXED BY entry_by_time CROSS JOIN entry_text AS t ON t.entry_id = i.id \
             CROSS JOIN entry AS e ON e.id = i.id \
             WHERE (i.first_seen_at, i.id) > ($1, $2) AND (i.first_seen_at, i.id) <= ($3, $4) \
               AND octet_length(t.folded_body) < 4 * $5 AND length(t.folded_body) < $5 \
               AND length(t.folded_body) - length(replace(t.folded_body, ' ', '')) < $6",
        )
        .bind(&self.reached.0)
        .bind(self.reached.1)
        .bind(&to)
        .bind(to_id)
        .bind(i64::try_from(SHORT).unwrap_or(i64::MAX))
        .bind(i64::try_from(rules::SHORT).unwrap_or(i64::MAX))
        .fetch_one(&mut *connection)
        .await
        .while_doing("remembering titles")?;
        remember_titles(window, &rows)?;
        if let Some(last) = last {
            self.reached = last;
        } else {
            tracing::debug!(entries = window.len(), "window of stories loaded");
            window.loaded();
        }
        Ok(())
    }

    async fn remember(
        &self,
        connection: &mut SqliteConnection,
        window: &mut Window,
        rows: &[SqliteRow],
    ) -> Result<(), StoreError> {
        let ids = rows.iter().map(|row| get(row, "id")).collect::<Result<Vec<i64>, _>>()?;
        let former = former_titles(connection, &ids).await?;
        let none = Vec::new();
        let signatures: Vec<_> = ids
            .iter()
            .zip(rows)
            .map(|(id, row)| signature(row, former.get(id).unwrap_or(&none)))
            .collect::<Result<_, _>>()?;
        for signature in &signatures {
            window.remember(self.now, signature);
        }
        Ok(())
    }
}

/// Remembers the titles of entries before the window, given as JSON: id, outlet, time, folded title and text of each.
fn remember_titles(window: &mut Window, rows: &str) -> Result<(), StoreError> {
    let rows: Vec<(i64, i64, String, String, String)> = RowRef { table: "entry", row: 0 }.json("title", rows)?;
    for (id, outlet, at, title, body) in rows {
        let at = RowRef { table: "entry", row: id }.time("believed", &at)?;
        window.remember_title((EntryId(id), OutletId(outlet)), at.as_second(), &title, &body);
    }
    Ok(())
}

fn get<'r, T: sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>>(
    row: &'r SqliteRow,
    column: &str,
) -> Result<T, StoreError> {
    row.try_get(column).while_doing("remembering the window of stories")
}

fn place(row: &SqliteRow) -> Result<Place, StoreError> {
    Ok((get(row, "first_seen_at")?, get(row, "id")?))
}

fn signature<'r>(row: &'r SqliteRow, former_titles: &'r [String]) -> Result<StoredSignature<'r>, StoreError> {
    let id = get(row, "id")?;
    let entry = RowRef { table: "entry", row: id };
    let story: i64 = get(row, "story_id")?;
    Ok(StoredSignature {
        id: EntryId(id),
        outlet: OutletId(get(row, "outlet_id")?),
        feed: FeedId(get(row, "feed_id")?),
        story: StoryId(story),
        story_members: RowRef { table: "story", row: story }.count("members", get(row, "members")?)?,
        believed: entry.maybe_time("believed", get(row, "believed")?)?,
        first_seen_at: entry.time("first_seen_at", get(row, "first_seen_at")?)?,
        link: get(row, "link")?,
        title: get(row, "folded_title")?,
        body: get(row, "folded_body")?,
        former_titles,
    })
}

/// Returns titles that entries had before revisions, oldest first.
async fn former_titles(
    connection: &mut SqliteConnection,
    ids: &[i64],
) -> Result<HashMap<i64, Vec<String>>, StoreError> {
    let mut former: HashMap<i64, Vec<String>> = HashMap::new();
    if ids.is_empty() {
        return Ok(former);
    }
    let rows: Vec<(i64, String)> = sqlx::query_as(
        "SELECT entry_id, old_title FROM revision \
         WHERE entry_id IN (SELECT value FROM json_each($1)) AND old_title <> new_title ORDER BY id",
    )
    .bind(row::rows(ids))
    .fetch_all(connection)
    .await
    .while_doing("remembering former titles")?;
    for (entry, title) in rows {
        former.entry(entry).or_default().push(title);
    }
    Ok(former)
}

#[derive(sqlx::FromRow)]
struct StoredEntryRow {
    id: i64,
    outlet_id: i64,
    feed_id: i64,
    story_id: i64,
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

/// Returns the whole texts of entries, for comparison with arrivals. Deleted entries are left out.
pub(in crate::store) async fn texts(
    connection: &mut SqliteConnection,
    ids: &[EntryId],
) -> Result<Vec<StoredEntry>, StoreError> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let rows: Vec<StoredEntryRow> = sqlx::query_as(
        "SELECT e.id, e.outlet_id, e.feed_id, e.story_id, e.believed, e.first_seen_at, e.link, e.language, e.source_id, \
                t.extras, CASE WHEN length(t.folded_body) < 400 THEN coalesce(t.content, t.summary) END AS short_html, \
                t.folded_title, t.folded_body \
         FROM json_each($1) AS wanted CROSS JOIN entry AS e ON e.id = wanted.value \
         CROSS JOIN entry_text AS t ON t.entry_id = e.id",
    )
    .bind(row::rows(&ids))
    .fetch_all(connection)
    .await
    .while_doing("reading the texts of entries that may be the same")?;
    rows.into_iter().map(stored).collect()
}

fn stored(row: StoredEntryRow) -> Result<StoredEntry, StoreError> {
    let entry = RowRef { table: "entry", row: row.id };
    Ok(StoredEntry {
        id: EntryId(row.id),
        outlet: OutletId(row.outlet_id),
        feed: FeedId(row.feed_id),
        story: StoryId(row.story_id),
        story_members: 0,
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
        former_titles: Vec::new(),
    })
}
