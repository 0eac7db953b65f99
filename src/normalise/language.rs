//! Determines the language of a text: the stated one if the script allows it, else a guess.

use crate::model::script::{Script, customary};
use whatlang::{Detector, Lang};

/// Minimum size of a text for a guess, in bytes: a few words prove nothing.
const SHORTEST: usize = 24;

/// Number of bytes of a text that are examined.
const LOOKED_AT: usize = 600;

/// Returns the language of a text: `declared` if that language is written in this script, else the outlet's on the same
/// condition, else a guess among the common languages of the script, if it is reliable.
#[must_use]
pub(super) fn of(declared: Option<&str>, outlet: Option<&str>, text: &str) -> Option<String> {
    let text = &text[..text.floor_char_boundary(LOOKED_AT)];
    let Some(script) = Script::of(text) else { return declared.or(outlet).map(customary) };
    let stated = [declared, outlet].into_iter().flatten().find(|tag| script.fits(tag));
    stated.map(customary).or_else(|| guess(script, text).map(str::to_owned))
}

fn guess(script: Script, text: &str) -> Option<&'static str> {
    let among: &[(Lang, &str)] = match script {
        Script::Arabic => &[(Lang::Ara, "ar"), (Lang::Pes, "fa"), (Lang::Urd, "ur")],
        Script::Hebrew => return Some("he"),
        Script::Greek => return Some("el"),
        Script::Cyrillic => {
            &[(Lang::Rus, "ru"), (Lang::Ukr, "uk"), (Lang::Bul, "bg"), (Lang::Bel, "be"), (Lang::Srp, "sr")]
        }
        Script::Latin => &[
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
        ],
        Script::Other => &[],
    };
    if among.is_empty() || text.len() < SHORTEST {
        return None;
    }
    let found = Detector::with_allowlist(among.iter().map(|(lang, _)| *lang).collect()).detect(text)?;
    let safe = found.is_reliable() || script != Script::Latin;
    among.iter().find(|(lang, _)| safe && *lang == found.lang()).map(|(_, tag)| *tag)
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
            assert_eq!(of(declared, outlet, text).as_deref(), want, "{text}");
        }
    }
}
