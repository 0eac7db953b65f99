//! Writes decisions, with one statement for each table. Ids are allocated in advance, so no statement depends on the result of
//! another. What triggers do in the SQLite file is done here: counting rows, and keeping the search index of revised texts.

use crate::store::{
    backend::BatchStatements,
    driver::ErrorContext,
    error::StoreError,
    postgres::{
        text::json,
        writing::{channel_order, insert},
    },
    rows::{BatchRows, RevisedRow},
    writing::{
        dropped, sightings,
        waiting::{self, WaitingStatements as _},
    },
};
use serde::Serialize;
use sqlx::PgConnection;
use std::collections::HashSet;

/// Number of entries indexed in one transaction, for which polls wait. A text takes 1.6 ms.
const INDEXED: i64 = 200;

/// Runs a statement over rows given as JSON; does nothing without rows.
async fn set<T: Serialize>(
    connection: &mut PgConnection,
    sql: &'static str,
    rows: &[T],
    doing: &'static str,
) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(sql).bind(json(rows)).execute(connection).await.map(drop).while_doing(doing)
}

impl BatchStatements for PgConnection {
    async fn apply(&mut self, batch_rows: &BatchRows) -> Result<(), StoreError> {
        insert::insert(self, batch_rows).await?;
        count(self, batch_rows).await?;
        revise(self, batch_rows).await?;
        self.write_pages(&batch_rows.pages).await?;
        waiting::write(self, &batch_rows.waiting, &batch_rows.waited).await?;
        let ids = sightings::write(self, &batch_rows.sightings, &batch_rows.delisted).await?;
        dropped::write(self, &batch_rows.dropped, &ids).await?;
        if !batch_rows.grown.is_empty() {
            grow(self, &batch_rows.grown.iter().copied().collect::<Vec<_>>()).await?;
        }
        channel_order::insert_batch(self, batch_rows).await
    }

    async fn holding(&mut self, stories: &HashSet<i64>, entries: &[i64]) -> Result<HashSet<i64>, StoreError> {
        if stories.is_empty() && entries.is_empty() {
            return Ok(HashSet::new());
        }
        let channels: Vec<i64> = sqlx::query_scalar(
            "SELECT channel_id FROM place WHERE story_id = ANY($1) \
             UNION ALL \
             SELECT p.channel_id FROM entry AS e JOIN place AS p ON p.story_id = e.story_id \
             WHERE e.id = ANY($2)",
        )
        .bind(stories.iter().copied().collect::<Vec<_>>())
        .bind(entries)
        .fetch_all(self)
        .await
        .while_doing("reading which channels hold changed stories")?;
        Ok(channels.into_iter().collect())
    }

    async fn index(&mut self) -> Result<bool, StoreError> {
        count_if_grown(self).await?;
        let (first, last): (Option<i64>, Option<i64>) = sqlx::query_as(
            "SELECT min(entry_id), max(entry_id) FROM (SELECT entry_id FROM entry_text \
             WHERE entry_id > (SELECT indexed_to FROM search_state) ORDER BY entry_id LIMIT $1) AS next",
        )
        .bind(INDEXED)
        .fetch_one(&mut *self)
        .await
        .while_doing("looking for what to index")?;
        let (Some(first), Some(last)) = (first, last) else { return Ok(false) };
        let end: i64 = sqlx::query_scalar("SELECT ensure_search_partition($1)")
            .bind(first)
            .fetch_one(&mut *self)
            .await
            .while_doing("making room in the search index")?;
        let reach = last.min(end - 1);
        let indexed = sqlx::query(
            "INSERT INTO entry_search (entry_id, words) \
             SELECT entry_id, search_words(folded_title, folded_body) FROM entry_text \
             WHERE entry_id > (SELECT indexed_to FROM search_state) AND entry_id <= $1 ORDER BY entry_id",
        )
        .bind(reach)
        .execute(&mut *self)
        .await
        .while_doing("indexing entries")?;
        sqlx::query("UPDATE search_state SET indexed_to = $1")
            .bind(reach)
            .execute(self)
            .await
            .while_doing("noting what is indexed")?;
        Ok(reach < last || indexed.rows_affected() >= INDEXED.unsigned_abs())
    }
}

/// Has the server count its rows again when there are four times as many entries as it knows of. While it expects a few rows, it chooses
/// plans for a few: in a new database the latest 200 stories in three languages took it two seconds. Autovacuum counts after a minute at
/// the earliest.
async fn count_if_grown(connection: &mut PgConnection) -> Result<(), StoreError> {
    let doing = "looking how many rows the server expects";
    let has_grown: bool = sqlx::query_scalar(
        "SELECT greatest(c.reltuples, 50) * 4 < t.entries FROM pg_class AS c, tally AS t WHERE c.oid = 'entry'::regclass",
    )
    .fetch_one(&mut *connection)
    .await
    .while_doing(doing)?;
    if has_grown {
        sqlx::query("ANALYZE entry, story, story_member, place").execute(connection).await.while_doing(doing)?;
    }
    Ok(())
}

