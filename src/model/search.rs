//! The query syntax of searches: words that must all occur, `"a phrase"`, `-without`, `this OR that`, `begin*`, and the filters
//! `outlet:`, `tag:`, `lang:`, `after:` and `before:`. Pure: this module neither folds words nor looks anything up.
//!
//! Every text is a valid query. Parts that cannot be understood are left out and returned as notes for the reader.

mod results;

pub use results::{FoundPage, FoundStory, SearchCount, SearchPage, SearchPlace, Segment};

use super::{Language, Slug};
use jiff::civil::Date;
use std::collections::BTreeSet;
use std::fmt;

/// Maximum number of words of a query. The rest is left out.
const TERMS: usize = 32;
/// Minimum length of a prefix, in characters. Shorter ones match too many words.
pub const PREFIX: usize = 3;

/// A word or a phrase, as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// The word, or the words of a phrase.
    pub text: String,
    /// Whether the last word is a prefix.
    pub is_prefix: bool,
}

/// A parsed search.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchQuery {
    /// Groups of terms. One term of each group must occur. Never contains an empty group.
    pub groups: Vec<Vec<Term>>,
    /// Terms that must not occur.
    pub without: Vec<Term>,
    /// Slugs of outlets; empty: all.
    pub outlets: BTreeSet<Slug>,
    /// Tags; empty: all.
    pub tags: BTreeSet<String>,
    /// Primary language subtags; empty: all.
    pub languages: BTreeSet<Language>,
    /// First day on which an entry may be published.
    pub after: Option<Date>,
    /// The day before which an entry must be published.
    pub before: Option<Date>,
    /// The parts that were left out or read differently.
    pub notes: Vec<SearchNote>,
}

/// The reason why a part of a search was left out or read differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SearchNote {
    /// A quotation mark was not closed; the phrase ends with the search.
    OpenQuote,
    /// The text after the colon is not a valid value of the filter.
    BadValue(String),
    /// A prefix is too short, and was read as a whole word.
    ShortPrefix(String),
    /// The search excludes words but has no word to find, so it finds nothing.
    OnlyWithout,
    /// There were too many words.
    TooMany,
}

impl fmt::Display for SearchNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OpenQuote => f.write_str("a quotation mark is not closed; the phrase goes on to the end"),
            Self::BadValue(part) => write!(f, "left out, because it is not understood: {part}"),
            Self::ShortPrefix(word) => {
                write!(f, "the beginning of a word needs at least {PREFIX} letters; read as a whole word: {word}")
            }
            Self::OnlyWithout => {
                f.write_str("enter at least one word to search for; words with a minus only exclude results")
            }
            Self::TooMany => write!(f, "only the first {TERMS} words were read"),
        }
    }
}

/// A part of a query.
struct Piece {
    /// The text without the sign, the name of the filter and the quotation marks.
    text: String,
    is_quoted: bool,
    is_negated: bool,
    /// The name before a colon: `outlet`, `tag`, `lang`, `before` or `after`.
    filter: Option<&'static str>,
}

/// Names of the filters.
const FILTERS: [&str; 5] = ["outlet", "tag", "lang", "before", "after"];

/// Returns whether a character opens or closes a phrase, in any of the three languages.
fn is_quote(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '„' | '«' | '»')
}

