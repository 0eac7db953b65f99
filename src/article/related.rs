//! Whether a text can be the article of a title. Sites answer some visitors with a notice in place of the article (consent,
//! subscription, "JavaScript is required"); as the text of many entries it would make them look alike.

use std::collections::HashSet;

/// Words shorter than this occur in any text, in characters.
const LONG: usize = 4;

/// Part of a title's long words that an article has, as one in so many.
const ONE_IN: usize = 5;

/// Returns whether a folded text has a fifth of the long words of a folded title. A title without long words says nothing.
pub(super) fn speaks_of(folded: &str, title: &str) -> bool {
    let long = |word: &&str| word.chars().count() >= LONG;
    let wanted: HashSet<&str> = title.split(' ').filter(long).collect();
    if wanted.is_empty() {
        return true;
    }
    let found: HashSet<&str> = folded.split(' ').filter(|word| wanted.contains(word)).collect();
    found.len() * ONE_IN >= wanted.len() && !found.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_article_repeats_words_of_its_title() {
        let title = "الحكومه تصادق علي مشروع قانون الماليه";
        assert!(speaks_of("صادقت الحكومه اليوم علي مشروع قانون", title));
        assert!(!speaks_of("نستخدم ملفات تعريف الارتباط لتحسين تجربتك علي موقعنا", title));
        assert!(!speaks_of("please enable javascript to read this page", "new harbour opens in the north"));
        assert!(speaks_of("the harbour was opened", "new harbour opens in the north"));
        assert!(speaks_of("any text", "") && speaks_of("any text", "on the go"));
    }
}
