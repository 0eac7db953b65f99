//! Guesses the language of a text by its letters and trigrams.
//!
//! The algorithm and the profiles are those of the crate whatlang 0.18 (MIT, Sergey Potapov), and so are the results. It looks each
//! of the 300 trigrams of each language up in a table of the text's; here the text's few trigrams are looked up in a table of all
//! languages, which takes a fraction of the time.

use std::sync::LazyLock;

/// Language tag, alphabet (empty if all languages of the script share it) and the 300 most frequent trigrams, most frequent first.
const PROFILES: &str = include_str!("profiles.txt");

/// Number of trigrams of a language, and the distance of one that a text does not have.
const FARTHEST: i32 = 300;

/// Maximum number of trigrams of a text that count.
const TRIGRAMS: i32 = 600;

/// Latin letters. The order of the languages decides between equals.
pub(super) static LATIN: LazyLock<Profiles> =
    LazyLock::new(|| Profiles::of(&["es", "en", "pt", "id", "fr", "de", "it", "tr", "pl", "nl", "sv", "fi"]));
/// Cyrillic letters.
pub(super) static CYRILLIC: LazyLock<Profiles> = LazyLock::new(|| Profiles::of(&["ru", "uk", "sr", "be", "bg"]));
/// Arabic letters.
pub(super) static ARABIC: LazyLock<Profiles> = LazyLock::new(|| Profiles::of(&["ar", "ur", "fa"]));

/// The languages of a script.
pub(super) struct Profiles {
    tags: &'static [&'static str],
    /// The letters that are not in every alphabet, sorted; a bit for each language that has it.
    letters: Vec<(char, u16)>,
    /// The letters of every alphabet, sorted.
    common: Vec<char>,
    /// Whether the languages have alphabets of their own, and whether each has `a` to `z`.
    has_alphabets: bool,
    has_latin: bool,
    /// Trigram, language and rank, sorted by trigram.
    ranks: Vec<(u64, usize, i32)>,
    /// A hash table: where a trigram begins in `ranks`.
    slots: Vec<u32>,
}

/// Number of slots: a power of two, several times the number of trigrams of all languages of a script.
const SLOTS: usize = 1 << 13;

/// A slot without a trigram.
const EMPTY: u32 = u32::MAX;

/// Returns the slots that a trigram may have, in order.
fn slots_of(trigram: u64) -> impl Iterator<Item = usize> {
    // Fibonacci hashing; the upper bits are the best.
    let hash = trigram.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - SLOTS.trailing_zeros());
    (0..SLOTS).map(move |step| (usize::try_from(hash).unwrap_or(0) + step) % SLOTS)
}

/// A guess.
pub(super) struct LanguageGuess {
    /// The most likely language.
    pub(super) tag: &'static str,
    /// Whether it is much more likely than the next one.
    pub(super) is_reliable: bool,
}

