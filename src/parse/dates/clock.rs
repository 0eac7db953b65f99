//! Reads the time of day in a date: `10:30`, `10 h 30`, `10時30分`, `T103000`, `3 pm`.

use crate::parse::digits::blanks;
use crate::parse::months;

/// Signs for hours between hour and minute.
const SIGNS: [char; 5] = ['時', '时', '點', '点', '시'];

/// Words for hours between hour and minute, or after the hour alone, in lower case.
const HOURS: [&str; 14] =
    ["h", "hr", "hrs", "hs", "hour", "hours", "heure", "heures", "hora", "horas", "uhr", "ч", "час", "часов"];

/// Hour, minute and second.
pub(super) type TimeOfDay = (i64, i64, i64);

/// Returns whether `a.m.` (`false`) or `p.m.` (`true`), or the same in Greek or Persian, begins `chars`.
pub(super) fn dotted_half_day(chars: &[char]) -> Option<bool> {
    match chars {
        ['a' | 'A', '.', 'm' | 'M', ..] | ['π', '.', 'μ', ..] | ['ق', '.', 'ظ', ..] => Some(false),
        ['p' | 'P', '.', 'm' | 'M', ..] | ['μ', '.', 'μ', ..] | ['ب', '.', 'ظ', ..] => Some(true),
        _ => None,
    }
}

/// Returns where the sign or word for hours at `at` ends.
pub(super) fn hour_sign(chars: &[char], at: usize) -> Option<usize> {
    if SIGNS.contains(chars.get(at)?) {
        return Some(at + 1);
    }
    let (word, end) = word(chars, at);
    HOURS.contains(&word.as_str()).then_some(end)
}

/// Returns the word at `at`, folded, and where it ends.
fn word(chars: &[char], at: usize) -> (String, usize) {
    let letters = chars.get(at..).unwrap_or_default().iter().take_while(|c| months::is_word(**c));
    let (mut word, mut end) = (String::new(), at);
    for c in letters {
        word.extend(c.to_lowercase().filter_map(months::fold));
        end += 1;
    }
    (word, end)
}

/// Returns whether the words at `at` name a half or another part of the day.
pub(super) fn is_half_day(chars: &[char], at: usize) -> bool {
    let (first, end) = word(chars, at);
    let second = || word(chars, end + blanks(chars, end)).0;
    months::half_day(&first).is_some()
        || months::part_of_day(&first).is_some()
        || matches!(first.as_str(), "بعد" | "قبل") && months::part_of_day(&second()).is_some()
        || dotted_half_day(chars.get(at..).unwrap_or_default()).is_some()
}
