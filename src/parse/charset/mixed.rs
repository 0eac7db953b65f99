//! Documents with bytes of more than one encoding, decoded text by text.

use super::{Charset, guess};
use crate::model::script::Script;
use encoding_rs::{Encoding, KOI8_R, WINDOWS_1251, WINDOWS_1252, WINDOWS_1253, WINDOWS_1255, WINDOWS_1256};

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

/// Splits a document into its texts and tags at each `<` and `>`; JSON, which has neither, at its quotes.
pub(super) fn pieces(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let is_json = matches!(bytes.trim_ascii_start().first(), Some(b'{' | b'['));
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let next = |tail: &[u8]| if is_json { memchr::memchr(b'"', tail) } else { memchr::memchr2(b'<', b'>', tail) };
        let end = rest.get(1..).map(|tail| next(tail).map_or(rest.len(), |at| at + 1))?;
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
/// Characters of a document that show its script.
const SCRIPT_SAMPLE: usize = 2_000;

/// Decodes UTF-8 with bad bytes, text by text (between `<` and `>`). A text that has bad bytes and no good multi-byte character
/// is in the other encoding that the document names, else in the one for the script of its other texts, else in the one that
/// statistics find for such texts, else in windows-1252. In all other texts each bad place becomes one replacement character, or a
/// letter of windows-1252 where the text is in Latin letters.
pub(super) fn mend(bytes: &[u8], named: Option<&'static Encoding>, tld: Option<&str>) -> String {
    let is_other =
        |piece: &&[u8]| std::str::from_utf8(piece).is_err() && piece.utf8_chunks().all(|c| c.valid().is_ascii());
    let mut other = named;
    if other.is_none() {
        let others: Vec<u8> = pieces(bytes).filter(is_other).flatten().copied().collect();
        let high = others.iter().filter(|b| **b >= 0x80).count();
        other = if high > 0 { encoding_of_script(bytes, &others) } else { None };
        if other.is_none() && high >= ENOUGH {
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
            (Err(_), _) => push_mended(&mut out, piece),
        }
    }
    out
}

/// Returns the single-byte encoding of the script in which the good texts of a document are written, if it makes letters of that
/// script of the other texts. Few bytes are enough, because they are not compared with all encodings.
fn encoding_of_script(bytes: &[u8], others: &[u8]) -> Option<&'static Encoding> {
    let good = bytes.utf8_chunks().flat_map(|chunk| chunk.valid().chars());
    let sample: String = good.filter(|c| !c.is_ascii()).take(SCRIPT_SAMPLE).collect();
    let script = Script::of(&sample)?;
    let encodings: &[&Encoding] = match script {
        Script::Arabic => &[WINDOWS_1256],
        Script::Cyrillic => &[WINDOWS_1251, KOI8_R],
        Script::Greek => &[WINDOWS_1253],
        Script::Hebrew => &[WINDOWS_1255],
        Script::Latin | Script::Other => return None,
    };
    let small_letters = |encoding: &&'static Encoding| {
        let (text, _, has_bad_bytes) = encoding.decode(others);
        let mut letters = text.chars().filter(|c| !c.is_ascii() && c.is_alphabetic()).peekable();
        let fits = !has_bad_bytes && letters.peek().is_some() && letters.all(|c| Script::of_letter(c) == Some(script));
        // The two of Cyrillic have small letters where the other has capital ones.
        fits.then(|| text.chars().filter(|c| c.is_lowercase()).count())
    };
    let fitting = encodings.iter().copied().filter_map(|encoding| Some((small_letters(&encoding)?, encoding)));
    fitting.rev().max_by_key(|(small, _)| *small).map(|(_, encoding)| encoding)
}

/// Appends a text that has good multi-byte characters and bad bytes. If its letters are Latin, a bad byte is most likely a letter of
/// windows-1252; but the first byte of a letter or of a quotation mark that was cut off, where no letter follows.
fn push_mended(out: &mut String, piece: &[u8]) {
    let good: String = piece.utf8_chunks().map(|chunk| chunk.valid()).collect();
    let is_latin = Script::of(&good) == Some(Script::Latin);
    let mut chunks = piece.utf8_chunks().peekable();
    while let Some(chunk) = chunks.next() {
        out.push_str(chunk.valid());
        let letter_follows = chunks.peek().is_some_and(|next| next.valid().starts_with(char::is_alphabetic));
        match chunk.invalid() {
            [] => {}
            [byte]
                if is_latin
                    && plausible_latin1(&[*byte])
                    && (!matches!(byte, 0xC2..=0xC5 | 0xE2) || letter_follows) =>
            {
                out.push_str(&WINDOWS_1252.decode_without_bom_handling(&[*byte]).0);
            }
            _ => out.push(char::REPLACEMENT_CHARACTER),
        }
    }
}

/// Returns whether all high bytes are letters or punctuation in windows-1252: none of its five unassigned bytes, no `þ` and no
/// `ÿ`.
fn plausible_latin1(piece: &[u8]) -> bool {
    piece.iter().all(|b| !matches!(b, 0x81 | 0x8D | 0x8F | 0x90 | 0x9D | 0xFE | 0xFF))
}