/// Adds new entries and stories to the number of rows, and notes the last numbers that were given.
async fn count(connection: &mut PgConnection, batch_rows: &BatchRows) -> Result<(), StoreError> {
    let number = |rows: usize| i64::try_from(rows).unwrap_or(i64::MAX);
    if batch_rows.entries.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "UPDATE tally SET entries = entries + $1, stories = stories + $2, last_entry = greatest(last_entry, $3), \
             last_story = greatest(last_story, $4)",
    )
    .bind(number(batch_rows.entries.len()))
    .bind(number(batch_rows.stories.len()))
    .bind(batch_rows.entries.iter().map(|entry| entry.row.id).max())
    .bind(batch_rows.stories.iter().map(|story| story.id).max())
    .execute(connection)
    .await
    .map(drop)
    .while_doing("counting entries and stories")
}

/// Records the previous content of revised entries, then writes the new content, and indexes it again where it was indexed.
async fn revise(connection: &mut PgConnection, batch_rows: &BatchRows) -> Result<(), StoreError> {
    let rows = &batch_rows.revised;
    set(
        connection,
        "INSERT INTO revision (entry_id, seen_at, material, what, old_title, new_title, old_link, old_summary, old_content) \
         SELECT e.id, r.at, r.material::int, r.what, e.title, r.title, \
                CASE WHEN e.link IS DISTINCT FROM r.link THEN e.link END, \
                CASE WHEN t.summary IS DISTINCT FROM r.summary THEN coalesce(t.summary, '') END, \
                CASE WHEN t.content IS DISTINCT FROM r.content THEN coalesce(t.content, '') END \
         FROM json_to_recordset($1::json) AS r (id bigint, at text, material boolean, edited boolean, what text, title text, \
                link text, summary text, content text) \
         JOIN entry AS e ON e.id = r.id JOIN entry_text AS t ON t.entry_id = e.id WHERE r.edited",
        rows,
        "writing revisions",
    )
    .await?;
    // An outlet that rewrites its entries at each poll must not fill the disk: the first change and the latest hundred stay.
    set(
        connection,
        "DELETE FROM revision WHERE id IN ( \
             SELECT (SELECT n.id FROM revision AS n WHERE n.entry_id = r.id ORDER BY n.id DESC LIMIT 1 OFFSET 100) \
             FROM json_to_recordset($1::json) AS r (id bigint, edited boolean) WHERE r.edited) \
         AND id > (SELECT min(o.id) FROM revision AS o WHERE o.entry_id = revision.entry_id)",
        rows,
        "removing revisions between the first and the latest hundred",
    )
    .await?;
    set(
        connection,
        "UPDATE entry SET title = r.title, title_from = r.title_from, link = r.link, link_key = r.link_key, author = r.author, \
                language = r.language, published = r.published, updated = r.updated, believed = r.believed, shown = r.shown, \
                revised_at = CASE WHEN r.material THEN r.at ELSE entry.revised_at END \
         FROM json_to_recordset($1::json) AS r (id bigint, at text, material boolean, title text, title_from text, link text, \
                link_key bigint, author text, language text, published text, updated text, believed text, shown bigint) \
         WHERE entry.id = r.id",
        rows,
        "revising entries",
    )
    .await?;
    set(
        connection,
        "UPDATE entry_text SET summary = r.summary, content = r.content, extras = r.extras, folded_title = r.folded_title, \
                folded_body = CASE WHEN NOT r.has_article AND EXISTS (SELECT 1 FROM entry_page AS p \
                    WHERE p.entry_id = entry_text.entry_id AND p.article IS NOT NULL) \
                    THEN entry_text.folded_body ELSE r.folded_body END \
         FROM json_to_recordset($1::json) AS r (id bigint, summary text, content text, extras text, folded_title text, \
                folded_body text, has_article boolean) \
         WHERE entry_text.entry_id = r.id",
        rows,
        "revising texts",
    )
    .await?;
    note_short_texts(connection, rows).await?;
    set(
        connection,
        "UPDATE entry_search SET words = search_words(t.folded_title, t.folded_body) \
         FROM json_to_recordset($1::json) AS r (id bigint) JOIN entry_text AS t ON t.entry_id = r.id \
         WHERE entry_search.entry_id = r.id",
        rows,
        "indexing revised texts",
    )
    .await
}

/// Notes which of the revised texts are short now.
async fn note_short_texts(connection: &mut PgConnection, rows: &[RevisedRow]) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM short_text WHERE entry_id IN (SELECT id FROM json_to_recordset($1::json) AS r (id bigint))",
        "INSERT INTO short_text (entry_id) \
         SELECT entry_id FROM entry_text WHERE entry_id IN (SELECT id FROM json_to_recordset($1::json) AS r (id bigint)) \
           AND octet_length(folded_body) < 1440 AND length(folded_body) < 360 \
           AND length(folded_body) - length(replace(folded_body, ' ', '')) < 12",
    ] {
        set(connection, sql, rows, "noting short texts").await?;
    }
    Ok(())
}

/// Updates the number of members of stories that gained some.
async fn grow(connection: &mut PgConnection, stories: &[i64]) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE story SET members = (SELECT count(*) FROM entry WHERE story_id = story.id), \
            outlets = (SELECT count(DISTINCT outlet_id) FROM entry WHERE story_id = story.id) WHERE id = ANY($1)",
    )
    .bind(stories)
    .execute(connection)
    .await
    .map(drop)
    .while_doing("counting members of stories")
}
