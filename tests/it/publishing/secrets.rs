//! Addresses that may hold a secret, and hosts that are not ours.

use super::{DATE, EDITIONS, SECRET, doc, polled};
use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    test_instance::{RunningDaemon, TestInstance, config_text},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Sends these bytes and returns the response.
async fn raw(daemon: &RunningDaemon, request: &str) -> String {
    let mut stream = TcpStream::connect(daemon.base.trim_start_matches("http://")).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_query_that_may_hold_a_secret_is_shown_nowhere() {
    let outlet = FakeOutlet::start().await;
    let secret = outlet.url(&format!("/feed?token={SECRET}"));
    let open = outlet.url("/open?cat=7&format=rss");
    let named = outlet.url(&format!("/named?k={SECRET}"));
    let broken = outlet.url(&format!("/broken?k={SECRET}"));
    for (feed, n) in [(&secret, "1"), (&open, "2"), (&named, "3")] {
        let link = format!("https://me:{SECRET}@ville.invalid/{n}");
        let path = feed.as_str().strip_prefix(outlet.url("/").as_str().trim_end_matches('/')).unwrap();
        outlet.set(path, Reply::feed(FeedDoc::rss("V").entry(n, &format!("Titre {n}"), &link, "Un texte.", DATE)));
    }
    let table = format!(
        "\n[[outlet]]\nslug = \"named\"\nname = \"named\"\nfeeds = [{{ url = \"{named}\", public_url = \"https://named.invalid/feed\" }}]\n"
    );
    let outlets = [("ville", &secret), ("open", &open), ("broken", &broken)];
    let mut instance = TestInstance::configured(config_text("", &outlets) + &table).await;
    instance.poll().await;
    instance.close().await;
    assert_eq!(instance.sql("SELECT count(*) FROM entries").await, ["3"], "all were read");
    assert_eq!(instance.sql("SELECT count(*) FROM entries WHERE link LIKE '%@%'").await, ["0"]);
    let daemon = RunningDaemon::start(&instance).await;
    daemon.get_until("/feed.json", "Titre 3").await;
    for path in EDITIONS.into_iter().chain([
        "/opml",
        "/status",
        "/status.atom",
        "/stories/1",
        "/metrics",
        "/",
        "/search.atom?q=Titre",
    ]) {
        let answer = daemon.get(path).await;
        assert_eq!(answer.status(), 200, "{path}");
        let text = answer.text().await.unwrap();
        assert!(!text.contains(SECRET), "{path}: {text}");
    }
    for path in EDITIONS.into_iter().chain(["/opml"]) {
        let text = daemon.get(path).await.text().await.unwrap();
        assert!(text.contains("/open?cat=7") && text.contains("https://named.invalid/feed"), "{path}: {text}");
    }
    daemon.stop().await.unwrap();
}

#[tokio::test]
async fn archive_pages_of_other_rules_are_rendered_anew() {
    let outlet = FakeOutlet::start().await;
    let mut feed_doc = FeedDoc::rss("V");
    for n in 1..=6 {
        let (n, title) = (n.to_string(), format!("Titre {n}"));
        feed_doc = feed_doc.entry(&n, &title, &format!("https://ville.invalid/{n}"), "Un texte.", DATE);
    }
    outlet.set("/feed", Reply::feed(feed_doc));
    let feed = outlet.url("/feed");
    let instance = polled("[[channel]]\nslug = \"all\"\ntitle = \"Tout\"\nlimit = 2\n", &feed).await;
    let daemon = RunningDaemon::start(&instance).await;
    let page = daemon.get_until("/archive/all/1.atom", "<fh:archive/>").await;
    daemon.stop().await.unwrap();
    // A page stored by an earlier version, with content that it must not show.
    let old = warraq::model::hex(&warraq::publish::archive::pack(b"<feed>s3cret</feed>"));
    let old = if instance.server().is_some() { format!("'\\x{old}'") } else { format!("x'{old}'") };
    instance.change(&format!("UPDATE archive SET fingerprint = '', atom = {old}")).await;
    let daemon = RunningDaemon::start(&instance).await;
    assert_eq!(daemon.get("/archive/all/1.atom").await.text().await.unwrap(), page);
    // The reader of the page does not wait until it is stored.
    instance.sql_until("SELECT count(*) FROM archive WHERE number = 1 AND fingerprint <> ''", &["1"]).await;
    daemon.stop().await.unwrap();
}

#[tokio::test]
async fn only_requests_for_known_hosts_are_answered() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed", Reply::feed(doc("Un titre")));
    let instance = polled("", &outlet.url("/feed")).await;
    let daemon = RunningDaemon::start(&instance).await;
    daemon.get_until("/feed.json", "Un titre").await;
    for path in ["/feed.atom", "/metrics", "/readyz", "/status", "/nothing"] {
        let status = async |head: &str| {
            let answer = raw(&daemon, &format!("GET {path} {head}Connection: close\r\n\r\n")).await;
            answer.split(' ').nth(1).unwrap_or_default().to_owned()
        };
        let fine = if path == "/nothing" { "404" } else { "200" };
        for head in [
            "HTTP/1.1\r\nHost: news.invalid\r\n",
            "HTTP/1.1\r\nHost: localhost:99\r\n",
            "HTTP/1.1\r\nHost: 10.0.0.1\r\nX-Forwarded-Host: evil.example\r\n",
            "HTTP/1.0\r\n",
        ] {
            assert_eq!(status(head).await, fine, "{path} {head}");
        }
        assert_eq!(status("HTTP/1.1\r\nHost: evil.example\r\n").await, "421", "{path}");
        assert_eq!(status("HTTP/1.1\r\n").await, "400", "{path}");
        assert_eq!(status("HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n").await, "400", "{path}");
    }
    for question in ["/search?q=a%00b%1B%5B31m", "/search.atom?x%00%1B=1", "/feed.atom?outlet=%1B"] {
        let answer = daemon.get(question).await.text().await.unwrap();
        assert!(!answer.contains(['\0', '\u{1b}']), "{question}: {answer:?}");
    }
    daemon.stop().await.unwrap();
}
