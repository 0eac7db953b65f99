//! Whether a text can be the article with a given title. Some sites send a notice in place of the article (consent, subscription,
//! "JavaScript is required"). If many entries had this notice as their text, they would all look alike.

use std::collections::HashSet;

/// Minimum length of a long word, in characters. Shorter words occur in any text.
const LONG: usize = 4;

/// One in this many of the title's long words must occur in the article.
const ONE_IN: usize = 5;

/// Returns whether a folded text contains at least a fifth of the long words of a folded title. True for a title without long
/// words.
pub(super) fn shares_words(folded: &str, title: &str) -> bool {
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
        assert!(shares_words("صادقت الحكومه اليوم علي مشروع قانون", title));
        assert!(!shares_words("نستخدم ملفات تعريف الارتباط لتحسين تجربتك علي موقعنا", title));
        assert!(!shares_words("please enable javascript to read this page", "new harbour opens in the north"));
        assert!(shares_words("the harbour was opened", "new harbour opens in the north"));
        assert!(shares_words("any text", "") && shares_words("any text", "on the go"));
    }
}