impl Profiles {
    fn of(tags: &'static [&'static str]) -> Self {
        let (mut letters, mut ranks, mut has_alphabets) = (Vec::<(char, u16)>::new(), Vec::new(), false);
        for line in PROFILES.lines() {
            let mut columns = line.split('\t');
            let (tag, alphabet, trigrams) = (columns.next(), columns.next(), columns.next());
            let Some(language) = tags.iter().position(|known| Some(*known) == tag) else { continue };
            for letter in alphabet.unwrap_or_default().chars() {
                has_alphabets = true;
                match letters.iter_mut().find(|(known, _)| *known == letter) {
                    Some((_, languages)) => *languages |= 1 << language,
                    None => letters.push((letter, 1 << language)),
                }
            }
            let characters: Vec<char> = trigrams.unwrap_or_default().chars().collect();
            let trigrams = characters.chunks_exact(3).map(|c| trigram(c[0], c[1], c[2]));
            ranks.extend(trigrams.zip(0..).map(|(trigram, rank)| (trigram, language, rank)));
        }
        let all = letters.iter().fold(0, |all, (_, languages)| all | languages);
        let (common, mut letters): (Vec<_>, Vec<_>) = letters.into_iter().partition(|(_, languages)| *languages == all);
        let mut common: Vec<char> = common.into_iter().map(|(letter, _)| letter).collect();
        common.sort_unstable();
        letters.sort_unstable();
        ranks.sort_unstable();
        let mut slots = vec![EMPTY; SLOTS];
        for (at, (trigram, ..)) in (0..).zip(&ranks) {
            let is_next =
                |slot: &u32| *slot != EMPTY && ranks.get(*slot as usize).is_some_and(|(known, ..)| known == trigram);
            let slot = slots_of(*trigram).find(|slot| slots[*slot] == EMPTY || is_next(&slots[*slot]));
            if let Some(empty) = slot.filter(|slot| slots[*slot] == EMPTY) {
                slots[empty] = at;
            }
        }
        let has_latin = ('a'..='z').all(|letter| common.binary_search(&letter).is_ok());
        Self { tags, letters, common, has_alphabets, has_latin, ranks, slots }
    }

    /// Returns the most likely language of a text that has letters of this script.
    pub(super) fn guess(&self, text: &str) -> Option<LanguageGuess> {
        let text = text.to_lowercase();
        let (letters, mut alphabets) = self.alphabet_scores(&text);
        let places = trigram_places(&text);
        let trigrams = self.trigram_scores(&places);
        let alphabet_weight = (-(float(letters) / 300.0) + 2.0 / 3.0).clamp(1.0 / 3.0, 2.0 / 3.0);
        let trigram_weight = 1.0 - alphabet_weight;
        // Equals stay in the order of their alphabets.
        alphabets.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        let mut scores: Vec<(usize, f64)> = alphabets
            .into_iter()
            .map(|(language, score)| (language, score * alphabet_weight + trigrams[language] * trigram_weight))
            .collect();
        scores.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        let (&(best, first), &(_, second)) = (scores.first()?, scores.get(1)?);
        Some(LanguageGuess { tag: self.tags[best], is_reliable: confidence(first, second, places.len()) > 0.9 })
    }

    /// Returns the number of letters of a text, and for each language how many more of them are in its alphabet than not, from 0
    /// to 1.
    fn alphabet_scores(&self, text: &str) -> (usize, Vec<(usize, f64)>) {
        if !self.has_alphabets {
            return (1, (0..self.tags.len()).map(|language| (language, 1.0)).collect());
        }
        let (mut all, mut common, mut own) = (0_usize, 0_usize, vec![0_usize; self.tags.len()]);
        for c in text.chars().filter(|c| !is_gap(*c)) {
            all += 1;
            if self.has_latin && c.is_ascii_lowercase() || self.common.binary_search(&c).is_ok() {
                common += 1;
            } else if let Ok(at) = self.letters.binary_search_by_key(&c, |(letter, _)| *letter) {
                let languages = self.letters[at].1;
                own.iter_mut().enumerate().for_each(|(at, hits)| *hits += usize::from(languages >> at & 1));
            }
        }
        let score = |hits: usize| float((2 * (common + hits)).saturating_sub(all)) / float(all);
        (all, own.into_iter().map(score).enumerate().collect())
    }

    /// Returns the languages that have a trigram, and its ranks.
    fn ranks_of(&self, trigram: u64) -> impl Iterator<Item = &(u64, usize, i32)> {
        let known = slots_of(trigram).map(|slot| self.slots[slot]).take_while(|at| *at != EMPTY);
        let found = known.map(|at| &self.ranks[at as usize..]).find(|ranks| ranks[0].0 == trigram);
        found.unwrap_or_default().iter().take_while(move |(known, ..)| *known == trigram)
    }

    /// Returns for each language how near its trigrams are to those of a text, from 0 to 1.
    fn trigram_scores(&self, places: &[(u64, i32)]) -> Vec<f64> {
        let mut distances = vec![FARTHEST * FARTHEST; self.tags.len()];
        for (trigram, place) in places {
            for (_, language, rank) in self.ranks_of(*trigram) {
                distances[*language] += (place - rank).abs() - FARTHEST;
            }
        }
        let count = i32::try_from(places.len()).unwrap_or(FARTHEST);
        let missing = (FARTHEST - count).max(0) * FARTHEST;
        let most = count * FARTHEST;
        let score =
            |distance: i32| f64::from(most - (distance - missing).clamp(0, FARTHEST * FARTHEST)) / f64::from(most);
        distances.into_iter().map(score).collect()
    }
}

