//! Clocks in texts.

use super::{Runs, is_number, is_numeric};
use regex::Regex;
use std::{borrow::Cow, sync::LazyLock};

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

/// Beginnings of the units of a time that has passed.
const UNITS: [&str; 34] = [
    "second",
    "segund",
    "sekund",
    "secondi",
    "secondo",
    "seconden",
    "saniye",
    "секунд",
    "ثانية",
    "ثوان",
    "minut",
    "minuut",
    "min",
    "dakika",
    "dk",
    "минут",
    "мин",
    "دقيقة",
    "دقائق",
    "دقيقه",
    "hour",
    "heure",
    "hora",
    "stunde",
    "ora",
    "ore",
    "uur",
    "saat",
    "час",
    "ساعة",
    "ساعات",
    "ساعه",
    "day",
    "jour",
];

/// The same for days, which are short words in some languages and stand alone there.
const DAYS: [&str; 18] = [
    "día", "días", "dia", "dias", "tag", "tage", "tagen", "giorno", "giorni", "dag", "dagen", "gün", "день", "дня",
    "дней", "يوم", "أيام", "يوما",
];

/// Words before a number that say how long ago something was. Latin ones have the space after them: many words begin with `vor`.
const BEFORE: [&str; 10] = ["il y a ", "Il y a ", "منذ", "قبل", "vor ", "Vor ", "hace ", "Hace ", "há ", "Há "];

/// Words after a number and its unit that say how long ago something was, with the space before them.
const AFTER: [&str; 5] = [" ago", " fa", " geleden", " назад", " önce"];

/// Finds the words of [`BEFORE`] and [`AFTER`], also after a space that does not break. One search for all of them: most texts
/// have none.
static AGO: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let after = AFTER.join("|");
    Regex::new(&format!("{}|{after}|{}", BEFORE.join("|"), after.replace(' ', "\u{a0}"))).ok()
});

/// Number of bytes after a number in which its unit and a word of [`AFTER`] are looked for. A text without spaces, such as base64,
/// is one word of megabytes.
const AHEAD: usize = 100;

/// Removes clocks from a text: times with seconds, times shortly after a word like "updated", and "5 minutes ago" in several
/// languages. Any other time stays, because it is news, such as the start of a match.
#[must_use]
pub fn without_clocks(text: &str) -> Cow<'_, str> {
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
        let ago = || is_ago(&text[..start], &text[end..]);
        let dropped = if parts >= 3 || (parts == 2 && is_made()) { parts } else { usize::from(ago()) };
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
        || AGO.as_ref().is_none_or(|ago| ago.is_match(text))
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

/// Returns whether a number between these texts counts the time that has passed, such as the 5 in "5 minutes ago".
fn is_ago(before: &str, after: &str) -> bool {
    let after = &after[..after.floor_char_boundary(AHEAD)];
    let mut words = after.split_whitespace().map(|word| word.trim_end_matches(|c: char| !c.is_alphanumeric()));
    let unit = words.next().unwrap_or_default().to_lowercase();
    let is_unit = UNITS.iter().any(|name| unit.starts_with(name)) || DAYS.contains(&unit.as_str());
    let mut said_after =
        || words.next().is_some_and(|word| AFTER.iter().any(|name| word.eq_ignore_ascii_case(name.trim_start())));
    let before = before.trim_end();
    let said_before =
        |word: &&str| before.strip_suffix(word.trim_end()).is_some_and(|rest| !rest.ends_with(char::is_alphanumeric));
    is_unit && (BEFORE.iter().any(said_before) || said_after())
}
