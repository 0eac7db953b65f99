//! Tests of the server over real sockets.

mod browser;
mod pages;
mod sample;
mod sample_feeds;

use super::*;
use crate::clock::Clock;
use crate::model::ChannelView;
use crate::publish::Edition;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const BODY: &str = "<feed>خبر</feed>";

struct TestServer {
    at: SocketAddr,
    edition_table: Arc<EditionTable>,
    channel_pages: Arc<ChannelPages>,
    health: Arc<Health>,
    clock: Clock,
    shutdown: CancellationToken,
    server: JoinHandle<std::io::Result<()>>,
}

impl TestServer {
    async fn open(limits: ServerLimits) -> Self {
        Self::open_with(limits, None).await
    }

    async fn open_with(limits: ServerLimits, queries: Option<sample::SampleQueries>) -> Self {
        let (edition_table, channel_pages, health) =
            (Arc::<EditionTable>::default(), Arc::<ChannelPages>::default(), Arc::<Health>::default());
        let clock = Clock::manual(sample::NOW.parse().unwrap());
        edition_table.put([ServedEdition {
            path: "/feed.atom".to_owned(),
            edition: Edition::new(BODY.repeat(50).into_bytes(), "application/atom+xml; charset=utf-8"),
            last_modified: "2026-11-02T09:30:00Z".parse().unwrap(),
            policy: CachePolicy::Feed,
            sharing: Sharing::Public,
            links: None,
        }]);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let app = App::new(edition_table.clone(), channel_pages.clone(), health.clone(), clock.clone());
        let app = match queries {
            Some(queries) => app.with_queries(queries),
            None => app,
        };
        let app = app.with_meters(Arc::default(), &loopback());
        let server = tokio::spawn(run_with(limits, listener, app, shutdown.clone()));
        Self { at, edition_table, channel_pages, health, clock, shutdown, server }
    }

    /// Sends one request, closes the connection after it, and returns the response's head and body.
    async fn ask(&self, request: &str) -> (String, Vec<u8>) {
        let mut stream = TcpStream::connect(self.at).await.unwrap();
        let (line, rest) = request.split_once('\n').unwrap_or((request, ""));
        let headers: Vec<&str> = rest.lines().flat_map(|l| [l.trim(), "\r\n"]).collect();
        let headers = headers.concat();
        let text = format!("{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n");
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let end = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
        (String::from_utf8_lossy(&answer[..end]).to_lowercase(), answer[end..].to_vec())
    }

    async fn close(self) {
        self.shutdown.cancel();
        self.server.await.unwrap().unwrap();
    }
}

/// Returns the loopback network, which contains the tests' own address.
fn loopback() -> Vec<crate::model::Network> {
    ["127.0.0.0/8"].iter().map(|n| crate::model::Network::parse(n).unwrap()).collect()
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(": "))
}

