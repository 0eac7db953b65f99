//! A rendered document in each content coding that clients ask for, each with its own strong validator.

use super::content::Content;
use super::packing::{pack, unpack};
use bytes::Bytes;
use std::io::Write as _;

/// A content coding (RFC 9110 8.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Coding {
    /// No coding.
    Identity,
    /// gzip.
    Gzip,
    /// Brotli.
    Brotli,
}

impl Coding {
    /// All codings.
    pub const ALL: [Self; 3] = [Self::Identity, Self::Gzip, Self::Brotli];

    /// Returns the value of `Content-Encoding`; `None` for the plain bytes.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Brotli => Some("br"),
        }
    }
}

/// A document in one content coding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Representation {
    /// The bytes to send.
    pub content: Content,
    /// Strong entity tag with its quotes: a hash of exactly these bytes. Representations with different codings must have
    /// different tags (RFC 9110 8.8.1).
    pub etag: String,
}

/// A document rendered once and compressed once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edition {
    /// The value of `Content-Type`.
    pub media_type: &'static str,
    plain: Representation,
    gzip: Representation,
    brotli: Representation,
}

impl Edition {
    /// Compresses `bytes` in every coding. This takes a millisecond or more per 100 kB, so it must not run on a thread that
    /// serves requests.
    #[must_use]
    pub fn new(bytes: Vec<u8>, media_type: &'static str) -> Self {
        let brotli = pack(&bytes).into();
        Self::of(bytes, brotli, media_type)
    }

    /// Restores an edition from its stored bytes ([`Edition::packed`]); `None` if they are not a compressed document.
    #[must_use]
    pub fn unpack(packed: Vec<u8>, media_type: &'static str) -> Option<Self> {
        Some(Self::of(unpack(&packed)?, packed.into(), media_type))
    }

    fn of(bytes: Vec<u8>, brotli: Bytes, media_type: &'static str) -> Self {
        let (tag, gzip) = (tag(&bytes), Bytes::from(gzip(&bytes)));
        let plain = Representation { content: Content::plain(bytes, &gzip), etag: tag };
        Self { media_type, plain, gzip: Representation::of(gzip), brotli: Representation::of(brotli) }
    }

    /// Returns the compressed document in the form in which it is stored.
    #[must_use]
    pub fn packed(&self) -> Bytes {
        self.brotli.content.bytes()
    }

    /// Returns the document in this coding.
    #[must_use]
    pub fn coded(&self, coding: Coding) -> &Representation {
        match coding {
            Coding::Identity => &self.plain,
            Coding::Gzip => &self.gzip,
            Coding::Brotli => &self.brotli,
        }
    }

    /// Returns the plain bytes. A long document is unpacked for it.
    #[must_use]
    pub fn bytes(&self) -> Bytes {
        self.plain.content.bytes()
    }

    /// Returns the entity tag of the plain bytes. Equal tags mean equal documents, so it tells whether an edition changed.
    #[must_use]
    pub fn etag(&self) -> &str {
        &self.plain.etag
    }
}

impl Representation {
    fn of(bytes: Bytes) -> Self {
        Self { etag: tag(&bytes), content: Content::Whole(bytes) }
    }
}

/// Returns the strong entity tag of these bytes.
fn tag(bytes: &[u8]) -> String {
    let hash = blake3::hash(bytes).to_hex();
    format!("\"{}\"", &hash.as_str()[..32])
}

/// Compresses with gzip, without a file name or time in the header, so that equal input gives equal bytes.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::with_capacity(bytes.len() / 3), flate2::Compression::new(6));
    // Writing to a Vec cannot fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    #[test]
    fn every_coding_holds_the_same_document_under_its_own_tag() {
        let text = "خبر الساعة ".repeat(500).into_bytes();
        let edition = Edition::new(text.clone(), "text/plain");
        assert_eq!(edition, Edition::new(text.clone(), "text/plain"), "the same bytes every time");
        assert_eq!(Edition::unpack(edition.packed().to_vec(), "text/plain"), Some(edition.clone()), "as it was kept");
        assert_eq!(Edition::unpack(b"no brotli".to_vec(), "text/plain"), None);
        let mut unzipped = Vec::new();
        flate2::read::GzDecoder::new(&*edition.coded(Coding::Gzip).content.bytes()).read_to_end(&mut unzipped).unwrap();
        let mut unbrotlied = Vec::new();
        brotli::Decompressor::new(&*edition.coded(Coding::Brotli).content.bytes(), 4096)
            .read_to_end(&mut unbrotlied)
            .unwrap();
        assert_eq!([&unzipped, &unbrotlied], [&text, &text]);
        let mut tags: Vec<_> = Coding::ALL.iter().map(|&c| &edition.coded(c).etag).collect();
        tags.dedup();
        assert_eq!(tags.len(), 3);
        assert!(edition.etag().starts_with('"') && edition.etag().len() == 34);
    }
}
