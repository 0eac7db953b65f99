//! Tests of the server over real sockets.

mod browser;
mod connections;
mod editions;
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
