//! Stores editions as they were last rendered, so that they are served at once after a start.

use crate::store::documents::RenderedEdition;
use crate::store::instant::second;
use crate::store::sqlite::error::ErrorContext;
use crate::store::{error::StoreError, sqlite::row::RowRef};
use jiff::Timestamp;
use sqlx::SqliteConnection;

/// Stores these editions in the caller's transaction. Returns when the bytes of each last changed; unchanged bytes keep their
/// time.
pub(super) async fn keep(
    connection: &mut SqliteConnection,
    rendered_editions: &[RenderedEdition],
    now: Timestamp,
) -> Result<Vec<Timestamp>, StoreError> {
    let mut changed = Vec::with_capacity(rendered_editions.len());
    for edition in rendered_editions {
        changed.push(keep_one(connection, edition, now).await?);
    }
    Ok(changed)
}

async fn keep_one(
    connection: &mut SqliteConnection,
    edition: &RenderedEdition,
    now: Timestamp,
) -> Result<Timestamp, StoreError> {
    let was: Option<(i64, Vec<u8>, String, bool)> = sqlx::query_as(
        "SELECT rowid, hash, changed_at, fingerprint = $2 AND packed IS NOT NULL FROM edition WHERE path = $1",
    )
    .bind(&edition.path)
    .bind(&edition.fingerprint)
    .fetch_optional(&mut *connection)
    .await
    .while_doing("reading editions")?;
    let (mut at, mut is_kept) = (now, false);
    if let Some((row, _, changed_at, kept)) = was.filter(|(_, hash, ..)| *hash == edition.hash) {
        at = RowRef { table: "edition", row }.time("changed_at", &changed_at)?;
        is_kept = kept;
    }
    if !is_kept {
        write(connection, edition, at).await?;
    }
    Ok(at)
}

async fn write(connection: &mut SqliteConnection, edition: &RenderedEdition, at: Timestamp) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO edition (path, hash, changed_at, fingerprint, packed) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (path) DO UPDATE SET hash = excluded.hash, changed_at = excluded.changed_at, \
             fingerprint = excluded.fingerprint, packed = excluded.packed",
    )
    .bind(&edition.path)
    .bind(&edition.hash)
    .bind(second(at))
    .bind(&edition.fingerprint)
    .bind(&edition.packed)
    .execute(connection)
    .await
    .map(drop)
    .while_doing("keeping an edition")
}
