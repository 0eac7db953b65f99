//! Decodes bytes to UTF-8 and records the encoding, what decided it, and the repairs that were needed.
//!
//! Order: byte order mark; valid UTF-8 that has multi-byte characters; HTTP charset; XML declaration; statistics. Bytes count for
//! more than labels: a label that the bytes contradict is ignored, and a few bad bytes never change the encoding.

mod mixed;

use super::Repairs;
use super::codepages::CodePage;
use crate::model::EncodingFrom;
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use mixed::{by_text, has_utf8_text, is_certainly_utf8, mend, pieces, with_joined_surrogates};
use std::borrow::Cow;

/// A document as text.
#[derive(Debug)]
pub(super) struct Decoded<'a> {
    /// The text, without a byte order mark and without characters that XML forbids.
    pub text: Cow<'a, str>,
    /// WHATWG name of the encoding.
    pub encoding: &'static str,
    /// What decided it.
    pub from: EncodingFrom,
}

/// How far into a document an XML declaration is searched for, in bytes (one feed of the sample begins with 9 kB of white space).
const DECLARATION_WITHIN: usize = 16 * 1024;

/// Number of bytes that the statistics look at: enough for any guess, and cheap on 10 MB.
const GUESS_BYTES: usize = 64 * 1024;

/// Decides the encoding and decodes. `http` is the charset of the Content-Type, `tld` the last label of the host name.
pub(super) fn decode<'a>(bytes: &'a [u8], http: Option<&str>, tld: Option<&str>, repairs: &mut Repairs) -> Decoded<'a> {
    let mut decoded = choose(bytes, http, tld, repairs);
    if has_forbidden(decoded.text.as_bytes()) {
        repairs.note("control-characters");
        decoded.text = Cow::Owned(decoded.text.chars().filter(|c| allowed(*c)).collect());
    }
    decoded
}

/// An encoding: one that browsers know, or an older one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Charset {
    Web(&'static Encoding),
    Page(&'static CodePage),
}

impl Charset {
    /// Returns the encoding that a label names, unless the bytes rule it out: a UTF-16 label on bytes without any zero among the
    /// first 64.
    fn of_label(label: &str, bytes: &[u8]) -> Option<Self> {
        let label = label.trim_matches(|c: char| c.is_whitespace() || c == '"' || c == '\'');
        let label = match label.to_ascii_lowercase().as_str() {
            "mac-roman" | "macroman" | "mac_roman" => "macintosh",
            "mac-cyrillic" | "maccyrillic" | "mac_cyrillic" => "x-mac-cyrillic",
            _ => label,
        };
        let Some(encoding) = Encoding::for_label_no_replacement(label.as_bytes()) else {
            return CodePage::of_label(label).filter(|page| !page.is_ebcdic()).map(Self::Page);
        };
        let wide = encoding == UTF_16BE || encoding == UTF_16LE;
        (!wide || bytes.iter().take(64).any(|b| *b == 0)).then_some(Self::Web(encoding))
    }

    /// Returns the encoding if texts in it can stand beside texts in UTF-8: ASCII characters are ASCII bytes in both.
    fn beside_utf8(self) -> Option<&'static Encoding> {
        match self {
            Self::Web(encoding) => Some(encoding).filter(|e| e.is_ascii_compatible() && *e != UTF_8),
            Self::Page(_) => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Web(encoding) => encoding.name(),
            Self::Page(page) => page.name,
        }
    }

    fn decode<'a>(self, from: EncodingFrom, bytes: &'a [u8], repairs: &mut Repairs) -> Decoded<'a> {
        let (text, bad) = match self {
            Self::Web(encoding) => encoding.decode_without_bom_handling(bytes),
            Self::Page(page) => (Cow::Owned(page.decode(bytes)), false),
        };
        if bad {
            repairs.note("bad-bytes");
        }
        Decoded { text, encoding: self.name(), from }
    }
}

