//! Documents with broken encodings or lengths, cookie gateways, and addresses that lead to a feed, polled by a complete instance.

use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    test_instance::{TestInstance, config_text, sums},
};

const DATE: &str = "2026-11-02T11:00:00Z";

fn doc() -> FeedDoc {
    FeedDoc::rss("Ville").entry("1", "Un", "https://ville.invalid/1", "Texte", DATE).entry(
        "2",
        "Deux",
        "https://ville.invalid/2",
        "Autre texte",
        DATE,
    )
}

/// Returns the number of new entries in the first poll of an outlet whose feed is at `/feed`.
async fn brought(outlet: &FakeOutlet) -> u32 {
    let url = outlet.url("/feed");
    let mut instance = TestInstance::configured(config_text("", &[("ville", &url)])).await;
    sums(&instance.poll().await)[0]
}

#[tokio::test]
async fn a_whole_document_in_a_broken_envelope_is_read() {
    let text = doc().to_string();
    let length = text.len();
    let unended = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{length:x}\r\n{text}\r\n");
    for reply in [Reply::raw(unended), Reply::feed(text.as_str()).claim_length(length as u64 + 300)] {
        let outlet = FakeOutlet::start().await;
        outlet.set("/feed", reply);
        assert_eq!(brought(&outlet).await, 2);
    }
}

#[tokio::test]
async fn of_a_document_that_breaks_off_the_closed_entries_are_kept_and_the_rest_is_asked_for_again() {
    let text = doc().to_string();
    let outlet = FakeOutlet::start().await;
    outlet.script(
        "/feed",
        [
            Reply::feed(text.as_str()).etag("\"1\"").cut_after(text.find("Deux").unwrap_or_default()),
            Reply::feed(text.as_str()).etag("\"1\""),
        ],
    );
    let url = outlet.url("/feed");
    let mut instance = TestInstance::configured(config_text("", &[("ville", &url)])).await;
    assert_eq!(sums(&instance.poll().await)[0], 1);
    assert_eq!(sums(&instance.poll().await)[0], 1);
    assert!(outlet.requests("/feed").iter().all(|request| request.header("if-none-match").is_none()));
}

#[tokio::test]
async fn a_cookie_of_the_way_goes_back_to_its_host_and_is_forgotten() {
    let outlet = FakeOutlet::start().await;
    let to_gate = || Reply::redirect("/gate", 302);
    outlet.script("/feed", [to_gate(), Reply::feed(doc()), to_gate(), Reply::feed(doc())]);
    outlet.set("/gate", Reply::redirect("/feed", 302).header("Set-Cookie", "ok=1; Path=/"));
    let url = outlet.url("/feed");
    let mut instance = TestInstance::configured(config_text("", &[("ville", &url)])).await;
    assert_eq!(sums(&instance.poll().await)[0], 2);
    instance.poll().await;
    let sent: Vec<_> = outlet.requests("/feed").iter().map(|r| r.header("cookie").map(str::to_owned)).collect();
    let cookie = Some("ok=1".to_owned());
    assert_eq!(sent, [None, cookie.clone(), None, cookie]);
}

#[tokio::test]
async fn pages_and_headers_lead_to_the_feed() {
    let refresh = "<!doctype html><title>R</title><meta http-equiv=\"refresh\" content=\"0;url=/rss.xml\">";
    let bare =
        "<!doctype html><title>H</title><link rel=alternate type=\"application/rss+xml\" href=\"/rss.xml\"><p>Hi";
    let link = "</rss.xml>; rel=\"alternate\"; type=\"application/rss+xml\"";
    let empty = || Reply::page("<html><title>x</title></html>");
    let general = "</rss.xml>; rel=alternate; type=\"text/xml\"";
    let headers =
        [empty().header("Link", link), empty().header("Link", general), empty().header("Refresh", "0; url=/rss.xml")];
    for reply in [Reply::page(refresh), Reply::page(bare)].into_iter().chain(headers) {
        let outlet = FakeOutlet::start().await;
        outlet.set("/feed", reply);
        outlet.set("/rss.xml", Reply::feed(doc()));
        assert_eq!(brought(&outlet).await, 2);
    }
}

#[tokio::test]
async fn a_page_that_leads_to_a_page_leads_to_the_feed() {
    let refresh = |to: &str| Reply::page(&format!("<title>R</title><meta http-equiv=refresh content='0;url={to}'>"));
    let announcing = || Reply::page("<title>H</title><link rel=alternate type='application/rss+xml' href='/rss.xml'>");
    for (second, third) in
        [(refresh("/rss.xml"), Reply::status(404)), (announcing(), Reply::status(404)), (refresh("/3"), announcing())]
    {
        let outlet = FakeOutlet::start().await;
        outlet.set("/feed", refresh("/2"));
        outlet.set("/2", second);
        outlet.set("/3", third);
        outlet.set("/rss.xml", Reply::feed(doc()));
        assert_eq!(brought(&outlet).await, 2);
    }
    // Pages that lead to each other are left after three requests.
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed", refresh("/2"));
    outlet.set("/2", refresh("/feed"));
    assert_eq!(brought(&outlet).await, 0);
    assert!(outlet.requests("/feed").len() + outlet.requests("/2").len() <= 4);
}

#[tokio::test]
async fn a_page_gets_the_cookie_back_that_it_set() {
    for to in [";url=/feed", "", ";url=/feed?x=1"] {
        let outlet = FakeOutlet::start().await;
        let gate = Reply::page(&format!("<html><head><meta http-equiv=\"refresh\" content=\"0{to}\"></head></html>"));
        let path = if to.ends_with('1') { "/feed?x=1" } else { "/feed" };
        outlet.set("/feed?x=1", Reply::feed(doc()));
        outlet.script("/feed", [gate.header("Set-Cookie", "k=1"), Reply::feed(doc())]);
        assert_eq!(brought(&outlet).await, 2, "{to}");
        let sent = outlet.requests(path).last().unwrap().header("cookie").map(str::to_owned);
        assert_eq!(sent.as_deref(), Some("k=1"), "{to}");
    }
    // Without a cookie, a page is not asked for itself.
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed", Reply::page("<title>R</title><meta http-equiv=refresh content='0'>"));
    assert_eq!(brought(&outlet).await, 0);
    assert_eq!(outlet.requests("/feed").len(), 1);
}
