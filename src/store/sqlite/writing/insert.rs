//! Inserts new rows with bound values: as JSON each value would be written and read several times on its way into the file. Each
//! statement is a message to the driver's thread, so rows go in sixty-four, eight, or one at a time.

use crate::store::{driver::ErrorContext, error::StoreError};
use sqlx::{Sqlite, SqliteConnection, sqlite::SqliteArguments};

/// A statement that inserts rows into one table: for one row, eight and sixty-four.
#[derive(Debug)]
pub(super) struct Statements {
    one: &'static str,
    eight: &'static str,
    sixty_four: &'static str,
}

/// A statement whose values are being bound.
pub(super) type Query<'q> = sqlx::query::Query<'q, Sqlite, SqliteArguments>;

macro_rules! eight {
    ($row:literal) => {
        concat!($row, ",", $row, ",", $row, ",", $row, ",", $row, ",", $row, ",", $row, ",", $row)
    };
}

macro_rules! sixty_four {
    ($row:literal) => {
        concat!(
            eight!($row),
            ",",
            eight!($row),
            ",",
            eight!($row),
            ",",
            eight!($row),
            ",",
            eight!($row),
            ",",
            eight!($row),
            ",",
            eight!($row),
            ",",
            eight!($row)
        )
    };
}

macro_rules! statements {
    ($columns:literal, $row:literal, $rest:literal) => {
        Statements {
            one: concat!($columns, $row, $rest),
            eight: concat!($columns, eight!($row), $rest),
            sixty_four: concat!($columns, sixty_four!($row), $rest),
        }
    };
}

pub(super) const STORIES: Statements = statements!(
    "INSERT INTO story (id, iri, first_entry_id, members, outlets, created_at) VALUES ",
    "(?, ?, ?, 1, 1, ?)",
    ""
);

pub(super) const MEMBERS: Statements = statements!(
    "INSERT INTO story_member (entry_id, story_id, joined_at, rule, lmin, containment, start, evidence) VALUES ",
    "(?, ?, ?, ?, ?, ?, ?, ?)",
    ""
);

pub(super) const ENTRIES: Statements = statements!(
    "INSERT INTO entry (id, outlet_id, feed_id, story_id, key, source_id, iri, title, title_from, link, link_key, author, \
     language, published, updated, believed, published_at, first_seen_at, order_at, feed_updated_at, shown) VALUES ",
    "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    ""
);

pub(super) const TEXTS: Statements = statements!(
    "INSERT INTO entry_text (entry_id, summary, content, extras, folded_title, folded_body) VALUES ",
    "(?, ?, ?, ?, ?, ?)",
    ""
);

pub(super) const SIGHTINGS: Statements = statements!(
    "INSERT INTO sighting (id, feed_id, key_hash, entry_id, raw, guid, link, first_seen_at, evidence) VALUES ",
    "(?, ?, ?, ?, ?, ?, ?, ?, ?)",
    ""
);

pub(super) const PLACES: Statements = statements!(
    "INSERT INTO place (channel_id, order_at, published_at, story_id, entry_id) VALUES ",
    "(?, ?, ?, ?, ?)",
    " ON CONFLICT DO NOTHING"
);

/// Inserts rows, whose values `bind` adds to a statement.
pub(super) async fn rows<'q, T>(
    connection: &mut SqliteConnection,
    rows: &'q [T],
    statements: &Statements,
    bind: fn(Query<'q>, &'q T) -> Query<'q>,
    doing: &'static str,
) -> Result<(), StoreError> {
    let mut rest = rows;
    while !rest.is_empty() {
        let (sql, count) = match rest.len() {
            64.. => (statements.sixty_four, 64),
            8.. => (statements.eight, 8),
            _ => (statements.one, 1),
        };
        let (chunk, after) = rest.split_at(count);
        let query = chunk.iter().fold(sqlx::query(sql), bind);
        query.execute(&mut *connection).await.while_doing(doing)?;
        rest = after;
    }
    Ok(())
}
