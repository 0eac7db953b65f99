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
const OWN_LETTERS: [OwnLetters; 11] = [
    own(Script::Cyrillic, "әғқңөұүһӣӯҳҷӘҒҚҢӨҰҮҺӢӮҲҶ", None),
    own(Script::Cyrillic, "ѓќѕЃЌЅ", Some("mk")),
    own(Script::Cyrillic, "ђћЂЋ", Some("sr")),
    own(Script::Cyrillic, "ўЎ", Some("be")),
    own(Script::Cyrillic, "їєґЇЄҐ", Some("uk")),
    own(Script::Cyrillic, "ыэёЫЭЁ", Some("ru")),
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
    let found = profiles.guess(text)?;
    (found.is_reliable || script != Script::Latin).then_some(found.tag)
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
