//! How long ago something was: "5 minutes ago", in several languages.

use super::is_numeric;
use regex::Regex;
use std::{borrow::Cow, sync::LazyLock};

/// Beginnings of the units of a time that has passed.
const UNITS: [&str; 42] = [
    "second",
    "segund",
    "sekund",
    "secondi",
    "secondo",
    "seconden",
    "saniye",
    "секунд",
    "ثانية",
    "ثانيت",
    "ثوان",
    "ثانیه",
    "minut",
    "minuut",
    "min",
    "dakika",
    "dk",
    "минут",
    "мин",
    "دقيقة",
    "دقيقت",
    "دقائق",
    "دقيقه",
    "دقیقه",
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
    "ساعت",
    "ساعات",
    "ساعه",
    "day",
    "jour",
    "שעה",
    "שעות",
    "דקות",
];

/// The same as whole words, because many words begin with them.
const WHOLE_UNITS: [&str; 30] = [
    "día",
    "días",
    "dia",
    "dias",
    "tag",
    "tage",
    "tagen",
    "giorno",
    "giorni",
    "dag",
    "dagen",
    "gün",
    "день",
    "дня",
    "дней",
    "يوم",
    "أيام",
    "ايام",
    "يوما",
    "يومين",
    "يومان",
    "روز",
    "דקה",
    "שעתיים",
    "h",
    "hr",
    "hrs",
    "d",
    "std",
    "j",
];

/// Words for one, before a unit.
const ONE: [&str; 13] = ["a", "an", "one", "un", "une", "una", "uno", "um", "uma", "einer", "einem", "een", "bir"];

/// Words before a number that say how long ago something was. Latin ones have the space after them: many words begin with `vor`.
const BEFORE: [&str; 11] = ["il y a ", "Il y a ", "منذ", "قبل", "vor ", "Vor ", "hace ", "Hace ", "há ", "Há ", "לפני"];

/// Words after a number and its unit that say how long ago something was.
const AFTER: [&str; 9] = ["ago", "Ago", "fa", "geleden", "назад", "önce", "پیش", "قبل", "atrás"];

/// Finds the words of [`BEFORE`] and [`AFTER`], those with the space (which may not break) or tag before them. One search for all
/// of them: most texts have none.
static AGO: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let after = AFTER.map(|word| format!("[ >\u{a0}]{word}"));
    Regex::new(&format!("{}|{}", BEFORE.join("|").replace(' ', "[ \u{a0}]"), after.join("|"))).ok()
});

/// Number of bytes beside a word of [`BEFORE`] or [`AFTER`] in which number and unit are looked for. A text without spaces, such as
/// base64, is one word of megabytes.
const NEAR: usize = 100;

/// Removes number and unit of times that have passed: an hour later "1 hour ago" is "2 hours ago", a day later "1 day ago". A unit
/// without a number (`منذ ساعتين`, "an hour ago") is removed only at the end of an element, where content systems write such times.
pub(super) fn without_elapsed(text: &str) -> Cow<'_, str> {
    let (mut kept, mut copied) = (String::new(), 0);
    for found in AGO.iter().flat_map(|ago| ago.find_iter(text)) {
        let word = found.as_str().trim_matches([' ', '>', '\u{a0}']);
        let start = found.end() - found.as_str().trim_start_matches([' ', '>', '\u{a0}']).len();
        let end = start + word.len();
        // `قبل` stands before a time in Arabic, after it in Persian.
        let (may_precede, may_follow) = (!AFTER.contains(&word) || BEFORE.contains(&word), AFTER.contains(&word));
        let preceded = may_precede.then(|| after(text, start, end)).flatten();
        let span = preceded.or_else(|| may_follow.then(|| before(text, start, end)).flatten());
        let Some((from, until)) = span.filter(|(from, _)| *from >= copied) else { continue };
        kept.push_str(&text[copied..from]);
        copied = until;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    kept.push_str(&text[copied..]);
    Cow::Owned(kept)
}