fn float(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Returns how sure it is that the language with the highest score is right.
fn confidence(first: f64, second: f64, trigrams: usize) -> f64 {
    if first == 0.0 || second == 0.0 {
        return first;
    }
    let sure = 3.0 / float(trigrams) + 0.015;
    let lead = (first - second) / second;
    if lead > sure { 1.0 } else { lead / sure }
}

/// Returns the trigrams of a text, and the place of each in the order of frequency; of equally frequent ones the last comes first.
fn trigram_places(text: &str) -> Vec<(u64, i32)> {
    let mut all = Vec::with_capacity(text.len() + 1);
    let mut characters = text.chars().map(|c| if is_gap(c) { ' ' } else { c }).chain([' ']);
    let (mut first, mut second) = (' ', characters.next().unwrap_or(' '));
    for third in characters {
        if second != ' ' || first != ' ' && third != ' ' {
            all.push(trigram(first, second, third));
        }
        (first, second) = (second, third);
    }
    all.sort_unstable();
    // How many different trigrams occur so often: `more[2]` occur twice. Then, how many occur more often.
    let mut more = vec![0; 1];
    for same in all.chunk_by(|a, b| a == b) {
        more.resize(more.len().max(same.len() + 1), 0);
        more[same.len()] += 1;
    }
    let mut before = 0;
    for count in more.iter_mut().rev() {
        (*count, before) = (before, before + *count);
    }
    let mut places = Vec::with_capacity(usize::try_from(before).unwrap_or(0));
    for same in all.chunk_by(|a, b| a == b).rev() {
        places.push((same[0], more[same.len()]));
        more[same.len()] += 1;
    }
    places.retain(|(_, place)| *place < TRIGRAMS);
    places
}

/// Packs three characters, which have 21 bits each, so that the order of trigrams is that of their characters.
fn trigram(first: char, second: char, third: char) -> u64 {
    [first, second, third].into_iter().fold(0, |packed, c| packed << 21 | u64::from(c))
}

/// Returns whether a character says nothing about the language: ASCII other than letters.
fn is_gap(c: char) -> bool {
    c.is_ascii() && !c.is_ascii_alphabetic() && c != '\u{7F}'
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use whatlang::{Detector, Lang};

    const LANGUAGES: [(Lang, &str); 20] = [
        (Lang::Ara, "ar"),
        (Lang::Pes, "fa"),
        (Lang::Urd, "ur"),
        (Lang::Rus, "ru"),
        (Lang::Ukr, "uk"),
        (Lang::Bul, "bg"),
        (Lang::Bel, "be"),
        (Lang::Srp, "sr"),
        (Lang::Eng, "en"),
        (Lang::Fra, "fr"),
        (Lang::Spa, "es"),
        (Lang::Por, "pt"),
        (Lang::Ita, "it"),
        (Lang::Deu, "de"),
        (Lang::Nld, "nl"),
        (Lang::Tur, "tr"),
        (Lang::Pol, "pl"),
        (Lang::Swe, "sv"),
        (Lang::Fin, "fi"),
        (Lang::Ind, "id"),
    ];

    /// Returns the guess of whatlang, if it finds this script.
    fn reference(profiles: &Profiles, script: whatlang::Script, text: &str) -> Option<(&'static str, bool)> {
        let known = |tag: &str| LANGUAGES.iter().find(|(_, known)| *known == tag).unwrap().0;
        let found = Detector::with_allowlist(profiles.tags.iter().map(|tag| known(tag)).collect()).detect(text)?;
        let tag = LANGUAGES.iter().find(|(lang, _)| *lang == found.lang())?.1;
        (found.script() == script).then(|| (tag, found.is_reliable()))
    }

    fn compare(text: &str) {
        let script = whatlang::detect_script(text);
        let profiles = match script {
            Some(whatlang::Script::Latin) => &LATIN,
            Some(whatlang::Script::Cyrillic) => &CYRILLIC,
            Some(whatlang::Script::Arabic) => &ARABIC,
            _ => return,
        };
        let found = profiles.guess(text).map(|guess| (guess.tag, guess.is_reliable));
        assert_eq!(found, reference(profiles, script.unwrap(), text), "{text}");
    }

    #[test]
    fn guesses_are_those_of_whatlang() {
        for text in [
            "Le gouvernement adopte le projet de loi de finances de l'année prochaine à Rabat",
            "The government has adopted the finance bill for the next year, says a statement.",
            "Die Regierung hat den Haushalt für das nächste Jahr beschlossen, 2026",
            "El Gobierno aprueba el proyecto de ley; ¿qué pasará mañana?",
            "Hükümet gelecek yılın bütçesini kabul etti. İstanbul'da ÇOK KAR",
            "Rząd przyjął projekt ustawy budżetowej na przyszły rok",
            "الحكومة تصادق على مشروع قانون المالية للسنة المقبلة في الرباط",
            "دولت لایحه بودجه سال آینده را تصویب کرد و به مجلس فرستاد",
            "حکومت نے اگلے سال کا بجٹ منظور کر لیا ہے",
            "Правительство приняло бюджет на следующий год",
            "Уряд ухвалив бюджет на наступний рік, повідомляє її прес-служба",
            "Влада је усвојила буџет за наредну годину",
            "a",
            "BBC BBC BBC « » 7 %",
        ] {
            compare(text);
            compare(&text.repeat(9));
        }
    }

    proptest! {
        #![proptest_config(crate::model::testing::cases())]

        #[test]
        fn guesses_about_any_text_are_those_of_whatlang(
            text in "([a-zçéèàñöşığäåł]{1,9}[ ,.'0-9]{0,2}){1,60}|([а-яіїћ]{1,9} ?){1,60}|([ابتجدرسعفقلمنهوية گپےں]{1,9} ?){1,60}|\\PC{0,80}",
        ) {
            compare(&text);
        }
    }
}
