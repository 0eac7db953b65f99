use super::*;
use proptest::prelude::*;

fn rules() -> KeyRules {
    let key = |name: &str| ReaderKey { name: name.to_owned(), sha256: hash_of(&format!("{name}-key")) };
    let channels = [("all", Readers::KeyHolders), ("open", Readers::Everyone), ("one", Readers::HoldersOf("a".into()))];
    let channels = channels.into_iter().map(|(slug, readers)| (slug.to_owned(), readers)).collect();
    KeyRules { keys: vec![key("a"), key("b")], channels, is_secure: true }
}

fn status(address: &str, headers: &[(&str, &str)]) -> u16 {
    let mut request = Request::builder().uri(address);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    match rules().admit(request.body(()).unwrap()) {
        Ok((request, Audience::Everyone)) => 200 + u16::from(request.uri().query().is_some()),
        Ok((request, Audience::KeyHolder)) => 210 + u16::from(request.uri().query().is_some()),
        Err(response) => response.status().as_u16(),
    }
}

#[test]
fn a_key_opens_what_its_name_says_however_it_comes() {
    for (address, headers, expected) in [
        ("/feed.atom", &[][..], 401),
        ("/feed.atom", &[("authorization", "bearer a-key")][..], 210),
        ("/feed.atom", &[("authorization", "Bearer a-key2")], 401),
        ("/feed.atom", &[("authorization", "Bearer ")], 401),
        ("/feed.atom", &[("authorization", "Basic Og==")], 401),
        ("/feed.atom", &[("authorization", "Basic eDpiLWtleQ==")], 210),
        ("/feed.atom", &[("authorization", "Digest a-key")], 401),
        ("/feed.atom", &[("cookie", "x=y; warraq_key=b-key")], 210),
        ("/feed.atom?key=a-key", &[], 210),
        ("/feed.atom?k%65y=a-key&tag=x", &[], 211),
        ("/?key=a-key", &[], 303),
        ("/?key=no", &[], 401),
        ("/channels/open.rss", &[], 200),
        ("/channels/open.rss", &[("cookie", "warraq_key=old")], 200),
        ("/channels/open.rss", &[("authorization", "Bearer old")], 401),
        ("/archive/open/1.atom", &[], 200),
        ("/channels/one.rss?key=b-key", &[], 401),
        ("/channels/one.rss?key=a-key", &[], 210),
        ("/archive/one/1.atom?key=b-key", &[], 401),
        ("/channels/unknown", &[], 401),
        ("/channels/%6fne.rss?key=b-key", &[], 401),
        ("/channels/%6Fne%2Erss?key=b-key", &[], 401),
        ("/channels%2Fone.rss?key=b-key", &[], 401),
        ("/archive/%6Fne/1.atom?key=b-key", &[], 401),
        ("/archive/one%2F1.atom?key=b-key", &[], 401),
        ("/tags/%D8%A7%D9%82", &[], 401),
        ("/tags/%D8%A7%D9%82", &[("cookie", "warraq_key=b-key")], 210),
    ] {
        assert_eq!(status(address, headers), expected, "{address} {headers:?}");
    }
}

#[test]
fn the_redirect_leads_to_no_other_host() {
    let response = rules().remembered("a-key", "//evil.example/x", "q=1");
    assert_eq!(response.headers()["location"], "/evil.example/x?q=1");
    assert!(response.headers()["set-cookie"].to_str().unwrap().ends_with("; HttpOnly; SameSite=Lax; Secure"));
}

proptest! {
    #![proptest_config(crate::model::testing::cases())]

    #[test]
    fn no_guess_opens_anything(value in "[ -~]{0,60}", query in "[a-z0-9%&=+]{0,40}") {
        for name in ["authorization", "cookie"] {
            prop_assert_eq!(status(&format!("/feed.atom?{query}"), &[(name, &value)]), 401);
        }
    }
}
