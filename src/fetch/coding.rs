//! Decodes content codings (RFC 9110 8.4.1). This is done here and not in the HTTP client, so that the size limit holds before
//! and after, and a body that does not match its label can still be read.

use flate2::bufread::{DeflateDecoder, GzDecoder, ZlibDecoder};
use std::{borrow::Cow, io::Read};

/// Accepted codings, best first.
pub(super) const ACCEPTED: &str = "gzip, br, zstd, deflate";
/// The coding requested after a body that did not match its label.
pub(super) const IDENTITY: &str = "identity";
/// Maximum window of zstd, as a power of two: what RFC 9659 allows servers to use over HTTP.
const ZSTD_WINDOW_LOG: u32 = 23;
/// Input buffer of the brotli decoder, in bytes.
const BROTLI_BUFFER: usize = 4096;
/// The first bytes of gzip (RFC 1952 2.3.1).
const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];
/// How much larger a document usually is than its compressed form.
const RATIO: usize = 4;
/// Maximum number of stacked codings that are decoded. One is enough in practice.
const MAX_CODINGS: usize = 2;

/// The coding of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ContentCoding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

/// Why a body could not be decoded.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum DecodeError {
    /// The decoded body exceeds the limit. Holds the part within the limit.
    TooLarge(Vec<u8>),
    /// The body is truncated, or its checksum is wrong. Holds the part decoded before.
    Cut(Vec<u8>),
    /// The body does not match its label.
    Mislabelled,
}

/// Decodes the codings that `label` (a `Content-Encoding`) names, in reverse order of their application, to at most `limit`
/// bytes. Names that are not codings (`utf-8`, `none`) are ignored, as browsers do.
pub(super) fn decode<'a>(label: &str, body: Cow<'a, [u8]>, limit: usize) -> Result<Cow<'a, [u8]>, DecodeError> {
    let body = without_blanks(body);
    let body = codings(label)?.into_iter().rev().try_fold(body, |body, coding| undo(coding, body, limit))?;
    // A file that was compressed before the server compressed it, or without a label. No feed begins like this.
    match coding_shown_by(&body) {
        Some(coding) => undo(coding, body, limit),
        None => Ok(body),
    }
}

/// Returns a gzip body without the line breaks that a script printed before it.
fn without_blanks(body: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    let inside = body.trim_ascii_start();
    if inside.len() == body.len() || !inside.starts_with(GZIP_MAGIC) {
        return body;
    }
    Cow::Owned(inside.to_vec())
}

/// Returns the coding that the first bytes of a body show: gzip, zstd, or zlib with the usual window.
fn coding_shown_by(body: &[u8]) -> Option<ContentCoding> {
    if body.starts_with(GZIP_MAGIC) {
        Some(ContentCoding::Gzip)
    } else if is_zstd(body) {
        Some(ContentCoding::Zstd)
    } else {
        (body.first() == Some(&0x78) && is_zlib(body)).then_some(ContentCoding::Deflate)
    }
}

fn codings(label: &str) -> Result<Vec<ContentCoding>, DecodeError> {
    let mut codings = Vec::new();
    for name in label.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        match name.to_ascii_lowercase().as_str() {
            // `x-gzip` is equivalent to `gzip` (RFC 9110 8.4.1.3).
            "gzip" | "x-gzip" => codings.push(ContentCoding::Gzip),
            "deflate" => codings.push(ContentCoding::Deflate),
            "br" => codings.push(ContentCoding::Brotli),
            "zstd" => codings.push(ContentCoding::Zstd),
            _ => {}
        }
    }
    if codings.len() > MAX_CODINGS { Err(DecodeError::Mislabelled) } else { Ok(codings) }
}

