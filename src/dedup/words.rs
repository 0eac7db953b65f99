//! The words of the window, each with a number and the properties needed to compare it.

use super::{postings::Spread, rules};
use std::collections::{HashMap, HashSet};
use std::hash::BuildHasherDefault;
use std::sync::LazyLock;

/// Number of a word, valid until the table is compacted.
pub type WordId = u32;

/// The properties of a word that comparisons need.
#[derive(Debug, Clone, Copy)]
pub struct Word {
    /// Hash of the word; it does not depend on the table.
    pub hash: u32,
    /// Hash of the word without weak Arabic letters after the first: ترمب and ترامب have the same.
    pub skeleton: u32,
    /// Hash of its first four letters.
    pub head: u32,
    /// Hash of its last four letters.
    pub tail: u32,
    /// Hash of its letters in sorted order.
    anagram: u32,
    /// Number of letters.
    pub letters: u8,
    /// Whether it starts with a digit: a number or a month.
    pub is_number: bool,
    /// Whether it names a day of the week.
    pub is_weekday: bool,
    /// Whether it is in a built-in list of common words.
    is_common: bool,
    /// Number of entries in the window that have it in title or opening.
    entries: u32,
}

/// Folded words that at least 4 of 1,000 entries have in their opening.
static COMMON: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let lists = [include_str!("common/ar.txt"), include_str!("common/fr.txt"), include_str!("common/en.txt")];
    lists.into_iter().flat_map(str::split_whitespace).collect()
});

/// Folded names of days. The Arabic name of Sunday is left out: without the article it means "one of".
#[rustfmt::skip]
const WEEKDAYS: [&str; 20] = [
    "اثنين", "ثلاثا", "اربعا", "خميس", "جمعه", "سبت",
    "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche",
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
];

/// All words of the window, and the number of entries that have each.
#[derive(Debug, Default)]
pub struct WordTable {
    /// Numbers by a hash of 64 bits. Among a million words, the chance that two share a hash is one in thirty million.
    ids: HashMap<u64, WordId, BuildHasherDefault<Spread>>,
    known: Vec<Word>,
    /// Number of entries counted.
    counted: u32,
    /// Number of words after unused ones were last dropped.
    compacted: usize,
}

impl WordTable {
    /// Returns the numbers of the first `most` tokens of a folded text.
    pub fn read(&mut self, folded: &str, most: usize) -> Box<[WordId]> {
        folded.split(' ').filter(|token| !token.is_empty()).take(most).map(|token| self.id(token)).collect()
    }

    fn id(&mut self, token: &str) -> WordId {
        let name = hash_bytes(token.as_bytes());
        if let Some(&id) = self.ids.get(&name) {
            return id;
        }
        // Beyond four billion words all share one number: they compare as equal, which breaks nothing.
        let id = WordId::try_from(self.known.len()).unwrap_or(WordId::MAX);
        self.known.push(Word::of(token));
        self.ids.insert(name, id);
        id
    }

    /// Returns the properties of a word.
    pub fn get(&self, id: WordId) -> &Word {
        &self.known[id as usize]
    }

    /// Counts an entry that has these words in title and opening.
    pub fn count(&mut self, distinct: &[WordId]) {
        self.counted += 1;
        for &id in distinct {
            self.known[id as usize].entries += 1;
        }
    }

    /// Removes an entry from the counts.
    pub fn uncount(&mut self, distinct: &[WordId]) {
        self.counted = self.counted.saturating_sub(1);
        for &id in distinct {
            let word = &mut self.known[id as usize];
            word.entries = word.entries.saturating_sub(1);
        }
    }

    /// Returns whether few entries have the word, by the built-in lists and the window's counts together.
    pub fn is_rare(&self, id: WordId) -> bool {
        let word = self.get(id);
        // A listed word counts as twice as frequent as the limit, so that a window without it makes it rare only after a long
        // time.
        let listed = if word.is_common { 2.0 * rules::RARE * rules::RARE_PRIOR } else { 0.0 };
        f64::from(word.entries) + listed < rules::RARE * (f64::from(self.counted) + rules::RARE_PRIOR)
    }

    /// Returns whether enough words were added since the last time to make dropping unused ones worthwhile.
    pub fn wants_compacting(&self) -> bool {
        self.known.len() > 2 * self.compacted + 65_536
    }

    /// Drops the words that are not in `used`. Returns the new number of each old one.
    pub fn compact(&mut self, used: &HashSet<WordId>) -> HashMap<WordId, WordId> {
        let mut moved = HashMap::with_capacity(used.len());
        let mut kept = Vec::with_capacity(used.len());
        self.ids.retain(|_, id| {
            if !used.contains(id) {
                return false;
            }
            let new = WordId::try_from(kept.len()).unwrap_or(WordId::MAX);
            moved.insert(*id, new);
            kept.push(self.known[*id as usize]);
            *id = new;
            true
        });
        self.known = kept;
        self.compacted = self.known.len();
        moved
    }
}

impl Word {
    fn of(token: &str) -> Self {
        let letters: Vec<char> = token.chars().collect();
        let is_arabic = letters.iter().any(|c| ('\u{621}'..='\u{64a}').contains(c));
        let weak = |c: char| is_arabic && matches!(c, 'ا' | 'و' | 'ي');
        let skeleton = letters.iter().enumerate().filter(|(n, c)| *n == 0 || !weak(**c)).map(|(_, c)| *c);
        let mut sorted = letters.clone();
        sorted.sort_unstable();
        Self {
            anagram: hash(sorted.into_iter()),
            hash: hash(letters.iter().copied()),
            skeleton: hash(skeleton),
            head: hash(letters.iter().copied().take(4)),
            tail: hash(letters.iter().copied().skip(letters.len().saturating_sub(4))),
            letters: u8::try_from(letters.len()).unwrap_or(u8::MAX),
            is_number: letters.first().is_some_and(char::is_ascii_digit),
            is_weekday: WEEKDAYS.contains(&token),
            is_common: COMMON.contains(token),
            entries: 0,
        }
    }

