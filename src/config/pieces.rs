//! A long file is read in pieces: the parser's tables take many times the bytes of the text, and of a hundred thousand outlets
//! only some hundred are needed at a time.

use std::ops::Range;
use toml::de::DeTable;

/// Bytes of a piece, at least.
const PIECE: usize = 64 << 10;
/// The line with which a piece begins.
const HEADER: &str = "[[outlet]]";

/// Pieces that hold nothing but outlets, and the text with blanks in their places.
///
/// None where the file is short, where something else stands between the outlets, or where a piece alone is not TOML (such a
/// line stood in a long string): then the file is read as a whole.
pub(super) fn pieces(text: &str) -> Option<(Vec<Range<usize>>, String)> {
    let mut pieces: Vec<Range<usize>> = Vec::new();
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        if line.trim_end() == HEADER && pieces.last().is_none_or(|last| offset - last.start >= PIECE) {
            if let Some(last) = pieces.last_mut() {
                last.end = offset;
            }
            pieces.push(offset..offset);
        }
        offset += line.len();
    }
    // Sections of any kind may follow the last outlet.
    pieces.pop()?;
    let holds_outlets = |piece: &Range<usize>| {
        let (root, faults) = DeTable::parse_recoverable(&text[piece.clone()]);
        faults.is_empty() && root.get_ref().keys().all(|key| key.get_ref() == "outlet")
    };
    if pieces.is_empty() || !pieces.iter().all(holds_outlets) {
        return None;
    }
    let mut rest = String::with_capacity(text.len());
    for piece in &pieces {
        rest.push_str(&text[rest.len()..piece.start]);
        rest.extend(std::iter::repeat_n(' ', piece.len()));
    }
    rest.push_str(&text[rest.len()..]);
    Some((pieces, rest))
}
