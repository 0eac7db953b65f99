//! The statements of editions.

use crate::store::{
    documents::RenderedEdition, driver::ErrorContext, error::StoreError, sqlite::row, writing::edition::EditionRows,
};
use sqlx::SqliteConnection;

impl EditionRows for SqliteConnection {
    async fn edition(&mut self, edition: &RenderedEdition) -> Result<Option<(Vec<u8>, String, bool)>, StoreError> {
        sqlx::query_as("SELECT hash, changed_at, fingerprint = $2 AND packed IS NOT NULL FROM edition WHERE path = $1")
            .bind(&edition.path)
            .bind(&edition.fingerprint)
            .fetch_optional(self)
            .await
            .while_doing("reading editions")
    }

    async fn write_edition(&mut self, edition: &RenderedEdition, changed_at: &str) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO edition (path, hash, changed_at, fingerprint, packed) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (path) DO UPDATE SET hash = excluded.hash, changed_at = excluded.changed_at, \
             fingerprint = excluded.fingerprint, packed = excluded.packed",
        )
        .bind(&edition.path)
        .bind(&edition.hash)
        .bind(changed_at)
        .bind(&edition.fingerprint)
        .bind(&edition.packed)
        .execute(self)
        .await
        .map(drop)
        .while_doing("keeping an edition")
    }

    async fn forget_other_editions(&mut self, shown: &[String]) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM edition WHERE path NOT IN (SELECT value FROM json_each($1))")
            .bind(row::rows(shown))
            .execute(self)
            .await
            .map(drop)
            .while_doing("forgetting editions")
    }
}
