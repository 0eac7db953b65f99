//! Folded names of months in all usages: Moroccan, Maghreb, Egyptian and Gulf, Levantine, French, English.

use std::sync::LazyLock;

/// How certainly a word means a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Month {
    /// Always.
    Sure(u8),
    /// Only next to a number; elsewhere it is another word, such as a verb or "father" (مارس, آب, may, mars).
    BesideNumber(u8),
    /// The first of two words (تشرين الأول): this month, or the next one if الثاني follows.
    First(u8),
}

/// Folded names in sorted order, before light prefixes are removed.
const MONTHS: &[(&str, Month)] = &[
    ("اب", Month::BesideNumber(8)),
    ("ابريل", Month::Sure(4)),
    ("اذار", Month::Sure(3)),
    ("اغسطس", Month::Sure(8)),
    ("افريل", Month::Sure(4)),
    ("اكتوبر", Month::Sure(10)),
    ("اوت", Month::BesideNumber(8)),
    ("ايار", Month::Sure(5)),
    ("ايلول", Month::Sure(9)),
    ("تشرين", Month::First(10)),
    ("تموز", Month::Sure(7)),
    ("جانفي", Month::Sure(1)),
    ("جوان", Month::BesideNumber(6)),
    ("جويليه", Month::Sure(7)),
    ("حزيران", Month::Sure(6)),
    ("دجنبر", Month::Sure(12)),
    ("ديسمبر", Month::Sure(12)),
    ("سبتمبر", Month::Sure(9)),
    ("شباط", Month::Sure(2)),
    ("شتنبر", Month::Sure(9)),
    ("غشت", Month::Sure(8)),
    ("فبراير", Month::Sure(2)),
    ("فيفري", Month::Sure(2)),
    ("كانون", Month::First(12)),
    ("مارس", Month::BesideNumber(3)),
    ("ماي", Month::Sure(5)),
    ("مايو", Month::Sure(5)),
    ("نوفمبر", Month::Sure(11)),
    ("نونبر", Month::Sure(11)),
    ("نيسان", Month::Sure(4)),
    ("يناير", Month::Sure(1)),
    ("يوليه", Month::Sure(7)),
    ("يوليو", Month::Sure(7)),
    ("يوليوز", Month::Sure(7)),
    ("يونيه", Month::Sure(6)),
    ("يونيو", Month::Sure(6)),
];

/// The same as [`MONTHS`], in Latin letters.
const LATIN: &[(&str, Month)] = &[
    ("aout", Month::Sure(8)),
    ("april", Month::Sure(4)),
    ("august", Month::BesideNumber(8)),
    ("avril", Month::Sure(4)),
    ("december", Month::Sure(12)),
    ("decembre", Month::Sure(12)),
    ("february", Month::Sure(2)),
    ("fevrier", Month::Sure(2)),
    ("january", Month::Sure(1)),
    ("janvier", Month::Sure(1)),
    ("juillet", Month::Sure(7)),
    ("juin", Month::Sure(6)),
    ("july", Month::Sure(7)),
    ("june", Month::BesideNumber(6)),
    ("mai", Month::BesideNumber(5)),
    ("march", Month::BesideNumber(3)),
    ("mars", Month::BesideNumber(3)),
    ("may", Month::BesideNumber(5)),
    ("november", Month::Sure(11)),
    ("novembre", Month::Sure(11)),
    ("october", Month::Sure(10)),
    ("octobre", Month::Sure(10)),
    ("september", Month::Sure(9)),
    ("septembre", Month::Sure(9)),
];

/// Length of the longest name, in bytes.
const LONGEST: usize = 12;

/// Edges of the names by their length in bytes. They rule out most words quickly, which matters because every word of every text
/// is checked.
static EDGES: LazyLock<[Vec<Edges>; LONGEST + 1]> = LazyLock::new(|| {
    let mut edges = [const { Vec::new() }; LONGEST + 1];
    for (name, _) in MONTHS.iter().chain(LATIN) {
        edges[name.len()].push(Edges::of(name.as_bytes()));
    }
    edges
});

/// The second and the last byte of a word: for Arabic letters, the bytes that differ.
#[derive(PartialEq)]
struct Edges(u8, u8);

impl Edges {
    fn of(word: &[u8]) -> Self {
        Self(word[1], word[word.len() - 1])
    }
}

/// Returns the month that a folded word names.
pub fn month(word: &str) -> Option<Month> {
    if !(3..=LONGEST).contains(&word.len()) || !EDGES[word.len()].contains(&Edges::of(word.as_bytes())) {
        return None;
    }
    let list = if word.is_ascii() { LATIN } else { MONTHS };
    list.binary_search_by(|(name, _)| name.cmp(&word)).ok().map(|at| list[at].1)
}

/// Returns the month that a second word completes (الأول, الثاني).
pub fn second(first: u8, word: &str) -> Option<u8> {
    match word {
        "الاول" => Some(first),
        "الثاني" => Some(first % 12 + 1),
        _ => None,
    }
}

/// Returns the token of a month. It compares as a number, but a search for the plain number does not find it.
pub fn token(month: u8) -> &'static str {
    const TOKENS: [&str; 12] = ["1m", "2m", "3m", "4m", "5m", "6m", "7m", "8m", "9m", "10m", "11m", "12m"];
    TOKENS[usize::from((month - 1) % 12)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_order() {
        for list in [MONTHS, LATIN] {
            let mut sorted = list.to_vec();
            sorted.sort_by_key(|(name, _)| *name);
            assert_eq!(sorted, list);
        }
    }

    #[test]
    fn every_name_is_known_and_no_other_word() {
        for (name, meant) in MONTHS.iter().chain(LATIN) {
            assert_eq!(month(name), Some(*meant), "{name}");
            assert_eq!(month(&name.replace(['ا', 'a', 'e'], "ق")).filter(|_| name.contains(['ا', 'a', 'e'])), None);
        }
        assert_eq!([month(""), month("م"), month("septembres"), month("mat")], [None; 4]);
    }

    #[test]
    fn the_second_word_tells_which_of_two() {
        assert_eq!(second(10, "الثاني"), Some(11));
        assert_eq!(second(12, "الثاني"), Some(1));
        assert_eq!(second(12, "الاول"), Some(12));
        assert_eq!(second(12, "اول"), None);
    }
}
