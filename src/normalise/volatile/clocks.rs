//! Clocks in texts.

use super::elapsed::without_elapsed;
use super::{Runs, is_number, is_numeric};
use std::borrow::Cow;

/// Words before a time that say when a text was made or changed.
const MADE: &[&str] = &[
    "updated",
    "update",
    "generated",
    "refreshed",
    "as of",
    "retrieved",
    "fetched",
    "now",
    "jour",
    "à",
    "actualisé",
    "actualizado",
    "actualización",
    "actualizada",
    "atualizado",
    "aktualisiert",
    "stand",
    "aggiornato",
    "aggiornamento",
    "bijgewerkt",
    "güncelleme",
    "обновлено",
    "تحديث",
    "التحديث",
    "حدث",
    "الساعة الآن",
];

/// Removes clocks from a text: times with seconds, times shortly after a word like "updated", and "5 minutes ago" in several
/// languages. Any other time stays, because it is news, such as the start of a match.
#[must_use]
pub fn without_clocks(text: &str) -> Cow<'_, str> {
    let text = without_elapsed(text);
    match without_times(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(steady) => Cow::Owned(steady),
    }
}

fn without_times(text: &str) -> Cow<'_, str> {
    if !may_have_clock(text) {
        return Cow::Borrowed(text);
    }
    let (mut runs, mut kept, mut copied) = (Runs(text), String::new(), 0);
    // What stands between numbers need not be split.
    while let Some(next) = runs.0.find(is_numeric) {
        runs.0 = &runs.0[next..];
        let start = text.len() - runs.0.len();
        let ahead = runs.clone();
        let Some(run) = runs.next() else { break };
        let end = start + run.len();
        let parts = clock_parts(ahead.clone());
        let is_made = || said_before(&text[..start]);
        let dropped = if parts >= 3 || (parts == 2 && is_made()) { parts } else { 0 };
        // Only the numbers go; what stands between them stays.
        let mut at = start;
        for (place, part) in ahead.take((dropped * 2).saturating_sub(1)).enumerate() {
            let past = at + part.len();
            if place.is_multiple_of(2) {
                kept.push_str(&text[copied..at]);
                copied = past;
            }
            at = past;
        }
        runs = Runs(&text[at.max(end)..]);
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    kept.push_str(&text[copied..]);
    Cow::Owned(kept)
}

/// Returns whether a text can contain a clock. Most texts do not, and need not be split.
fn may_have_clock(text: &str) -> bool {
    let between = |at: usize| {
        let before = text[..at].chars().next_back().is_some_and(char::is_numeric);
        before && text[at + 1..].chars().next().is_some_and(char::is_numeric)
    };
    memchr::memchr3_iter(b':', b'h', b'H', text.as_bytes()).any(between)
}

/// Counts the numbers of at most two digits that follow each other with a colon (or the French h) between them.
fn clock_parts(mut runs: Runs<'_>) -> usize {
    let short = |run: &str| is_number(run) && run.chars().count() <= 2;
    let mut parts = usize::from(runs.next().is_some_and(short));
    while parts > 0 && parts < 3 {
        let (Some(":" | "h" | "H"), Some(next)) = (runs.next(), runs.next()) else { break };
        if !short(next) {
            break;
        }
        parts += 1;
    }
    parts
}

/// Returns whether a word for "made" or "changed" stands in the last 40 characters before a clock.
fn said_before(before: &str) -> bool {
    let from = before.char_indices().rev().nth(39).map_or(0, |(at, _)| at);
    let near = before[from..].to_lowercase();
    let words = |word: &&str| {
        near.split(|c: char| !c.is_alphanumeric()).any(|w| w == *word) || (word.contains(' ') && near.contains(*word))
    };
    MADE.iter().any(words)
}
