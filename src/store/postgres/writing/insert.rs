//! Inserts new rows as one array for each column. The server reads `unnest` of arrays in less than half the time that it takes to
//! read the same rows from JSON (benches/README.md, "PostgreSQL beside SQLite").

use crate::store::{
    driver::ErrorContext,
    error::StoreError,
    postgres::text::{maybe_text, text},
    rows::{BatchRows, EntryRow, MemberRow, PlaceRow, StoryRow, TextRow},
    writing::sightings::NewSighting,
};
use sqlx::{PgConnection, Postgres, postgres::PgArguments};
use std::borrow::Cow;

type ColumnQuery<'q> = sqlx::query::Query<'q, Postgres, PgArguments>;

/// Rows whose values are bound column by column. No text keeps U+0000.
struct Columns<'a, R>(&'a [R]);

impl<'a, R> Columns<'a, R> {
    /// Returns the values of a column that needs no cleaning, which is any but texts.
    fn values<T>(&self, of: impl Fn(&'a R) -> T) -> Vec<T> {
        self.0.iter().map(of).collect()
    }

    fn texts(&self, of: impl Fn(&'a R) -> &'a str) -> Vec<Cow<'a, str>> {
        self.0.iter().map(|row| text(of(row))).collect()
    }

    /// Returns a column of texts that may be missing.
    fn options(&self, of: impl Fn(&'a R) -> Option<&'a str>) -> Vec<Option<Cow<'a, str>>> {
        self.0.iter().map(|row| maybe_text(of(row))).collect()
    }
}

/// Writes new stories, entries, texts and members.
pub(super) async fn insert(connection: &mut PgConnection, rows: &BatchRows) -> Result<(), StoreError> {
    for (query, doing) in [
        (stories(&rows.stories), "writing stories"),
        (entries(&rows.entries), "writing entries"),
        (texts(&rows.texts), "writing texts"),
        (short_texts(&rows.short_texts), "noting short texts"),
        (members(&rows.members), "writing members of stories"),
    ] {
        run(connection, query, doing).await?;
    }
    Ok(())
}

/// Runs a statement, if there are rows for it.
async fn run(
    connection: &mut PgConnection,
    query: Option<ColumnQuery<'_>>,
    doing: &'static str,
) -> Result<(), StoreError> {
    let Some(query) = query else { return Ok(()) };
    query.execute(connection).await.map(drop).while_doing(doing)
}

fn stories(rows: &[StoryRow]) -> Option<ColumnQuery<'_>> {
    let all = columns(rows)?;
    let query = sqlx::query(
        "INSERT INTO story (id, iri, first_entry_id, created_at, members, outlets) \
         SELECT *, 1, 1 FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[])",
    );
    Some(
        query
            .bind(all.values(|row| row.id))
            .bind(all.texts(|row| &row.iri))
            .bind(all.values(|row| row.entry))
            .bind(all.texts(|row| &row.at)),
    )
}

fn entries(rows: &[EntryRow]) -> Option<ColumnQuery<'_>> {
    let all = columns(rows)?;
    let query = sqlx::query(
        "INSERT INTO entry (id, outlet_id, feed_id, story_id, key, source_id, iri, title, title_from, link, link_key, author, \
                language, published, updated, believed, published_at, first_seen_at, order_at, feed_updated_at, shown) \
         SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[], \
                $8::text[], $9::text[], $10::text[], $11::bigint[], $12::text[], $13::text[], $14::text[], $15::text[], \
                $16::text[], $17::text[], $18::text[], $19::text[], $20::text[], $21::bigint[])",
    );
    Some(
        query
            .bind(all.values(|entry| entry.row.id))
            .bind(all.values(|entry| entry.outlet))
            .bind(all.values(|entry| entry.feed))
            .bind(all.values(|entry| entry.story))
            .bind(all.texts(|entry| &entry.key))
            .bind(all.options(|entry| entry.source_id.as_deref()))
            .bind(all.texts(|entry| &entry.iri))
            .bind(all.texts(|entry| &entry.row.title))
            .bind(all.texts(|entry| entry.row.title_from))
            .bind(all.options(|entry| entry.row.link.as_deref()))
            .bind(all.values(|entry| entry.row.link_key))
            .bind(all.options(|entry| entry.row.author.as_deref()))
            .bind(all.options(|entry| entry.row.language.as_deref()))
            .bind(all.options(|entry| entry.row.published.as_deref()))
            .bind(all.options(|entry| entry.row.updated.as_deref()))
            .bind(all.options(|entry| entry.row.believed.as_deref()))
            .bind(all.texts(|entry| &entry.published_at))
            .bind(all.texts(|entry| &entry.first_seen_at))
            .bind(all.texts(|entry| &entry.order_at))
            .bind(all.texts(|entry| &entry.feed_updated_at))
            .bind(all.values(|entry| entry.row.shown)),
    )
}

