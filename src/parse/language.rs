//! Languages as documents state them: tags, codes and names.

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

/// Returns a language tag: the first one stated, with hyphens. Names of languages and codes of three letters become tags (RFC 5646
/// 2.2.1: the shortest code); another word is no language.
pub(super) fn language(text: &str) -> Option<String> {
    let word: String = text.trim().chars().take_while(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    if let Some((tag, _)) = LANGUAGES.iter().find(|(_, names)| names.split(' ').any(|name| name == word)) {
        return Some((*tag).to_owned());
    }
    let is_name = |word: &str| word.chars().count() > 4 || !word.is_ascii();
    if is_name(&word) {
        return None;
    }
    let tag = text.trim().split([',', ';', ' ']).next().unwrap_or_default().replace('_', "-");
    let plain = tag.len() <= 35 && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    (plain && !tag.is_empty()).then(|| crate::model::script::customary(&tag))
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
            ("", None),
        ] {
            assert_eq!(language(text).as_deref(), want, "{text}");
        }
    }
}
