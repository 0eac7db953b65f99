//! The syntax of rules: `"word"`, `"/expression/"`, or one of them after a field, such as `"title:word"`.

use crate::model::{EntryRule, Language, RuleField, RulePattern};
use crate::normalise::fold::{fold, fold_letters};
use regex::{Regex, RegexBuilder};

/// Maximum length of a rule, in characters.
pub const RULE_MAX: usize = 500;
/// Maximum size of a compiled expression, in bytes. Its cache during a search has the same limit.
const EXPRESSION_MAX: usize = 1 << 20;

/// The names of fields, as written before a colon.
pub const FIELDS: [&str; 6] = ["title", "text", "author", "category", "link", "lang"];

const ALLOWED: &str =
    "allowed: \"word\", \"/expression/\", or one of them after title:, text:, author:, category:, link: or lang:";

/// Parses a rule.
///
/// # Errors
/// Fails if the rule is empty, too long or no valid expression, or if it matches every text or none. The message says what is
/// allowed.
pub fn parse(text: &str) -> Result<EntryRule, String> {
    let text = text.trim();
    if text.chars().count() > RULE_MAX {
        return Err(format!("is too long; allowed: {RULE_MAX} characters"));
    }
    let (field, wanted) = field(text);
    let wanted = wanted.trim();
    if wanted.is_empty() {
        return Err(format!("{text:?} is empty; {ALLOWED}"));
    }
    if field == RuleField::Language {
        let language = language(wanted).ok_or_else(|| {
            format!("{text:?} is not a language tag; allowed: a tag such as \"lang:ar\" or \"lang:fr-MA\" (BCP 47)")
        })?;
        return Ok(EntryRule { text: text.to_owned(), field, pattern: RulePattern::Language(language) });
    }
    let pattern = match expression(wanted) {
        Some(Ok(inside)) => compile(inside).map_err(|why| format!("{text:?} {why}"))?,
        Some(Err(())) => {
            return Err(format!("{text:?} begins with / but does not end with it; allowed: \"/expression/\""));
        }
        None => RulePattern::Words(words(wanted).ok_or_else(|| {
            format!("{text:?} has no letter or digit, so it can never match; for other characters write an expression, \"/…/\"")
        })?),
    };
    Ok(EntryRule { text: text.to_owned(), field, pattern })
}

/// Splits a rule into its field and the rest.
fn field(text: &str) -> (RuleField, &str) {
    let named = text.split_once(':').and_then(|(name, wanted)| {
        let field = match name {
            "title" => RuleField::Title,
            "text" => RuleField::Text,
            "author" => RuleField::Author,
            "category" => RuleField::Category,
            "link" => RuleField::Link,
            "lang" => RuleField::Language,
            _ => return None,
        };
        Some((field, wanted))
    });
    named.unwrap_or((RuleField::TitleOrText, text))
}

/// Returns the expression between two slashes; an error if only the first slash is present, `None` without a first slash.
fn expression(text: &str) -> Option<Result<&str, ()>> {
    let rest = text.strip_prefix('/')?;
    Some(rest.strip_suffix('/').ok_or(()))
}

fn words(text: &str) -> Option<String> {
    let folded = fold(text);
    (!folded.is_empty()).then_some(folded)
}

/// Parses a language tag. No language has a code of more than three letters (RFC 5646 2.2.1), so "arabic" is not a tag.
fn language(text: &str) -> Option<Language> {
    Language::parse(text).ok().filter(|language| language.primary().len() <= 3)
}

/// Compiles an expression for the written and for the folded form of a text.
fn compile(inside: &str) -> Result<RulePattern, String> {
    if inside.is_empty() {
        return Err("has an empty expression; allowed: \"/expression/\"".to_owned());
    }
    let read = regex_syntax::ParserBuilder::new().case_insensitive(true).build().parse(inside);
    let hir = read.map_err(|error| format!("is not a valid regular expression: {}", fault(&error)))?;
    if hir.properties().minimum_len().is_none() {
        return Err("can never match".to_owned());
    }
    let written = build(inside).ok_or_else(|| {
        format!("is too large as a regular expression; allowed: {EXPRESSION_MAX} bytes compiled (fewer repetitions)")
    })?;
    // An expression that matches the empty text and a noncharacter (U+FDD0) matches every text.
    if written.is_match("") && written.is_match("\u{fdd0}") {
        return Err("matches every entry".to_owned());
    }
    let letters = fold_expression(inside);
    let folded = if letters == inside { Some(written.clone()) } else { build(&letters) };
    Ok(RulePattern::Expression { written, folded })
}

fn build(expression: &str) -> Option<Regex> {
    let mut builder = RegexBuilder::new(expression);
    builder.case_insensitive(true).size_limit(EXPRESSION_MAX).dfa_size_limit(EXPRESSION_MAX).build().ok()
}

/// Returns what is wrong with an expression, and at which character.
fn fault(error: &regex_syntax::Error) -> String {
    match error {
        regex_syntax::Error::Parse(error) => {
            format!("{}, at character {}", error.kind(), error.span().start.column)
        }
        regex_syntax::Error::Translate(error) => {
            format!("{}, at character {}", error.kind(), error.span().start.column)
        }
        other => other.to_string(),
    }
}

/// Folds the non-ASCII letters of an expression as [`fold_letters`] folds texts. The syntax stays as it is.
fn fold_expression(expression: &str) -> String {
    let mut out = String::with_capacity(expression.len());
    let (mut classes, mut is_escaped, mut after_letter) = (0_u32, false, false);
    for c in expression.chars() {
        if c.is_ascii() {
            match c {
                _ if is_escaped => {}
                '[' => classes += 1,
                ']' => classes = classes.saturating_sub(1),
                _ => {}
            }
            after_letter = !is_escaped && c.is_ascii_alphanumeric();
            is_escaped = !is_escaped && c == '\\';
            out.push(c);
            continue;
        }
        let letters = fold_letters(c.encode_utf8(&mut [0; 4]));
        match letters.chars().count() {
            // A vowel sign after a letter becomes an empty group, because a repetition may follow it.
            0 if classes == 0 && after_letter => out.push_str("(?:)"),
            // Kept, although it never matches a folded text.
            0 => out.push(c),
            1 => out.push_str(&letters),
            _ if classes == 0 => {
                out.push_str("(?:");
                out.push_str(&letters);
                out.push(')');
            }
            _ => out.push_str(&letters),
        }
        after_letter = after_letter || !letters.is_empty();
        is_escaped = false;
    }
    out
}
