//! The search index, filled after polls are stored: indexing a row costs five times as much as storing it.
//!
//! Entries are indexed in order of their ids. How far the index reaches is stored in the transaction that extends it, so that a
//! crash in between is made up for. Changes and deletions of indexed entries are handled by triggers, because an external-content
//! index must be given the old values.

use crate::store::driver::ErrorContext;
use crate::store::error::StoreError;
use sqlx::SqliteConnection;

/// Number of entries indexed in one transaction, for which polls wait: the larger, the less is merged afterwards.
pub(in crate::store) const BATCH: i64 = 2_000;
/// Indexes the next entries in the caller's transaction. Returns whether there may be more.
pub(in crate::store) async fn index(connection: &mut SqliteConnection) -> Result<bool, StoreError> {
    let reach: Option<i64> = sqlx::query_scalar(
        "SELECT max(entry_id) FROM (SELECT entry_id FROM entry_text \
         WHERE entry_id > (SELECT indexed_to FROM search_state) ORDER BY entry_id LIMIT $1)",
    )
    .bind(BATCH)
    .fetch_one(&mut *connection)
    .await
    .while_doing("looking for what to index")?;
    let Some(reach) = reach else { return Ok(false) };
    let indexed = sqlx::query(
        "INSERT INTO entry_search (rowid, folded_title, folded_body) \
         SELECT entry_id, folded_title, folded_body FROM entry_text \
         WHERE entry_id > (SELECT indexed_to FROM search_state) AND entry_id <= $1 ORDER BY entry_id",
    )
    .bind(reach)
    .execute(&mut *connection)
    .await
    .while_doing("indexing entries")?;
    sqlx::query("UPDATE search_state SET indexed_to = $1")
        .bind(reach)
        .execute(connection)
        .await
        .while_doing("noting what is indexed")?;
    Ok(indexed.rows_affected() >= BATCH.unsigned_abs())
}