fn choose<'a>(bytes: &'a [u8], http: Option<&str>, tld: Option<&str>, repairs: &mut Repairs) -> Decoded<'a> {
    if let Some(marked) = by_mark(bytes, repairs) {
        return marked;
    }
    let declared = declaration(bytes);
    let labels = [(http, EncodingFrom::Http), (declared.as_deref(), EncodingFrom::Declaration)];
    let labelled = || {
        labels.iter().filter_map(|(label, from)| {
            label.and_then(|l| Charset::of_label(l, bytes)).map(|encoding| (encoding, *from))
        })
    };
    if std::str::from_utf8(bytes).is_err()
        && let Some(text) = with_joined_surrogates(bytes)
    {
        repairs.note("bad-bytes");
        return Decoded { text: Cow::Owned(text), encoding: UTF_8.name(), from: EncodingFrom::Utf8 };
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let ascii = text.is_ascii();
        // Escape sequences (ISO-2022-JP) are the one case in which ASCII bytes are not ASCII text.
        let shifts = ascii && bytes.contains(&0x1B);
        return match labelled().next() {
            Some((encoding, from)) if shifts => encoding.decode(from, bytes, repairs),
            Some((encoding, from)) if ascii => Decoded { text: Cow::Borrowed(text), encoding: encoding.name(), from },
            label => {
                if label.is_some_and(|(encoding, _)| encoding != Charset::Web(UTF_8)) {
                    repairs.note("wrong-encoding-label");
                }
                Decoded { text: Cow::Borrowed(text), encoding: UTF_8.name(), from: EncodingFrom::Utf8 }
            }
        };
    }
    if mostly_utf8(bytes) {
        repairs.note("bad-bytes");
        let other = labelled().find_map(|(encoding, _)| encoding.beside_utf8());
        let text = Cow::Owned(mend(bytes, other, tld));
        return Decoded { text, encoding: UTF_8.name(), from: EncodingFrom::Utf8 };
    }
    let label = labelled().find(|(encoding, _)| *encoding != Charset::Web(UTF_8));
    if let Some((encoding, from)) = label {
        if let Some(text) = encoding.beside_utf8().and_then(|other| by_text(bytes, other)) {
            repairs.note("two-encodings");
            return Decoded { text: Cow::Owned(text), encoding: encoding.name(), from };
        }
        return encoding.decode(from, bytes, repairs);
    }
    if labelled().next().is_some() {
        repairs.note("wrong-encoding-label");
    }
    repairs.note("guessed-encoding");
    let others: Vec<u8> = if has_utf8_text(bytes) {
        pieces(bytes).filter(|p| !is_certainly_utf8(p)).flatten().copied().collect()
    } else {
        Vec::new()
    };
    let encoding = guess(if others.is_empty() { bytes } else { &others }, tld);
    if let Some(text) = Charset::Web(encoding).beside_utf8().and_then(|other| by_text(bytes, other)) {
        repairs.note("two-encodings");
        return Decoded { text: Cow::Owned(text), encoding: encoding.name(), from: EncodingFrom::Guess };
    }
    Charset::Web(encoding).decode(EncodingFrom::Guess, bytes, repairs)
}

