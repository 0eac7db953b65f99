//! Loads the window of stories from the database, in short steps between other work: at the start, and after stories were pruned.
//! The window holds the beginnings of texts. Whole texts are read by id when a decision needs them.

use crate::store::instant::second;
use crate::{
    dedup::{StoredEntry, StoredSignature, Window, files_of, rules},
    model::{EntryId, Extras, FeedId, OutletId, StoryId},
    store::{error::StoreError, row::RowRef},
};
use jiff::{SignedDuration, Timestamp};
use sqlx::FromRow;
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
pub(in crate::store) type WindowPlace = (String, i64);

/// The statements of loading the window.
pub(in crate::store) trait WindowRows {
    /// A row of the driver.
    type Row;
    /// Returns the entries after this position.
    async fn recent(&mut self, after: &WindowPlace, limit: i64) -> Result<Vec<Self::Row>, StoreError>;
    /// Reads one of these rows.
    fn signature(row: &Self::Row) -> Result<SignatureRow<'_>, StoreError>;
    /// Returns the position of the entry that is `offset` entries after this position, if it was seen before `until`.
    async fn stride_end(
        &mut self,
        after: &WindowPlace,
        until: &str,
        offset: i64,
    ) -> Result<Option<WindowPlace>, StoreError>;
    /// Returns the entries between two positions whose folded texts have fewer characters and fewer spaces than these, as a JSON
    /// array: id, outlet, time, folded title and text of each.
    async fn short_texts(
        &mut self,
        after: &WindowPlace,
        to: &WindowPlace,
        below: (i64, i64),
    ) -> Result<String, StoreError>;
    /// Returns the titles that entries had before revisions, oldest first, each after the id of its entry.
    async fn former_titles(&mut self, ids: &[i64]) -> Result<Vec<(i64, String)>, StoreError>;
    /// Returns these entries with their texts.
    async fn stored(&mut self, ids: &[i64]) -> Result<Vec<StoredEntryRow>, StoreError>;
}

/// An entry of the window. It borrows from the driver's row, because there are many.
#[derive(FromRow)]
pub(in crate::store) struct SignatureRow<'r> {
    id: i64,
    outlet_id: i64,
    feed_id: i64,
    story_id: i64,
    members: i64,
    believed: Option<&'r str>,
    first_seen_at: &'r str,
    link: Option<&'r str>,
    folded_title: &'r str,
    folded_body: &'r str,
}

/// Progress of loading a window.
#[derive(Debug)]
pub(in crate::store) struct WindowLoad {
    now: Timestamp,
    /// Position of the window's first entry.
    since: String,
    /// Position of the last entry that was read.
    reached: WindowPlace,
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
    pub(in crate::store) async fn stride<C: WindowRows>(
        &mut self,
        connection: &mut C,
        window: &mut Window,
    ) -> Result<(), StoreError> {
        if self.titles { self.short_texts(connection, window).await } else { self.texts(connection, window).await }
    }

    async fn texts<C: WindowRows>(&mut self, connection: &mut C, window: &mut Window) -> Result<(), StoreError> {
        let rows = connection.recent(&self.reached, STRIDE).await?;
        self.remember(connection, window, &rows).await?;
        match rows.last() {
            Some(last) if rows.len() == usize::try_from(STRIDE).unwrap_or(usize::MAX) => {
                let last = C::signature(last)?;
                self.reached = (last.first_seen_at.to_owned(), last.id);
            }
            _ => {
                self.titles = true;
                self.reached = (second(Window::titles_since(self.now)), i64::MIN);
            }
        }
        Ok(())
    }

    /// Reads, among entries before the window, those with short texts, whose titles may be headings.
    async fn short_texts(&mut self, connection: &mut impl WindowRows, window: &mut Window) -> Result<(), StoreError> {
        let last = connection.stride_end(&self.reached, &self.since, SHORT_STRIDE).await?;
        let (to, to_id) = last.clone().unwrap_or_else(|| (self.since.clone(), i64::MIN));
        let short = (i64::try_from(SHORT).unwrap_or(i64::MAX), i64::try_from(rules::SHORT).unwrap_or(i64::MAX));
        let rows = connection.short_texts(&self.reached, &(to, to_id), short).await?;
        remember_titles(window, &rows)?;
        if let Some(last) = last {
            self.reached = last;
        } else {
            tracing::debug!(entries = window.len(), "window of stories loaded");
            window.loaded();
        }
        Ok(())
    }

    async fn remember<C: WindowRows>(
        &self,
        connection: &mut C,
        window: &mut Window,
        rows: &[C::Row],
    ) -> Result<(), StoreError> {
        let rows: Vec<SignatureRow<'_>> = rows.iter().map(C::signature).collect::<Result<_, _>>()?;
        let former = former_titles(connection, &rows.iter().map(|row| row.id).collect::<Vec<_>>()).await?;
        let none = Vec::new();
        let signatures: Vec<_> =
            rows.iter().map(|row| signature(row, former.get(&row.id).unwrap_or(&none))).collect::<Result<_, _>>()?;
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

fn signature<'r>(row: &SignatureRow<'r>, former_titles: &'r [String]) -> Result<StoredSignature<'r>, StoreError> {
    let entry = RowRef { table: "entry", row: row.id };
    Ok(StoredSignature {
        id: EntryId(row.id),
        outlet: OutletId(row.outlet_id),
        feed: FeedId(row.feed_id),
        story: StoryId(row.story_id),
        story_members: RowRef { table: "story", row: row.story_id }.count("members", row.members)?,
        believed: entry.maybe_time("believed", row.believed)?,
        first_seen_at: entry.time("first_seen_at", row.first_seen_at)?,
        link: row.link,
        title: row.folded_title,
        body: row.folded_body,
        former_titles,
    })
}

/// Returns titles that entries had before revisions, oldest first.
async fn former_titles(connection: &mut impl WindowRows, ids: &[i64]) -> Result<HashMap<i64, Vec<String>>, StoreError> {
    let mut former: HashMap<i64, Vec<String>> = HashMap::new();
    if ids.is_empty() {
        return Ok(former);
    }
    let rows = connection.former_titles(ids).await?;
    for (entry, title) in rows {
        former.entry(entry).or_default().push(title);
    }
    Ok(former)
}

#[derive(sqlx::FromRow)]
pub(in crate::store) struct StoredEntryRow {
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
    connection: &mut impl WindowRows,
    ids: &[EntryId],
) -> Result<Vec<StoredEntry>, StoreError> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let rows = connection.stored(&ids).await?;
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
