//! Single GET requests from outside: every failure and every kind of response, over real sockets.

mod faults;
mod hints;
mod redirects;

use crate::fake_outlet::{FakeOutlet, Reply};
use crate::{feed_doc::FeedDoc, test_instance::share};
use jiff::Timestamp;
use std::time::Duration;
use warraq::{
    fetch::{FetchLimits, FetchResponse, Fetched, Fetcher},
    model::{Fault, FeedUrl, Network, Validators},
};

const DATE: &str = "Mon, 02 Nov 2026 09:00:00 GMT";
const HOUR_LATER: &str = "Mon, 02 Nov 2026 10:00:00 GMT";
/// 2026-11-02T09:30:00Z.
const NOW: i64 = 1_793_611_800;

fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

/// Allows loopback, and small documents only.
fn limits() -> FetchLimits {
    FetchLimits {
        // Tests of the timeout set their own. Another test must not fail because the machine is slow.
        timeout: Duration::from_mins(2),
        max_body: 100_000,
        allow_networks: vec![Network::parse("127.0.0.0/8").unwrap()],
        ..FetchLimits::default()
    }
}

async fn get_since(url: &FeedUrl, validators: &Validators) -> FetchResponse {
    // One for each test (a thread): creating one reads the system's certificates, and connections belong to a test's runtime.
    thread_local! {
        static FETCHER: Fetcher = Fetcher::new(&limits()).unwrap();
    }
    FETCHER.with(Fetcher::clone).get(url, validators, now(), &mut share()).await
}

async fn get(url: &FeedUrl) -> FetchResponse {
    get_since(url, &Validators::default()).await
}

async fn fault(url: &FeedUrl) -> Fault {
    get(url).await.result.unwrap_err()
}

fn body(answer: &FetchResponse) -> &[u8] {
    match &answer.result {
        Ok(Fetched::Document { body, .. }) => body,
        other => panic!("no document: {other:?}"),
    }
}

fn xml() -> String {
    FeedDoc::rss("العلم").entry("1", "خبر", "https://alalam.invalid/1", "نص الخبر", "2026-11-02T09:30:00Z").to_string()
}

#[tokio::test]
async fn a_document_comes_with_all_that_belongs_to_it() {
    let outlet = FakeOutlet::start().await;
    let reply = Reply::feed(xml()).etag("W/\"a, \u{e9}\"").last_modified("Mon, 02 Nov 2026 09:00:00 GMT");
    outlet.set("/feed", reply.header("Cache-Control", "public, s-maxage=9, max-age=600"));
    let answer = get(&outlet.url("/feed")).await;
    let Ok(Fetched::Document { body, content_type, validators }) = &answer.result else { panic!("{answer:?}") };
    assert_eq!(&**body, xml().as_bytes());
    assert_eq!(body.hash(), warraq::model::RawHash::of(xml().as_bytes()).0);
    assert_eq!(content_type.as_deref(), Some("application/rss+xml; charset=utf-8"));
    assert_eq!(validators.etag.as_deref(), Some("W/\"a, \u{e9}\"".as_bytes()));
    assert_eq!(validators.last_modified.as_deref(), Some(&b"Mon, 02 Nov 2026 09:00:00 GMT"[..]));
    assert_eq!((answer.status, answer.bytes, answer.hops), (Some(200), xml().len() as u64, 0));
    assert_eq!(answer.freshness.max_age, Some(Duration::from_mins(10)));
    assert_eq!((&answer.moved_to, &answer.permanent), (&None, &None));
}

#[tokio::test]
async fn the_request_is_polite() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed?a=1", Reply::feed(xml()).header("Set-Cookie", "spy=1; Path=/"));
    let fetcher = Fetcher::new(&limits()).unwrap();
    for _ in 0..2 {
        fetcher.get(&outlet.url("/feed?a=1"), &Validators::default(), now(), &mut share()).await.result.unwrap();
    }
    for seen in outlet.requests("/feed?a=1") {
        assert_eq!(seen.method, "GET");
        assert!(seen.header("user-agent").unwrap().starts_with("Warraq/"));
        assert!(seen.header("accept").unwrap().starts_with("application/rss+xml, application/atom+xml"));
        assert_eq!(seen.header("accept-encoding"), Some("gzip, br, zstd, deflate"));
        for unwanted in ["cookie", "referer", "if-none-match", "if-modified-since", "range", "authorization"] {
            assert_eq!(seen.bytes(unwanted), None, "{unwanted}");
        }
    }
}

#[tokio::test]
async fn validators_go_back_byte_for_byte() {
    let outlet = FakeOutlet::start().await;
    // Every byte that a header may contain, a bad date, a tag without quotes: all are returned to the server unchanged.
    for (tag, date) in [
        (&b"W/\"x\""[..], &b"Mon, 02 Nov 2026 09:00:00 GMT"[..]),
        (b"no quotes, \xff\xfe\tfor once", b"yesterday"),
        ("\"العلم\"".as_bytes(), b"0"),
    ] {
        outlet.set("/feed", Reply::feed(xml()).etag(tag).last_modified(date));
        let first = get(&outlet.url("/feed")).await;
        let Ok(Fetched::Document { validators, .. }) = first.result else { panic!("{first:?}") };
        let second = get_since(&outlet.url("/feed"), &validators).await;
        assert_eq!(second.result, Ok(Fetched::NotModified));
        assert_eq!((second.status, second.bytes), (Some(304), 0));
        let seen = outlet.requests("/feed").pop().unwrap();
        assert_eq!((seen.bytes("if-none-match"), seen.bytes("if-modified-since")), (Some(tag), Some(date)));
    }
}

