//! Keep and drop rules: which entries an outlet brings, and which of them a channel takes. The module `rules` reads them and
//! applies them to entries.

use super::Language;
use regex::Regex;
use std::sync::Arc;

/// The part of an entry that a rule looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleField {
    /// Title and text; a rule without a field.
    TitleOrText,
    /// `title:`
    Title,
    /// `text:`
    Text,
    /// `author:`
    Author,
    /// `category:`
    Category,
    /// `link:`
    Link,
    /// `lang:`
    Language,
}

/// What a rule looks for.
#[derive(Debug, Clone)]
pub enum RulePattern {
    /// These folded words, one after the other.
    Words(String),
    /// A regular expression over the text as written, and the same one over the text with folded letters. The second is missing
    /// if folding makes the expression invalid.
    Expression {
        /// For the text as written; capitals do not count.
        written: Regex,
        /// For the text with folded letters.
        folded: Option<Regex>,
    },
    /// This language; one without region includes all regions.
    Language(Language),
}

/// A rule. Rules with the same text are equal.
#[derive(Debug, Clone)]
pub struct EntryRule {
    /// The rule as written in the configuration.
    pub text: String,
    /// The part of the entry.
    pub field: RuleField,
    /// The pattern.
    pub pattern: RulePattern,
}

impl PartialEq for EntryRule {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

/// The rules of an outlet or a channel; cheap to clone. An entry is taken if it meets a rule of `keep`, where there are any, and
/// none of `drop`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EntryRules(Option<Arc<RuleLists>>);

#[derive(Debug, PartialEq)]
struct RuleLists {
    keep: Vec<EntryRule>,
    drop: Vec<EntryRule>,
}

impl EntryRules {
    /// Creates the rules of an outlet or channel.
    #[must_use]
    pub fn new(keep: Vec<EntryRule>, drop: Vec<EntryRule>) -> Self {
        Self((!keep.is_empty() || !drop.is_empty()).then(|| Arc::new(RuleLists { keep, drop })))
    }

    /// Returns whether there are no rules, so that every entry is accepted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Returns the rules of which an entry must match one; empty: it need not match any.
    #[must_use]
    pub fn keep(&self) -> &[EntryRule] {
        self.0.as_ref().map_or(&[], |lists| &lists.keep)
    }

    /// Returns the rules of which an entry must match none.
    #[must_use]
    pub fn drop(&self) -> &[EntryRule] {
        self.0.as_ref().map_or(&[], |lists| &lists.drop)
    }

    /// Returns all rules as one text, to compare them with those of another time; empty if there are none.
    #[must_use]
    pub fn definition(&self) -> String {
        if self.is_empty() {
            return String::new();
        }
        let texts = |rules: &[EntryRule]| rules.iter().map(|rule| rule.text.clone()).collect::<Vec<_>>();
        serde_json::json!({ "keep": texts(self.keep()), "drop": texts(self.drop()) }).to_string()
    }
}
