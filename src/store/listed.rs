//! What a feed lists as of its last read document, packed into its row: 16 bytes a sighting.

use crate::{
    model::FeedId,
    store::{error::StoreError, row::RowRef},
};

/// A sighting that is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct ListedSighting {
    /// Row id.
    pub id: i64,
    /// Hash of its bytes when last read.
    pub raw: i64,
}

/// Packs sightings as `feed.listed` holds them; nothing for none.
pub(in crate::store) fn write(listed: &[ListedSighting]) -> Option<Vec<u8>> {
    let bytes = listed.iter().flat_map(|sighting| [sighting.id.to_be_bytes(), sighting.raw.to_be_bytes()]);
    (!listed.is_empty()).then(|| bytes.flatten().collect())
}

/// Reads `feed.listed`.
///
/// # Errors
/// When the bytes are not whole sightings.
pub(in crate::store) fn read(feed: FeedId, bytes: &[u8]) -> Result<Vec<ListedSighting>, StoreError> {
    let (numbers, rest) = bytes.as_chunks::<8>();
    let (sightings, odd) = numbers.as_chunks::<2>();
    if !rest.is_empty() || !odd.is_empty() {
        return Err(RowRef { table: "feed", row: feed.0 }.wrong("listed", &format!("{} bytes", bytes.len())));
    }
    let sighting =
        |[id, raw]: &[[u8; 8]; 2]| ListedSighting { id: i64::from_be_bytes(*id), raw: i64::from_be_bytes(*raw) };
    Ok(sightings.iter().map(sighting).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_half_a_sighting_is_an_error() {
        let listed = [ListedSighting { id: 7, raw: i64::MIN }, ListedSighting { id: i64::MAX, raw: -1 }];
        let bytes = write(&listed).unwrap();
        assert_eq!(read(FeedId(1), &bytes).unwrap(), listed);
        assert_eq!(bytes[..8], [0, 0, 0, 0, 0, 0, 0, 7]);
        assert_eq!((write(&[]), read(FeedId(1), &[]).unwrap()), (None, Vec::new()));
        for length in [1, 8, 17, 24] {
            let error = read(FeedId(3), &bytes[..length]).unwrap_err();
            assert!(matches!(error, StoreError::Inconsistent { table: "feed", column: "listed", row: 3, .. }));
        }
    }
}
