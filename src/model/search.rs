//! The query syntax of searches: words that must all occur, `"a phrase"`, `-without`, `this OR that`, `begin*`, and the filters
//! `outlet:`, `tag:`, `lang:`, `after:` and `before:`. Pure: this module neither folds words nor looks anything up.
//!
//! Every text is a valid query. Parts that cannot be understood are left out and returned as notes for the reader.

use super::{Language, Slug, StoryView, browse::PlaceKey};
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

/// The place where a page of results begins: opaque to readers, who get it from links. Results are read in batches of matching
/// entries in the order of their numbers; within a batch they are shown by date.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchPlace {
    /// The latest entry of the batch; `None` = the latest one that there is.
    pub newest: Option<i64>,
    /// The page begins after this result; `None` = with the first one of the batch.
    pub after: Option<PlaceKey>,
}

impl SearchPlace {
    /// Parses the output of [`fmt::Display`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(after) = PlaceKey::parse(text) {
            return Some(Self { newest: None, after: Some(after) });
        }
        let (newest, after) = text.split_once('_').map_or((text, None), |(newest, after)| (newest, Some(after)));
        let newest = newest.parse().ok().filter(|n| *n >= 0)?;
        let after = match after {
            Some(after) => Some(PlaceKey::parse(after)?),
            None => None,
        };
        Some(Self { newest: Some(newest), after })
    }
}

impl fmt::Display for SearchPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.newest, &self.after) {
            (Some(newest), Some(after)) => write!(f, "{newest}_{after}"),
            (Some(newest), None) => write!(f, "{newest}"),
            (None, Some(after)) => write!(f, "{after}"),
            (None, None) => Ok(()),
        }
    }
}

/// A page of results.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SearchPage {
    /// The stories, newest first, each shown as its first matching report.
    pub stories: Vec<StoryView>,
    /// How many stories were found; `None` if they were not counted.
    pub count: Option<SearchCount>,
    /// Where the next older page begins; `None` = there is nothing older.
    pub older: Option<SearchPlace>,
}

/// Number of stories that a search finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchCount {
    /// Exactly this number.
    Exactly(u32),
    /// More than this: counting stopped.
    MoreThan(u32),
}

/// A piece of a text: whether a search found it, and its characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// The text of the piece.
    pub text: String,
    /// Whether the search found this piece.
    pub is_match: bool,
}

/// A story that was found, with the matches in its title and text.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundStory {
    /// The story.
    pub story: StoryView,
    /// Its title.
    pub title: Vec<Segment>,
    /// The part of its text with the first match, or the beginning of the text without a match. May be empty.
    pub excerpt: Vec<Segment>,
}

/// A page of results with the words that were found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FoundPage {
    /// The stories, newest first.
    pub stories: Vec<FoundStory>,
    /// How many stories were found; `None` if they were not counted.
    pub count: Option<SearchCount>,
    /// Where the next older page begins; `None` = there is nothing older.
    pub older: Option<SearchPlace>,
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
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Formats a query in one line.
    fn shown(query: &SearchQuery) -> String {
        let term = |term: &Term| format!("[{}{}]", term.text, if term.is_prefix { "*" } else { "" });
        let mut parts: Vec<String> =
            query.groups.iter().map(|group| group.iter().map(term).collect::<Vec<_>>().join("|")).collect();
        parts.extend(query.without.iter().map(|t| format!("-{}", term(t))));
        parts.extend(query.outlets.iter().map(|o| format!("outlet={o}")));
        parts.extend(query.tags.iter().map(|t| format!("tag={t}")));
        parts.extend(query.languages.iter().map(|l| format!("lang={}", l.as_str())));
        parts.extend(query.after.iter().map(|d| format!("after={d}")));
        parts.extend(query.before.iter().map(|d| format!("before={d}")));
        parts.join(" ")
    }

    #[test]
    fn searches_are_read_as_people_type_them() {
        for (typed, meaning) in [
            ("rain north", "[rain] [north]"),
            ("\"heavy rain\" north", "[heavy rain] [north]"),
            ("«أمطار غزيرة» الشمال", "[أمطار غزيرة] [الشمال]"),
            ("“fortes pluies”", "[fortes pluies]"),
            ("rain -snow", "[rain] -[snow]"),
            ("rain -\"heavy snow\"", "[rain] -[heavy snow]"),
            ("rain OR snow north", "[rain]|[snow] [north]"),
            ("rain OR snow OR hail", "[rain]|[snow]|[hail]"),
            ("rain or snow", "[rain] [or] [snow]"),
            ("OR rain OR", "[rain]"),
            ("inond*", "[inond*]"),
            ("رياض*", "[رياض*]"),
            ("outlet:alalam tag:morocco rain", "[rain] outlet=alalam tag=morocco"),
            ("tag:\"le sud\" lang:FR-ma", "tag=le sud lang=fr"),
            ("after:2026-11 before:2026-12-01", "after=2026-11-01 before=2026-12-01"),
            ("well-known a-b", "[well-known] [a-b]"),
            ("http://x.example", "[http://x.example]"),
            ("rain - snow", "[rain] [snow]"),
            ("rain\"heavy snow\"", "[rain] [heavy snow]"),
            ("* - \"\" ()", ""),
            ("", ""),
        ] {
            let query = SearchQuery::parse(typed);
            assert_eq!((shown(&query).as_str(), query.notes.as_slice()), (meaning, &[][..]), "{typed}");
        }
    }

    #[test]
    fn a_place_is_read_back_as_it_was_written() {
        let key = "2026-11-25T10:00:00Z_2026-11-25T09:57:00Z_12_34";
        for text in [key.to_owned(), "77".to_owned(), format!("77_{key}")] {
            assert_eq!(SearchPlace::parse(&text).map(|place| place.to_string()), Some(text));
        }
        for wrong in ["", "-1", "x", "77_", "77_x", &format!("{key}_1"), &format!("77_8_{key}")] {
            assert_eq!(SearchPlace::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_cannot_be_understood_is_left_out_and_named() {
        let bad = |value: &str| vec![SearchNote::BadValue(value.to_owned())];
        for (typed, meaning, notes) in [
            ("\"heavy rain", "[heavy rain]", vec![SearchNote::OpenQuote]),
            ("ra*", "[ra]", vec![SearchNote::ShortPrefix("ra".to_owned())]),
            ("rain lang:!!", "[rain]", bad("lang:!!")),
            ("rain before:soon", "[rain]", bad("before:soon")),
            ("rain after:2026-02-30", "[rain]", bad("after:2026-02-30")),
            ("rain outlet:", "[rain]", bad("outlet:")),
            ("rain -tag:x", "[rain]", bad("-tag:x")),
            ("-rain", "-[rain]", vec![SearchNote::OnlyWithout]),
        ] {
            let query = SearchQuery::parse(typed);
            assert_eq!((shown(&query).as_str(), query.notes), (meaning, notes), "{typed}");
        }
        let long = SearchQuery::parse(&"word ".repeat(40));
        assert_eq!((long.groups.len(), long.notes), (TERMS, vec![SearchNote::TooMany]));
    }

    proptest! {
        #![proptest_config(crate::model::testing::cases())]

        #[test]
        fn every_text_has_a_meaning(typed in "(-|\"|«|OR |outlet:|tag:|before:|lang:|\\*|\\PC{0,4}| ){0,20}") {
            let query = SearchQuery::parse(&typed);
            prop_assert!(query.groups.iter().all(|group| !group.is_empty()));
            prop_assert!(query.groups.iter().flatten().chain(&query.without).all(|t| t.text.chars().any(char::is_alphanumeric)));
        }
    }
}
