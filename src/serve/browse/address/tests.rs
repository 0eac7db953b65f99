use super::*;
use proptest::prelude::*;

const PLACE: &str = "2026-11-25T10:00:00Z_2026-11-25T09:57:00Z_12_34";

#[test]
fn one_list_has_one_address() {
    for (asked, canonical) in [
        ("", String::new()),
        ("lang=FR-ma&lang=ar&min_outlets=2", "lang=ar&lang=fr&min_outlets=2".to_owned()),
        ("min_outlets=1&author=", String::new()),
        (&*format!("before={PLACE}&tag=b&tag=a"), format!("tag=a&tag=b&before={PLACE}")),
        (&*format!("after={}", PLACE.replace(':', "%3A")), format!("after={PLACE}")),
    ] {
        assert_eq!(ListQuery::read(asked).map(|q| q.canonical()), Ok(canonical), "{asked}");
    }
    for (asked, word) in [
        ("page=2", "page"),
        ("before=2", "before"),
        ("min_outlets=0", "min_outlets"),
        ("outlet=%20", "outlet"),
        ("tag=", "tag"),
        ("lang=!!", "lang"),
        ("%00=1", "allowed"),
    ] {
        assert!(ListQuery::read(asked).unwrap_err().contains(word), "{asked}");
    }
}

#[test]
fn a_filter_of_everything_has_a_page_of_its_own() {
    let all = ListSubject::Channel(Slug::parse("all").unwrap());
    let to = |asked: &str| {
        let (subject, rest) = all.of_question(&ListQuery::read(asked).unwrap())?;
        Some(with_query(&subject.path(), &rest.canonical()))
    };
    assert_eq!(to("tag=le%20monde").as_deref(), Some("/tags/le%20monde"));
    assert_eq!(to("outlet=a&lang=fr").as_deref(), Some("/outlets/a?lang=fr"));
    assert_eq!(to("lang=ar&min_outlets=2").as_deref(), Some("/languages/ar?min_outlets=2"));
    assert_eq!(to("min_outlets=2"), None);
    assert_eq!(to("tag=a&tag=b"), None);
}

#[test]
fn names_in_addresses_are_read_strictly() {
    assert_eq!(ListSubject::read("tags", "سياسة").unwrap().path(), "/tags/%D8%B3%D9%8A%D8%A7%D8%B3%D8%A9");
    assert_eq!(ListSubject::read("tags", "a/b?c").unwrap().path(), "/tags/a%2Fb%3Fc");
    assert_eq!(ListSubject::read("languages", "fr-MA").unwrap().path(), "/languages/fr");
    assert!(ListSubject::read("days", "2026-11-25").is_some());
    for (kind, name) in [("days", "2026-11-31"), ("days", "20261125"), ("outlets", "A b"), ("tags", "")] {
        assert_eq!(ListSubject::read(kind, name), None, "{kind} {name}");
    }
}

#[test]
fn a_day_is_as_long_as_it_is_there() {
    let day = |date: &str, zone: &str| {
        let browse =
            ListSubject::read("days", date).unwrap().browse(&ListQuery::default(), &TimeZone::get(zone).unwrap());
        browse.unwrap().scope
    };
    let between = |from: &str, to: &str| Scope::Between(from.to_owned(), to.to_owned());
    assert_eq!(day("2026-11-25", "UTC"), between("2026-11-25T00:00:00Z", "2026-11-26T00:00:00Z"));
    assert_eq!(day("2026-10-25", "Europe/Paris"), between("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"));
}

proptest! {
    #![proptest_config(crate::model::testing::cases())]

    #[test]
    fn reading_never_panics_and_canonical_is_stable(query in "([a-z_]{0,12}=[^&]{0,20}&?|(author|tag|lang)=\\PC{0,9}&){0,5}") {
        if let Ok(asked) = ListQuery::read(&query) {
            prop_assert_eq!(ListQuery::read(&asked.canonical()), Ok(asked));
        }
    }
}
