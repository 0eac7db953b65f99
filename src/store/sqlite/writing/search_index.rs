//! The index for searching, filled behind the polls: it costs a row five times what storing it does.
//!
//! Entries are indexed in order of id, and how far the index reaches is in the transaction that extends it, so that a
//! crash in between is caught up. What is indexed already and changes or goes is minded by triggers: an external-content
//! index must be told the old values.

use crate::store::error::StoreError;
use crate::store::sqlite::error::ErrorContext;
use sqlx::SqliteConnection;
use std::time::Duration;

/// Entries indexed in one transaction: some ten milliseconds, for which polls wait.
pub(in crate::store) const BATCH: i64 = 500;
/// Time from a commit to its indexing: what comes meanwhile shares the transaction.
pub(in crate::store) const WAIT: Duration = Duration::from_secs(1);
/// No further batch is begun after this, once the file is to be closed: a daemon that drains has five seconds in all. What is
/// left over is indexed after the next start.
pub(in crate::store) const LAST: Duration = Duration::from_secs(1);

/// Indexes the next entries in the caller's transaction; whether some may be left.
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
