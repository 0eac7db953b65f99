//! The lists `keep` and `drop` of outlets and channels.

use super::{
    LIST_MAX,
    fault::did_you_mean,
    raw::{Located, Section},
};
use crate::{
    model::{EntryRule, EntryRules},
    rules,
};

/// Reads both lists of a section.
pub(super) fn read(section: &Section<'_, '_>) -> EntryRules {
    let keep = list(section, "keep");
    let drop = list(section, "drop");
    for rule in &keep {
        if let Some(same) = drop.iter().find(|other| other.value == rule.value) {
            let what = format!(
                "{:?} is in drop too ({}), so it can never keep anything; allowed: each rule in one of the two",
                rule.value.text,
                same.place.words()
            );
            section.fault_at(rule.place.clone(), "keep", what);
        }
    }
    EntryRules::new(values(keep), values(drop))
}

/// Reads one list; each rule counts once.
fn list(section: &Section<'_, '_>, key: &str) -> Vec<Located<EntryRule>> {
    let given = section.list(key, rule).unwrap_or_default();
    if let Some(first) = given.get(LIST_MAX) {
        section.fault_at(first.place.clone(), key, format!("has more than {LIST_MAX} rules"));
    }
    let mut rules: Vec<Located<EntryRule>> = Vec::new();
    for rule in given.into_iter().take(LIST_MAX) {
        if !rules.iter().any(|other| other.value == rule.value) {
            rules.push(rule);
        }
    }
    rules
}

/// Parses a rule. A word before a colon that resembles the name of a field is a typing error.
fn rule(text: &str) -> Result<EntryRule, String> {
    if let Some((name, _)) = text.trim().split_once(':')
        && !rules::FIELDS.contains(&name)
    {
        let near = did_you_mean(name, rules::FIELDS);
        if !near.is_empty() {
            let fields = rules::FIELDS.join(":, ");
            return Err(format!("{text:?} has an unknown field{near}; allowed: {fields}:, or words without a colon"));
        }
    }
    rules::parse(text)
}

fn values(rules: Vec<Located<EntryRule>>) -> Vec<EntryRule> {
    rules.into_iter().map(|rule| rule.value).collect()
}