/// Decodes text that its first bytes identify: a byte order mark, an EBCDIC declaration, or UTF-16 or UTF-32 that begins with `<`
/// and something ASCII (XML 1.0, appendix F).
fn by_mark<'a>(bytes: &'a [u8], repairs: &mut Repairs) -> Option<Decoded<'a>> {
    let utf32 = |skip: usize, read: fn([u8; 4]) -> u32| {
        let wide = bytes[skip..].chunks_exact(4).map(|c| read([c[0], c[1], c[2], c[3]]));
        let text = wide.map(|c| char::from_u32(c).unwrap_or(char::REPLACEMENT_CHARACTER)).collect::<String>();
        Some(Decoded { text: Cow::Owned(text), encoding: UTF_8.name(), from: EncodingFrom::Bom })
    };
    match *bytes {
        [0, 0, 0xFE, 0xFF, ..] => return utf32(4, u32::from_be_bytes),
        [0xFF, 0xFE, 0, 0, ..] => return utf32(4, u32::from_le_bytes),
        [0, 0, 0, b'<', ..] => return utf32(0, u32::from_be_bytes),
        [b'<', 0, 0, 0, ..] => return utf32(0, u32::from_le_bytes),
        _ => {}
    }
    if let Some(page) = CodePage::of_ebcdic(bytes) {
        return Some(Charset::Page(page).decode(EncodingFrom::Bom, bytes, repairs));
    }
    let (encoding, skip) = match *bytes {
        [0xEF, 0xBB, 0xBF, ..] => (UTF_8, 3),
        [0xFE, 0xFF, ..] => (UTF_16BE, 2),
        [0xFF, 0xFE, ..] => (UTF_16LE, 2),
        [0, b'<', 0, b, ..] if b != 0 => (UTF_16BE, 0),
        [b'<', 0, b, 0, ..] if b != 0 => (UTF_16LE, 0),
        _ => return None,
    };
    let rest = &bytes[skip..];
    if encoding == UTF_8 && std::str::from_utf8(rest).is_err() {
        repairs.note("bad-bytes");
        return Some(Decoded {
            text: Cow::Owned(mend(rest, None, None)),
            encoding: UTF_8.name(),
            from: EncodingFrom::Bom,
        });
    }
    let mut decoded = Charset::Web(encoding).decode(EncodingFrom::Bom, rest, repairs);
    // Some tools concatenate files, so a second mark can follow the first.
    if let Some(text) = decoded.text.strip_prefix('\u{FEFF}') {
        decoded.text = Cow::Owned(text.to_owned());
    }
    Some(decoded)
}

/// Returns the `encoding` of the XML declaration, wherever it stands in the first [`DECLARATION_WITHIN`] bytes.
fn declaration(bytes: &[u8]) -> Option<String> {
    let head = &bytes[..bytes.len().min(DECLARATION_WITHIN)];
    let start = memchr::memmem::find(head, b"<?xml")?;
    let end = start + memchr::memchr(b'>', &head[start..])?;
    let inside = &head[start..end];
    let after = &inside[memchr::memmem::find(inside, b"encoding")? + 8..];
    let quote = after.iter().position(|b| matches!(b, b'"' | b'\''))?;
    let value = &after[quote + 1..];
    let value = &value[..memchr::memchr(after[quote], value)?];
    String::from_utf8(value.to_vec()).ok()
}

/// Returns whether bytes that are not valid UTF-8 are UTF-8 with errors: at least four good multi-byte characters for each bad
/// place.
fn mostly_utf8(bytes: &[u8]) -> bool {
    let (mut good, mut bad) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().bytes().filter(|b| *b >= 0xC2).count();
        // One bad place is free (see below): a character cut off at the end of the document is no evidence.
        bad += usize::from(!chunk.invalid().is_empty());
    }
    good > 0 && good >= 4 * bad.saturating_sub(1)
}

/// Guesses the encoding by statistics.
fn guess(bytes: &[u8], tld: Option<&str>) -> &'static Encoding {
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Allow);
    detector.feed(&bytes[..bytes.len().min(GUESS_BYTES)], bytes.len() <= GUESS_BYTES);
    detector.guess(tld.map(str::as_bytes), chardetng::Utf8Detection::Deny)
}

/// Returns whether XML allows a character in a document (XML 1.0, production 2).
pub(super) fn allowed(c: char) -> bool {
    !matches!(c, '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}')
}

fn has_forbidden(bytes: &[u8]) -> bool {
    // Whole blocks without an early exit, so that many bytes are compared in one step.
    let control = |b: &u8| *b < 0x20 && !matches!(*b, b'\t' | b'\n' | b'\r');
    bytes.chunks(1_024).any(|block| block.iter().fold(false, |found, b| found | control(b)))
        || memchr::memchr_iter(0xEF, bytes).any(|at| matches!(bytes.get(at + 1..at + 3), Some([0xBF, 0xBE | 0xBF])))
}

#[cfg(test)]
mod tests;
