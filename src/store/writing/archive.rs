//! Writes archive pages of channels. A page and the marks on the positions that it contains are written in one transaction, so
//! that every story is on one page.

use crate::store::instant::second;
use crate::store::{documents::ArchivePage, error::StoreError};
use jiff::Timestamp;

/// The statements of archive pages.
pub(in crate::store) trait ArchiveRows {
    /// Adds a page. Returns false if the channel has a page of this number already, or is gone.
    async fn add_page(
        &mut self,
        page: &ArchivePage,
        packed: &[u8],
        fingerprint: &str,
        at: &str,
    ) -> Result<bool, StoreError>;
    /// Notes the page on the positions that it contains.
    async fn mark_places(&mut self, page: &ArchivePage) -> Result<(), StoreError>;
    /// Replaces the document of a page, or removes it. Returns false if there is none.
    async fn replace_page(
        &mut self,
        page: &ArchivePage,
        packed: Option<&[u8]>,
        fingerprint: &str,
        at: &str,
    ) -> Result<bool, StoreError>;
}

/// Stores a rendered, compressed page in the caller's transaction. Returns false and writes nothing if the channel's pages have
/// changed in the meantime. An existing page is replaced if it was rendered by other rules.
pub(in crate::store) async fn keep(
    connection: &mut impl ArchiveRows,
    page: &ArchivePage,
    packed: &[u8],
    fingerprint: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    if page.is_again {
        return replace(connection, page, packed, fingerprint, now).await;
    }
    if !connection.add_page(page, packed, fingerprint, &second(now)).await? {
        return Ok(false);
    }
    connection.mark_places(page).await?;
    Ok(true)
}

/// Replaces the document of a stored page, whose time stays the same. A page whose stories were all deleted is deleted too.
async fn replace(
    connection: &mut impl ArchiveRows,
    page: &ArchivePage,
    packed: &[u8],
    fingerprint: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let packed = (!page.places.is_empty()).then_some(packed);
    connection.replace_page(page, packed, fingerprint, &second(now)).await
}