#[tokio::test]
async fn an_edition_comes_with_all_that_readers_and_browsers_need() {
    let server = TestServer::open(ServerLimits::default()).await;
    let (head, body) = server.ask("GET /feed.atom").await;
    assert!(head.starts_with("http/1.1 200"), "{head}");
    assert_eq!(body, BODY.repeat(50).as_bytes());
    for (name, value) in [
        ("content-type", "application/atom+xml; charset=utf-8"),
        ("last-modified", "mon, 02 nov 2026 09:30:00 gmt"),
        ("vary", "accept-encoding"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("cache-control", "public, max-age=60"),
    ] {
        assert_eq!(header(&head, name), Some(value), "{head}");
    }
    assert_eq!(header(&head, "content-length"), Some(&*body.len().to_string()));
    server.close().await;
}

#[tokio::test]
async fn each_coding_is_sent_under_its_own_tag_and_confirmed_by_it() {
    let server = TestServer::open(ServerLimits::default()).await;
    let mut tags = Vec::new();
    for (accept, coding) in [("identity", None), ("gzip", Some("gzip")), ("gzip, br", Some("br"))] {
        let (head, body) = server.ask(&format!("GET /feed.atom\nAccept-Encoding: {accept}")).await;
        assert_eq!(header(&head, "content-encoding"), coding, "{head}");
        assert_eq!(body.len() < BODY.len() * 50, coding.is_some());
        let tag = header(&head, "etag").unwrap().to_owned();
        let again = format!("GET /feed.atom\nAccept-Encoding: {accept}\nIf-None-Match: \"x\", W/{tag}");
        let (head, body) = server.ask(&again).await;
        assert!(head.starts_with("http/1.1 304") && body.is_empty(), "{head}");
        assert_eq!(header(&head, "etag"), Some(&*tag));
        assert!(header(&head, "vary").is_some() && header(&head, "cache-control").is_some());
        tags.push(tag);
    }
    let other = format!("GET /feed.atom\nAccept-Encoding: br\nIf-None-Match: {}", tags[0]);
    assert!(server.ask(&other).await.0.starts_with("http/1.1 200"), "another coding's tag confirms nothing");
    server.close().await;
}

#[tokio::test]
async fn a_changed_edition_takes_the_old_one_s_place() {
    let server = TestServer::open(ServerLimits::default()).await;
    let since = "GET /feed.atom\nIf-Modified-Since: Mon, 02 Nov 2026 09:30:00 GMT";
    assert!(server.ask(since).await.0.starts_with("http/1.1 304"));
    server.edition_table.put([ServedEdition {
        path: "/feed.atom".to_owned(),
        edition: Edition::new(b"<new/>".to_vec(), "application/atom+xml; charset=utf-8"),
        last_modified: "2026-11-02T09:31:00Z".parse().unwrap(),
        policy: CachePolicy::Feed,
        sharing: Sharing::Public,
        links: None,
    }]);
    assert_eq!(server.ask(since).await.1, b"<new/>");
    server.edition_table.retain(|path| path != "/feed.atom");
    let (head, _) = server.ask(since).await;
    assert!(head.starts_with("http/1.1 503") && header(&head, "retry-after").is_some(), "{head}");
    server.close().await;
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let server = TestServer::open(ServerLimits::default()).await;
    server.channel_pages.put(&empty_channel());
    for path in ["/feed.atom", "/", "/healthz"] {
        let (get, _) = server.ask(&format!("GET {path}\nAccept-Encoding: gzip")).await;
        let (head, body) = server.ask(&format!("HEAD {path}\nAccept-Encoding: gzip")).await;
        assert!(body.is_empty());
        assert_eq!(without_date(&get), without_date(&head), "{path}");
    }
    server.close().await;
}

fn without_date(head: &str) -> Vec<&str> {
    let mut lines: Vec<_> = head.lines().filter(|l| !l.starts_with("date:")).collect();
    lines.sort_unstable();
    lines
}

fn empty_channel() -> ChannelView {
    ChannelView {
        slug: "all".to_owned(),
        title: "All".to_owned(),
        subtitle: None,
        outlet_in_title: false,
        public_url: "http://x/".parse().unwrap(),
        language: None,
        updated: None,
        stories: Vec::new(),
    }
}

#[tokio::test]
async fn wrong_addresses_and_methods_are_told_what_to_do() {
    let server = TestServer::open(ServerLimits::default()).await;
    let (head, body) = server.ask("GET /nowhere").await;
    assert!(head.starts_with("http/1.1 404") && String::from_utf8(body).unwrap().contains("/feed.atom"));
    assert_eq!(header(&head, "x-content-type-options"), Some("nosniff"));
    for path in ["/feed.atom", "/healthz"] {
        let (head, body) = server.ask(&format!("POST {path}\nContent-Length: 0")).await;
        assert!(head.starts_with("http/1.1 405"), "{head}");
        assert!(header(&head, "allow").unwrap().contains("get"), "{head}");
        assert!(String::from_utf8(body).unwrap().contains("GET"));
    }
    server.close().await;
}

#[tokio::test]
async fn health_says_what_is_missing() {
    let server = TestServer::open(ServerLimits::default()).await;
    let (head, body) = server.ask("GET /healthz").await;
    assert!(head.starts_with("http/1.1 503") && body == b"the scheduler has not started\n");
    server.health.loop_ran(server.clock.now());
    assert!(server.ask("GET /healthz").await.0.starts_with("http/1.1 200"));
    server.clock.step(jiff::SignedDuration::from_mins(10));
    assert!(server.ask("GET /healthz").await.0.starts_with("http/1.1 503"));
    assert!(server.ask("GET /readyz").await.0.starts_with("http/1.1 503"));
    server.health.database(super::DatabaseState::Writable { blocked_wal: None });
    server.health.rendered();
    let (head, body) = server.ask("GET /readyz").await;
    assert!(head.starts_with("http/1.1 200") && body == b"ok\n");
    assert_eq!(header(&head, "cache-control"), Some("no-store"));
    server.close().await;
}

#[tokio::test]
async fn one_connection_serves_many_requests() {
    let server = TestServer::open(ServerLimits::default()).await;
    let mut stream = TcpStream::connect(server.at).await.unwrap();
    for _ in 0..3 {
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let mut seen = Vec::new();
        while !seen.ends_with(b"started\n") {
            assert_ne!(stream.read_buf(&mut seen).await.unwrap(), 0, "the connection stays open");
        }
    }
    // An idle connection does not delay the shutdown.
    server.close().await;
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
}

#[tokio::test]
async fn half_a_head_is_closed_in_time_even_half_a_version() {
    let limits =
        ServerLimits { head: Duration::from_millis(50), stall: Duration::from_millis(50), ..ServerLimits::default() };
    let server = TestServer::open(limits).await;
    for half in ["GET /feed.atom HTTP/1.1\r\nHost: x\r\nX-", "P", ""] {
        let mut stream = TcpStream::connect(server.at).await.unwrap();
        stream.write_all(half.as_bytes()).await.unwrap();
        // Returns only because the server closes the connection.
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
        assert!(!rest.starts_with(b"HTTP/1.1 200"), "{half}");
    }
    server.close().await;
}

#[tokio::test]
async fn a_client_that_does_not_read_is_cut() {
    let limits = ServerLimits { stall: Duration::from_millis(100), ..ServerLimits::default() };
    let server = TestServer::open(limits).await;
    server.edition_table.put([ServedEdition {
        path: "/big".to_owned(),
        edition: Edition::new(vec![b'x'; 14_000_000], "text/plain"),
        last_modified: server.clock.now(),
        policy: CachePolicy::Feed,
        sharing: Sharing::Public,
        links: None,
    }]);
    let mut stream = TcpStream::connect(server.at).await.unwrap();
    stream.write_all(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_millis(400)).await;
    let mut got = Vec::new();
    let ended = stream.read_to_end(&mut got).await;
    assert!(ended.is_err() || got.len() < 14_000_000);
    server.close().await;
}

#[tokio::test]
async fn an_endless_client_does_not_hold_the_shutdown() {
    let limits = ServerLimits { drain: Duration::from_millis(50), ..ServerLimits::default() };
    let server = TestServer::open(limits).await;
    server.edition_table.put([ServedEdition {
        path: "/big".to_owned(),
        edition: Edition::new(vec![b'x'; 14_000_000], "text/plain"),
        last_modified: server.clock.now(),
        policy: CachePolicy::Feed,
        sharing: Sharing::Public,
        links: None,
    }]);
    let mut stream = TcpStream::connect(server.at).await.unwrap();
    stream.write_all(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    stream.read_exact(&mut [0; 100]).await.unwrap();
    // Returns although the response is neither read nor complete.
    server.close().await;
}

#[tokio::test]
async fn more_connections_than_allowed_wait_their_turn() {
    let server = TestServer::open(ServerLimits { connections: 1, ..ServerLimits::default() }).await;
    let first = TcpStream::connect(server.at).await.unwrap();
    let mut second = TcpStream::connect(server.at).await.unwrap();
    second.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let early = tokio::time::timeout(Duration::from_millis(100), second.read(&mut [0; 64])).await;
    assert!(early.is_err(), "no answer while the only place is taken");
    drop(first);
    assert!(second.read(&mut [0; 64]).await.unwrap() > 0);
    server.close().await;
}

#[tokio::test]
async fn http_2_is_spoken_without_tls() {
    let server = TestServer::open(ServerLimits::default()).await;
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().http2_prior_knowledge().no_proxy().build().unwrap();
    for method in [reqwest::Method::GET, reqwest::Method::HEAD] {
        let answer = client.request(method.clone(), format!("http://{}/feed.atom", server.at)).send().await.unwrap();
        assert_eq!((answer.version(), answer.status().as_u16()), (reqwest::Version::HTTP_2, 200));
        assert_eq!(answer.bytes().await.unwrap().is_empty(), method == reqwest::Method::HEAD);
    }
    server.close().await;
}

#[tokio::test]
async fn a_head_beyond_the_limit_is_refused() {
    let server = TestServer::open(ServerLimits { head_bytes: 8192, ..ServerLimits::default() }).await;
    let (head, _) = server.ask(&format!("GET /feed.atom\nX-Long: {}", "x".repeat(20_000))).await;
    assert!(head.starts_with("http/1.1 431"), "{head}");
    server.close().await;
}

#[tokio::test]
async fn metrics_are_for_those_who_are_allowed() {
    let server = TestServer::open(ServerLimits::default()).await;
    server.ask("GET /feed.atom").await;
    let (head, body) = server.ask("GET /metrics").await;
    assert!(head.starts_with("http/1.1 200"), "{head}");
    assert_eq!(header(&head, "content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let text = String::from_utf8(body).unwrap();
    assert!(text.contains("warraq_http_responses_total{code=\"200\"} 1"), "{text}");
    server.close().await;

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let app = App::new(Arc::default(), Arc::default(), Arc::default(), Clock::default());
    let app = app.with_meters(Arc::default(), &[crate::model::Network::parse("10.0.0.0/8").unwrap()]);
    let shutdown = CancellationToken::new();
    let server = tokio::spawn(run(listener, app, shutdown.clone()));
    let mut stream = TcpStream::connect(at).await.unwrap();
    stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.0 404"), "{answer}");
    shutdown.cancel();
    server.await.unwrap().unwrap();
}