#[tokio::test]
async fn a_full_answer_replaces_both_validators() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed", Reply::feed(xml()).etag("\"2\""));
    let old = Validators { etag: Some(b"\"1\"".to_vec()), last_modified: Some(b"some day".to_vec()) };
    let answer = get_since(&outlet.url("/feed"), &old).await;
    let Ok(Fetched::Document { validators, .. }) = answer.result else { panic!("{answer:?}") };
    assert_eq!(validators, Validators { etag: Some(b"\"2\"".to_vec()), last_modified: None });

    outlet.set("/feed", Reply::feed(xml()).etag("\"2\"").unconditional());
    assert_eq!(body(&get_since(&outlet.url("/feed"), &validators).await), xml().as_bytes());
}

#[tokio::test]
async fn a_304_to_a_question_without_conditions_is_a_fault() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed", Reply::status(304));
    assert!(matches!(fault(&outlet.url("/feed")).await, Fault::Broken(_)));
    let since = Validators { etag: Some(b"\"1\"".to_vec()), last_modified: None };
    assert_eq!(get_since(&outlet.url("/feed"), &since).await.result, Ok(Fetched::NotModified));
}

#[tokio::test]
async fn every_coding_is_unpacked() {
    let outlet = FakeOutlet::start().await;
    for coding in ["gzip", "deflate", "br", "zstd"] {
        outlet.set("/feed", Reply::feed(xml()).packed(coding));
        let answer = get(&outlet.url("/feed")).await;
        assert_eq!(body(&answer), xml().as_bytes(), "{coding}");
        assert_eq!(answer.bytes, xml().len() as u64);
    }
    assert_eq!(outlet.requests("/feed").len(), 4);
}

#[tokio::test]
async fn a_body_that_lies_about_its_packing_is_asked_for_once_more() {
    let outlet = FakeOutlet::start().await;
    let broken = Reply::feed("\u{1f}not gzip at all").header("Content-Encoding", "br");
    outlet.script("/healed", [broken.clone(), Reply::feed(xml())]);
    assert_eq!(body(&get(&outlet.url("/healed")).await), xml().as_bytes());
    let codings: Vec<_> =
        outlet.requests("/healed").iter().map(|r| r.header("accept-encoding").map(str::to_owned)).collect();
    assert_eq!(codings, [Some("gzip, br, zstd, deflate".to_owned()), Some("identity".to_owned())]);

    outlet.set("/hopeless", broken);
    assert!(matches!(fault(&outlet.url("/hopeless")).await, Fault::Broken(_)));
    assert_eq!(outlet.requests("/hopeless").len(), 2);

    // A plain text with a wrong label is recognised at once.
    outlet.set("/plain", Reply::feed(xml()).header("Content-Encoding", "gzip"));
    assert_eq!(body(&get(&outlet.url("/plain")).await), xml().as_bytes());
    assert_eq!(outlet.requests("/plain").len(), 1);
}

#[tokio::test]
async fn the_limit_holds_before_and_after_unpacking() {
    let outlet = FakeOutlet::start().await;
    let large = Fault::TooLarge { limit: 100_000 };
    let fits = "<rss>".repeat(20_000);
    outlet.set("/fits", Reply::feed(fits.as_str()).gzip());
    assert_eq!(body(&get(&outlet.url("/fits")).await).len(), 100_000);
    let film = Reply::labelled("video/mp4", xml()).claim_length(100_001).stall_after(10);
    outlet.set("/film", film);
    assert_eq!(fault(&outlet.url("/film")).await, large, "refused by its head");
    outlet.set("/entries", Reply::feed("<rss><item></item>".repeat(10_000)));
    assert_eq!(body(&get(&outlet.url("/entries")).await).len(), 100_000, "the entries up to the limit are kept");
    outlet.set("/endless", Reply::feed("<rss>".repeat(1_000)).endless());
    assert_eq!(fault(&outlet.url("/endless")).await, large);
    for coding in ["gzip", "deflate", "br", "zstd"] {
        outlet.set("/bomb", Reply::feed("\0".repeat(1_000_000)).packed(coding));
        assert_eq!(fault(&outlet.url("/bomb")).await, large, "{coding}");
    }
}

#[tokio::test]
async fn an_empty_answer_is_no_document() {
    let outlet = FakeOutlet::start().await;
    for reply in
        [Reply::status(200), Reply::feed(" \r\n"), Reply::feed("").gzip(), Reply::status(204), Reply::status(205)]
    {
        outlet.set("/feed", reply);
        assert_eq!(fault(&outlet.url("/feed")).await, Fault::Empty);
    }
}

#[tokio::test]
async fn statuses_become_outcomes() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed", Reply::status(410));
    assert_eq!(get(&outlet.url("/feed")).await.result, Ok(Fetched::Gone));
    for status in [202, 300, 400, 401, 403, 404, 500, 502, 503, 504, 599] {
        outlet.set("/feed", Reply::status(status));
        let answer = get(&outlet.url("/feed")).await;
        assert_eq!((answer.result, answer.status), (Err(Fault::Status(status)), Some(status)));
    }
    for line in ["201 Created", "203 Non-Authoritative Information", "206 Partial Content"] {
        let text = xml();
        outlet.set("/feed", Reply::raw(format!("HTTP/1.1 {line}\r\nContent-Length: {}\r\n\r\n{text}", text.len())));
        assert_eq!(body(&get(&outlet.url("/feed")).await), text.as_bytes(), "{line}");
    }
    outlet.set("/feed", Reply::status(429));
    assert_eq!(fault(&outlet.url("/feed")).await, Fault::Held { status: 429 });
}

#[tokio::test]
async fn a_user_agent_that_cannot_be_sent_is_refused_at_the_start() {
    let limits = FetchLimits { user_agent: "Warraq\r\nX-Evil: 1".to_owned(), ..limits() };
    assert!(Fetcher::new(&limits).is_err());
}
