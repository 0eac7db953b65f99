//! Reads the time of day in a date: `10:30`, `10 h 30`, `10時30分`, `T103000`, `3 pm`.

use super::scanner::Scanner;
use crate::parse::digits::{blanks, digits, past_fraction};
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
fn hour_sign(chars: &[char], at: usize) -> Option<usize> {
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
fn is_half_day(chars: &[char], at: usize) -> bool {
    let (first, end) = word(chars, at);
    let second = || word(chars, end + blanks(chars, end)).0;
    months::half_day(&first).is_some()
        || months::part_of_day(&first).is_some()
        || matches!(first.as_str(), "بعد" | "قبل") && months::part_of_day(&second()).is_some()
        || dotted_half_day(chars.get(at..).unwrap_or_default()).is_some()
}

impl Scanner {
    /// Reads a time of day that begins with the number from `at` to `end`. Also returns where the time ends.
    pub(super) fn clock_at(&self, chars: &[char], at: usize, value: u32, end: usize) -> Option<(TimeOfDay, usize)> {
        let v = i64::from(value);
        let behind_date = self.numbers.last().is_some_and(|date| date.digits == 8);
        let behind_t = at > 0 && matches!(chars[at - 1], 'T' | 't') && !self.numbers.is_empty();
        match end - at {
            // ISO 8601 basic: T192030, T1920.
            6 if behind_t || behind_date => {
                return Some(((v / 10_000, v / 100 % 100, v % 100), past_fraction(chars, end)));
            }
            4 if behind_t || behind_date => return Some(((v / 100, v % 100, 0), end)),
            1 | 2 => {}
            _ => return None,
        }
        let Some((sign, minutes)) = self.separator(chars, end, behind_t) else {
            return self.is_hour(chars, end, behind_t).then_some(((v, 0, 0), end));
        };
        let (minute, mut end) = digits(chars, minutes, chars.len())?;
        let mut second = 0;
        let again = chars.get(end) == Some(&sign) && matches!(sign, ':' | '.' | '-');
        if (again || matches!(chars.get(end), Some('分' | '분')))
            && chars.get(end + 1).is_some_and(char::is_ascii_digit)
        {
            (second, end) = digits(chars, end + 1, chars.len())?;
        }
        Some(((v, minute.into(), second.into()), past_fraction(chars, end)))
    }

    /// Returns whether year, month and day have been read.
    pub(super) fn is_whole(&self) -> bool {
        self.numbers.len() >= 3 || self.month.is_some() && self.numbers.len() >= 2
    }

    /// Returns whether the number that ends at `end` is an hour without minutes: `10 h`, `10時`, `3 pm`, `الساعة 3`, or `T10` before
    /// a zone.
    fn is_hour(&self, chars: &[char], end: usize, behind_t: bool) -> bool {
        let next = end + blanks(chars, end);
        let alone = |at: usize| !chars.get(at).is_some_and(|c| c.is_alphanumeric());
        let before_zone = matches!(chars.get(end), None | Some('Z' | 'z' | '+' | '-' | '−'));
        let h = hour_sign(chars, next).is_some_and(alone);
        self.hour_next
            || self.is_whole() && (h || is_half_day(chars, next))
            || behind_t && self.numbers.len() >= 3 && before_zone
    }

    /// Returns the separator between hours and minutes, and where the minutes begin. The separator is a colon, a word for hours with
    /// or without spaces, a dot once the date is complete, or the hyphen of programs that write times as in names of files.
    fn separator(&self, chars: &[char], end: usize, behind_t: bool) -> Option<(char, usize)> {
        let digit = |at: usize| chars.get(at).is_some_and(char::is_ascii_digit);
        let pair = |at: usize| digit(at) && digit(at + 1) && !digit(at + 2);
        let whole = self.is_whole();
        match chars.get(end) {
            Some(':') if digit(end + 1) => Some((':', end + 1)),
            Some('.') if whole && digit(end + 1) && digit(end + 2) => Some(('.', end + 1)),
            // Both hyphens, because one alone would be a zone.
            Some('-') if (whole || behind_t) && pair(end + 1) && chars.get(end + 3) == Some(&'-') && pair(end + 4) => {
                Some(('-', end + 1))
            }
            _ => {
                let sign = hour_sign(chars, end + blanks(chars, end))?;
                let sign = sign + usize::from(chars.get(sign) == Some(&'.'));
                let minutes = sign + blanks(chars, sign);
                digit(minutes).then_some(('h', minutes))
            }
        }
    }
}
