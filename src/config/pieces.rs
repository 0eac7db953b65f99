//! A long file is read in pieces: the parser's tables take many times the bytes of the text, and of a hundred thousand outlets
//! only some hundred are needed at a time.

use super::{outlets::Outlets, raw::ConfigSource, requests::SecretFiles};
use std::{borrow::Cow, ops::Range};
use toml::de::DeTable;

/// Bytes of a piece, at least.
const PIECE: usize = 64 << 10;
/// The line with which a piece begins.
const HEADER: &str = "[[outlet]]";

/// A file of the configuration: pieces that hold nothing but outlets, and the rest.
pub(super) struct FilePieces<'t> {
    text: &'t str,
    outlets: Vec<Range<usize>>,
    /// The text with blanks in the places of the pieces.
    rest: Cow<'t, str>,
}

impl<'t> FilePieces<'t> {
    /// Cuts a long file; a short one has no pieces.
    pub(super) fn of(text: &'t str) -> Self {
        match pieces(text) {
            Some((outlets, rest)) => Self { text, outlets, rest: Cow::Owned(rest) },
            None => Self { text, outlets: Vec::new(), rest: Cow::Borrowed(text) },
        }
    }

    /// Everything that is in no piece, each byte at its old offset.
    pub(super) fn rest(&self) -> &str {
        &self.rest
    }
}

impl Outlets {
    /// Reads the outlets of a file: those of its pieces, then those of the rest, which is `root`.
    pub(super) fn add_file(
        &mut self,
        source: &ConfigSource<'_>,
        pieces: &FilePieces<'_>,
        root: &DeTable<'_>,
        files: SecretFiles<'_>,
    ) {
        let mut count = 0;
        for piece in &pieces.outlets {
            let (root, _) = DeTable::parse_recoverable(&pieces.text[piece.clone()]);
            count = source.in_piece(piece.start, || self.add(source, root.get_ref(), count, files));
        }
        self.add(source, root, count, files);
    }
}

/// FilePieces that hold nothing but outlets, and the text with blanks in their places.
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
