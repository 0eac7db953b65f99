//! Determines the language of a text: the stated one if the script allows it, else a guess.

mod trigrams;

use crate::model::script::{LetterCounts, Script, customary};
use std::borrow::Cow;
use trigrams::{ARABIC, CYRILLIC, LATIN};

/// Minimum size of a text for a guess, in bytes: a few words prove nothing.
const SHORTEST: usize = 24;

/// Number of bytes of a text that are examined.
const LOOKED_AT: usize = 600;

/// The languages of an entry.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct EntryLanguages {
    /// The language of the entry.
    pub(super) entry: Option<String>,
    /// The language of the title, if it is another.
    pub(super) title: Option<String>,
    /// The language of the text, if it is another.
    pub(super) text: Option<String>,
}

/// Returns the languages of an entry and of its parts. `stated` are the declared language and the outlet's.
///
/// Guesses are made for the whole entry and the title, and for the text only if its script is another: a text is longer than its
/// title, so the guess for the entry is its own.
#[must_use]
pub(super) fn of_entry(stated: [Option<&str>; 2], title: Option<&str>, text: &str) -> EntryLanguages {
    let start = &text[..text.floor_char_boundary(LOOKED_AT)];
    let whole = || Cow::Owned(format!("{} {start}", title.unwrap_or_default()));
    let title_letters = LetterCounts::of(title.unwrap_or_default());
    let text_letters = LetterCounts::of(start);
    let letters = title_letters.with(text_letters).unwrap_or_else(|| LetterCounts::of(&whole()));
    let script = letters.script();
    let entry = of_script(script, stated, whole);
    let other = |own: Option<String>| own.filter(|own| entry.as_ref() != Some(own));
    // Without a text, the title is the whole entry.
    let of_title = |title| {
        let script = title_letters.script().filter(|_| !start.is_empty())?;
        other(of_script(Some(script), stated, || Cow::Borrowed(title)))
    };
    let text_script = text_letters.script().filter(|own| Some(*own) != script);
    EntryLanguages {
        title: title.and_then(of_title),
        text: text_script.and_then(|script| other(of_script(Some(script), stated, || Cow::Borrowed(start)))),
        entry,
    }
}

/// Returns the language of a text in this script: the first stated one that is written in it, else a guess among the common
/// languages of the script, if it is reliable.
fn of_script<'a>(
    script: Option<Script>,
    stated: [Option<&str>; 2],
    text: impl FnOnce() -> Cow<'a, str>,
) -> Option<String> {
    let mut stated = stated.into_iter().flatten();
    let Some(script) = script else { return stated.next().map(customary) };
    let fitting = stated.find(|tag| script.fits(tag));
    fitting.map(customary).or_else(|| {
        let text = text();
        guess(script, &text[..text.floor_char_boundary(LOOKED_AT)]).map(str::to_owned)
    })
}

/// Letters that other languages of their script do not have.
struct OwnLetters {
    script: Script,
    letters: &'static str,
    /// The language; `None` if several have them that are not told apart here.
    language: Option<&'static str>,
}

const fn own(script: Script, letters: &'static str, language: Option<&'static str>) -> OwnLetters {
    OwnLetters { script, letters, language }
}

/// The first row of which a text has the letters decides.
const OWN_LETTERS: [OwnLetters; 10] = [
    own(Script::Cyrillic, "әғқңөұүһӣӯҳҷӘҒҚҢӨҰҮҺӢӮҲҶ", None),
    own(Script::Cyrillic, "ѓќѕЃЌЅ", Some("mk")),
    own(Script::Cyrillic, "ђћЂЋ", Some("sr")),
    own(Script::Cyrillic, "ўЎ", Some("be")),
    own(Script::Cyrillic, "їєґЇЄҐ", Some("uk")),
    own(Script::Arabic, "ټډړښځڅۍ", Some("ps")),
    own(Script::Arabic, "ێۆڕڵ", Some("ckb")),
    own(Script::Arabic, "ۇڭۈ", Some("ug")),
    own(Script::Arabic, "ڄٻڀڊ", Some("sd")),
    own(Script::Arabic, "ٹڈڑںے", Some("ur")),
];

/// Minimum number of such letters. A single one may come from a foreign name.
const OWN_LETTERS_MIN: usize = 2;

/// Returns the first row of [`OWN_LETTERS`] of which a text has the letters.
fn own_letters(script: Script, text: &str) -> Option<&'static OwnLetters> {
    let has = |letters: &str| text.chars().filter(|c| letters.contains(*c)).nth(OWN_LETTERS_MIN - 1).is_some();
    OWN_LETTERS.iter().find(|own| own.script == script && has(own.letters))
}

