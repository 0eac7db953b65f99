//! Languages as documents state them: tags, codes and names.

use crate::model::script;

/// Languages, their codes of three letters (ISO 639-2) and their names, in English and their own.
const LANGUAGES: [(&str, &str); 27] = [
    ("ar", "ara arabic العربية عربي عربى"),
    ("en", "eng english"),
    ("fr", "fra fre french français francais"),
    ("es", "spa spanish español espanol castellano"),
    ("de", "deu ger german deutsch"),
    ("pt", "por portuguese português portugues"),
    ("it", "ita italian italiano"),
    ("nl", "nld dut dutch nederlands"),
    ("ru", "rus russian русский"),
    ("uk", "ukr ukrainian українська"),
    ("pl", "pol polish polski"),
    ("tr", "tur turkish türkçe turkce"),
    ("fa", "fas per persian farsi فارسی فارسي"),
    ("ur", "urd urdu اردو"),
    ("he", "heb hebrew עברית"),
    ("el", "ell gre greek ελληνικά"),
    ("ro", "ron rum romanian română"),
    ("sv", "swe swedish svenska"),
    ("fi", "fin finnish suomi"),
    ("cs", "ces cze czech čeština"),
    ("hu", "hun hungarian magyar"),
    ("hi", "hin hindi हिन्दी"),
    ("bn", "ben bengali বাংলা"),
    ("id", "ind indonesian"),
    ("zh", "zho chi chinese 中文"),
    ("ja", "jpn japanese 日本語"),
    ("ko", "kor korean 한국어"),
];

/// Words and codes of three letters that stand for no language, for several, or for any (ISO 639-2, and settings of programs). `all` is
/// the code of a language too, but not of one with newspapers.
const NO_LANGUAGE: [&str; 6] = ["und", "mul", "mis", "zxx", "all", "any"];

/// Former codes and those that replaced them (RFC 5646 2.2.1). Java wrote the former ones until version 17.
const FORMER: [(&str, &str); 3] = [("iw", "he"), ("in", "id"), ("ji", "yi")];

/// Languages and the countries (ISO 3166) whose newspapers are in them. Not all pairs of a language and a country, because words are
/// such pairs too: `none` would be Norwegian of Niger, `html` Haitian of Mali, `news` Nepali of Samoa.
const COUNTRIES: [(&str, &str); 44] = [
    ("ar", "ae bh dj dz eg iq jo km kw lb ly ma mr om ps qa sa sd so sy td tn ye"),
    ("bg", "bg"),
    ("bn", "bd in"),
    ("ca", "ad es"),
    ("cs", "cz"),
    ("da", "dk"),
    ("de", "at be ch de li lu"),
    ("el", "cy gr"),
    ("en", "au ca gb gh hk ie in jm ke mt my ng nz ph pk sg ug us za zm zw"),
    ("es", "ar bo cl co cr cu do ec es gt hn mx ni pa pe pr py sv us uy ve"),
    ("et", "ee"),
    ("eu", "es"),
    ("fa", "af ir"),
    ("fi", "fi"),
    ("fr", "be bf bj ca cd cg ch ci cm dz fr ga gn ht lu ma mc mg ml mr mu ne re sn td tg tn"),
    ("ga", "ie"),
    ("gl", "es"),
    ("he", "il"),
    ("hi", "in"),
    ("hr", "hr"),
    ("hu", "hu"),
    ("id", "id"),
    ("it", "ch it"),
    ("ja", "jp"),
    ("ko", "kr"),
    ("lt", "lt"),
    ("lv", "lv"),
    ("ms", "my sg"),
    ("nb", "no"),
    ("nl", "be nl"),
    ("pl", "pl"),
    ("ps", "af"),
    ("pt", "ao br mz pt"),
    ("ro", "md ro"),
    ("ru", "by kz ru ua"),
    ("sk", "sk"),
    ("sl", "si"),
    ("sr", "rs"),
    ("sv", "fi se"),
    ("th", "th"),
    ("tr", "cy tr"),
    ("uk", "ua"),
    ("vi", "vn"),
    ("zh", "cn hk mo sg tw"),
];

/// Returns a language tag: the first one stated, with hyphens. Names of languages and codes of three letters become tags (RFC 5646
/// 2.2.1: the shortest code). Other words (`x-default`, `none`) and codes that no language has (`xx`) are no language.
pub(super) fn language(text: &str) -> Option<String> {
    let word: String = text.trim().chars().take_while(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    if let Some((tag, _)) = LANGUAGES.iter().find(|(_, names)| names.split(' ').any(|name| name == word)) {
        return Some((*tag).to_owned());
    }
    let is_name = |word: &str| word.chars().count() > 4 || !word.is_ascii();
    if is_name(&word) {
        return None;
    }
    if let Some(tag) = without_separator(&word) {
        return Some(tag);
    }
    let tag = text.trim().split([',', ';', ' ', '.', '@']).next().unwrap_or_default().replace('_', "-");
    let plain = tag.len() <= 35 && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let length = tag.split('-').next().map_or(0, str::len);
    let former = FORMER.iter().find(|(former, _)| tag[..length].eq_ignore_ascii_case(former));
    let tag = former.map_or_else(|| tag.clone(), |(_, present)| format!("{present}{}", &tag[length..]));
    (plain && is_code(&tag)).then(|| script::customary(&tag))
}

/// Returns the tag of a language and its country that are written as one word (`frfr`, `enus`).
fn without_separator(word: &str) -> Option<String> {
    let (language, country) = word.split_at_checked(2)?;
    let (_, countries) = COUNTRIES.iter().find(|(known, _)| *known == language)?;
    let is_known = countries.split(' ').any(|known| known == country);
    is_known.then(|| script::customary(&format!("{language}-{country}")))
}

/// Returns whether a tag begins with the code of a language (RFC 5646 2.2.1).
fn is_code(tag: &str) -> bool {
    let code = tag.split('-').next().unwrap_or_default();
    match code.len() {
        2 => script::is_iso_639_1(code),
        3 => !NO_LANGUAGE.iter().any(|no| code.eq_ignore_ascii_case(no)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_a_tag_a_code_or_a_name() {
        for (text, want) in [
            ("Arabic", Some("ar")),
            ("العربية", Some("ar")),
            ("Arabic (Saudi Arabia)", Some("ar")),
            ("ara", Some("ar")),
            ("fre", Some("fr")),
            ("en_US", Some("en-US")),
            ("zh-Hant-TW", Some("zh-Hant-TW")),
            ("ary", Some("ary")),
            ("Klingon", None),
            ("default", None),
            ("en_US.UTF-8", Some("en-US")),
            ("none", None),
            ("all", None),
            ("xx", None),
            ("xx-XX", None),
            ("frfr", Some("fr-FR")),
            ("enUS", Some("en-US")),
            ("ARMA", Some("ar-MA")),
            ("arma; charset=x", Some("ar-MA")),
            ("html", None),
            ("news", None),
            ("xxus", None),
            ("x-default", None),
            ("und", None),
            ("i-klingon", None),
            ("iw", Some("he")),
            ("iw_IL", Some("he-IL")),
            ("in", Some("id")),
            ("", None),
        ] {
            assert_eq!(language(text).as_deref(), want, "{text}");
        }
    }
}
