//! Maintains the index that finds sightings and entries by hash: new rows move on in bulk, from table to table.

use crate::store::{error::StoreError, sqlite::error::ErrorContext};
use sqlx::SqliteConnection;

/// Number of rows that are merged from `lookup_0` into `lookup_1` at once, and approximately from there into `lookup_2`.
const MERGED: i64 = 4_000;
/// Maximum number of merges in a transaction. A full transaction brings ten thousand rows.
const MERGES: usize = 4;
/// Number of ranges of hashes that are merged from `lookup_1` into `lookup_2` in turn.
const PARTS: i64 = 32;

/// Merges new rows of the index in the caller's transaction. Each merge moves some thousand rows, so that every page of a large
/// table is changed only once. The work does not depend on the size of the file.
pub(in crate::store) async fn merge_lookup(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    for _ in 0..MERGES {
        let last: Option<i64> = sqlx::query_scalar("SELECT hash FROM lookup_0 ORDER BY hash LIMIT 1 OFFSET $1")
            .bind(MERGED - 1)
            .fetch_optional(&mut *connection)
            .await
            .while_doing("looking for hashes to merge")?;
        let Some(last) = last else { return Ok(()) };
        merge_new(connection, last).await?;
        merge_part(connection).await?;
    }
    Ok(())
}

/// Merges `lookup_0` into `lookup_1`, up to this hash.
async fn merge_new(connection: &mut SqliteConnection, last: i64) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO lookup_1 (hash, kind, row_id) \
         SELECT hash, kind, row_id FROM lookup_0 WHERE hash <= $1 ORDER BY hash, kind, row_id",
    )
    .bind(last)
    .execute(&mut *connection)
    .await
    .while_doing("merging new hashes")?;
    sqlx::query("DELETE FROM lookup_0 WHERE hash <= $1")
        .bind(last)
        .execute(connection)
        .await
        .while_doing("merging new hashes")?;
    Ok(())
}

/// Merges the next range of `lookup_1` into `lookup_2`.
async fn merge_part(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let part: i64 = sqlx::query_scalar("SELECT next FROM lookup_state")
        .fetch_one(&mut *connection)
        .await
        .while_doing("reading which hashes are merged")?;
    let (first, last) = hashes(part);
    sqlx::query(
        "INSERT INTO lookup_2 (hash, kind, row_id) \
         SELECT hash, kind, row_id FROM lookup_1 WHERE hash BETWEEN $1 AND $2 ORDER BY hash, kind, row_id",
    )
    .bind(first)
    .bind(last)
    .execute(&mut *connection)
    .await
    .while_doing("merging hashes")?;
    sqlx::query("DELETE FROM lookup_1 WHERE hash BETWEEN $1 AND $2")
        .bind(first)
        .bind(last)
        .execute(&mut *connection)
        .await
        .while_doing("merging hashes")?;
    sqlx::query("UPDATE lookup_state SET next = $1")
        .bind((part + 1) % PARTS)
        .execute(connection)
        .await
        .while_doing("noting which hashes are merged")?;
    Ok(())
}

/// Returns the first and the last hash of a range.
fn hashes(part: i64) -> (i64, i64) {
    let width = i64::MAX / PARTS * 2 + 2;
    let first = i64::MIN.wrapping_add(width.wrapping_mul(part.rem_euclid(PARTS)));
    (first, first.saturating_add(width - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_all_hashes() {
        let parts: Vec<_> = (0..PARTS).map(hashes).collect();
        assert_eq!((parts[0].0, parts.last().unwrap().1), (i64::MIN, i64::MAX));
        for pair in parts.windows(2) {
            assert_eq!(pair[0].1 + 1, pair[1].0);
        }
        assert_eq!(hashes(PARTS), hashes(0));
    }
}
