use super::*;
use proptest::prelude::*;

/// Formats a query in one line.
fn shown(query: &SearchQuery) -> String {
    let term = |term: &Term| format!("[{}{}]", term.text, if term.is_prefix { "*" } else { "" });
    let mut parts: Vec<String> =
        query.groups.iter().map(|group| group.iter().map(term).collect::<Vec<_>>().join("|")).collect();
    parts.extend(query.without.iter().map(|t| format!("-{}", term(t))));
    parts.extend(query.outlets.iter().map(|o| format!("outlet={o}")));
    parts.extend(query.tags.iter().map(|t| format!("tag={t}")));
    parts.extend(query.languages.iter().map(|l| format!("lang={}", l.as_str())));
    parts.extend(query.after.iter().map(|d| format!("after={d}")));
    parts.extend(query.before.iter().map(|d| format!("before={d}")));
    parts.join(" ")
}

#[test]
fn searches_are_read_as_people_type_them() {
    for (typed, meaning) in [
        ("rain north", "[rain] [north]"),
        ("\"heavy rain\" north", "[heavy rain] [north]"),
        ("«أمطار غزيرة» الشمال", "[أمطار غزيرة] [الشمال]"),
        ("“fortes pluies”", "[fortes pluies]"),
        ("rain -snow", "[rain] -[snow]"),
        ("rain -\"heavy snow\"", "[rain] -[heavy snow]"),
        ("rain OR snow north", "[rain]|[snow] [north]"),
        ("rain OR snow OR hail", "[rain]|[snow]|[hail]"),
        ("rain or snow", "[rain] [or] [snow]"),
        ("OR rain OR", "[rain]"),
        ("inond*", "[inond*]"),
        ("رياض*", "[رياض*]"),
        ("outlet:alalam tag:morocco rain", "[rain] outlet=alalam tag=morocco"),
        ("tag:\"le sud\" lang:FR-ma", "tag=le sud lang=fr"),
        ("after:2026-11 before:2026-12-01", "after=2026-11-01 before=2026-12-01"),
        ("well-known a-b", "[well-known] [a-b]"),
        ("http://x.example", "[http://x.example]"),
        ("rain - snow", "[rain] [snow]"),
        ("rain\"heavy snow\"", "[rain] [heavy snow]"),
        ("* - \"\" ()", ""),
        ("", ""),
    ] {
        let query = SearchQuery::parse(typed);
        assert_eq!((shown(&query).as_str(), query.notes.as_slice()), (meaning, &[][..]), "{typed}");
    }
}

#[test]
fn a_place_is_read_back_as_it_was_written() {
    let key = "2026-11-25T10:00:00Z_2026-11-25T09:57:00Z_12_34";
    for text in [key.to_owned(), "77".to_owned(), format!("77_{key}")] {
        assert_eq!(SearchPlace::parse(&text).map(|place| place.to_string()), Some(text));
    }
    for wrong in ["", "-1", "x", "77_", "77_x", &format!("{key}_1"), &format!("77_8_{key}")] {
        assert_eq!(SearchPlace::parse(wrong), None, "{wrong}");
    }
}

#[test]
fn what_cannot_be_understood_is_left_out_and_named() {
    let bad = |value: &str| vec![SearchNote::BadValue(value.to_owned())];
    for (typed, meaning, notes) in [
        ("\"heavy rain", "[heavy rain]", vec![SearchNote::OpenQuote]),
        ("ra*", "[ra]", vec![SearchNote::ShortPrefix("ra".to_owned())]),
        ("rain lang:!!", "[rain]", bad("lang:!!")),
        ("rain before:soon", "[rain]", bad("before:soon")),
        ("rain after:2026-02-30", "[rain]", bad("after:2026-02-30")),
        ("rain outlet:", "[rain]", bad("outlet:")),
        ("rain -tag:x", "[rain]", bad("-tag:x")),
        ("-rain", "-[rain]", vec![SearchNote::OnlyWithout]),
    ] {
        let query = SearchQuery::parse(typed);
        assert_eq!((shown(&query).as_str(), query.notes), (meaning, notes), "{typed}");
    }
    let long = SearchQuery::parse(&"word ".repeat(40));
    assert_eq!((long.groups.len(), long.notes), (TERMS, vec![SearchNote::TooMany]));
}

proptest! {
    #![proptest_config(crate::model::testing::cases())]

    #[test]
    fn every_text_has_a_meaning(typed in "(-|\"|«|OR |outlet:|tag:|before:|lang:|\\*|\\PC{0,4}| ){0,20}") {
        let query = SearchQuery::parse(&typed);
        prop_assert!(query.groups.iter().all(|group| !group.is_empty()));
        prop_assert!(query.groups.iter().flatten().chain(&query.without).all(|t| t.text.chars().any(char::is_alphanumeric)));
    }
}
