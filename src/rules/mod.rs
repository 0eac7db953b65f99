//! Keep and drop rules: parsing, and the decision which entries they leave out. Pure functions.
//!
//! Words are compared in the form of [`crate::normalise::fold`], as in searches: accents, capitals, vowel signs, the spelling of
//! hamza and the Arabic article make no difference. Regular expressions are tried on the text as written, and on the text with
//! folded letters.

mod parse;
mod subject;

#[cfg(test)]
mod tests;

pub use parse::{FIELDS, RULE_MAX, parse};
pub use subject::RuleSubject;

use crate::model::{EntryRule, EntryRules, RuleField, RulePattern};
use memchr::memmem;

/// Returns why the rules leave an entry out; `None` if they accept it.
#[must_use]
pub fn left_out(rules: &EntryRules, entry: &RuleSubject<'_>) -> Option<String> {
    if let Some(rule) = rules.drop().iter().find(|rule| meets(rule, entry)) {
        return Some(format!("drop: {:?}", rule.text));
    }
    let keep = rules.keep();
    if keep.is_empty() || keep.iter().any(|rule| meets(rule, entry)) {
        return None;
    }
    Some(match keep {
        [only] => format!("keep: does not meet {:?}", only.text),
        [first, .., last] => {
            format!("keep: does not meet any of {} rules, {:?} to {:?}", keep.len(), first.text, last.text)
        }
        [] => return None,
    })
}

/// Returns whether an entry meets a rule.
fn meets(rule: &EntryRule, entry: &RuleSubject<'_>) -> bool {
    let fields: &[RuleField] = match rule.field {
        RuleField::TitleOrText => &[RuleField::Title, RuleField::Text],
        _ => &[rule.field],
    };
    fields.iter().any(|field| meets_in(*field, &rule.pattern, entry))
}

fn meets_in(field: RuleField, pattern: &RulePattern, entry: &RuleSubject<'_>) -> bool {
    match pattern {
        RulePattern::Words(words) => entry.folded(field).iter().any(|text| has_words(text, words)),
        RulePattern::Expression { written, folded } => {
            entry.written(field).iter().any(|text| written.is_match(text))
                || folded.as_ref().is_some_and(|folded| entry.letters(field).iter().any(|text| folded.is_match(text)))
        }
        RulePattern::Language(language) => entry.language.is_some_and(|stated| is_within(stated, language.as_str())),
    }
}

/// Returns whether a folded text contains these folded words, as whole words and in this order.
fn has_words(text: &str, words: &str) -> bool {
    memmem::find_iter(text.as_bytes(), words).any(|at| {
        let is_gap = |at: Option<usize>| at.and_then(|at| text.as_bytes().get(at)).is_none_or(|byte| *byte == b' ');
        is_gap(at.checked_sub(1)) && is_gap(Some(at + words.len()))
    })
}

/// Returns whether a language tag equals `range` or is one of its regions or scripts (RFC 4647 3.3.1, basic filtering).
fn is_within(stated: &str, range: &str) -> bool {
    let (stated, range) = (stated.replace('_', "-").to_ascii_lowercase(), range.to_ascii_lowercase());
    stated.strip_prefix(&range).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}
