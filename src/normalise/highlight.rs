//! Highlighting of the words of a search in a plain text. Words are compared in folded form, as in the search index.

use super::fold::{breaks_words, fold};
use crate::model::search::{SearchQuery, Segment, Term};
use std::ops::Range;

/// The folded words and phrases of a search that are highlighted.
#[derive(Debug, Clone, Default)]
pub struct Highlighter(Vec<FoldedTerm>);

/// A phrase: its folded words, and whether the last one is a prefix.
#[derive(Debug, Clone)]
struct FoldedTerm {
    words: Vec<String>,
    is_prefix: bool,
}

/// A word of a text: its place, and its folded form (several words, or none).
struct TextWord {
    at: Range<usize>,
    folded: String,
}

impl Highlighter {
    /// Creates the highlighter for the words of a search.
    #[must_use]
    pub fn new(query: &SearchQuery) -> Self {
        let term = |term: &Term| FoldedTerm {
            words: fold(&term.text).split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect(),
            is_prefix: term.is_prefix,
        };
        Self(query.groups.iter().flatten().map(term).filter(|term| !term.words.is_empty()).collect())
    }

    /// Splits a text into matching and other pieces.
    #[must_use]
    pub fn mark(&self, text: &str) -> Vec<Segment> {
        segments(text, &self.matches(text))
    }

    /// Returns at most `length` characters of a text around the first match, divided; `None` if nothing matches.
    #[must_use]
    pub fn excerpt(&self, text: &str, length: usize) -> Option<Vec<Segment>> {
        let first = self.matches(text).into_iter().next()?;
        let end = text[..first.end].chars().count();
        let mut begin = 0;
        // The match must be near the beginning: phones show only the first lines.
        if end > length / 3 {
            // The first space in the characters right before the match.
            let from = text[..first.start].char_indices().rev().nth(length / 8).map_or(0, |(at, _)| at);
            begin = text[from..first.start].find(char::is_whitespace).map_or(first.start, |at| from + at);
        }
        begin += text[begin..].len() - text[begin..].trim_start().len();
        let rest = &text[begin..];
        let mut shown = rest;
        if let Some((cut, _)) = rest.char_indices().nth(length) {
            // Between two words, and not before the end of the match.
            let whole = rest[..cut].rfind(char::is_whitespace).unwrap_or(cut);
            let matched = (first.end - begin).min(cut);
            shown = rest[..whole.max(matched)].trim_end();
        }
        let (before, after) = (if begin > 0 { "… " } else { "" }, if shown.len() < rest.len() { " …" } else { "" });
        Some(self.mark(&format!("{before}{shown}{after}")))
    }

    /// Returns the ranges of the matches, in order and without overlaps.
    fn matches(&self, text: &str) -> Vec<Range<usize>> {
        let words = words(text);
        // Each folded word with the number of the word it comes from.
        let tokens: Vec<(&str, usize)> = words
            .iter()
            .enumerate()
            .flat_map(|(n, word)| word.folded.split(' ').filter(|token| !token.is_empty()).map(move |token| (token, n)))
            .collect();
        let mut found: Vec<Range<usize>> = Vec::new();
        for at in 0..tokens.len() {
            for term in &self.0 {
                let Some(run) = tokens.get(at..at + term.words.len()).filter(|run| term.fits(run)) else { continue };
                if let (Some((_, first)), Some((_, last))) = (run.first(), run.last()) {
                    found.push(words[*first].at.start..words[*last].at.end);
                }
            }
        }
        joined(found)
    }
}

impl FoldedTerm {
    fn fits(&self, tokens: &[(&str, usize)]) -> bool {
        let last = self.words.len() - 1;
        self.words.iter().zip(tokens).enumerate().all(|(n, (word, (token, _)))| {
            if self.is_prefix && n == last { token.starts_with(word.as_str()) } else { token == word }
        })
    }
}

