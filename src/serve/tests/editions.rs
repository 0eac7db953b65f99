//! Editions from memory.

use super::*;

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
