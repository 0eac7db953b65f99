//! The bytes of a representation. Long plain documents are kept compressed and unpacked piece by piece while they are sent: a
//! channel has three, of up to `[publish] edition_max` bytes each, and nearly all clients ask for a compressed one.

use bytes::{Buf as _, Bytes, buf::Reader};
use flate2::read::GzDecoder;
use std::io::Read as _;

/// Maximum size of a plain document that is kept as it is, in bytes.
const PLAIN: usize = 512 * 1024;

/// Size of the pieces in which a document is unpacked, in bytes.
const PIECE: usize = 64 * 1024;

/// The bytes of a representation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// The bytes.
    Whole(Bytes),
    /// The document compressed with gzip.
    Gzipped {
        /// The compressed bytes.
        packed: Bytes,
        /// Length of the document, in bytes.
        length: usize,
    },
}

impl Content {
    /// Keeps a plain document, of which `gzip` is the compressed form.
    pub(super) fn plain(bytes: Vec<u8>, gzip: &Bytes) -> Self {
        if bytes.len() <= PLAIN {
            return Self::Whole(bytes.into());
        }
        Self::Gzipped { packed: gzip.clone(), length: bytes.len() }
    }

    /// Returns the number of bytes to send.
    #[must_use]
    pub fn length(&self) -> usize {
        match self {
            Self::Whole(bytes) => bytes.len(),
            Self::Gzipped { length, .. } => *length,
        }
    }

    /// Returns the bytes to send, in pieces.
    #[must_use]
    pub fn pieces(&self) -> Pieces {
        match self {
            Self::Whole(bytes) => Pieces::Whole(Some(bytes.clone()).filter(|bytes| !bytes.is_empty())),
            Self::Gzipped { packed, length } => {
                Pieces::Unpacked { decoder: Box::new(GzDecoder::new(packed.clone().reader())), left: *length }
            }
        }
    }

    /// Returns all bytes at once.
    #[must_use]
    pub fn bytes(&self) -> Bytes {
        let Self::Gzipped { length, .. } = self else { return self.pieces().next().unwrap_or_default() };
        let mut all = Vec::with_capacity(*length);
        self.pieces().for_each(|piece| all.extend_from_slice(&piece));
        all.into()
    }
}

/// The bytes of a representation that are not sent yet.
#[derive(Debug)]
pub enum Pieces {
    /// All of them; `None` once they are taken.
    Whole(Option<Bytes>),
    /// They are unpacked piece by piece.
    Unpacked {
        /// Unpacks the next piece.
        decoder: Box<GzDecoder<Reader<Bytes>>>,
        /// Number of bytes that are not taken yet.
        left: usize,
    },
}

impl Pieces {
    /// No bytes.
    pub const NONE: Self = Self::Whole(None);

    /// Returns the number of bytes that are not taken yet.
    #[must_use]
    pub fn left(&self) -> usize {
        match self {
            Self::Whole(bytes) => bytes.as_ref().map_or(0, Bytes::len),
            Self::Unpacked { left, .. } => *left,
        }
    }
}

impl Iterator for Pieces {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        let (decoder, left) = match self {
            Self::Whole(bytes) => return bytes.take(),
            Self::Unpacked { left: 0, .. } => return None,
            Self::Unpacked { decoder, left } => (decoder, left),
        };
        let mut piece = vec![0; PIECE.min(*left)];
        // The bytes were compressed by this program and never left its memory or were checked when they were read.
        decoder.read_exact(&mut piece).ok()?;
        *left -= piece.len();
        Some(piece.into())
    }
}

#[cfg(test)]
mod tests {
    use super::super::edition::{Coding, Edition};
    use super::*;

    #[test]
    fn long_plain_documents_are_unpacked_while_they_are_sent() {
        for length in [0, 1, PLAIN, PLAIN + 1, 3 * PLAIN] {
            let text: Vec<u8> = (0..length).map(|n| b'a' + u8::try_from(n / 7 % 26).unwrap()).collect();
            let edition = Edition::new(text.clone(), "text/plain");
            let plain = &edition.coded(Coding::Identity).content;
            assert_eq!(matches!(plain, Content::Whole(_)), length <= PLAIN, "{length}");
            assert_eq!((plain.length(), plain.pieces().left()), (length, length));
            assert_eq!(plain.bytes(), text);
            assert!(plain.pieces().all(|piece| piece.len() <= PLAIN && !piece.is_empty()));
            let restored = Edition::unpack(edition.packed().to_vec(), "text/plain");
            assert_eq!(restored, Some(edition), "with the same tags");
        }
    }
}
