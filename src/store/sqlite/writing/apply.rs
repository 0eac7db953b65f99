//! Writes decisions, with one statement for each table and batch. Ids are allocated in advance, so no statement depends on the
//! result of another.

use crate::store::sqlite::error::ErrorContext;
use crate::store::{
    error::StoreError,
    rows::{BatchRows, EntryRow, TextRow},
    sqlite::{
        row,
        writing::{dropped, sightings, waiting},
    },
};
use sqlx::{Sqlite, SqliteConnection, sqlite::SqliteArguments};

/// Runs a statement over rows given as JSON; does nothing without rows. Statements read the rows through a materialised `r`,
/// because reading `json_each` directly would convert a row to text again for each column.
async fn set<T: serde::Serialize>(
    connection: &mut SqliteConnection,
    sql: &'static str,
    rows: &[T],
    doing: &'static str,
) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(sql).bind(row::rows(rows)).execute(connection).await.while_doing(doing)?;
    Ok(())
}

/// Writes the rows of a batch.
pub(in crate::store) async fn apply(
    connection: &mut SqliteConnection,
    batch_rows: &BatchRows,
) -> Result<(), StoreError> {
    set(
        connection,
        "WITH r (v) AS MATERIALIZED (SELECT value FROM json_each($1)) \
         INSERT INTO story (id, iri, first_entry_id, members, outlets, created_at) \
         SELECT v ->> 'id', v ->> 'iri', v ->> 'entry', 1, 1, v ->> 'at' FROM r",
        &batch_rows.stories,
        "writing stories",
    )
    .await?;
    entries(connection, &batch_rows.entries).await?;
    texts(connection, &batch_rows.texts).await?;
    set(
        connection,
        "WITH r (v) AS MATERIALIZED (SELECT value FROM json_each($1)) \
         INSERT INTO story_member (entry_id, story_id, joined_at, rule, lmin, containment, start, evidence) \
         SELECT v ->> 'entry', v ->> 'story', v ->> 'at', v ->> 'rule', v ->> 'lmin', \
                v ->> 'containment', v ->> 'start', v ->> 'evidence' FROM r",
        &batch_rows.members,
        "writing members of stories",
    )
    .await?;
    revise(connection, batch_rows).await?;
    waiting::write_pages(connection, &batch_rows.pages).await?;
    waiting::write(connection, &batch_rows.waiting, &batch_rows.waited).await?;
    let ids = sightings::write(connection, &batch_rows.sightings, &batch_rows.delisted).await?;
    dropped::write(connection, &batch_rows.dropped, &ids).await?;
    if !batch_rows.grown.is_empty() {
        grow(connection, &batch_rows.grown.iter().copied().collect::<Vec<_>>()).await?;
    }
    crate::store::sqlite::writing::channel_order::insert_batch(connection, batch_rows).await
}

/// Inserts rows of wide tables with bound values, sixteen rows a statement: as JSON, each text would be written and parsed four
/// times.
const CHUNK: usize = 16;

macro_rules! sixteen {
    ($row:literal) => {
        concat!(
            $row, ",", $row, ",", $row, ",", $row, ",", $row, ",", $row, ",", $row, ",", $row, ",", $row, ",", $row,
            ",", $row, ",", $row, ",", $row, ",", $row, ",", $row, ",", $row
        )
    };
}

macro_rules! entry_columns {
    () => {
        "INSERT INTO entry (id, outlet_id, feed_id, story_id, key, source_id, iri, title, title_from, link, link_key, \
         author, language, published, updated, believed, published_at, first_seen_at, order_at, feed_updated_at, shown) \
         VALUES "
    };
}

macro_rules! text_columns {
    () => {
        "INSERT INTO entry_text (entry_id, summary, content, extras, folded_title, folded_body) VALUES "
    };
}

