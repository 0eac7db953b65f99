//! Stores editions as they were last rendered, so that they are served at once after a start.

use crate::store::documents::RenderedEdition;
use crate::store::instant::second;
use crate::store::{error::StoreError, row::RowRef};
use jiff::Timestamp;

/// The statements of editions.
pub(in crate::store) trait EditionRows {
    /// Returns the stored edition of the same path: its hash, when its bytes changed, and whether it was stored by the same rules.
    async fn edition(&mut self, edition: &RenderedEdition) -> Result<Option<(Vec<u8>, String, bool)>, StoreError>;
    /// Writes an edition.
    async fn write_edition(&mut self, edition: &RenderedEdition, changed_at: &str) -> Result<(), StoreError>;
    /// Deletes all editions but those of these paths.
    async fn forget_other_editions(&mut self, shown: &[String]) -> Result<(), StoreError>;
}

/// Stores these editions in the caller's transaction. Returns when the bytes of each last changed; unchanged bytes keep their
/// time. All editions but those of the paths in `shown` are deleted.
pub(in crate::store) async fn keep(
    connection: &mut impl EditionRows,
    rendered_editions: &[RenderedEdition],
    shown: Option<&[String]>,
    now: Timestamp,
) -> Result<Vec<Timestamp>, StoreError> {
    if let Some(shown) = shown {
        connection.forget_other_editions(shown).await?;
    }
    let mut changed = Vec::with_capacity(rendered_editions.len());
    for edition in rendered_editions {
        changed.push(keep_one(connection, edition, now).await?);
    }
    Ok(changed)
}

async fn keep_one(
    connection: &mut impl EditionRows,
    edition: &RenderedEdition,
    now: Timestamp,
) -> Result<Timestamp, StoreError> {
    let was = connection.edition(edition).await?;
    let (mut at, mut is_kept) = (now, false);
    if let Some((_, changed_at, kept)) = was.filter(|(hash, ..)| *hash == edition.hash) {
        at = RowRef { table: "edition", row: 0 }.time("changed_at", &changed_at)?;
        is_kept = kept;
    }
    if !is_kept {
        connection.write_edition(edition, &second(at)).await?;
    }
    Ok(at)
}
