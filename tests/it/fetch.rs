//! Single GET requests from outside: every failure and every kind of response, over real sockets.

use crate::fake_outlet::{FakeOutlet, Reply};
use crate::{feed_doc::FeedDoc, test_instance::share};
use jiff::Timestamp;
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};
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
        timeout: Duration::from_secs(10),
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
    outlet.set("/endless", Reply::feed("<rss>").endless());
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
    assert_eq!(fault(&outlet.url("/feed")).await, Fault::BadRedirect("without Location".to_owned()));
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

#[tokio::test]
async fn statuses_become_outcomes() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed", Reply::status(410));
    assert_eq!(get(&outlet.url("/feed")).await.result, Ok(Fetched::Gone));
    for status in [201, 202, 206, 300, 400, 401, 403, 404, 500, 502, 503, 504, 599] {
        outlet.set("/feed", Reply::status(status));
        let answer = get(&outlet.url("/feed")).await;
        assert_eq!((answer.result, answer.status), (Err(Fault::Status(status)), Some(status)));
    }
    outlet.set("/feed", Reply::status(429));
    assert_eq!(fault(&outlet.url("/feed")).await, Fault::Held { status: 429 });
}

#[tokio::test]
async fn a_server_that_asks_for_time_is_heard() {
    let outlet = FakeOutlet::start().await;
    let at = |second: i64| Some(Timestamp::from_second(NOW + second).unwrap());
    let ten_years = 10 * 366 * 86_400;
    for (value, until) in [
        ("120", at(120)),
        (" 120 ", at(120)),
        ("Mon, 02 Nov 2026 10:30:00 GMT", at(3600)),
        ("Tue, 02 Nov 2026 10:30:00 +0000", at(3600)),
        ("Monday, 02-Nov-26 10:30:00 GMT", at(3600)),
        ("Mon Nov  2 10:30:00 2026", at(3600)),
        ("99999999999999999999999", at(ten_years)),
        ("Fri, 31 Dec 9990 23:59:59 GMT", at(ten_years)),
        ("Mon, 02 Nov 2026 08:30:00 GMT", None),
        ("0", None),
        ("-60", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
    ] {
        for status in [403, 429, 503] {
            outlet.set("/feed", Reply::status(status).header("Retry-After", value));
            let answer = get(&outlet.url("/feed")).await;
            assert_eq!(answer.freshness.retry_after, until, "{status} {value:?}");
            let held = until.is_some() || status == 429;
            assert_eq!(answer.result == Err(Fault::Held { status }), held, "{status} {value:?}");
        }
    }
    outlet.set("/feed", Reply::status(500).header("Retry-After", "120"));
    let answer = get(&outlet.url("/feed")).await;
    assert_eq!((answer.result, answer.freshness.retry_after), (Err(Fault::Status(500)), None));
}

#[tokio::test]
async fn freshness_is_read_as_caches_read_it() {
    let outlet = FakeOutlet::start().await;
    for (cache_control, date, expires, seconds) in [
        ("max-age=60", "", "", Some(60)),
        ("Max-Age=\"60\", public", "", "", Some(60)),
        ("public,max-age=60,max-age=90", DATE, HOUR_LATER, Some(60)),
        ("s-maxage=60", "", "", None),
        ("s-maxage=60", DATE, HOUR_LATER, Some(3600)),
        ("max-age=60, no-cache", DATE, HOUR_LATER, None),
        ("no-store", DATE, HOUR_LATER, None),
        ("max-age=-1", DATE, HOUR_LATER, None),
        ("max-age", "", "", None),
        ("max-age=99999999999999999999", "", "", Some(10 * 366 * 86_400)),
        ("", DATE, HOUR_LATER, Some(3600)),
        ("", HOUR_LATER, DATE, None),
        ("", DATE, "0", None),
        // A response without a date counts as generated when it arrived.
        ("", "", HOUR_LATER, Some(1800)),
        ("", "", DATE, None),
    ] {
        let headers = [("Cache-Control", cache_control), ("Date", date), ("Expires", expires)];
        let reply = headers.iter().filter(|(_, value)| !value.is_empty());
        let reply = reply.fold(Reply::feed(xml()).etag("\"1\""), |reply, (name, value)| reply.header(name, value));
        outlet.set("/feed", reply);
        let since = Validators { etag: Some(b"\"1\"".to_vec()), last_modified: None };
        for answer in [get(&outlet.url("/feed")).await, get_since(&outlet.url("/feed"), &since).await] {
            assert_eq!(answer.freshness.max_age, seconds.map(Duration::from_secs), "{headers:?}");
        }
    }
}

#[tokio::test]
async fn slow_servers_meet_the_deadline() {
    let outlet = FakeOutlet::start().await;
    let hasty = FetchLimits { timeout: Duration::from_millis(300), ..limits() };
    outlet.set("/silent", Reply::silence());
    outlet.set("/stalled", Reply::feed(xml()).stall_after(20));
    outlet.set("/dripping", Reply::feed(xml()).drip(1, Duration::from_millis(50)));
    outlet.set("/hop", Reply::redirect("/silent", 302));
    let fetcher = Fetcher::new(&hasty).unwrap();
    let polls = ["/silent", "/stalled", "/dripping", "/hop"].map(|path| {
        let (url, fetcher) = (outlet.url(path), fetcher.clone());
        async move { fetcher.get(&url, &Validators::default(), now(), &mut share()).await }
    });
    for answer in futures_util::future::join_all(polls).await {
        assert_eq!(answer.result, Err(Fault::Timeout(hasty.timeout)), "{answer:?}");
    }
    outlet.set("/slow", Reply::feed(xml()).drip(200, Duration::from_millis(1)));
    assert_eq!(body(&get(&outlet.url("/slow")).await), xml().as_bytes());
}

#[tokio::test]
async fn broken_answers_are_faults_and_never_documents() {
    let outlet = FakeOutlet::start().await;
    let whole = xml();
    for reply in [
        Reply::feed(whole.as_str()).cut_after(50),
        Reply::feed(whole.as_str()).gzip().cut_after(50),
        Reply::raw(""),
        Reply::raw("SSH-2.0-OpenSSH_9.2\r\n"),
        Reply::raw([0xff; 300]),
        Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"),
        Reply::raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        Reply::raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<rss>"),
        Reply::raw(format!("HTTP/1.1 200 OK\r\n{}", "X-Flood: x\r\n".repeat(100_000))),
    ] {
        outlet.set("/feed", reply.clone());
        let fault = fault(&outlet.url("/feed")).await;
        assert!(matches!(fault, Fault::Broken(_)), "{reply:?}: {fault:?}");
        assert!(fault.to_string().len() < 400, "{fault}");
    }
    // The stated length is too short: for HTTP the document ends there, and the parser decides whether that is a feed.
    outlet.set("/feed", Reply::feed(whole.as_str()).claim_length(50));
    assert_eq!(body(&get(&outlet.url("/feed")).await), &whole.as_bytes()[..50]);
}

#[tokio::test]
async fn old_and_careless_servers_are_understood() {
    let outlet = FakeOutlet::start().await;
    for answer in [
        "HTTP/1.0 200 OK\r\n\r\n<rss>",
        "HTTP/1.1 200\r\nContent-Length: 5\r\n\r\n<rss>",
        "HTTP/1.1 200 OK\nContent-Length: 5\n\n<rss>",
        "HTTP/1.1 200 OK\r\nX-Folded: a,\r\n  b\r\nContent-Length : 5\r\nno header at all\r\n\r\n<rss>",
        "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<rss>",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\n<r\r\n3\r\nss>\r\n0\r\nTrailer: t\r\n\r\n",
    ] {
        outlet.set("/feed", Reply::raw(answer));
        assert_eq!(body(&get(&outlet.url("/feed")).await), b"<rss>", "{answer:?}");
    }
}

#[tokio::test]
async fn who_cannot_be_reached_is_told_apart() {
    // A label of 64 characters is refused before any name server is asked (RFC 1035 2.3.4), so no network is needed.
    let name = format!("{}.invalid", "a".repeat(64));
    let unknown = FeedUrl::parse(&format!("http://{name}/feed")).unwrap();
    assert_eq!(fault(&unknown).await, Fault::Dns(name));

    // A port that was free a moment ago.
    let gone = speaker(b"").await;
    gone.task.abort();
    assert!(gone.task.await.is_err());
    let nobody = FeedUrl::parse(&format!("http://{}/feed", gone.address)).unwrap();
    assert_eq!(fault(&nobody).await, Fault::Connect("refused".to_owned()));

    for (says, expected) in [
        (&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], Fault::Tls("the server does not speak TLS".to_owned())),
        (
            b"\x15\x03\x03\x00\x02\x02\x28",
            Fault::Tls("the server refused the TLS connection: HandshakeFailure".to_owned()),
        ),
        (b"", Fault::Connect("the server closed the connection".to_owned())),
    ] {
        let plain = speaker(says).await;
        let tls = FeedUrl::parse(&format!("https://{}/feed", plain.address)).unwrap();
        assert_eq!(fault(&tls).await, expected);
        plain.task.abort();
    }
}

/// A server that sends the same bytes to everybody and closes the connection.
struct Speaker {
    address: SocketAddr,
    task: JoinHandle<()>,
}

async fn speaker(says: &'static [u8]) -> Speaker {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            // Reads first, because unread bytes would reset the connection at its end.
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(says).await;
        }
    });
    Speaker { address, task }
}

#[tokio::test]
async fn a_user_agent_that_cannot_be_sent_is_refused_at_the_start() {
    let limits = FetchLimits { user_agent: "Warraq\r\nX-Evil: 1".to_owned(), ..limits() };
    assert!(Fetcher::new(&limits).is_err());
}
