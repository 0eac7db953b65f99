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

pub(super) const SHORT_TEXTS: Statements = statements!("INSERT INTO short_text (entry_id) VALUES ", "(?)", "");

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

pub(super) const POLLS: Statements = statements!(
    "INSERT INTO poll (feed_id, ended_at, ms, outcome, fault, error, status, bytes, listed, new, revised, duplicate, dropped, \
     gap, repairs, next_poll_at, why) VALUES ",
    "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    ""
);

/// Updates feeds; the other statements insert rows. NULL as the last outcome leaves outcome and error as they are.
pub(super) const FEEDS: Statements = statements!(
    "WITH r (id, ask_url, etag, last_modified, body_hash, state, failures, hold_until, last_poll_at, last_success_at, \
     last_outcome, last_error, next_poll_at, why, hints, rhythm, moving_to, moving_visits, moving_since, guids_void, gap) \
     AS MATERIALIZED (VALUES ",
    "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    ") UPDATE feed SET ask_url = r.ask_url, etag = r.etag, last_modified = r.last_modified, body_hash = r.body_hash, \
       state = r.state, failures = r.failures, hold_until = r.hold_until, last_poll_at = r.last_poll_at, \
       last_success_at = r.last_success_at, last_outcome = coalesce(r.last_outcome, feed.last_outcome), \
       last_error = CASE WHEN r.last_outcome IS NULL THEN feed.last_error ELSE r.last_error END, \
       next_poll_at = r.next_poll_at, why = r.why, hints = r.hints, rhythm = r.rhythm, moving_to = r.moving_to, \
       moving_visits = r.moving_visits, moving_since = r.moving_since, guids_void = r.guids_void, gaps = feed.gaps + r.gap \
       FROM r WHERE feed.id = r.id"
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
