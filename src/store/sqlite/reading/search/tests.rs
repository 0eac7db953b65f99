use super::*;
use proptest::prelude::*;

fn asked(typed: &str) -> String {
    fts5(&SearchQuery::parse(typed))
}

#[test]
fn a_question_is_folded_and_quoted() {
    for (typed, expected) in [
        ("الأمطارُ  Été", "(\"امطار\") AND (\"ete\")"),
        ("\"heavy rain\" -snow", "((\"heavy rain\")) NOT (\"snow\")"),
        ("a OR b c", "(\"a\" OR \"b\") AND (\"c\")"),
        ("inond*", "(\"inond\" *)"),
        ("NEAR(a) ^b {c} d:e", "(\"near a\") AND (\"b\") AND (\"c\") AND (\"d e\")"),
        ("-snow", ""),
        ("؟! ـ", ""),
    ] {
        assert_eq!(asked(typed), expected, "{typed}");
    }
}

#[test]
fn a_number_that_is_not_known_is_rounded_down() {
    assert_eq!(count(0, false), SearchCount::Exactly(0));
    assert_eq!(count(1_000, false), SearchCount::Exactly(1_000));
    assert_eq!(count(7, true), SearchCount::MoreThan(7));
    assert_eq!(count(812, true), SearchCount::MoreThan(800));
    assert_eq!(count(1_000, true), SearchCount::MoreThan(1_000));
}

proptest! {
    #![proptest_config(crate::model::testing::cases())]

    #[test]
    fn whatever_is_typed_only_quoted_words_are_asked(typed in "(-|\"|OR |NOT |\\*|\\^|\\{|\\PC{0,4}| ){0,20}") {
        let asked = asked(&typed);
        let unquoted: Vec<&str> = asked.split('"').step_by(2).collect();
        prop_assert_eq!(asked.matches('"').count() % 2, 0);
        for part in unquoted.iter().flat_map(|part| part.split(['(', ')', ' '])) {
            prop_assert!(matches!(part, "" | "OR" | "AND" | "NOT" | "*"), "{}", asked);
        }
    }
}