const ENTRY: &str = concat!(entry_columns!(), "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
const ENTRIES: &str =
    concat!(entry_columns!(), sixteen!("(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
const TEXT: &str = concat!(text_columns!(), "(?, ?, ?, ?, ?, ?)");
const TEXTS: &str = concat!(text_columns!(), sixteen!("(?, ?, ?, ?, ?, ?)"));

/// A statement and the values bound so far.
type Query<'q> = sqlx::query::Query<'q, Sqlite, SqliteArguments>;

/// Binds the columns in the order of [`ENTRY`].
fn bind_entry<'q>(query: Query<'q>, entry: &'q EntryRow) -> Query<'q> {
    let row = &entry.row;
    query
        .bind(row.id)
        .bind(entry.outlet)
        .bind(entry.feed)
        .bind(entry.story)
        .bind(&entry.key)
        .bind(&entry.source_id)
        .bind(&entry.iri)
        .bind(&row.title)
        .bind(row.title_from)
        .bind(&row.link)
        .bind(row.link_key)
        .bind(&row.author)
        .bind(&row.language)
        .bind(&row.published)
        .bind(&row.updated)
        .bind(&row.believed)
        .bind(&entry.published_at)
        .bind(&entry.first_seen_at)
        .bind(&entry.order_at)
        .bind(&entry.feed_updated_at)
        .bind(row.shown)
}

/// Binds the columns in the order of [`TEXT`].
fn bind_text<'q>(query: Query<'q>, TextRow { id, text }: &'q TextRow) -> Query<'q> {
    query
        .bind(id)
        .bind(&text.summary)
        .bind(&text.content)
        .bind(&text.extras)
        .bind(&text.folded_title)
        .bind(&text.folded_body)
}

async fn entries(connection: &mut SqliteConnection, rows: &[EntryRow]) -> Result<(), StoreError> {
    for chunk in rows.chunks(CHUNK) {
        for rows in whole_or_single(chunk) {
            let sql = if rows.len() == CHUNK { ENTRIES } else { ENTRY };
            let query = rows.iter().fold(sqlx::query(sql), bind_entry);
            query.execute(&mut *connection).await.while_doing("writing entries")?;
        }
    }
    Ok(())
}

async fn texts(connection: &mut SqliteConnection, rows: &[TextRow]) -> Result<(), StoreError> {
    for chunk in rows.chunks(CHUNK) {
        for rows in whole_or_single(chunk) {
            let sql = if rows.len() == CHUNK { TEXTS } else { TEXT };
            let query = rows.iter().fold(sqlx::query(sql), bind_text);
            query.execute(&mut *connection).await.while_doing("writing texts")?;
        }
    }
    Ok(())
}

/// Splits rows into whole chunks, and the rest into single rows.
fn whole_or_single<T>(chunk: &[T]) -> std::slice::Chunks<'_, T> {
    chunk.chunks(if chunk.len() == CHUNK { CHUNK } else { 1 })
}

/// Records the previous content of revised entries, then writes the new content.
async fn revise(connection: &mut SqliteConnection, batch_rows: &BatchRows) -> Result<(), StoreError> {
    set(
        connection,
        "WITH r (v) AS MATERIALIZED (SELECT value FROM json_each($1)) \
         INSERT INTO revision (entry_id, seen_at, material, what, old_title, new_title, old_link, old_summary, \
                old_content) \
         SELECT e.id, v ->> 'at', v ->> 'material', v ->> 'what', e.title, v ->> 'title', \
                CASE WHEN e.link IS NOT v ->> 'link' THEN e.link END, \
                CASE WHEN t.summary IS NOT v ->> 'summary' THEN coalesce(t.summary, '') END, \
                CASE WHEN t.content IS NOT v ->> 'content' THEN coalesce(t.content, '') END \
         FROM r JOIN entry AS e ON e.id = v ->> 'id' JOIN entry_text AS t ON t.entry_id = e.id WHERE v ->> 'edited'",
        &batch_rows.revised,
        "writing revisions",
    )
    .await?;
    set(
        connection,
        "WITH r (v) AS MATERIALIZED (SELECT value FROM json_each($1)) \
         UPDATE entry SET title = v ->> 'title', title_from = v ->> 'title_from', \
                link = v ->> 'link', link_key = v ->> 'link_key', author = v ->> 'author', \
                language = v ->> 'language', published = v ->> 'published', \
                updated = v ->> 'updated', believed = v ->> 'believed', shown = v ->> 'shown', \
                revised_at = CASE WHEN v ->> 'material' THEN v ->> 'at' ELSE revised_at END \
         FROM r WHERE entry.id = v ->> 'id'",
        &batch_rows.revised,
        "revising entries",
    )
    .await?;
    set(
        connection,
        "WITH r (v) AS MATERIALIZED (SELECT value FROM json_each($1)) \
         UPDATE entry_text SET summary = v ->> 'summary', content = v ->> 'content', \
                extras = v ->> 'extras', folded_title = v ->> 'folded_title', \
                folded_body = CASE WHEN NOT v ->> 'has_article' AND EXISTS (SELECT 1 FROM entry_page AS p \
                    WHERE p.entry_id = entry_text.entry_id AND p.article IS NOT NULL) \
                    THEN folded_body ELSE v ->> 'folded_body' END \
         FROM r WHERE entry_text.entry_id = v ->> 'id'",
        &batch_rows.revised,
        "revising texts",
    )
    .await
}

/// Updates the number of members of stories that gained some.
async fn grow(connection: &mut SqliteConnection, stories: &[i64]) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE story SET \
            members = (SELECT count(*) FROM entry WHERE story_id = story.id), \
            outlets = (SELECT count(DISTINCT outlet_id) FROM entry WHERE story_id = story.id) \
         WHERE id IN (SELECT value FROM json_each($1))",
    )
    .bind(row::rows(stories))
    .execute(connection)
    .await
    .while_doing("counting members of stories")?;
    Ok(())
}
