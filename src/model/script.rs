//! Scripts: which script a text is written in, in which direction it runs, and which languages it can be in.

/// Most letters of a text that are examined.
const LETTERS: usize = 1_000;

/// The codes of two letters for languages (ISO 639-1).
const ISO_639_1: &str = "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv \
    dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv \
    ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no \
    nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti \
    tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu";

/// Returns whether this is a code of two letters for a language (ISO 639-1), in any case.
#[must_use]
pub fn is_iso_639_1(code: &str) -> bool {
    code.len() == 2 && ISO_639_1.split(' ').any(|known| known.eq_ignore_ascii_case(code))
}

/// A script that helps to tell languages apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Script {
    /// Latin.
    Latin,
    /// Arabic.
    Arabic,
    /// Hebrew.
    Hebrew,
    /// Cyrillic.
    Cyrillic,
    /// Greek.
    Greek,
    /// Any other.
    Other,
}

impl Script {
    /// Returns the script of a letter; `None` if `c` is not a letter.
    #[must_use]
    pub fn of_letter(c: char) -> Option<Self> {
        Some(match c {
            'a'..='z' | 'A'..='Z' => Self::Latin,
            // The letters of most Arabic texts, before the slower question for any letter.
            '\u{620}'..='\u{63F}' | '\u{641}'..='\u{64A}' => Self::Arabic,
            '\0'..='\u{7F}' => return None,
            _ if !c.is_alphabetic() => return None,
            '\u{AA}'..='\u{24F}' | '\u{1E00}'..='\u{1EFF}' | '\u{FF21}'..='\u{FF5A}' => Self::Latin,
            '\u{600}'..='\u{6FF}' | '\u{750}'..='\u{77F}' | '\u{870}'..='\u{8FF}' | '\u{FB50}'..='\u{FDFF}' => {
                Self::Arabic
            }
            '\u{FE70}'..='\u{FEFE}' => Self::Arabic,
            '\u{590}'..='\u{5FF}' | '\u{FB1D}'..='\u{FB4F}' => Self::Hebrew,
            '\u{400}'..='\u{52F}' | '\u{1C80}'..='\u{1C8F}' | '\u{2DE0}'..='\u{2DFF}' => Self::Cyrillic,
            '\u{370}'..='\u{3FF}' | '\u{1F00}'..='\u{1FFF}' => Self::Greek,
            _ => Self::Other,
        })
    }

    /// Returns the script of most letters of a text; `None` if it has no letters.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        LetterCounts::of(text).script()
    }

    /// Returns whether a language can be written in this script. For a language that is not known here, it returns `true`.
    #[must_use]
    pub fn fits(self, tag: &str) -> bool {
        let primary = tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        match primary.as_str() {
            "ar" | "ary" | "arz" | "arb" | "apc" | "fa" | "prs" | "ps" | "ur" | "ckb" | "sd" | "ug" => {
                self == Self::Arabic
            }
            "he" | "iw" | "yi" => self == Self::Hebrew,
            "ru" | "uk" | "be" | "bg" | "mk" => self == Self::Cyrillic,
            "el" => self == Self::Greek,
            "en" | "fr" | "es" | "pt" | "it" | "de" | "nl" | "pl" | "cs" | "sk" | "sl" | "hr" | "hu" | "ro" | "sv"
            | "da" | "no" | "nb" | "nn" | "fi" | "et" | "lv" | "lt" | "tr" | "ca" | "eu" | "gl" | "id" | "vi"
            | "sq" | "is" | "ga" | "cy" | "mt" => self == Self::Latin,
            "zh" | "ja" | "ko" | "hi" | "bn" | "ta" | "te" | "th" | "am" | "hy" | "ka" | "dv" | "ti" => {
                self == Self::Other
            }
            _ => true,
        }
    }
}

/// How many letters of each script a text has, among its first thousand letters.
#[derive(Debug, Clone, Copy)]
pub struct LetterCounts([usize; 6]);

impl LetterCounts {
    /// Counts the letters of a text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut counts = [0; 6];
        for script in text.chars().filter_map(Script::of_letter).take(LETTERS) {
            counts[script as usize] += 1;
        }
        Self(counts)
    }

    /// Returns the counts of two texts, one after the other; `None` if they must be counted together, because they have more letters
    /// than are examined.
    #[must_use]
    pub fn with(self, other: Self) -> Option<Self> {
        let both = Self(std::array::from_fn(|at| self.0[at] + other.0[at]));
        (both.0.iter().sum::<usize>() <= LETTERS).then_some(both)
    }

    /// Returns the script of most letters; `None` if there are none.
    #[must_use]
    pub fn script(self) -> Option<Script> {
        most(self.0)
    }
}

/// Returns the script with the highest count, in the order of [`Script`]; `None` if all are zero.
fn most(counts: [usize; 6]) -> Option<Script> {
    const ALL: [Script; 6] =
        [Script::Latin, Script::Arabic, Script::Hebrew, Script::Cyrillic, Script::Greek, Script::Other];
    let most = counts.into_iter().max().filter(|most| *most > 0)?;
    ALL.into_iter().zip(counts).find(|(_, count)| *count == most).map(|(script, _)| script)
}