impl SearchQuery {
    /// Parses a search.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut query = Self::default();
        let mut joins = false;
        for piece in pieces(text, &mut query.notes).into_iter().take(TERMS) {
            if !piece.is_quoted && !piece.is_negated && piece.filter.is_none() && matches!(&*piece.text, "OR" | "|") {
                joins = !query.groups.is_empty();
                continue;
            }
            match piece.filter {
                Some(filter) => query.filter(filter, &piece),
                None => query.term(&piece, joins),
            }
            joins = false;
        }
        if query.groups.is_empty() && !query.without.is_empty() {
            query.notes.push(SearchNote::OnlyWithout);
        }
        query
    }

    /// Returns whether a filter is set.
    #[must_use]
    pub fn is_filtered(&self) -> bool {
        !(self.outlets.is_empty() && self.tags.is_empty() && self.languages.is_empty())
            || self.after.is_some()
            || self.before.is_some()
    }

    fn term(&mut self, piece: &Piece, joins: bool) {
        let bare = piece.text.trim_end_matches('*');
        let starred = !piece.is_quoted && bare.len() < piece.text.len();
        let is_prefix = starred && bare.chars().count() >= PREFIX;
        if starred && !is_prefix && !bare.is_empty() {
            self.notes.push(SearchNote::ShortPrefix(bare.to_owned()));
        }
        if !bare.chars().any(char::is_alphanumeric) {
            return;
        }
        let term = Term { text: bare.to_owned(), is_prefix };
        match (piece.is_negated, joins, self.groups.last_mut()) {
            (true, ..) => self.without.push(term),
            (false, true, Some(group)) => group.push(term),
            (false, ..) => self.groups.push(vec![term]),
        }
    }

    fn filter(&mut self, filter: &'static str, piece: &Piece) {
        let value = piece.text.as_str();
        let known = !piece.is_negated
            && match filter {
                "outlet" => Slug::parse(value).map(|slug| self.outlets.insert(slug)).is_ok(),
                "tag" => {
                    !value.is_empty() && {
                        self.tags.insert(value.to_owned());
                        true
                    }
                }
                "lang" => primary(value).map(|language| self.languages.insert(language)).is_some(),
                "after" => day(value).map(|day| self.after = Some(day)).is_some(),
                _ => day(value).map(|day| self.before = Some(day)).is_some(),
            };
        if !known {
            let sign = if piece.is_negated { "-" } else { "" };
            self.notes.push(SearchNote::BadValue(format!("{sign}{filter}:{value}")));
        }
    }
}

fn primary(tag: &str) -> Option<Language> {
    Language::parse(Language::parse(tag).ok()?.primary()).ok()
}

/// Parses `2026-11-25`, `2026-11` or `2026`. Returns the day, or the first day of the month or year.
fn day(text: &str) -> Option<Date> {
    let mut numbers =
        text.split('-').map(|part| part.parse::<i16>().ok().filter(|_| part.bytes().all(|b| b.is_ascii_digit())));
    let year = numbers.next()??;
    let mut next = || numbers.next().map_or(Some(1), |number| number.and_then(|n| i8::try_from(n).ok()));
    let (month, day) = (next()?, next()?);
    if numbers.next().is_some() || !(1000..=9999).contains(&year) {
        return None;
    }
    Date::new(year, month, day).ok()
}

/// Splits a text at spaces outside quotation marks.
fn pieces(text: &str, notes: &mut Vec<SearchNote>) -> Vec<Piece> {
    let (mut found, mut rest) = (Vec::new(), text.trim_start());
    while !rest.is_empty() {
        if found.len() == TERMS {
            notes.push(SearchNote::TooMany);
            break;
        }
        let negated =
            rest.strip_prefix('-').filter(|after| after.starts_with(|c: char| is_quote(c) || c.is_alphanumeric()));
        let mut begins = negated.unwrap_or(rest);
        let filter = FILTERS.into_iter().find(|name| {
            let head = begins.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name));
            head && begins[name.len()..].starts_with(':')
        });
        begins = filter.map_or(begins, |name| &begins[name.len() + 1..]);
        let (text, is_quoted, after) = if let Some(inside) = begins.strip_prefix(is_quote) {
            let (phrase, after) = inside.split_once(is_quote).unwrap_or_else(|| {
                notes.push(SearchNote::OpenQuote);
                (inside, "")
            });
            (phrase, true, after)
        } else {
            let end = begins.find(|c: char| c.is_whitespace() || is_quote(c)).unwrap_or(begins.len());
            (&begins[..end], false, &begins[end..])
        };
        found.push(Piece { text: text.trim().to_owned(), is_quoted, is_negated: negated.is_some(), filter });
        rest = after.trim_start();
    }
    found
}

#[cfg(test)]
mod tests;
