//! Examples for each rule of folding, and properties that hold for any text.

use super::*;
use proptest::prelude::*;

#[track_caller]
fn folds(pairs: &[(&str, &str)]) {
    for (text, expected) in pairs {
        assert_eq!(fold(text), *expected, "{text}");
    }
}

#[test]
fn arabic_letters_have_one_form() {
    folds(&[
        ("أحمد إسلام آمن ٱسم", "احمد اسلام امن اسم"),
        ("مُحَمَّدٌ", "محمد"),
        ("العـــربية", "عربيه"),
        ("على علی", "علي علي"),
        ("مسؤول شيء قائد", "مسوول شي قايد"),
        ("مدرسة کتاب گلستان ڭ پاريس ڤيزا", "مدرسه كتاب كلستان ك باريس فيزا"),
        ("\u{202b}نص\u{200f} مخ\u{200c}في\u{ad}\u{202c}", "نص مخفي"),
        ("ﷲ ﻻ", "الله لا"),
        ("ٱلرَّحۡمَٰنِ", "رحمن"),
    ]);
}

#[test]
fn latin_letters_lose_accents_and_capitals() {
    folds(&[
        ("L'ÉLYSÉE à Çà", "l elysee a ca"),
        ("œuvre Œdipe Straße Łódź ﬁn", "oeuvre oedipe strasse lodz fin"),
        ("İstanbul IŞIK", "istanbul isik"),
        ("e\u{301}te\u{301}", "ete"),
        ("Ελλάδα Москва", "ελλαδα москва"),
    ]);
}

#[test]
fn numbers_have_one_form() {
    folds(&[
        ("1 200 1.200 1,200 1\u{a0}200 1\u{202f}200 ١٬٢٠٠ ۱۲۰۰", "1200 1200 1200 1200 1200 1200 1200"),
        ("3 000 000", "3000000"),
        ("2,75 2.75 ٢٫٧٥", "2.75 2.75 2.75"),
        ("1.200,50 1,200.50", "1200.50 1200.50"),
        ("2026 300 personnes", "2026 300 personnes"),
        ("15 200 30", "15200 30"),
        ("0.750", "0.750"),
        ("11.05.2026", "11.05.2026"),
        ("(2-0) 20:41", "2 0 20 41"),
        ("covid19 10km", "covid 19 10 km"),
        ("en 2026. 3 morts", "en 2026 3 morts"),
        ("5, 6 et 7.", "5 6 et 7"),
        ("１２", "12"),
    ]);
}

#[test]
fn light_prefixes_come_off_and_heavy_ones_stay() {
    folds(&[
        ("الرباط والرباط بالرباط كالرباط فالرباط للرباط", "رباط رباط رباط رباط رباط رباط"),
        ("وقال فقال ولد فيل", "وقال فقال ولد فيل"),
        ("وأعلن فأعلن", "اعلن اعلن"),
        ("الله ألف", "الله الف"),
        ("برلمان كتاب لجنة", "برلمان كتاب لجنه"),
    ]);
}

#[test]
fn months_are_numbers_in_all_usages() {
    folds(&[
        ("يناير جانفي كانون الثاني janvier January", "1m"),
        ("في غشت الماضي", "في 8m ماضي"),
        ("7 أغسطس، 7 أوت، 7 آب", "7 8m 7 8m 7 8m"),
        ("شتنبر/أيلول/سبتمبر", "9m"),
        ("تشرين الأول وتشرين الثاني", "10m 11m"),
        ("كانون الأول/ديسمبر 2026", "12m 2026"),
        ("ونونبر فبراير وفيفري", "11m 2m"),
        ("مارس الرياضة في مارس 2026", "مارس رياضه في 3m 2026"),
        ("We may march on 5 May; Mars 2026", "we may march on 5 5m 3m 2026"),
        ("آب وأم", "اب وام"),
        ("تشرين", "تشرين"),
    ]);
}

#[test]
fn nothing_folds_to_nothing() {
    folds(&[("", ""), (" \n", ""), ("… — !", ""), ("ـــ", ""), ("ء", ""), ("😀", "")]);
}

#[test]
fn datelines_go() {
    for (text, rest) in [
        ("الرباط - و م ع أصيب تسعة", "أصيب تسعة"),
        ("العلم الإلكترونية - أصيب تسعة", "أصيب تسعة"),
        ("(CNN) -- The mayor", "The mayor"),
        ("(CNN)--The mayor", "The mayor"),
        ("دبي، الإمارات العربية المتحدة (CNN)-- كشف", "كشف"),
        ("RABAT, 11 mai (MAP) – Le conseil", "Le conseil"),
        ("LONDON (Reuters): Prices rose", "Prices rose"),
        ("الدار البيضاء/ أ ف ب - توج", "توج"),
        ("Le conseil a décidé. Demain - peut-être", "Le conseil a décidé. Demain - peut-être"),
        ("Un porte-parole a dit", "Un porte-parole a dit"),
        ("Note: prices rose", "Note: prices rose"),
        (
            "The minister (who resigned on Monday after a long debate in the house) - spoke",
            "The minister (who resigned on Monday after a long debate in the house) - spoke",
        ),
        ("- point", "- point"),
        ("", ""),
    ] {
        assert_eq!(without_dateline(text), rest, "{text}");
    }
}

proptest! {
    #![proptest_config(crate::model::testing::cases())]

    #[test]
    fn any_text_folds_to_tokens_and_single_spaces(text in any::<String>()) {
        let folded = fold(&text);
        prop_assert!(!folded.starts_with(' ') && !folded.ends_with(' ') && !folded.contains("  "), "{folded:?}");
        prop_assert!(without_dateline(&text).len() <= text.len());
    }

    #[test]
    fn dense_texts_fold_to_tokens_and_single_spaces(text in "[0-9 ., 'والفبك٢٫مايرس\u{64e}\u{a0}a-c]{0,40}") {
        let folded = fold(&text);
        prop_assert!(!folded.starts_with(' ') && !folded.ends_with(' ') && !folded.contains("  "), "{folded:?}");
    }
}