/// How many letters of each script, and from right to left, some safe HTML has, without its tags: all of them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Letters {
    scripts: [usize; 6],
    right: usize,
}

impl Letters {
    /// Counts the letters of a text without tags. The references that the sanitiser writes are no letters.
    pub fn count(&mut self, text: &str) {
        for (at, part) in text.split('&').enumerate() {
            let after = part.split_once(';').filter(|_| at > 0);
            let after = after.filter(|(name, _)| matches!(*name, "amp" | "lt" | "gt" | "nbsp" | "quot"));
            for c in after.map_or(part, |(_, rest)| rest).chars() {
                if let Some(script) = Script::of_letter(c) {
                    self.scripts[script as usize] += 1;
                    self.right += usize::from(is_right_to_left(c));
                }
            }
        }
    }

    /// Adds the letters of a part.
    pub fn add(&mut self, part: &Self) {
        self.right += part.right;
        for (count, more) in self.scripts.iter_mut().zip(part.scripts) {
            *count += more;
        }
    }

    /// Returns the number of all letters.
    #[must_use]
    pub fn all(&self) -> usize {
        self.scripts.iter().sum()
    }

    /// Returns the script of most letters; `None` if there are none.
    #[must_use]
    pub fn script(&self) -> Option<Script> {
        most(self.scripts)
    }

    /// Returns whether most letters run from right to left; `None` if half of them do, or there are none.
    #[must_use]
    pub fn runs_right_to_left(&self) -> Option<bool> {
        let left = self.all() - self.right;
        (self.right != left).then_some(self.right > left)
    }
}

/// Returns whether a text runs from right to left, judged by most of its strong characters (UAX 9, classes L, R and AL); `None`
/// if it has none.
#[must_use]
pub fn runs_right_to_left(text: &str) -> Option<bool> {
    let (mut right, mut all) = (0_usize, 0_usize);
    for c in text.chars().filter(|c| is_letter(*c)).take(LETTERS) {
        all += 1;
        right += usize::from(is_right_to_left(c));
    }
    (all > 0).then_some(right * 2 > all)
}

/// Does the same as [`char::is_alphabetic`], which looks up most letters beyond ASCII in tables: the usual ones first.
fn is_letter(c: char) -> bool {
    let is_usual = matches!(c, '\u{620}'..='\u{63f}' | '\u{641}'..='\u{64a}' | 'À'..='Ö' | 'Ø'..='ö' | 'ø'..='ÿ');
    is_usual || c.is_alphabetic()
}

/// Returns whether a character is Hebrew, Arabic, Syriac, Thaana, N'Ko or one of the presentation forms.
fn is_right_to_left(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}' | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

/// Returns whether a character is a bidi control or another character without width.
#[must_use]
pub fn is_mark(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}' | '\u{61C}')
}

/// Formats a language tag in the recommended case (RFC 5646 2.1.1): `EN` is `en`, `en_us` is `en-US`, `zh-hant` is `zh-Hant`.
#[must_use]
pub fn customary(tag: &str) -> String {
    let mut out = String::with_capacity(tag.len());
    for (at, part) in tag.split(['-', '_']).enumerate() {
        if at > 0 {
            out.push('-');
        }
        let letters = part.bytes().all(|b| b.is_ascii_alphabetic());
        match part.len() {
            2 if at > 0 && letters => out.push_str(&part.to_ascii_uppercase()),
            4 if at > 0 && letters => {
                out.push_str(&part[..1].to_ascii_uppercase());
                out.push_str(&part[1..].to_ascii_lowercase());
            }
            _ => out.push_str(&part.to_ascii_lowercase()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_what_unicode_takes_for_one() {
        assert!(('\0'..='\u{ffff}').all(|c| is_letter(c) == c.is_alphabetic()));
    }

    #[test]
    fn a_text_says_what_it_is_written_in() {
        for (text, script, right) in [
            ("الحكومة تصادق على BBC", Some(Script::Arabic), Some(true)),
            ("Le Maroc et الرباط", Some(Script::Latin), Some(false)),
            ("«العلم» : l'édition du jour est en ligne", Some(Script::Latin), Some(false)),
            ("שלום", Some(Script::Hebrew), Some(true)),
            ("Новости", Some(Script::Cyrillic), Some(false)),
            ("新聞", Some(Script::Other), Some(false)),
            ("2026 !", None, None),
        ] {
            assert_eq!((Script::of(text), runs_right_to_left(text)), (script, right), "{text}");
        }
        assert!(!Script::Arabic.fits("en-US") && Script::Arabic.fits("ar_MA") && Script::Latin.fits("zgh"));
    }

    #[test]
    fn tags_are_written_by_custom() {
        for (tag, want) in
            [("EN", "en"), ("en_us", "en-US"), ("zh-hant-tw", "zh-Hant-TW"), ("ar-MA", "ar-MA"), ("es-419", "es-419")]
        {
            assert_eq!(customary(tag), want);
        }
    }
}