/// Letters that the common languages of a script share with others; together with the absence of others they tell them apart.
struct SharedLetters {
    letters: &'static str,
    /// Letters that the language does not have.
    foreign: &'static str,
    language: &'static str,
}

/// The Cyrillic letters of other languages than Russian, Ukrainian, Belarusian and Bulgarian.
macro_rules! far {
    ($near:literal) => {
        concat!("әғқңөұүһӣӯҳҷҫҙҡӑӗӳјљњћђџѓќѕӘҒҚҢӨҰҮҺӢӮҲҶҪҘҠӐӖӲЈЉЊЋЂЏЃЌЅ", $near)
    };
}

const SHARED_LETTERS: [SharedLetters; 4] = [
    SharedLetters { letters: "ыэёЫЭЁ", foreign: far!("іїєґўІЇЄҐЎ"), language: "ru" },
    SharedLetters { letters: "іІ", foreign: far!("ыэёъўЫЭЁЪЎ"), language: "uk" },
    SharedLetters { letters: "ўЎ", foreign: far!("щъїєґЩЪЇЄҐ"), language: "be" },
    SharedLetters { letters: "ъЪ", foreign: far!("ыэёіїєґўЫЭЁІЇЄҐЎ"), language: "bg" },
];

/// Returns the Cyrillic language whose letters are at least one in a hundred (Russian has two and a half in a hundred of its own).
fn shared_letters(text: &str) -> Option<&'static str> {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let fits = |of: &&SharedLetters| {
        let own = text.chars().filter(|c| of.letters.contains(*c)).count();
        own > 0 && own * 100 >= letters && !text.contains(|c: char| of.foreign.contains(c))
    };
    SHARED_LETTERS.iter().find(fits).map(|of| of.language)
}

/// Letters beyond the Arabic alphabet, with which other languages are written, except those that a Persian keyboard writes for
/// letters of the alphabet.
fn is_beyond_arabic(c: char) -> bool {
    matches!(c, '\u{672}'..='\u{6d3}' | '\u{6d5}' | '\u{750}'..='\u{77f}') && !matches!(c, 'ک' | 'ی')
}

/// Returns whether letters and articles that only Arabic has are at least one in 25 letters of a text, and more than one.
fn has_arabic_signs(text: &str) -> bool {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let own = text.chars().filter(|c| matches!(c, 'ة' | 'أ' | 'إ')).count();
    let words = text.split(|c: char| !c.is_alphabetic());
    let articles = words.filter(|word| word.starts_with("ال") && word.chars().count() > 3).count();
    let likely = text.chars().filter(|c| matches!(c, 'ي' | 'ى' | 'ك')).count();
    let signs = own + articles;
    signs > 0 && signs + likely > 1 && signs * 25 >= letters
}

/// Returns whether a text in Arabic letters is Arabic. Names of other languages may have a few letters of theirs.
fn is_arabic(text: &str) -> bool {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    has_arabic_signs(text) && text.chars().filter(|c| is_beyond_arabic(*c)).count() * 25 <= letters
}

/// Returns whether a text in Arabic letters is Persian: it has the letters that Persian shares with Urdu, Pashto and others, and none
/// that only those have, nor the Pashto word for "of".
fn is_persian(text: &str) -> bool {
    let shared = |c: char| matches!(c, 'پ' | 'چ' | 'ژ' | 'گ' | 'ک' | 'ی');
    text.chars().filter(|c| shared(*c)).count() >= OWN_LETTERS_MIN
        && !text.contains(|c: char| is_beyond_arabic(c) && !shared(c))
        && !has_arabic_signs(text)
        && text.split(|c: char| !c.is_alphabetic()).all(|word| word != "د")
}

