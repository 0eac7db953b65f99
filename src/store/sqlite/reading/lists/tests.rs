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
