//! robots.txt decides which pages are fetched.

use super::{SHORT, STATE, feed, one, page, paragraphs, settle};
use crate::fake_outlet::{FakeOutlet, Reply};
use jiff::SignedDuration;

#[tokio::test]
async fn robots_decides_and_is_asked_for_once_a_day() {
    let forbids = Reply::labelled("text/plain", "User-agent: Warraq\nDisallow: /1\n");
    let (outlet, mut warraq) = one(forbids, Reply::page(&page(&paragraphs("")))).await;
    warraq.poll().await;
    settle(&mut warraq).await;
    assert_eq!(warraq.sql(STATE).await, ["1|-|robots"]);
    assert!(outlet.requests("/1").is_empty());
    // Another entry is allowed; the rules are known.
    outlet.set("/2", Reply::page(&page(&paragraphs("in the second town"))));
    outlet.set("/feed", Reply::feed(feed(&outlet, &[("2", "The second harbour. Read more"), ("1", SHORT)])));
    warraq.poll().await;
    settle(&mut warraq).await;
    assert_eq!(warraq.sql(STATE).await, ["1|-|robots", "2|article|-"]);
    assert_eq!((outlet.requests("/robots.txt").len(), outlet.requests("/1").len()), (1, 0));
    warraq.pass(SignedDuration::from_hours(24));
    outlet.set("/3", Reply::page(&page(&paragraphs("in the third town"))));
    outlet.set("/feed", Reply::feed(feed(&outlet, &[("3", "The third harbour. Read more")])));
    warraq.poll().await;
    settle(&mut warraq).await;
    assert_eq!(outlet.requests("/robots.txt").len(), 2);
}

#[tokio::test]
async fn unreachable_rules_forbid_and_missing_ones_allow() {
    for (robots, state) in [
        (Reply::status(503), "1|-|robots"),
        (Reply::status(429), "1|-|robots"),
        (Reply::raw("nonsense"), "1|-|robots"),
        (Reply::status(404), "1|article|-"),
        (Reply::status(403), "1|article|-"),
        (Reply::labelled("text/plain", ""), "1|article|-"),
        (Reply::redirect("/elsewhere", 301), "1|article|-"),
    ] {
        let said = format!("{robots:?}");
        let (outlet, mut warraq) = one(robots, Reply::page(&page(&paragraphs("")))).await;
        warraq.poll().await;
        settle(&mut warraq).await;
        assert_eq!(warraq.sql(STATE).await, [state], "{said}");
        assert_eq!(outlet.requests("/1").len(), usize::from(state.ends_with('-')), "{said}");
    }
}

#[tokio::test]
async fn a_refused_address_is_not_blamed_on_robots() {
    // robots.txt itself leads to a private address.
    let (outlet, mut warraq) = one(Reply::redirect("http://10.0.0.1/robots.txt", 302), Reply::page("x")).await;
    warraq.poll().await;
    settle(&mut warraq).await;
    assert_eq!(warraq.sql(STATE).await, ["1|-|unreachable"]);
    assert!(outlet.requests("/1").is_empty());
    let detail = &warraq.sql("SELECT article_detail FROM texts").await[0];
    assert!(detail.contains("10.0.0.1") && !detail.contains("robots"), "{detail}");
}

#[tokio::test]
async fn the_target_of_a_redirect_is_asked_for_only_if_its_own_site_allows_it() {
    let other = FakeOutlet::start().await;
    other.set("/robots.txt", Reply::labelled("text/plain", "User-agent: *\nDisallow: /private\n"));
    other.set("/private", Reply::page(&page(&paragraphs(""))));
    other.set("/open", Reply::page(&page(&paragraphs(""))));
    for (path, state) in [("/private", "1|-|robots"), ("/open", "1|article|-")] {
        let (_outlet, mut warraq) = one(Reply::status(404), Reply::redirect(other.url(path).as_str(), 302)).await;
        warraq.poll().await;
        settle(&mut warraq).await;
        assert_eq!(warraq.sql(STATE).await, [state], "{path}");
    }
    assert!(other.requests("/private").is_empty());
}
