//! Titles and names: one line of plain text, whatever they came as.

use super::strip;
use crate::model::{Markup, PlainText};
use std::borrow::Cow;

/// Longest title or name, in characters.
pub const LONGEST: usize = 500;

/// Bytes that are looked at for it: mark-up takes room too.
const LOOKED_AT: usize = 64 * 1024;

/// A text as one line: no mark-up, no references, no control or bidi override characters, white space folded. `None` when
/// nothing is left.
#[must_use]
pub fn plain(markup: &Markup) -> Option<PlainText> {
    let text = markup.as_str();
    if is_plain(text) {
        return (!text.is_empty()).then(|| PlainText::vouch(text.to_owned()));
    }
    let looked_at = &text[..text.floor_char_boundary(LOOKED_AT)];
    let text = match markup {
        Markup::Html(_) => Cow::Owned(strip::text(looked_at)),
        Markup::Text(_) => Cow::Borrowed(looked_at),
    };
    // Escaped once more than it should be: a reference that is still there was never meant to be read. A plain text that shows
    // mark-up shows references too.
    let shows = matches!(markup, Markup::Text(_)) && text.contains('<');
    capped(&if shows { text } else { strip::references(&text) }, LONGEST)
}

/// The first `most` characters of a text, as one line; `None` when nothing is left.
pub(super) fn capped(text: &str, most: usize) -> Option<PlainText> {
    let mut out = String::with_capacity(text.len().min(most * 4));
    let (mut characters, mut blank) = (0, false);
    for c in text.chars() {
        if c.is_whitespace() {
            blank = !out.is_empty();
        } else if !is_dropped(c) {
            if characters >= most {
                out.push('…');
                break;
            }
            if blank {
                out.push(' ');
                blank = false;
            }
            out.push(c);
            characters += 1;
        }
    }
    (!out.is_empty()).then(|| PlainText::vouch(out))
}

/// Whether a text is one line of plain text already: the common case costs one look.
fn is_plain(text: &str) -> bool {
    if text.len() > LONGEST || text.starts_with(' ') || text.ends_with(' ') {
        return false;
    }
    let mut blank = false;
    text.chars().all(|c| {
        let twice = blank && c == ' ';
        blank = c == ' ';
        !twice && !matches!(c, '<' | '&') && (c == ' ' || !c.is_whitespace()) && !is_dropped(c)
    })
}

/// Controls, the embedding, override and isolate characters of bidi (they reach beyond their text), replacement characters,
/// and what XML forbids. Left-to-right and right-to-left marks stay: they are part of right spelling.
pub(super) fn is_dropped(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFF}')
}