/// Returns the extent of number and unit after a word of [`BEFORE`].
fn after(text: &str, word: usize, end: usize) -> Option<(usize, usize)> {
    if text[..word].ends_with(char::is_alphanumeric) {
        return None;
    }
    let near = &text[end..text.floor_char_boundary(end + NEAR)];
    let mut words = Words { text: near, at: 0 };
    let (at, first) = words.next()?;
    if first.starts_with(is_numeric) {
        // The unit may be written together with the number.
        let rest = first.trim_start_matches(|c: char| is_numeric(c) || matches!(c, '.' | ','));
        let (at, unit) = if rest.is_empty() { words.next()? } else { (at + first.len() - rest.len(), rest) };
        return unit_of(unit).map(|unit| (end, end + at + unit.len()));
    }
    let (at, unit) = if ONE.contains(&first) { words.next()? } else { (at, first) };
    let unit = unit_of(unit)?;
    let until = end + at + unit.len();
    ends_element(&text[until..]).then_some((end, until))
}

/// Returns the extent of number and unit before a word of [`AFTER`].
fn before(text: &str, word: usize, end: usize) -> Option<(usize, usize)> {
    if text[end..].starts_with(char::is_alphanumeric) {
        return None;
    }
    let from = text.ceil_char_boundary(word.saturating_sub(NEAR));
    // The tag before the word may be cut off at its end.
    let near = &text[from..word];
    let (at, unit) = last_word(near)?;
    let bare = unit.trim_start_matches(|c: char| !c.is_alphanumeric());
    let (at, unit) = (at + unit.len() - bare.len(), bare);
    let until = |unit: &str, at: usize| from + at + unit.len();
    if unit.starts_with(is_numeric) {
        let rest = unit.trim_start_matches(is_numeric);
        let place = at + unit.len() - rest.len();
        return unit_of(rest).map(|rest| (from + at, until(rest, place)));
    }
    let whole = unit_of(unit)?;
    if let Some((place, number)) = last_word(&near[..at]) {
        let number = number.trim_end_matches(|c: char| !c.is_alphanumeric());
        if number.ends_with(is_numeric) {
            let start = number.trim_end_matches(|c: char| is_numeric(c) || matches!(c, '.' | ',')).len();
            return Some((from + place + start, until(whole, at)));
        }
        if ONE.contains(&number.to_lowercase().as_str()) && ends_element(&text[end..]) {
            return Some((from + place, until(whole, at)));
        }
    }
    ends_element(&text[end..]).then(|| (from + at, until(whole, at)))
}

/// Returns a word without punctuation around it, if it is a unit of time.
fn unit_of(word: &str) -> Option<&str> {
    let word = word.trim_end_matches(|c: char| !c.is_alphanumeric());
    let lower = word.to_lowercase();
    let is_unit = UNITS.iter().any(|name| lower.starts_with(name)) || WHOLE_UNITS.contains(&lower.as_str());
    is_unit.then_some(word)
}

/// Returns whether an element or the text ends here.
fn ends_element(rest: &str) -> bool {
    let near = &rest[..rest.floor_char_boundary(NEAR)];
    let near = near.trim_start_matches(|c: char| c != '<' && !c.is_alphanumeric());
    near.is_empty() || near.starts_with('<')
}

/// The words of a text with their places, without tags.
struct Words<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Iterator for Words<'a> {
    type Item = (usize, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let rest = self.text.get(self.at..)?;
            let word = rest.trim_start();
            self.at += rest.len() - word.len();
            if word.is_empty() {
                return None;
            }
            if word.starts_with('<') {
                self.at += word.find('>')? + 1;
                continue;
            }
            let end = word.find(|c: char| c.is_whitespace() || c == '<').unwrap_or(word.len());
            let at = self.at;
            self.at += end;
            return Some((at, &word[..end]));
        }
    }
}

/// Returns the last word of a text with its place, without tags.
fn last_word(text: &str) -> Option<(usize, &str)> {
    let mut text = text.trim_end();
    while text.ends_with('>') {
        text = text[..text.rfind('<')?].trim_end();
    }
    let start = text.rfind(|c: char| c.is_whitespace() || c == '>');
    let start = start.map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    (start < text.len()).then(|| (start, &text[start..]))
}