fn undo(label: ContentCoding, body: Cow<'_, [u8]>, limit: usize) -> Result<Cow<'_, [u8]>, DecodeError> {
    // Some servers name another coding than they use. Brotli alone has no signature, so it may by chance begin like another one.
    match coding_shown_by(&body).filter(|coding| *coding != label) {
        Some(coding) => match unpacked(coding, Cow::Borrowed(&*body), limit) {
            Err(DecodeError::Mislabelled) => unpacked(label, body, limit),
            Ok(text) => Ok(Cow::Owned(text.into_owned())),
            Err(error) => Err(error),
        },
        None => unpacked(label, body, limit),
    }
}

fn unpacked(coding: ContentCoding, body: Cow<'_, [u8]>, limit: usize) -> Result<Cow<'_, [u8]>, DecodeError> {
    if body.is_empty() || is_plain(coding, &body) {
        return Ok(body);
    }
    let packed = body.as_ref();
    let mut out = Vec::with_capacity(limit.min(packed.len().saturating_mul(RATIO)));
    let unpacked = match coding {
        ContentCoding::Gzip => gunzip(packed, &mut out, limit),
        // The standard requires zlib, but some servers send the bare stream (RFC 9110 8.4.1.2).
        ContentCoding::Deflate if is_zlib(packed) => unpack(ZlibDecoder::new(packed), &mut out, limit),
        ContentCoding::Deflate => unpack(DeflateDecoder::new(packed), &mut out, limit),
        ContentCoding::Brotli => unpack(brotli::Decompressor::new(packed, BROTLI_BUFFER), &mut out, limit),
        ContentCoding::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(packed).map_err(|_| DecodeError::Mislabelled)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG).map_err(|_| DecodeError::Mislabelled)?;
            unpack(decoder, &mut out, limit)
        }
    };
    match unpacked {
        Ok(()) => Ok(Cow::Owned(out)),
        Err(Halt::Full) => {
            out.truncate(limit);
            Err(DecodeError::TooLarge(out))
        }
        Err(Halt::Broken) if out.is_empty() => Err(DecodeError::Mislabelled),
        Err(Halt::Broken) => Err(DecodeError::Cut(out)),
    }
}

/// Why decoding stopped early.
enum Halt {
    Full,
    Broken,
}

/// Returns whether a body is not compressed although its label says so. Gzip and zstd have signatures; brotli and deflate have
/// none, so for these only the beginnings of feeds are recognised.
fn is_plain(coding: ContentCoding, body: &[u8]) -> bool {
    match coding {
        ContentCoding::Gzip => !body.starts_with(GZIP_MAGIC),
        ContentCoding::Zstd => !is_zstd(body),
        ContentCoding::Brotli | ContentCoding::Deflate => {
            ["<?xml", "<rss", "<feed", "\u{feff}<"].iter().any(|start| body.starts_with(start.as_bytes()))
        }
    }
}

/// Returns whether a body begins with a frame of zstd, or with a skippable one (RFC 8878 3.1).
fn is_zstd(body: &[u8]) -> bool {
    body.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) || body.get(1..4) == Some(&[0x2a, 0x4d, 0x18])
}

/// Returns whether a body begins with a zlib header (RFC 1950 2.2): method 8, and the first two bytes are a multiple of 31.
fn is_zlib(body: &[u8]) -> bool {
    matches!(*body, [cmf, flg, ..] if cmf & 0x0f == 8 && u16::from_be_bytes([cmf, flg]) % 31 == 0)
}

/// Maximum number of gzip members in a body. Each costs as much as kilobytes of text, even an empty one of 20 bytes; programs that
/// compress in parallel write one for every 64 kB and more.
const MAX_MEMBERS: usize = 1_000;

/// Decodes consecutive gzip members (RFC 1952 2.2). Bytes after the last one are not part of the document: a script's warnings,
/// padding.
fn gunzip(mut packed: &[u8], out: &mut Vec<u8>, limit: usize) -> Result<(), Halt> {
    let mut members = 0;
    while packed.starts_with(GZIP_MAGIC) {
        members += 1;
        if members > MAX_MEMBERS {
            return Err(Halt::Broken);
        }
        let mut member = GzDecoder::new(packed);
        unpack(&mut member, out, limit)?;
        packed = member.into_inner();
    }
    Ok(())
}

