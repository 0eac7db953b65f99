//! Editions as they were last rendered.

use crate::store::documents::KeptEdition;
use crate::store::sqlite::error::ErrorContext;
use crate::store::{
    error::StoreError,
    sqlite::{reading::Reader, row::RowRef},
};

impl Reader {
    /// Returns the edition of this path if it was rendered by the rules and settings of this fingerprint.
    ///
    /// # Errors
    /// Fails if the file cannot be read or has an invalid row.
    pub async fn kept_edition(&self, path: &str, fingerprint: &str) -> Result<Option<KeptEdition>, StoreError> {
        let row: Option<(i64, Vec<u8>, String)> = sqlx::query_as(
            "SELECT rowid, packed, changed_at FROM edition \
             WHERE path = $1 AND fingerprint = $2 AND packed IS NOT NULL",
        )
        .bind(path)
        .bind(fingerprint)
        .fetch_optional(&self.pool)
        .await
        .while_doing("reading an edition")?;
        let kept = |(row, packed, changed_at): (i64, Vec<u8>, String)| {
            let changed = RowRef { table: "edition", row }.time("changed_at", &changed_at)?;
            Ok(KeptEdition { packed, changed })
        };
        row.map(kept).transpose()
    }
}