/// Returns the words of a text.
fn words(text: &str) -> Vec<TextWord> {
    let mut found = Vec::new();
    let mut rest = text.char_indices().peekable();
    while let Some((start, c)) = rest.next() {
        if breaks_words(c) {
            continue;
        }
        let mut end = start + c.len_utf8();
        while let Some((at, c)) = rest.next_if(|(_, c)| !breaks_words(*c)) {
            end = at + c.len_utf8();
        }
        found.push(TextWord { at: start..end, folded: fold(&text[start..end]) });
    }
    found
}

/// Joins ranges that overlap.
fn joined(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut apart: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match apart.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => apart.push(range),
        }
    }
    apart
}

fn segments(text: &str, matches: &[Range<usize>]) -> Vec<Segment> {
    let (mut found, mut at) = (Vec::new(), 0);
    let mut add = |range: Range<usize>, is_match| {
        if !range.is_empty() {
            found.push(Segment { text: text[range].to_owned(), is_match });
        }
    };
    for range in matches {
        add(at..range.start, false);
        add(range.clone(), true);
        at = range.end;
    }
    add(at..text.len(), false);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn highlighter(typed: &str) -> Highlighter {
        Highlighter::new(&SearchQuery::parse(typed))
    }

    fn shown(segments: &[Segment]) -> String {
        segments.iter().map(|s| if s.is_match { format!("[{}]", s.text) } else { s.text.clone() }).collect()
    }

    #[test]
    fn words_are_marked_in_whatever_spelling() {
        for (typed, text, marked) in [
            ("امطار", "أَمْطَارٌ غزيرة والأمطار", "[أَمْطَارٌ] غزيرة [والأمطار]"),
            ("recolte", "La Récolte d’olives", "La [Récolte] d’olives"),
            ("olives", "La récolte d’olives", "La récolte d’[olives]"),
            ("\"heavy rain\"", "rain, heavy rain; heavy", "rain, [heavy rain]; heavy"),
            ("rain -snow", "rain and snow", "[rain] and snow"),
            ("inond*", "Inondations: inonder, onde", "[Inondations]: [inonder], onde"),
            ("\"a b\" \"b c\"", "a b c", "[a b c]"),
            ("well-known", "a well-known case", "a [well-known] case"),
            ("lang:fr", "fr lang", "fr lang"),
            ("oeuvre", "L’ŒUVRE", "L’[ŒUVRE]"),
        ] {
            assert_eq!(shown(&highlighter(typed).mark(text)), marked, "{typed}");
        }
    }

    #[test]
    fn an_excerpt_lies_around_the_first_match() {
        let text = format!("{}the needle is here {}", "hay ".repeat(100), "straw ".repeat(100));
        let excerpt = highlighter("needle").excerpt(&text, 100).unwrap();
        let words = shown(&excerpt);
        assert!(words.starts_with("… hay") && words.contains("the [needle] is here straw"), "{words}");
        assert!(words.ends_with("straw …") && words.chars().count() <= 106, "{words}");
        assert_eq!(shown(&highlighter("hay").excerpt("hay now", 100).unwrap()), "[hay] now");
        assert_eq!(highlighter("needle").excerpt("hay", 100), None);
    }

    proptest! {
        #![proptest_config(crate::model::testing::cases())]

        #[test]
        fn nothing_of_a_text_is_lost(typed in "\\PC{0,12}", text in "\\PC{0,60}") {
            let whole: String = highlighter(&typed).mark(&text).into_iter().map(|segment| segment.text).collect();
            prop_assert_eq!(whole, text);
        }

        #[test]
        fn an_excerpt_is_not_much_longer_than_asked(text in "(a|é|م| |…|\\PC){0,200}", length in 10_usize..50) {
            if let Some(excerpt) = highlighter("a م").excerpt(&text, length) {
                let characters: usize = excerpt.iter().map(|segment| segment.text.chars().count()).sum();
                prop_assert!(characters <= length + 4);
                prop_assert!(excerpt.iter().any(|segment| segment.is_match));
            }
        }
    }
}
