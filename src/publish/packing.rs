//! Documents packed (brotli): as they are kept, and as they are sent to readers that take this coding.

use std::io::Read as _;

/// Quality of brotli: 5 is near gzip's time, at 11 a poll's news would cost seconds.
const BROTLI_QUALITY: i32 = 5;
/// Window of brotli, log2 of bytes.
const BROTLI_WINDOW: i32 = 22;

/// A document as it is kept: text shrinks to a sixth.
#[must_use]
pub fn pack(bytes: &[u8]) -> Vec<u8> {
    let params = brotli::enc::BrotliEncoderParams {
        quality: BROTLI_QUALITY,
        lgwin: BROTLI_WINDOW,
        size_hint: bytes.len(),
        ..Default::default()
    };
    let mut out = Vec::with_capacity(bytes.len() / 3);
    // A slice and a Vec fail neither reading nor writing.
    let _ = brotli::BrotliCompress(&mut &*bytes, &mut out, &params);
    out
}

/// The document that was packed; `None` when these bytes are no packed document.
#[must_use]
pub fn unpack(packed: &[u8]) -> Option<Vec<u8>> {
    let mut document = Vec::with_capacity(packed.len() * 6);
    brotli::Decompressor::new(packed, 4096).read_to_end(&mut document).ok()?;
    Some(document)
}