fn texts(rows: &[TextRow]) -> Option<ColumnQuery<'_>> {
    let all = columns(rows)?;
    let query = sqlx::query(
        "INSERT INTO entry_text (entry_id, summary, content, extras, folded_title, folded_body) \
         SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])",
    );
    Some(
        query
            .bind(all.values(|row| row.id))
            .bind(all.options(|row| row.text.columns().summary))
            .bind(all.options(|row| row.text.columns().content))
            .bind(all.texts(|row| row.text.columns().extras))
            .bind(all.texts(|row| row.text.columns().folded_title))
            .bind(all.texts(|row| row.text.columns().folded_body)),
    )
}

fn short_texts(entries: &[i64]) -> Option<ColumnQuery<'_>> {
    let query = sqlx::query("INSERT INTO short_text (entry_id) SELECT * FROM unnest($1::bigint[])");
    (!entries.is_empty()).then(|| query.bind(entries))
}

fn members(rows: &[MemberRow]) -> Option<ColumnQuery<'_>> {
    let all = columns(rows)?;
    let query = sqlx::query(
        "INSERT INTO story_member (entry_id, story_id, joined_at, rule, lmin, containment, start, evidence) \
         SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::float8[], $6::float8[], $7::float8[], \
                $8::text[])",
    );
    Some(
        query
            .bind(all.values(|member| member.entry))
            .bind(all.values(|member| member.story))
            .bind(all.texts(|member| &member.at))
            .bind(all.texts(|member| member.rule))
            .bind(all.values(|member| member.lmin))
            .bind(all.values(|member| member.containment))
            .bind(all.values(|member| member.start))
            .bind(all.texts(|member| &member.evidence)),
    )
}

/// Writes sightings that are not stored yet.
pub(super) async fn sightings(connection: &mut PgConnection, rows: &[NewSighting<'_>]) -> Result<(), StoreError> {
    let Some(all) = columns(rows) else { return Ok(()) };
    let query = sqlx::query(
        "INSERT INTO sighting (id, feed_id, key_hash, entry_id, raw, guid, link, first_seen_at, evidence) \
         SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], \
                $8::text[], $9::text[])",
    );
    let query = query
        .bind(all.values(|new| new.id))
        .bind(all.values(|new| new.row.feed))
        .bind(all.values(|new| new.row.key))
        .bind(all.values(|new| new.row.entry))
        .bind(all.values(|new| new.row.raw))
        .bind(all.options(|new| new.row.guid.as_deref()))
        .bind(all.options(|new| new.row.link.as_deref()))
        .bind(all.texts(|new| &new.row.at))
        .bind(all.options(|new| new.row.evidence.as_deref()));
    run(connection, Some(query), "writing sightings").await
}

/// Writes positions of stories that their channels do not have yet.
pub(super) async fn places(connection: &mut PgConnection, rows: &[&PlaceRow]) -> Result<(), StoreError> {
    let Some(all) = columns(rows) else { return Ok(()) };
    let query = sqlx::query(
        "INSERT INTO place (channel_id, order_at, published_at, story_id, entry_id) \
         SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::bigint[]) ON CONFLICT DO NOTHING",
    );
    let query = query
        .bind(all.values(|place| place.channel))
        .bind(all.texts(|place| &place.order_at))
        .bind(all.texts(|place| &place.published_at))
        .bind(all.values(|place| place.story))
        .bind(all.values(|place| place.entry));
    run(connection, Some(query), "writing places").await
}

fn columns<R>(rows: &[R]) -> Option<Columns<'_, R>> {
    (!rows.is_empty()).then_some(Columns(rows))
}
