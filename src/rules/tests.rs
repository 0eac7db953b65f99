//! Tests of rules: which entries they accept and leave out, in any spelling, and which rules are invalid.

use super::*;
use crate::model::{Category, Extras, Person};
use crate::normalise::fold::fold;

fn extras() -> Extras {
    let person = |name: &str| Person { name: name.to_owned(), ..Person::default() };
    let category = |term: &str| Category { term: term.to_owned(), scheme: None, label: None };
    Extras {
        authors: vec![person("Zineb Échafi"), person("سعيد الكعبي")],
        categories: vec![category("Société"), category("رياضة")],
        ..Extras::default()
    }
}

const TITLE: &str = "Élections : « l'Œuvre » à 1 200 voix";
const SUMMARY: &str = "<p>Résumé court, offert par un partenaire.</p>";
const CONTENT: &str = "<p>أعلنت الحُكومة المغربيّة، يومَ الخميس، عن نتائج مباراة <b>كرة القدم</b> في مدينة أگادير.</p>";
const LINK: &str = "https://ville.example/sport/2026/%D8%A3%D8%AE%D8%A8%D8%A7%D8%B1?utm=partner";

#[track_caller]
fn verdict(keep: &[&str], drop: &[&str]) -> Option<String> {
    let list = |texts: &[&str]| texts.iter().map(|text| parse(text).unwrap()).collect();
    let (extras, body) = (extras(), fold(&crate::normalise::text(CONTENT)));
    let html = [Some(SUMMARY), Some(CONTENT)];
    let subject = RuleSubject::new(Some(TITLE), html, &body, &extras, (Some(LINK), Some("fr-ma")));
    left_out(&EntryRules::new(list(keep), list(drop)), &subject)
}

#[test]
fn a_rule_meets_every_spelling_of_its_words_and_no_other_word() {
    let cases = [
        ("elections", true),
        ("ÉLECTIONS", true),
        ("election", false),
        ("l'oeuvre", true),
        ("1.200 voix", true),
        ("partenaire", true),
        ("الحكومة", true),
        ("حكومه", true),
        ("والحُكُومَةِ", true),
        ("الحكوم", false),
        ("كرة القدم", true),
        ("القدم كرة", false),
        ("أكادير", true),
        ("title:elections", true),
        ("title:partenaire", false),
        ("text:partenaire", true),
        ("text:elections", false),
        ("author:echafi", true),
        ("author:سعيد الكعبى", true),
        ("author:said", false),
        ("category:societe", true),
        ("category:رياضه", true),
        ("category:economie", false),
        ("link:sport", true),
        ("link:utm=partner", true),
        ("link:اخبار", true),
        ("link:spor", false),
        ("lang:fr", true),
        ("lang:fr-MA", true),
        ("lang:FR_ma", true),
        ("lang:fr-fr", false),
        ("lang:ar", false),
    ];
    for (rule, meets) in cases {
        assert_eq!(verdict(&[], &[rule]).is_some(), meets, "drop {rule}");
        assert_eq!(verdict(&[rule], &[]).is_none(), meets, "keep {rule}");
    }
}

#[test]
fn an_expression_sees_the_text_as_written_and_with_folded_letters() {
    let cases = [
        ("/élection(s)?/", true),
        ("/ELECTION(s|ées)/", true),
        ("/^election/", true),
        ("/^voix/", false),
        ("/« l/", true),
        ("/oeuvre/", true),
        ("/\\bœ?uvre/", true),
        ("/[àâ] 1 ?200/", true),
        ("/حكوم[ةه]/", true),
        ("/حُ?كومة/", true),
        ("/نتائج|ـ/", true),
        ("/zzz|ـ/", false),
        ("/أكاد[اي]ر/", true),
        ("title:/voix$/", true),
        ("text:/offert par (un|notre)/", true),
        ("link:/sport/", true),
        ("link:/^https:\\/\\/ville\\.example\\//", true),
        ("link:/أخبار/", true),
        ("author:/^zineb/", true),
        ("author:/^echafi/", false),
        ("category:/^soci/", true),
    ];
    for (rule, meets) in cases {
        assert_eq!(verdict(&[], &[rule]).is_some(), meets, "{rule}");
    }
}

#[test]
fn keep_and_drop_are_taken_together_and_say_why() {
    assert_eq!(verdict(&[], &[]), None);
    assert_eq!(verdict(&["voix"], &["absent"]), None);
    assert_eq!(verdict(&["absent", "voix"], &["partenaire"]).as_deref(), Some("drop: \"partenaire\""));
    assert_eq!(verdict(&["absent"], &[]).as_deref(), Some("keep: does not meet \"absent\""));
    let none = verdict(&["absent", "none", "lang:de"], &[]);
    assert_eq!(none.as_deref(), Some("keep: does not meet any of 3 rules, \"absent\" to \"lang:de\""));
}

#[test]
fn what_can_never_match_or_always_does_is_refused() {
    for (rule, words) in [
        ("", "is empty"),
        ("  ", "is empty"),
        ("title:", "is empty"),
        ("!!!", "can never match"),
        ("title: « »", "can never match"),
        ("/", "does not end with it"),
        ("/sport", "does not end with it"),
        ("//", "has an empty expression"),
        ("/(a/", "unclosed group, at character 1"),
        ("/a{2,1}/", "at character 2"),
        ("title:/[/", "unclosed character class"),
        ("/\\1/", "backreferences are not supported"),
        ("/a*/", "matches every entry"),
        ("/(?s).*|x/", "matches every entry"),
        ("/[^\\s\\S]/", "can never match"),
        ("/\\w{500}{50}/", "too large"),
        ("lang:arabic", "is not a language tag"),
        ("lang:/fr/", "is not a language tag"),
    ] {
        let error = parse(rule).expect_err(rule);
        assert!(error.contains(words), "{rule}: {error}");
    }
    assert!(parse(&"x".repeat(RULE_MAX + 1)).unwrap_err().contains("too long"));
}

#[test]
fn a_long_text_costs_an_expression_in_proportion_only() {
    let text = format!("<p>{}</p>", "a".repeat(60_000));
    let body = fold(&crate::normalise::text(&text));
    let extras = Extras::default();
    let subject = RuleSubject::new(None, [None, Some(&text)], &body, &extras, (None, None));
    let rules = EntryRules::new(Vec::new(), vec![parse("/(a+)+b/").unwrap(), parse("/(a|a)*c/").unwrap()]);
    assert_eq!(left_out(&rules, &subject), None);
}
