//! Compression of documents with brotli, for storage and for clients that accept this coding.

use std::io::Read as _;

/// Brotli quality. 5 takes about as long as gzip; at 11, the documents of one poll would take seconds.
const BROTLI_QUALITY: i32 = 5;
/// Brotli window size, as the base-2 logarithm of bytes. Compressing 4 MB takes 6 MB of memory; with 20 it takes 13 and gives a tenth
/// less, with 22 it takes 26. Editions of ordinary size are as small with each.
const BROTLI_WINDOW: i32 = 18;

/// Compresses a document. Text shrinks to about a sixth.
#[must_use]
pub fn pack(bytes: &[u8]) -> Vec<u8> {
    let params = brotli::enc::BrotliEncoderParams {
        quality: BROTLI_QUALITY,
        lgwin: BROTLI_WINDOW,
        size_hint: bytes.len(),
        ..Default::default()
    };
    let mut out = Vec::with_capacity(bytes.len() / 3);
    // Reading from a slice and writing to a Vec cannot fail.
    let _ = brotli::BrotliCompress(&mut &*bytes, &mut out, &params);
    out
}

/// Decompresses a stored document; `None` if the bytes are not a compressed document.
#[must_use]
pub fn unpack(packed: &[u8]) -> Option<Vec<u8>> {
    let mut document = Vec::with_capacity(packed.len() * 6);
    brotli::Decompressor::new(packed, 4096).read_to_end(&mut document).ok()?;
    Some(document)
}