/// Appends the decoded bytes to `out`, which may grow to `limit`.
fn unpack(packed: impl Read, out: &mut Vec<u8>, limit: usize) -> Result<(), Halt> {
    // One byte more than the limit shows that the body exceeds it.
    let most = u64::try_from(limit - out.len()).unwrap_or(u64::MAX).saturating_add(1);
    packed.take(most).read_to_end(out).map_err(|_| Halt::Broken)?;
    if out.len() > limit { Err(Halt::Full) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, bufread};
    use proptest::prelude::*;

    const LIMIT: usize = 1000;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut packed = Vec::new();
        bufread::GzEncoder::new(text, Compression::best()).read_to_end(&mut packed).unwrap();
        packed
    }

    fn bare_deflate(text: &[u8]) -> Vec<u8> {
        let mut packed = Vec::new();
        bufread::DeflateEncoder::new(text, Compression::best()).read_to_end(&mut packed).unwrap();
        packed
    }

    fn decoded(label: &str, body: &[u8]) -> Result<Vec<u8>, DecodeError> {
        decode(label, Cow::Borrowed(body), LIMIT).map(Cow::into_owned)
    }

    #[test]
    fn labels_are_read_as_servers_write_them() {
        for label in ["gzip", "GZip", " x-gzip ", "identity, gzip", "utf-8, gzip", "gzip,"] {
            assert_eq!(decoded(label, &gzip(b"<rss>")), Ok(b"<rss>".to_vec()), "{label}");
        }
        for label in ["", "none", "utf-8", "identity", "gzip", "br", "zstd", "deflate"] {
            assert_eq!(decoded(label, b"<rss>"), Ok(b"<rss>".to_vec()), "{label}");
        }
        assert_eq!(decoded("gzip", &[b"\r\n".to_vec(), gzip(b"<rss>")].concat()), Ok(b"<rss>".to_vec()));
        let twice = gzip(&bare_deflate(b"<rss>"));
        assert_eq!(decoded("deflate, gzip", &twice), Ok(b"<rss>".to_vec()));
        assert_eq!(decoded("gzip, gzip, gzip", &gzip(b"<rss>")), Err(DecodeError::Mislabelled));
    }

    #[test]
    fn members_are_joined_and_what_follows_them_is_dropped() {
        let mut body = gzip(b"<rss>");
        body.extend(gzip(b"</rss>"));
        body.extend(b"\n<b>Warning</b>: headers already sent");
        assert_eq!(decoded("gzip", &body), Ok(b"<rss></rss>".to_vec()));
    }

    #[test]
    fn the_members_of_a_body_are_bounded() {
        let of = |members: usize| decoded("gzip", &[gzip(b"a"), gzip(b"").repeat(members - 1)].concat());
        assert_eq!(of(MAX_MEMBERS), Ok(b"a".to_vec()));
        assert_eq!(of(MAX_MEMBERS + 1), Err(DecodeError::Cut(b"a".to_vec())));
    }

    #[test]
    fn of_what_is_cut_or_damaged_the_beginning_is_left() {
        let text = "خبر ".repeat(50).into_bytes();
        let whole = gzip(&text);
        assert_eq!(decoded("gzip", &whole[..whole.len() - 1]), Err(DecodeError::Cut(text.clone())));
        let mut damaged = whole.clone();
        damaged[whole.len() - 6] ^= 1;
        assert_eq!(decoded("gzip", &damaged), Err(DecodeError::Cut(text)));
        assert_eq!(decoded("gzip", &whole[..11]), Err(DecodeError::Mislabelled));
    }

    #[test]
    fn what_is_packed_without_a_label_is_unpacked() {
        for label in ["", "identity", "gzip"] {
            assert_eq!(decoded(label, &gzip(b"<rss>")), Ok(b"<rss>".to_vec()), "{label}");
        }
        assert_eq!(decoded("gzip", &gzip(&gzip(b"<rss>"))), Ok(b"<rss>".to_vec()));
        let mut zlib = Vec::new();
        bufread::ZlibEncoder::new(&b"<rss>"[..], Compression::default()).read_to_end(&mut zlib).unwrap();
        let zstd = zstd::encode_all(&b"<rss>"[..], 0).unwrap();
        for body in [&gzip(b"<rss>"), &zlib, &zstd] {
            for label in ["", "gzip", "deflate", "br", "zstd"] {
                assert_eq!(decoded(label, body), Ok(b"<rss>".to_vec()), "{label}");
            }
        }
    }

    #[test]
    fn the_limit_is_exact() {
        for (length, fits) in [(LIMIT, true), (LIMIT + 1, false)] {
            let text = vec![b'a'; length];
            assert_eq!(decoded("gzip", &gzip(&text)).is_ok(), fits);
            assert_eq!(decoded("deflate", &bare_deflate(&text)).is_ok(), fits);
        }
        let members = [gzip(&[b'a'; LIMIT]), gzip(b"a")].concat();
        assert_eq!(decoded("gzip", &members), Err(DecodeError::TooLarge(vec![b'a'; LIMIT])));
    }

    proptest! {
        #![proptest_config(crate::model::testing::cases())]

        #[test]
        fn no_bytes_panic_or_pass_the_limit(label in "(gzip|deflate|br|zstd)", start in 0usize..3, body: Vec<u8>) {
            let magic: [&[u8]; 3] = [&[], GZIP_MAGIC, &[0x28, 0xb5, 0x2f, 0xfd]];
            let body = [magic[start], &body].concat();
            if let Ok(out) = decode(&label, Cow::Owned(body), LIMIT) {
                prop_assert!(out.len() <= LIMIT);
            }
        }
    }
}
