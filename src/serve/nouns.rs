//! Counted nouns on pages, with the plural forms of each language (as in the Unicode CLDR).

use super::i18n::UiLanguage;

/// A noun that pages count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Noun {
    Article,
    Outlet,
    Feed,
    Failure,
    Result,
    NewStory,
}

impl Noun {
    /// Returns the Arabic forms for zero, one, two, 3 to 10, 11 to 99, and hundreds.
    fn arabic(self) -> [&'static str; 6] {
        match self {
            Self::Article => ["لا مقالات", "مقال واحد", "مقالان", "مقالات", "مقالًا", "مقال"],
            Self::NewStory => {
                ["لا أخبار جديدة", "خبر جديد واحد", "خبران جديدان", "أخبار جديدة", "خبرًا جديدًا", "خبر جديد"]
            }
            Self::Result => ["لا نتائج", "نتيجة واحدة", "نتيجتان", "نتائج", "نتيجة", "نتيجة"],
            Self::Outlet => ["لا مصادر", "مصدر واحد", "مصدران", "مصادر", "مصدرًا", "مصدر"],
            Self::Feed => ["لا خلاصات", "خلاصة واحدة", "خلاصتان", "خلاصات", "خلاصة", "خلاصة"],
            Self::Failure => ["لا إخفاقات", "إخفاق واحد", "إخفاقان", "إخفاقات", "إخفاقًا", "إخفاق"],
        }
    }

    /// Returns the French singular and plural.
    fn french(self) -> [&'static str; 2] {
        match self {
            Self::Article => ["article", "articles"],
            Self::NewStory => ["nouveau sujet", "nouveaux sujets"],
            Self::Result => ["résultat", "résultats"],
            Self::Outlet => ["source", "sources"],
            Self::Feed => ["flux", "flux"],
            Self::Failure => ["échec", "échecs"],
        }
    }

    /// Returns the English singular and plural.
    fn english(self) -> [&'static str; 2] {
        match self {
            Self::Article => ["article", "articles"],
            Self::NewStory => ["new story", "new stories"],
            Self::Result => ["result", "results"],
            Self::Outlet => ["outlet", "outlets"],
            Self::Feed => ["feed", "feeds"],
            Self::Failure => ["failure", "failures"],
        }
    }
}

impl UiLanguage {
    /// Formats a number with the language's separators of thousands. Arabic pages use the digits of the Maghreb.
    pub(super) fn number(self, count: u64) -> String {
        let separator = self.pick("\u{a0}", "\u{202f}", ",");
        let digits = count.to_string();
        let mut text = String::with_capacity(digits.len() * 2);
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                text.push_str(separator);
            }
            text.push(digit);
        }
        text
    }

    /// Formats a count with its noun.
    pub(super) fn counted(self, noun: Noun, count: u64) -> String {
        let number = self.number(count);
        match self {
            Self::Ar => {
                let [zero, one, two, few, many, hundreds] = noun.arabic();
                match (count, count % 100) {
                    (0, _) => zero.to_owned(),
                    (1, _) => one.to_owned(),
                    (2, _) => two.to_owned(),
                    (_, 3..=10) => format!("{number} {few}"),
                    (_, 11..=99) => format!("{number} {many}"),
                    _ => format!("{number} {hundreds}"),
                }
            }
            Self::Fr => format!("{number}\u{a0}{}", noun.french()[usize::from(count > 1)]),
            Self::En => format!("{number} {}", noun.english()[usize::from(count != 1)]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nouns_are_counted_as_each_language_counts() {
        for (count, ar, fr, en) in [
            (0, "لا مقالات", "0\u{a0}article", "0 articles"),
            (1, "مقال واحد", "1\u{a0}article", "1 article"),
            (2, "مقالان", "2\u{a0}articles", "2 articles"),
            (7, "7 مقالات", "7\u{a0}articles", "7 articles"),
            (11, "11 مقالًا", "11\u{a0}articles", "11 articles"),
            (100, "100 مقال", "100\u{a0}articles", "100 articles"),
            (103, "103 مقالات", "103\u{a0}articles", "103 articles"),
            (12_345, "12\u{a0}345 مقالًا", "12\u{202f}345\u{a0}articles", "12,345 articles"),
        ] {
            let all = UiLanguage::ALL.map(|language| language.counted(Noun::Article, count));
            assert_eq!(all, [ar, fr, en]);
        }
        assert_eq!(UiLanguage::En.number(1_234_567), "1,234,567");
    }
}
