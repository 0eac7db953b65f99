//! Folding of texts, for comparison and search; folded texts are never shown.
//!
//! Words that a reader takes for the same fold to the same token: with or without vowel signs, hamza or article, in Persian or
//! Arabic letters, in capitals, with accents, in Arabic-Indic digits.
//!
//! The same function serves matching and search: a query is folded like the texts. Folding is not idempotent (each call removes a
//! prefix), so fold plain text exactly once.

mod dateline;
mod months;
mod numbers;
mod table;

pub use dateline::without_dateline;

use months::Month;
use numbers::Number;
use table::Folding;

/// Folds a plain text to runs of letters and numbers, separated by single spaces.
#[must_use]
pub fn fold(text: &str) -> String {
    let table = table::table();
    let mut folder = Folder { out: String::with_capacity(text.len() + 1), ..Folder::default() };
    for c in text.chars() {
        match table.get(c as usize).copied().unwrap_or_else(|| table::slow(c)) {
            Folding::Many => table::expand(c, &mut |part| folder.take(part, c)),
            // Most characters are further letters of a word.
            Folding::Letter(letter) if folder.word.is_some() => folder.out.push(letter),
            folds => folder.take(folds, c),
        }
    }
    folder.end_word();
    folder.end_number();
    if !folder.out.is_empty() {
        folder.out.remove(0);
    }
    folder.out
}

/// Returns whether a character stands between words.
#[must_use]
pub fn breaks_words(c: char) -> bool {
    match table::table().get(c as usize).copied().unwrap_or_else(|| table::slow(c)) {
        Folding::Many => {
            let mut is_letter = false;
            table::expand(c, &mut |part| is_letter |= part != Folding::Break);
            !is_letter
        }
        folds => folds == Folding::Break,
    }
}

/// Folds the letters and digits of a text to one spelling, and keeps its words as they are and everything between them.
#[must_use]
pub fn fold_letters(text: &str) -> String {
    let table = table::table();
    let mut out = String::with_capacity(text.len());
    let mut take = |folds: Folding, original: char| match folds {
        Folding::Drop | Folding::Many => {}
        Folding::Letter(c) => out.push(c),
        Folding::Digit(d) => out.push(char::from(d)),
        Folding::Break if original.is_whitespace() => out.push(' '),
        Folding::Break => out.push(original),
    };
    for c in text.chars() {
        match table.get(c as usize).copied().unwrap_or_else(|| table::slow(c)) {
            Folding::Many => table::expand(c, &mut |part| take(part, c)),
            folds => take(folds, c),
        }
    }
    out
}

/// State of folding a text. Tokens are built at the end of `out`, each after a space; a number is held back until its last group
/// is known.
#[derive(Default)]
struct Folder {
    out: String,
    /// Where the word being built starts, or `None` between words.
    word: Option<usize>,
    number: Number,
    /// A separator after a digit; it belongs to the number if a digit follows.
    separator: Option<char>,
    last: Last,
}

/// The previous token, as far as the reading of a month depends on it.
#[derive(Default, Clone, Copy, PartialEq)]
enum Last {
    /// Any other token, or none.
    #[default]
    Word,
    Number,
    /// A word at this position of `out` that is a month if a number, or the second word of its name, follows.
    Maybe(usize, Month),
}

impl Folder {
    fn take(&mut self, folds: Folding, original: char) {
        match folds {
            Folding::Drop | Folding::Many => {}
            Folding::Letter(c) => {
                self.end_number();
                if self.word.is_none() {
                    self.word = Some(self.out.len());
                    self.out.push(' ');
                }
                self.out.push(c);
            }
            Folding::Digit(d) => {
                self.end_word();
                if let Some(separator) = self.separator.take() {
                    self.number.separate(separator);
                }
                self.number.push(d);
            }
            Folding::Break => {
                self.end_word();
                if self.separator.is_some() || !numbers::separates(original) {
                    self.end_number();
                } else if !self.number.is_empty() {
                    self.separator = Some(original);
                }
            }
        }
    }

    fn end_number(&mut self) {
        self.separator = None;
        if self.number.is_empty() {
            return;
        }
        if let Last::Maybe(at, Month::BesideNumber(month)) = self.last {
            self.replace(at, month);
        }
        self.number.finish(&mut self.out);
        self.last = Last::Number;
    }

    /// Ends the word being built: a month becomes its number, any other word loses its light prefix.
    fn end_word(&mut self) {
        let Some(start) = self.word.take() else { return };
        let word = &self.out[start + 1..];
        if let Last::Maybe(at, Month::First(first)) = self.last
            && let Some(month) = months::second(first, word)
        {
            return self.replace(at, month);
        }
        // Only Arabic words have prefixes.
        let is_latin = word.starts_with(|c: char| c.is_ascii());
        let bare = if is_latin { word } else { without_conjunction(word) };
        let meant = months::month(word).or_else(|| if bare.len() < word.len() { months::month(bare) } else { None });
        match meant {
            Some(Month::Sure(month)) => self.replace(start, month),
            Some(Month::BesideNumber(month)) if self.last == Last::Number => self.replace(start, month),
            _ => {
                let skip = if is_latin { 0 } else { word.len() - light(word).len() };
                if skip > 0 {
                    self.out.replace_range(start + 1..=start + skip, "");
                }
                self.last = meant.map_or(Last::Word, |month| Last::Maybe(start, month));
            }
        }
    }

    /// Replaces everything from `at` on by a month. The same month named twice (أيار/مايو) is written once.
    fn replace(&mut self, at: usize, month: u8) {
        self.out.truncate(at);
        let token = months::token(month);
        if self.out.rsplit(' ').next() != Some(token) {
            self.out.push(' ');
            self.out.push_str(token);
        }
        self.last = Last::Word;
    }
}

/// Removes و or ف where it can only mean "and" or "so": before the article or before four letters.
fn without_conjunction(word: &str) -> &str {
    word.strip_prefix(['و', 'ف']).filter(|rest| rest.starts_with("ال") || has_letters(rest, 4)).unwrap_or(word)
}

/// Removes a light prefix: a conjunction, the article, and prepositions that merge with the article. ب, ك and ل alone stay,
/// because too many words begin with them.
fn light(word: &str) -> &str {
    const ARTICLES: [&str; 6] = ["وال", "بال", "كال", "فال", "لل", "ال"];
    let bare = without_conjunction(word);
    let rest = ARTICLES.iter().find_map(|article| bare.strip_prefix(article).filter(|rest| has_letters(rest, 3)));
    rest.unwrap_or(bare)
}

fn has_letters(word: &str, least: usize) -> bool {
    word.chars().nth(least - 1).is_some()
}

#[cfg(test)]
mod tests;
