//! Titles and names: one line of plain text, whatever form they came in.

use super::strip;
use crate::model::{Markup, PlainText};
use std::borrow::Cow;

/// Maximum length of a title or name, in characters.
pub const LONGEST: usize = 500;

/// Maximum number of bytes that are examined; more than the length, because mark-up takes room too.
const LOOKED_AT: usize = 64 * 1024;

/// Returns a text as one line without mark-up, references, control or bidi override characters, and with white space collapsed.
/// Returns `None` when nothing is left.
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
    // A reference that is still there was escaped once too often, and nobody was meant to read it. But a plain text that shows
    // mark-up shows references too.
    let shows = matches!(markup, Markup::Text(_)) && text.contains('<');
    capped(&if shows { text } else { strip::references(&text) }, LONGEST)
}

/// Returns the first `most` characters of a text as one line, or `None` when nothing is left.
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

/// Returns whether a text is one line of plain text already, so that the common case takes a single scan.
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

/// Returns whether a character is removed: control characters, the embedding, override and isolate characters of bidi (their
/// effect reaches beyond their text), replacement characters, and what XML forbids. Left-to-right and right-to-left marks stay,
/// because correct spelling needs them.
pub(super) fn is_dropped(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFF}')
}
