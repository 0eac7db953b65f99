//! Editions as they were last rendered.

use crate::store::documents::KeptEdition;
use crate::store::driver::ErrorContext;
use crate::store::reading::statements::StorySql as _;
use crate::store::{
    error::StoreError,
    reading::{Reader, ask},
    row::RowRef,
};

impl Reader {
    /// Returns the edition of this path if it was rendered by the rules and settings of this fingerprint.
    ///
    /// # Errors
    /// Fails if the file cannot be read or has an invalid row.
    pub async fn kept_edition(&self, path: &str, fingerprint: &str) -> Result<Option<KeptEdition>, StoreError> {
        let row: Option<(i64, Vec<u8>, String)> =
            ask!(self.pool, Db: fetch_optional(query_as(Db::KEPT_EDITION), path, fingerprint))
                .while_doing("reading an edition")?;
        let kept = |(row, packed, changed_at): (i64, Vec<u8>, String)| {
            let changed = RowRef { table: "edition", row }.time("changed_at", &changed_at)?;
            Ok(KeptEdition { packed, changed })
        };
        row.map(kept).transpose()
    }
}
