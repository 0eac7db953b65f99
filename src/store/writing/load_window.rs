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
/// Number of entries loaded with their texts in one step.
const STRIDE: i64 = 500;
/// Number of short texts whose titles are read in one step.
const SHORT_STRIDE: i64 = 2_000;

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
    /// Returns the entry that was the first to be seen at this time or later.
    async fn first_since(&mut self, since: &str) -> Result<Option<i64>, StoreError>;
    /// Returns the next entries with hardly any text after this id, as a JSON array: id, outlet, time, folded title and text of each.
    async fn short_texts(&mut self, after: i64, limit: i64) -> Result<String, StoreError>;
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
    reached: Reached,
}

/// How far the window is loaded.
#[derive(Debug)]
enum Reached {
    /// The entries up to this position are loaded.
    Entries(WindowPlace),
    /// All entries are loaded. The titles of short texts follow.
    Titles,
    /// The titles of short texts up to this entry are loaded, too.
    TitlesTo(i64),
}

impl WindowLoad {
    /// Starts loading what `window` needs as of `now`.
    pub(in crate::store) fn new(window: &Window, now: Timestamp) -> Self {
        let since = second(window.since(now).checked_sub(AHEAD).unwrap_or(Timestamp::MIN));
        Self { now, reached: Reached::Entries((since, i64::MIN)) }
    }

    /// Runs one step. The last one tells the window that it is complete. A step that fails has changed nothing.
    pub(in crate::store) async fn stride<C: WindowRows>(
        &mut self,
        connection: &mut C,
        window: &mut Window,
    ) -> Result<(), StoreError> {
        let next = match &self.reached {
            Reached::Entries(place) => Some(self.entries(place, connection, window).await?),
            Reached::Titles => {
                let since = second(Window::titles_since(self.now));
                connection.first_since(&since).await?.map(|first| Reached::TitlesTo(first.saturating_sub(1)))
            }
            Reached::TitlesTo(entry) => titles(*entry, connection, window).await?,
        };
        if let Some(next) = next {
            self.reached = next;
        } else {
            tracing::debug!(entries = window.len(), "window of stories loaded");
            window.loaded();
        }
        Ok(())
    }

    async fn entries<C: WindowRows>(
        &self,
        after: &WindowPlace,
        connection: &mut C,
        window: &mut Window,
    ) -> Result<Reached, StoreError> {
        let rows = connection.recent(after, STRIDE).await?;
        self.remember(connection, window, &rows).await?;
        match rows.last() {
            Some(last) if rows.len() == usize::try_from(STRIDE).unwrap_or(usize::MAX) => {
                let last = C::signature(last)?;
                Ok(Reached::Entries((last.first_seen_at.to_owned(), last.id)))
            }
            _ => Ok(Reached::Titles),
        }
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

/// Remembers the titles of the next short texts, which may be headings. Those of the window's own entries are among them, and are
/// remembered already. Entries have ids in the order in which they are stored, so none is left out unless the clock was set back.
/// Returns `None` if there are no more.
async fn titles(
    after: i64,
    connection: &mut impl WindowRows,
    window: &mut Window,
) -> Result<Option<Reached>, StoreError> {
    let rows = connection.short_texts(after, SHORT_STRIDE).await?;
    let rows: Vec<(i64, i64, String, String, String)> = RowRef { table: "entry", row: 0 }.json("title", &rows)?;
    for (id, outlet, at, title, body) in &rows {
        let at = RowRef { table: "entry", row: *id }.time("believed", at)?;
        window.remember_title((EntryId(*id), OutletId(*outlet)), at.as_second(), title, body);
    }
    let is_full = rows.len() == usize::try_from(SHORT_STRIDE).unwrap_or(usize::MAX);
    Ok(rows.iter().map(|(id, ..)| *id).max().filter(|_| is_full).map(Reached::TitlesTo))
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
