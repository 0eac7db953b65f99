//! Reads the time of day in a date: `10:30`, `10 h 30`, `10時30分`, `T103000`, `3 pm`.

use crate::parse::digits::{blanks, digits};
use crate::parse::months;

/// Signs for hours between hour and minute.
const SIGNS: [char; 5] = ['時', '时', '點', '点', '시'];

/// Words for hours between hour and minute, or after the hour alone, in lower case.
const HOURS: [&str; 14] =
    ["h", "hr", "hrs", "hs", "hour", "hours", "heure", "heures", "hora", "horas", "uhr", "ч", "час", "часов"];

/// Words for minutes and seconds behind their number, in lower case.
const MINUTES: [&str; 17] = [
    "m",
    "mn",
    "min",
    "mins",
    "minute",
    "minutes",
    "minuto",
    "minutos",
    "minuti",
    "minuten",
    "мин",
    "минут",
    "мінут",
    "دقيقه",
    "دقائق",
    "دقايق",
    "دق",
];
const SECONDS: [&str; 12] =
    ["s", "sec", "secs", "second", "seconds", "seconde", "secondes", "segundo", "segundos", "sek", "sekunden", "сек"];

/// Words for "and" between hours and minutes.
const AND: [&str; 7] = ["و", "and", "et", "y", "e", "und", "och"];

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

/// Returns where the minutes begin of a time in words (`10 و 30 دقيقة`, `10 heures et 30 minutes`), given where its hour, or the word
/// for hours behind it, ends.
pub(super) fn minutes_in_words(chars: &[char], at: usize) -> Option<usize> {
    let (and, end) = word(chars, at + blanks(chars, at));
    let minutes = end + blanks(chars, end);
    let (_, behind) = digits(chars, minutes, chars.len()).filter(|(_, behind)| behind - minutes <= 2)?;
    let unit = word(chars, behind + blanks(chars, behind)).0;
    (AND.contains(&and.as_str()) && MINUTES.contains(&unit.as_str())).then_some(minutes)
}

/// Returns the seconds behind minutes that end at `at`, and where the time ends: `m 15s` in `10h30m 15s`. A letter `m` there is no
/// zone.
pub(super) fn past_units(chars: &[char], at: usize) -> (u32, usize) {
    let unit = |at: usize, units: &[&str]| {
        let (word, end) = word(chars, at + blanks(chars, at));
        units.contains(&word.as_str()).then_some(end)
    };
    let Some(end) = unit(at, &MINUTES) else { return (0, at) };
    let seconds = digits(chars, end + blanks(chars, end), chars.len());
    let seconds = seconds.and_then(|(value, behind)| Some((value, unit(behind, &SECONDS)?)));
    seconds.unwrap_or((0, end))
}

/// Returns whether an hour begins `chars`, which follow a word that may announce one, as `kl` does. Behind other words of the same
/// spelling stands the day of a date.
pub(super) fn begins_with_hour(chars: &[char]) -> bool {
    let past_digits = |at: usize| at + chars.iter().skip(at).take_while(|c| c.is_ascii_digit()).count();
    let from = chars.iter().take_while(|c| c.is_whitespace() || matches!(c, '.' | ':')).count();
    let end = past_digits(from);
    let is_dotted_date = || {
        let second = past_digits(end + 1);
        chars.get(end) == Some(&'.') && chars.get(second) == Some(&'.') && past_digits(second + 1) >= second + 5
    };
    let (word, _) = word(chars, end + chars.iter().skip(end).take_while(|c| c.is_whitespace() || **c == '.').count());
    let is_day = matches!(chars.get(end), Some('/' | '-'))
        || is_dotted_date()
        || months::of(&word).is_some()
        || months::first_of_two(&word).is_some();
    end > from && !is_day
}

/// Returns the word at `at`, folded, and where it ends.
pub(super) fn word(chars: &[char], at: usize) -> (String, usize) {
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
