//! Filters in query strings: `/feed.atom?tag=…&outlet=…&lang=…&q=…&min_outlets=2`. A query string is parsed into a [`Filter`]
//! within limits, or into a sentence that says what is wrong. Every filter has one canonical query string.

use crate::model::pages::Filter;
use crate::model::{Language, STORY_MEMBERS_MAX, Slug};
use std::borrow::Cow;
use url::form_urlencoded::{Serializer, parse};

/// The parameters of filters.
const KEYS: [&str; 6] = ["outlet", "tag", "lang", "q", "min_outlets", "limit"];
/// Most values of one key.
const VALUES: usize = 16;
/// Longest search, in characters; a longer one is an error.
pub(super) const WORDS: usize = 200;
/// Largest `limit`: the most stories that a filtered feed lists.
const LIMIT: u32 = 200;
/// Default `limit`.
const DEFAULT_LIMIT: u32 = 100;

/// Parses a query string.
///
/// # Errors
/// Returns one sentence for the person who typed it.
pub(super) fn read(query: &str) -> Result<Filter, String> {
    let mut filter = Filter { limit: DEFAULT_LIMIT, ..Filter::default() };
    let mut single: Vec<String> = Vec::new();
    for (key, value) in parse(query.as_bytes()) {
        let (key, value) = (visible(&key), visible(&value));
        let value = value.trim();
        if matches!(&*key, "q" | "min_outlets" | "limit") {
            if single.iter().any(|known| **known == *key) {
                return Err(format!("{key}: given twice; give it once"));
            }
            single.push(key.to_string());
        }
        match &*key {
            "outlet" => {
                let slug = Slug::parse(value).map_err(|_| format!("outlet: “{value}” is not an outlet's slug"))?;
                filter.outlets.insert(slug);
            }
            "lang" => {
                let tag = Language::parse(value)
                    .map_err(|_| format!("lang: “{value}” is not a language; use ar, fr or en"))?;
                let primary = Language::parse(tag.primary()).map_err(|e| e.to_string())?;
                filter.languages.insert(primary);
            }
            "tag" if value.is_empty() || value.chars().count() > 64 => {
                return Err("tag: 1 to 64 characters".to_owned());
            }
            "tag" => {
                filter.tags.insert(value.to_owned());
            }
            "q" => filter.words = words(value)?,
            "min_outlets" => filter.min_outlets = number(&key, value, STORY_MEMBERS_MAX)?,
            "limit" => filter.limit = number(&key, value, LIMIT)?,
            other => {
                return Err(format!("“{other}” is not a filter; allowed: {}", KEYS.join(", ")));
            }
        }
        if filter.outlets.len().max(filter.tags.len()).max(filter.languages.len()) > VALUES {
            return Err(format!("{key}: at most {VALUES} values"));
        }
    }
    Ok(filter)
}

/// Returns whether no parameter of a query string is that of a filter.
pub(super) fn names_no_filter(query: &str) -> bool {
    parse(query.as_bytes()).all(|(key, _)| !KEYS.contains(&&*key))
}

/// Replaces control characters by spaces. They mean nothing in a parameter, and an error message that repeated them would no
/// longer be plain text.
pub(super) fn visible(text: &str) -> Cow<'_, str> {
    if text.contains(char::is_control) { text.replace(char::is_control, " ").into() } else { text.into() }
}

fn words(value: &str) -> Result<Option<String>, String> {
    if value.chars().count() > WORDS {
        return Err(format!("q: at most {WORDS} characters"));
    }
    let folded = value.split_whitespace().collect::<Vec<_>>().join(" ");
    Ok(Some(folded).filter(|w| !w.is_empty()))
}

fn number(key: &str, value: &str, most: u32) -> Result<u32, String> {
    value.parse().ok().filter(|n| (1..=most).contains(n)).ok_or_else(|| format!("{key}: a number from 1 to {most}"))
}

/// Returns the canonical query string of a filter, without the question mark; empty if every value is the default.
pub(super) fn canonical(filter: &Filter) -> String {
    let Filter { channel: _, outlets, tags, languages, words, min_outlets, limit } = filter;
    let mut query = Serializer::new(String::new());
    query.extend_pairs(outlets.iter().map(|o| ("outlet", o.as_str())));
    query.extend_pairs(tags.iter().map(|t| ("tag", t.as_str())));
    query.extend_pairs(languages.iter().map(|l| ("lang", l.as_str())));
    if let Some(words) = words {
        query.append_pair("q", words);
    }
    if *min_outlets > 1 {
        query.append_pair("min_outlets", &min_outlets.to_string());
    }
    if *limit != DEFAULT_LIMIT {
        query.append_pair("limit", &limit.to_string());
    }
    query.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_question_has_one_address() {
        for (asked, canonical_query) in [
            ("", ""),
            ("tag=b&tag=a&tag=b", "tag=a&tag=b"),
            ("lang=FR-ma&outlet=alalam", "outlet=alalam&lang=fr"),
            ("q=++%D8%A3%D9%85%D8%B7%D8%A7%D8%B1%20%20x+", "q=%D8%A3%D9%85%D8%B7%D8%A7%D8%B1+x"),
            ("q=", ""),
            ("q=a%00b%1B%5B31m%C2%9Bc", "q=a+b+%5B31m+c"),
            ("min_outlets=1&limit=100", ""),
            ("min_outlets=2&limit=7", "min_outlets=2&limit=7"),
        ] {
            assert_eq!(read(asked).map(|f| canonical(&f)).as_deref(), Ok(canonical_query), "{asked}");
        }
    }

    #[test]
    fn what_is_out_of_bounds_is_named() {
        let long = format!("q={}", "x".repeat(WORDS + 1));
        let many: String = (0..=VALUES).flat_map(|n| [format!("tag={n}"), "&".to_owned()]).collect();
        for (asked, word) in [
            ("outlets=a", "outlets"),
            ("outlet=Al%20Alam", "outlet"),
            ("lang=arabic!", "lang"),
            ("min_outlets=0", "min_outlets"),
            ("limit=1000", "200"),
            ("tag=", "tag"),
            (&long, "200"),
            (&many, "16"),
            ("q=a&tag=x&q=b", "q: given twice"),
            ("limit=5&limit=5", "limit: given twice"),
        ] {
            assert!(read(asked).unwrap_err().contains(word), "{asked}");
        }
    }

    #[test]
    fn an_error_repeats_no_control_character() {
        for asked in ["x%00%1B=1", "outlet=%1B%5B31m", "lang=%00", "min_outlets=%1B"] {
            let why = read(asked).unwrap_err();
            assert!(!why.contains(char::is_control), "{why:?}");
        }
    }

    proptest! {
        #![proptest_config(crate::model::testing::cases())]

        #[test]
        fn reading_never_panics_and_canonical_is_stable(query in "([a-z_]{0,12}=[^&]{0,20}&?|(q|tag|lang)=\\PC{0,9}&){0,5}") {
            if let Ok(filter) = read(&query) {
                let again = canonical(&filter);
                let back = read(&again).unwrap();
                prop_assert_eq!(canonical(&back), again);
            }
        }
    }
}
