//! Documents with bytes of more than one encoding, decoded text by text.

use super::{Charset, guess};
use encoding_rs::{Encoding, WINDOWS_1252};

/// Decodes UTF-8 in which characters beyond U+FFFF are written as two surrogates of three bytes each (CESU-8, as some databases
/// write them). Returns `None` when that is not what makes the bytes invalid. Half a pair becomes a replacement character.
pub(super) fn with_joined_surrogates(bytes: &[u8]) -> Option<String> {
    let unit = |at: usize| match bytes.get(at..at + 3) {
        Some([0xED, b @ 0xA0..=0xBF, c @ 0x80..=0xBF]) => Some(0xD000 | u32::from(b & 0x3F) << 6 | u32::from(c & 0x3F)),
        _ => None,
    };
    memchr::memchr_iter(0xED, bytes).find_map(unit)?;
    let (mut out, mut from) = (Vec::with_capacity(bytes.len()), 0);
    for at in memchr::memchr_iter(0xED, bytes) {
        let Some(high) = unit(at).filter(|_| at >= from) else { continue };
        out.extend_from_slice(&bytes[from..at]);
        let pair = unit(at + 3).filter(|low| (0xDC00..0xE000).contains(low) && high < 0xDC00);
        let joined = pair.and_then(|low| char::from_u32(0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00)));
        from = at + if joined.is_some() { 6 } else { 3 };
        out.extend_from_slice(joined.unwrap_or(char::REPLACEMENT_CHARACTER).encode_utf8(&mut [0; 4]).as_bytes());
    }
    out.extend_from_slice(&bytes[from..]);
    String::from_utf8(out).ok()
}

/// Splits a document into its texts and tags at each `<` and `>`.
pub(super) fn pieces(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let end = rest.get(1..).map(|tail| memchr::memchr2(b'<', b'>', tail).map_or(rest.len(), |at| at + 1))?;
        let (piece, tail) = rest.split_at(end);
        rest = tail;
        Some(piece)
    })
}

/// Returns whether a text is valid UTF-8 and has multi-byte characters. Letters of single-byte encodings hardly ever form valid
/// UTF-8 sequences.
pub(super) fn is_certainly_utf8(piece: &[u8]) -> bool {
    std::str::from_utf8(piece).is_ok_and(|text| !text.is_ascii())
}

pub(super) fn has_utf8_text(bytes: &[u8]) -> bool {
    pieces(bytes).any(is_certainly_utf8)
}

/// Returns whether a text is UTF-8 and not in a Chinese, Japanese or Korean encoding of two bytes. Two such bytes are often valid
/// UTF-8 too, but never two sequences of three bytes, as UTF-8 has them for these scripts.
fn is_utf8_beside_two_bytes(piece: &[u8]) -> bool {
    std::str::from_utf8(piece).is_ok_and(|text| {
        let mut wide = text.chars().filter(|c| !c.is_ascii());
        wide.clone().nth(1).is_some() && wide.all(|c| c.len_utf8() > 2)
    })
}

/// Decodes a document in two encodings text by text: texts that are valid UTF-8 are read as UTF-8, the others in `encoding`.
/// Returns `None` when no text is certainly UTF-8.
pub(super) fn by_text(bytes: &[u8], encoding: &'static Encoding) -> Option<String> {
    let is_utf8 = if encoding.is_single_byte() { is_certainly_utf8 } else { is_utf8_beside_two_bytes };
    if !pieces(bytes).any(is_utf8) {
        return None;
    }
    let mut out = String::with_capacity(bytes.len() + bytes.len() / 4);
    for piece in pieces(bytes) {
        match std::str::from_utf8(piece) {
            Ok(text) if text.is_ascii() || is_utf8(piece) => out.push_str(text),
            _ => out.push_str(&encoding.decode_without_bom_handling(piece).0),
        }
    }
    Some(out)
}

/// Number of high bytes from which statistics can tell one alphabet from another.
const ENOUGH: usize = 16;

/// Decodes UTF-8 with bad bytes, text by text (between `<` and `>`). A text that has bad bytes and no good multi-byte character
/// is in the other encoding that the document names, else in the one that statistics find for such texts, else in
/// windows-1252. In all other texts each bad place becomes one replacement character.
pub(super) fn mend(bytes: &[u8], named: Option<&'static Encoding>, tld: Option<&str>) -> String {
    let is_other =
        |piece: &&[u8]| std::str::from_utf8(piece).is_err() && piece.utf8_chunks().all(|c| c.valid().is_ascii());
    let mut other = named;
    if other.is_none() {
        let others: Vec<u8> = pieces(bytes).filter(is_other).flatten().copied().collect();
        if others.iter().filter(|b| **b >= 0x80).count() >= ENOUGH {
            other = Charset::Web(guess(&others, tld)).beside_utf8();
        }
    }
    let mut out = String::with_capacity(bytes.len() + bytes.len() / 16);
    for piece in pieces(bytes) {
        match (std::str::from_utf8(piece), other) {
            (Ok(text), _) => out.push_str(text),
            (Err(_), Some(other)) if is_other(&piece) => out.push_str(&other.decode_without_bom_handling(piece).0),
            // Some pairs of bytes look like good characters.
            (Err(_), Some(other)) if !other.is_single_byte() && !other.decode_without_bom_handling(piece).1 => {
                out.push_str(&other.decode_without_bom_handling(piece).0);
            }
            (Err(_), None) if is_other(&piece) && plausible_latin1(piece) => {
                out.push_str(&WINDOWS_1252.decode_without_bom_handling(piece).0);
            }
            (Err(_), _) => out.push_str(&String::from_utf8_lossy(piece)),
        }
    }
    out
}

/// Returns whether all high bytes are letters or punctuation in windows-1252: none of its five unassigned bytes, no `þ` and no
/// `ÿ`.
fn plausible_latin1(piece: &[u8]) -> bool {
    piece.iter().all(|b| !matches!(b, 0x81 | 0x8D | 0x8F | 0x90 | 0x9D | 0xFE | 0xFF))
}