    /// Returns whether it is the same word, possibly spelt differently (ترمب, ترامب) or with two letters exchanged.
    pub fn is_spelling_of(&self, other: &Self) -> bool {
        let slip = self.letters >= 5 && self.anagram == other.anagram;
        self.hash == other.hash || (!self.is_number && (self.skeleton == other.skeleton || slip))
    }

    /// Returns whether a reader may take one word for the other: the same consonants or, in longer words, the same beginning or
    /// end (another ending, prefix, number or gender).
    pub fn is_counterpart(&self, other: &Self) -> bool {
        self.hash == other.hash
            || self.skeleton == other.skeleton
            || (self.letters >= 5
                && other.letters >= 4
                && self.letters.abs_diff(other.letters) <= 2
                && (self.head == other.head || self.tail == other.tail))
    }
}

/// Returns the FNV-1a hash of characters, with its bits mixed. Words are few and short, and nothing depends on hashes being
/// unique.
pub fn hash(chars: impl Iterator<Item = char>) -> u32 {
    let fnv = chars.fold(0x811c_9dc5_u32, |h, c| (h ^ c as u32).wrapping_mul(0x0100_0193));
    mix(fnv)
}

/// Spreads values that differ in few bits.
fn mix(h: u32) -> u32 {
    let h = (h ^ (h >> 16)).wrapping_mul(0x7feb_352d);
    let h = (h ^ (h >> 15)).wrapping_mul(0x846c_a68b);
    h ^ (h >> 16)
}

/// Returns the hash of a sequence from the hashes of its parts.
pub fn chain(parts: impl IntoIterator<Item = u32>) -> u32 {
    parts.into_iter().fold(0x9e37_79b9, |h, part| mix(h.rotate_left(5) ^ part))
}

/// Hashes bytes, eight at a time. Only for values that are not stored.
pub fn hash_bytes(bytes: &[u8]) -> u64 {
    let fold = |h: u64, part: u64| {
        let product = u128::from(h ^ part).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        u64::try_from(product >> 64).unwrap_or_default()
            ^ u64::try_from(product & u128::from(u64::MAX)).unwrap_or_default()
    };
    let (whole, rest) = bytes.as_chunks::<8>();
    let begun = whole
        .iter()
        .fold(fold(0x2545_f491_4f6c_dd1d, bytes.len() as u64), |h, part| fold(h, u64::from_le_bytes(*part)));
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    fold(begun, u64::from_le_bytes(last))
}

/// Returns the hash of a whole title and body.
pub fn hash_text(title: &str, body: &str) -> u64 {
    let fnv = |h: u64, b: u8| (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3);
    title.bytes().chain([b'\n']).chain(body.bytes()).fold(0xcbf2_9ce4_8422_2325, fnv)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalise::fold::fold;

    #[test]
    fn listed_words_are_folded_and_common_at_once() {
        for word in COMMON.iter() {
            assert!(
                !word.chars().any(|c| matches!(c, 'أ' | 'إ' | 'ة' | 'ى' | 'é' | 'è') || c.is_uppercase()),
                "{word}"
            );
        }
        let mut words = WordTable::default();
        let rare = |words: &mut WordTable, word: &str| {
            let id = words.read(&fold(word), 1)[0];
            words.is_rare(id)
        };
        for common in ["الرئيس", "المغرب", "gouvernement", "Président", "government", "police"] {
            assert!(!rare(&mut words, common), "{common}");
        }
        for name in ["بنعبدالجليل", "Ouezzane", "Brzezinski"] {
            assert!(rare(&mut words, name), "{name}");
        }
    }

    #[test]
    fn a_word_becomes_common_by_many_entries_and_not_by_one_story() {
        let mut words = WordTable::default();
        let id = words.read("tamlalt", 1)[0];
        (0..15).for_each(|_| words.count(&[id]));
        assert!(words.is_rare(id), "fifteen outlets carry it");
        (0..15).for_each(|_| words.count(&[id]));
        assert!(!words.is_rare(id));
        (0..30).for_each(|_| words.uncount(&[id]));
        assert!(words.is_rare(id));
    }

    #[test]
    fn counterparts_are_what_a_reader_takes_for_the_same() {
        let of = |word: &str| Word::of(&fold(word));
        for (a, b) in [("ترمب", "ترامب"), ("محادثات", "محادثة"), ("election", "elections"), ("مغربي", "مغربية")]
        {
            assert!(of(a).is_counterpart(&of(b)), "{a} {b}");
        }
        for (a, b) in [("علي", "عمر"), ("2019", "2091"), ("lion", "mouse"), ("نهضة", "وداد")] {
            assert!(!of(a).is_counterpart(&of(b)), "{a} {b}");
        }
        assert!(of("tramway").is_spelling_of(&of("trmaway")) && !of("12345").is_spelling_of(&of("54321")));
    }

    #[test]
    fn compacting_keeps_what_is_used() {
        let mut words = WordTable::default();
        let ids = words.read("one two three", 9);
        words.count(&ids);
        let moved = words.compact(&HashSet::from([ids[0], ids[2]]));
        assert_eq!(words.known.len(), 2);
        let again = words.read("three one two", 9);
        assert_eq!((again[0], again[1]), (moved[&ids[2]], moved[&ids[0]]));
        assert_eq!((words.get(again[0]).entries, words.get(again[2]).entries), (1, 0));
    }
}
