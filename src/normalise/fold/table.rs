//! What each character folds to: a table for the characters of Arabic and Latin texts, NFKD for the rest.

use std::sync::LazyLock;
use unicode_normalization::char::{canonical_combining_class, decompose_compatible, is_combining_mark};

/// What a character folds to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folding {
    /// Nothing: harakat, tatweel, accents, bidi marks, joiners, soft hyphens, hamza on the line.
    Drop,
    /// A gap between words.
    Break,
    /// A letter.
    Letter(char),
    /// An ASCII digit.
    Digit(u8),
    /// Several characters, given by [`expand`].
    Many,
}

/// Characters below this are in the table: Latin, Greek, Cyrillic, Hebrew, Arabic, and general punctuation with its
/// invisible marks.
const TABLE_END: u32 = 0x2070;

static TABLE: LazyLock<Box<[Folding]>> =
    LazyLock::new(|| (0..TABLE_END).map(|c| char::from_u32(c).map_or(Folding::Drop, slow)).collect());

/// Returns the table. Keep the reference while folding a text.
pub fn table() -> &'static [Folding] {
    &TABLE
}

/// Returns what `c` folds to, by NFKD and [`single`].
pub fn slow(c: char) -> Folding {
    let mut first = Folding::Drop;
    let mut kept = 0;
    expand(c, &mut |folds| {
        first = folds;
        kept += 1;
    });
    if kept > 1 { Folding::Many } else { first }
}

/// Calls `emit` with each part of `c` that is not dropped, in lower case.
pub fn expand(c: char, emit: &mut impl FnMut(Folding)) {
    match c {
        'ß' | 'ẞ' => return "ss".chars().for_each(|c| emit(Folding::Letter(c))),
        'æ' | 'Æ' => return "ae".chars().for_each(|c| emit(Folding::Letter(c))),
        'œ' | 'Œ' => return "oe".chars().for_each(|c| emit(Folding::Letter(c))),
        _ => {}
    }
    decompose_compatible(c, |part| {
        for lower in part.to_lowercase() {
            match single(lower) {
                Folding::Drop => {}
                folds => emit(folds),
            }
        }
    });
}

/// Applies the rule for one decomposed, lower-case character.
fn single(c: char) -> Folding {
    match c {
        _ if is_invisible(c) || c == 'ء' => Folding::Drop,
        'أ' | 'إ' | 'آ' | 'ٱ' => Folding::Letter('ا'),
        'ى' | 'ی' | 'ئ' | 'ې' => Folding::Letter('ي'),
        'ؤ' => Folding::Letter('و'),
        'ة' | 'ھ' | 'ہ' | 'ە' => Folding::Letter('ه'),
        'ک' | 'گ' | 'ڭ' => Folding::Letter('ك'),
        'پ' => Folding::Letter('ب'),
        'ڤ' => Folding::Letter('ف'),
        'ڨ' => Folding::Letter('ق'),
        'چ' => Folding::Letter('ج'),
        'ژ' => Folding::Letter('ز'),
        '٠'..='٩' => digit(c, '٠'),
        '۰'..='۹' => digit(c, '۰'),
        '0'..='9' => digit(c, '0'),
        'ł' => Folding::Letter('l'),
        'ø' => Folding::Letter('o'),
        'đ' => Folding::Letter('d'),
        'ı' => Folding::Letter('i'),
        _ if c.is_alphanumeric() || is_combining_mark(c) => Folding::Letter(c),
        _ => Folding::Break,
    }
}

fn digit(c: char, zero: char) -> Folding {
    u8::try_from(c as u32 - zero as u32).map_or(Folding::Drop, |value| Folding::Digit(b'0' + value))
}

/// Returns whether a character is a mark on a letter or a sign that only arranges letters.
fn is_invisible(c: char) -> bool {
    // zero-width space and joiners, bidi marks, embeddings and isolates, word joiner, BOM, soft hyphen, tatweel
    let arranges = matches!(c, '\u{200b}'..='\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{2066}'..='\u{2069}')
        || matches!(c, '\u{feff}' | '\u{ad}' | 'ـ');
    // honorifics, harakat, dagger alif, Quranic marks
    let vocalises = matches!(c, '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{6d6}'..='\u{6dc}')
        || matches!(c, '\u{6df}'..='\u{6e4}' | '\u{6e7}' | '\u{6e8}' | '\u{6ea}'..='\u{6ed}');
    arranges || vocalises || canonical_combining_class(c) != 0
}
