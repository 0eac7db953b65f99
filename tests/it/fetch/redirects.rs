//! Redirects: followed, told apart, bounded.

use super::{body, fault, get, get_since, limits, now, xml};
use crate::fake_outlet::{FakeOutlet, Reply};
use crate::test_instance::share;
use warraq::{
    fetch::{FetchLimits, Fetched, Fetcher},
    model::{Fault, FeedUrl, Validators},
};

#[tokio::test]
async fn redirects_are_followed_and_told_apart() {
    let outlet = FakeOutlet::start().await;
    let other = FakeOutlet::start_on("127.0.0.2").await;
    other.set("/خبر", Reply::status(404));
    other.set("/end", Reply::feed(xml()).etag("\"1\""));
    outlet.set("/3", Reply::redirect(other.url("/end#top").as_str(), 308));
    outlet.set("/2", Reply::redirect("/3", 301));
    outlet.set("/1", Reply::redirect("2", 301));
    let answer = get(&outlet.url("/1")).await;
    assert_eq!(body(&answer), xml().as_bytes());
    assert_eq!((answer.hops, answer.moved_to.clone()), (3, Some(other.url("/end"))));
    assert_eq!(answer.permanent, Some(other.url("/end")));
    assert_eq!(*answer.base(&outlet.url("/1")), other.url("/end"));

    for (status, permanent) in [(302, None), (303, None), (307, None), (308, Some(outlet.url("/hop")))] {
        outlet.set("/start", Reply::redirect("/hop", status));
        outlet.set("/hop", Reply::redirect(other.url("/end").as_str(), 307));
        let answer = get(&outlet.url("/start")).await;
        assert_eq!((answer.permanent, answer.moved_to), (permanent, Some(other.url("/end"))), "{status}");
    }
}

#[tokio::test]
async fn a_feed_that_redirects_is_asked_conditionally_all_the_same() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/old", Reply::redirect("/new", 302));
    outlet.set("/new", Reply::feed(xml()).etag("\"1\""));
    let first = get(&outlet.url("/old")).await;
    let Ok(Fetched::Document { validators, .. }) = first.result else { panic!("{first:?}") };
    let second = get_since(&outlet.url("/old"), &validators).await;
    assert_eq!(second.result, Ok(Fetched::NotModified));
    assert_eq!(second.moved_to, Some(outlet.url("/new")));
}

#[tokio::test]
async fn arabic_in_a_location_leads_where_it_says() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/%D8%AE%D8%A8%D8%B1", Reply::feed(xml()));
    for to in ["/خبر", "/%D8%AE%D8%A8%D8%B1", " /%D8%AE%D8%A8%D8%B1 "] {
        outlet.set("/feed", Reply::redirect(to, 302));
        assert_eq!(body(&get(&outlet.url("/feed")).await), xml().as_bytes(), "{to}");
    }
}

#[tokio::test]
async fn redirects_end() {
    let outlet = FakeOutlet::start().await;
    for n in 0..20 {
        outlet.set(&format!("/{n}"), Reply::redirect(format!("/{}", n + 1), 302));
    }
    outlet.set("/20", Reply::feed(xml()));
    assert_eq!(get(&outlet.url("/10")).await.hops, 10);
    assert_eq!(fault(&outlet.url("/0")).await, Fault::Redirects(10));
    assert_eq!(outlet.requests("/11").len(), 1, "the eleventh hop is not asked");

    outlet.set("/a", Reply::redirect("/b", 301));
    outlet.set("/b", Reply::redirect("/a", 301));
    assert_eq!(fault(&outlet.url("/a")).await, Fault::Redirects(1));
    assert_eq!(outlet.requests("/a").len(), 1, "a circle is seen when it closes");
}

#[tokio::test]
async fn redirects_to_nowhere_are_named_without_their_secrets() {
    let outlet = FakeOutlet::start().await;
    for to in
        ["file:///etc/passwd", "ftp://a.invalid/", "http://user:geheim@a.invalid/", "http://", "http://[::1", "//:80/"]
    {
        outlet.set("/feed", Reply::redirect(to, 302));
        let fault = fault(&outlet.url("/feed")).await;
        assert!(matches!(fault, Fault::BadRedirect(_)), "{to}: {fault:?}");
        assert!(!fault.to_string().contains("geheim"));
    }
    outlet.set("/feed", Reply::status(302));
    assert_eq!(fault(&outlet.url("/feed")).await, Fault::BadRedirect("no readable Location".to_owned()));
    outlet.set("/feed", Reply::redirect(format!("http://{}/", "a".repeat(60_000)), 302));
    assert!(fault(&outlet.url("/feed")).await.to_string().len() < 400);
}

#[tokio::test]
async fn inside_addresses_are_asked_at_no_hop() {
    let outlet = FakeOutlet::start().await;
    let closed = Fetcher::new(&FetchLimits { allow_networks: Vec::new(), ..limits() }).unwrap();
    let port = outlet.url("/").url().port().unwrap();
    for host in ["127.0.0.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "localhost", "LocalHost", "0"] {
        let url = FeedUrl::parse(&format!("http://{host}:{port}/feed")).unwrap();
        let answer = closed.get(&url, &Validators::default(), now(), &mut share()).await;
        assert!(matches!(answer.result, Err(Fault::Address(_))), "{host}: {answer:?}");
        assert_eq!(answer.status, None);
    }
    assert!(outlet.requests("/feed").is_empty());

    // Loopback is allowed here; the clouds' metadata address and private networks are not.
    for to in
        ["http://169.254.169.254/latest/meta-data", "http://10.0.0.1/", "http://[::ffff:10.0.0.1]/", "//[fd00::1]/"]
    {
        outlet.set("/feed", Reply::redirect(to, 302));
        assert!(matches!(fault(&outlet.url("/feed")).await, Fault::Address(_)), "{to}");
    }
}