fn guess(script: Script, text: &str) -> Option<&'static str> {
    let (profiles, named) = match script {
        Script::Arabic => (&ARABIC, whatlang::Script::Arabic),
        Script::Hebrew => return Some("he"),
        Script::Greek => return Some("el"),
        Script::Cyrillic => (&CYRILLIC, whatlang::Script::Cyrillic),
        Script::Latin => (&LATIN, whatlang::Script::Latin),
        Script::Other => return None,
    };
    if text.len() < SHORTEST || whatlang::detect_script(text) != Some(named) {
        return None;
    }
    if let Some(own) = own_letters(script, text) {
        return own.language;
    }
    let told = match script {
        Script::Arabic if is_arabic(text) => Some("ar"),
        Script::Arabic => is_persian(text).then_some("fa"),
        Script::Cyrillic => shared_letters(text),
        _ => None,
    };
    told.or_else(|| profiles.guess(text).filter(|guess| guess.is_reliable).map(|guess| guess.tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stated_counts_where_the_script_can_be_it() {
        let arabic = "الحكومة تصادق على مشروع قانون المالية للسنة المقبلة في الرباط";
        let french =
            "Le gouvernement adopte le projet de loi de finances de l'année prochaine à Rabat, selon un communiqué";
        for (declared, outlet, text, want) in [
            (Some("en-US"), Some("en"), arabic, Some("ar")),
            (Some("en_us"), Some("ar-MA"), arabic, Some("ar-MA")),
            (Some("AR"), None, arabic, Some("ar")),
            (Some("ar"), Some("ar"), french, Some("fr")),
            (Some("ar"), Some("fr"), french, Some("fr")),
            (None, None, french, Some("fr")),
            (Some("en_GB"), None, "Short news", Some("en-GB")),
            (None, None, "Short news", None),
            (Some("ar"), None, "2026", Some("ar")),
        ] {
            let found = of_entry([declared, outlet], None, text);
            assert_eq!(found.entry.as_deref(), want, "{text}");
            assert_eq!((found.title, found.text), (None, None), "{text}");
        }
    }

    #[test]
    fn letters_of_its_own_tell_a_language() {
        for (text, want) in [
            ("Пожар на складе в Москве: объявлен высокий уровень сложности", Some("ru")),
            ("Қазақстанда жаңа мектеп ашылды, деп хабарлайды агенттік", None),
            ("Пожежа на складі у Києві: оголошено підвищений рівень складності, її гасять", Some("uk")),
            ("ئاگرێک لە کۆگایەکی هەولێر کەوتەوە و ئاگرکوژێنەوە گەیشتن", Some("ckb")),
            ("په کابل کې د يوې ګودام اور لګېدلی او ځوانان سره ښه وي", Some("ps")),
            ("أسعار الذهب اليوم", Some("ar")),
            ("ارتفاع أسعار النفط / برنت فوق 80 دولارا", Some("ar")),
            ("شركة گوگل تطلق خدمة جديدة في المغرب لمستخدمي الهواتف الذكية وأجهزة الحاسوب في كل المدن", Some("ar")),
            ("المدینة التي نعرفها حالیا كالینینغراد كانت تدعى كونیغسبرغ وكانت جزءا من بروسیا", Some("ar")),
            ("د افغانستان خبرونه", None),
            ("قيمت دلار در بازار تهران", None),
            ("دولت لایحه بودجه سال آینده را تصویب کرد و به مجلس فرستاد", Some("fa")),
            ("Курс доллара вырос", Some("ru")),
            ("Погода в Москве на завтра", None),
            ("Новости дня сегодня", None),
            ("Правительство на следующий год приняло бюджет, который обсуждали все лето", Some("ru")),
            ("Уряд ухвалив бюджет на наступний рік", Some("uk")),
            ("Урад ухваліў бюджэт на наступны год", Some("be")),
            ("Правителството прие бюджета за следващата година, съобщиха от Министерския съвет", Some("bg")),
        ] {
            assert_eq!(of_entry([Some("en"), None], None, text).entry.as_deref(), want, "{text}");
        }
    }

    #[test]
    fn title_and_text_may_be_in_different_languages() {
        let arabic = "الحكومة تصادق على مشروع قانون المالية للسنة المقبلة في الرباط";
        let french = "Le gouvernement adopte le projet de loi de finances de l'année prochaine à Rabat";
        let english = "The government has adopted the finance bill for the next year, says a statement of Monday. ";
        let long = english.repeat(9);
        for (stated, title, text, want) in [
            (None, arabic, long.as_str(), (Some("en"), Some("ar"), None)),
            (None, french, long.as_str(), (Some("en"), Some("fr"), None)),
            (None, "The finance bill has been adopted by the government", long.as_str(), (Some("en"), None, None)),
            (Some("fr"), french, arabic, (Some("fr"), None, Some("ar"))),
            (Some("fr-MA"), "Budget", &arabic.repeat(3), (Some("ar"), Some("fr-MA"), None)),
            (Some("ar"), "2026", arabic, (Some("ar"), None, None)),
            (None, "2026", "2027", (None, None, None)),
        ] {
            let found = of_entry([stated, None], Some(title), text);
            let found = (found.entry.as_deref(), found.title.as_deref(), found.text.as_deref());
            assert_eq!(found, want, "{title}");
        }
    }
}
