//! Writes decisions, with few statements for each table and batch. Ids are allocated in advance, so no statement depends on the
//! result of another.

use crate::store::driver::ErrorContext;
use crate::store::{
    backend::BatchStatements,
    error::StoreError,
    rows::{BatchRows, EntryRow, MemberRow, RevisedRow, StoryRow, TextRow},
    sqlite::{
        row,
        writing::{
            channel_order,
            insert::{self, Query},
            search_index, sightings,
        },
    },
    writing::{
        dropped, sightings as shared_sightings,
        waiting::{self, WaitingStatements as _},
    },
};
use sqlx::SqliteConnection;
use std::collections::HashSet;

/// What is being done when the entries with hardly any text are noted.
const SHORT_TEXTS: &str = "noting short texts";

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

impl BatchStatements for SqliteConnection {
    async fn apply(&mut self, batch_rows: &BatchRows) -> Result<(), StoreError> {
        let connection = self;
        insert::rows(connection, &batch_rows.stories, &insert::STORIES, bind_story, "writing stories").await?;
        insert::rows(connection, &batch_rows.entries, &insert::ENTRIES, bind_entry, "writing entries").await?;
        insert::rows(connection, &batch_rows.texts, &insert::TEXTS, bind_text, "writing texts").await?;
        insert::rows(connection, &batch_rows.short_texts, &insert::SHORT_TEXTS, Query::bind, SHORT_TEXTS).await?;
        insert::rows(connection, &batch_rows.members, &insert::MEMBERS, bind_member, "writing members of stories")
            .await?;
        revise(connection, batch_rows).await?;
        connection.write_pages(&batch_rows.pages).await?;
        waiting::write(connection, &batch_rows.waiting, &batch_rows.waited).await?;
        let ids = shared_sightings::write(connection, &batch_rows.sightings, &batch_rows.delisted).await?;
        dropped::write(connection, &batch_rows.dropped, &ids).await?;
        if !batch_rows.grown.is_empty() {
            grow(connection, &batch_rows.grown.iter().copied().collect::<Vec<_>>()).await?;
        }
        channel_order::insert_batch(connection, batch_rows).await?;
        sightings::merge_lookup(connection).await
    }

    async fn holding(&mut self, stories: &HashSet<i64>, entries: &[i64]) -> Result<HashSet<i64>, StoreError> {
        if stories.is_empty() && entries.is_empty() {
            return Ok(HashSet::new());
        }
        let channels: Vec<i64> = sqlx::query_scalar(
            "SELECT channel_id FROM place WHERE story_id IN (SELECT value FROM json_each($1)) \
             UNION ALL \
             SELECT p.channel_id FROM entry AS e JOIN place AS p ON p.story_id = e.story_id \
             WHERE e.id IN (SELECT value FROM json_each($2))",
        )
        .bind(row::rows(&stories.iter().copied().collect::<Vec<_>>()))
        .bind(row::rows(entries))
        .fetch_all(self)
        .await
        .while_doing("reading which channels hold changed stories")?;
        Ok(channels.into_iter().collect())
    }

    async fn index(&mut self) -> Result<bool, StoreError> {
        search_index::index(self).await
    }
}

/// Binds the columns in the order of [`insert::STORIES`].
fn bind_story<'q>(query: Query<'q>, story: &'q StoryRow) -> Query<'q> {
    query.bind(story.id).bind(&story.iri).bind(story.entry).bind(&story.at)
}

/// Binds the columns in the order of [`insert::MEMBERS`].
fn bind_member<'q>(query: Query<'q>, member: &'q MemberRow) -> Query<'q> {
    query
        .bind(member.entry)
        .bind(member.story)
        .bind(&member.at)
        .bind(member.rule)
        .bind(member.lmin)
        .bind(member.containment)
        .bind(member.start)
        .bind(&member.evidence)
}

/// Binds the columns in the order of [`insert::ENTRIES`].
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

/// Binds the columns in the order of [`insert::TEXTS`].
fn bind_text<'q>(query: Query<'q>, TextRow { id, text }: &'q TextRow) -> Query<'q> {
    let text = text.columns();
    query
        .bind(id)
        .bind(text.summary)
        .bind(text.content)
        .bind(text.extras)
        .bind(text.folded_title)
        .bind(text.folded_body)
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
    // An outlet that rewrites its entries at each poll must not fill the disk: the first change and the latest hundred stay.
    set(
        connection,
        "DELETE FROM revision WHERE id IN ( \
             SELECT (SELECT n.id FROM revision AS n WHERE n.entry_id = r.value ->> 'id' ORDER BY n.id DESC LIMIT 1 OFFSET 100) \
             FROM json_each($1) AS r WHERE r.value ->> 'edited') \
         AND id > (SELECT min(o.id) FROM revision AS o WHERE o.entry_id = revision.entry_id)",
        &batch_rows.revised,
        "removing revisions between the first and the latest hundred",
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
    .await?;
    note_short_texts(connection, &batch_rows.revised).await
}

/// Notes which of the revised texts are short now.
async fn note_short_texts(connection: &mut SqliteConnection, rows: &[RevisedRow]) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM short_text WHERE entry_id IN (SELECT value ->> 'id' FROM json_each($1))",
        "INSERT INTO short_text (entry_id) \
         SELECT entry_id FROM entry_text WHERE entry_id IN (SELECT value ->> 'id' FROM json_each($1)) \
           AND length(folded_body) < 360 AND length(folded_body) - length(replace(folded_body, ' ', '')) < 12",
    ] {
        set(connection, sql, rows, SHORT_TEXTS).await?;
    }
    Ok(())
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
