//! WebSub from outside: what editions say of their hub, the hub of our own (the numbered checks of websub.rocks), and pings to
//! another hub.

use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    processes::{http_client, until},
    test_instance::{RunningDaemon, TestInstance, config_text},
    web_peer::{WebPeer, hex},
};
use jiff::SignedDuration;
use ring::hmac;
use std::time::Duration;
use warraq::push::is_signed;

const BASE: &str = "http://news.invalid/";

/// A daemon whose one outlet gets new reports.
pub struct Publisher {
    pub outlet: FakeOutlet,
    pub instance: TestInstance,
    pub daemon: RunningDaemon,
    reports: usize,
}

fn doc(reports: usize) -> String {
    let doc = FeedDoc::rss("City");
    let doc = (0..reports).fold(doc, |doc, n| {
        let link = format!("https://city.invalid/{n}");
        doc.entry(&link, &format!("Report number {n}"), &link, "<p>A text.</p>", "2026-11-02T09:30:00Z")
    });
    doc.to_string()
}

impl Publisher {
    pub async fn start(more: &str, channels: &str) -> Self {
        Box::pin(Self::with(more, channels, |text| text)).await
    }

    /// Starts it at this address.
    pub async fn at(base: &str) -> Self {
        let place = base.trim_start_matches("http://").trim_end_matches('/');
        Box::pin(Self::with("", "", |text| text.replace("127.0.0.1:0", place).replace(BASE, base))).await
    }

    async fn with(more: &str, channels: &str, change: impl FnOnce(String) -> String) -> Self {
        let outlet = FakeOutlet::start().await;
        outlet.set("/feed", Reply::feed(doc(1)));
        let text = config_text(more, &[("city", &outlet.url("/feed"))])
            .replace("name = \"city\"", "name = \"city\"\nschedule = \"every 1m\"");
        let mut instance = TestInstance::configured(change(text) + channels).await;
        instance.poll().await;
        instance.close().await;
        let daemon = RunningDaemon::start(&instance).await;
        let this = Self { outlet, instance, daemon, reports: 1 };
        until("the editions", async || this.daemon.get("/readyz").await.status() == 200).await;
        this.daemon.get_until("/feed.json", "Report number 0").await;
        this
    }

    /// The outlet publishes one more report, and the daemon sees it.
    pub async fn news(&mut self) {
        self.reports += 1;
        self.outlet.set("/feed", Reply::feed(doc(self.reports)));
        let title = format!("Report number {}", self.reports - 1);
        for _ in 0..400 {
            if self.daemon.get("/feed.json").await.text().await.unwrap().contains(&title) {
                return;
            }
            // A longer step would be a clock that was set.
            self.instance.pass(SignedDuration::from_secs(1));
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        panic!("{title} was never published");
    }

    async fn ask(&self, form: &[(&str, &str)]) -> (u16, String) {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = http_client().build().unwrap().post(format!("{}/websub/hub", self.daemon.base));
        let answer =
            request.header("content-type", "application/x-www-form-urlencoded").body(body).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// Subscribes to an edition and waits until it is stored.
    async fn subscribe(&self, peer: &WebPeer, path: &str, more: &[(&str, &str)]) {
        let (topic, callback) = (format!("{BASE}{}", &path[1..]), format!("{}/callback?keep=1", peer.base));
        let mut form = vec![("hub.mode", "subscribe"), ("hub.topic", &topic), ("hub.callback", &callback)];
        form.extend(more);
        let before = peer.received("/callback").len();
        assert_eq!(self.ask(&form).await.0, 202);
        let asked = peer.wait("/callback", before + 1).await;
        assert_eq!((asked.method.as_str(), asked.query["keep"].as_str()), ("GET", "1"));
        assert_eq!(
            (asked.query["hub.mode"].as_str(), asked.query["hub.topic"].as_str()),
            ("subscribe", topic.as_str())
        );
        assert!(asked.query["hub.challenge"].len() >= 32);
        assert!(asked.query["hub.lease_seconds"].parse::<u64>().unwrap() > 0);
        until("the subscription", async || !self.instance.sql("SELECT 1 FROM hub_subscription").await.is_empty()).await;
    }

    pub async fn stop(self) {
        self.daemon.stop().await.unwrap();
    }
}

#[tokio::test]
async fn every_edition_names_the_hub_and_itself() {
    let daemon = Publisher::start("", "[[channel]]\nslug = \"news\"\ntitle = \"News\"\n").await;
    for path in
        ["/feed.atom", "/feed.rss", "/feed.json", "/channels/news.atom", "/channels/news.rss", "/channels/news.json"]
    {
        let answer = daemon.daemon.get(path).await;
        let this = format!("{BASE}{}", &path[1..]);
        let expected = format!("<{BASE}websub/hub>; rel=\"hub\", <{this}>; rel=\"self\"");
        assert_eq!(answer.headers()["link"], expected.as_str(), "{path}");
        let text = answer.text().await.unwrap();
        let named = match path.rsplit_once('.').unwrap().1 {
            "atom" => format!("<link rel=\"hub\" href=\"{BASE}websub/hub\"/>"),
            "rss" => format!("<atom:link rel=\"hub\" href=\"{BASE}websub/hub\"/>"),
            _ => format!("\"hubs\":[{{\"type\":\"WebSub\",\"url\":\"{BASE}websub/hub\"}}]"),
        };
        assert!(text.contains(&named), "{path}: {}", &text[..600]);
    }
    for path in ["/opml", "/search.atom?q=report", "/feed.atom?limit=1"] {
        let answer = daemon.daemon.get(path).await;
        assert!(answer.headers().get("link").is_none(), "{path}");
        assert!(!answer.text().await.unwrap().contains("rel=\"hub\""), "{path}");
    }
    daemon.stop().await;
    let none = Publisher::start("[websub]\nhub = \"none\"\n", "").await;
    let answer = none.daemon.get("/feed.atom").await;
    assert!(answer.headers().get("link").is_none());
    assert!(!answer.text().await.unwrap().contains("rel=\"hub\""));
    assert_eq!(none.ask(&[("hub.mode", "subscribe")]).await.0, 404);
    none.stop().await;
}

/// websub.rocks hub 100 (typical), 105 and 106 (content types), 101 (signature), 102 (unknown parameters).
#[tokio::test]
async fn a_subscriber_gets_the_bytes_of_every_change() {
    let mut publisher = Publisher::start("", "").await;
    for (path, media_type) in [
        ("/feed.atom", "application/atom+xml; charset=utf-8"),
        ("/feed.rss", "application/rss+xml; charset=utf-8"),
        ("/feed.json", "application/feed+json"),
    ] {
        let (plain, signed) = (WebPeer::start().await, WebPeer::start().await);
        publisher.subscribe(&plain, path, &[("hub.verify", "async"), ("x", "y")]).await;
        publisher.subscribe(&signed, path, &[("hub.secret", "s3cret"), ("hub.lease_seconds", "600")]).await;
        assert_eq!(signed.received("/callback")[0].query["hub.lease_seconds"], "600");
        publisher.news().await;
        let (delivered, with_signature) = (plain.wait("/callback", 2).await, signed.wait("/callback", 2).await);
        assert_eq!((delivered.method.as_str(), delivered.query["keep"].as_str()), ("POST", "1"));
        assert_eq!(delivered.header("content-type"), media_type);
        let links = format!("<{BASE}websub/hub>; rel=\"hub\", <{BASE}{}>; rel=\"self\"", &path[1..]);
        assert_eq!(delivered.header("link"), links);
        assert_eq!(delivered.header("x-hub-signature"), "");
        let edition = publisher.daemon.get(path).await.bytes().await.unwrap();
        assert_eq!(delivered.body, edition, "{path}");
        assert_eq!(with_signature.body, edition);
        assert!(is_signed("s3cret", &edition, with_signature.header("x-hub-signature")));
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"s3cret");
        let expected = hex(hmac::sign(&key, &edition).as_ref());
        assert_eq!(with_signature.header("x-hub-signature"), format!("sha256={expected}"));
    }
    publisher.stop().await;
}

/// websub.rocks hub 103 (subscribes again) and 104 (unsubscribes).
#[tokio::test]
async fn a_subscription_is_renewed_ended_and_outlives_a_restart() {
    let mut publisher = Publisher::start("", "").await;
    let peer = WebPeer::start().await;
    publisher.subscribe(&peer, "/feed.atom", &[("hub.lease_seconds", "600")]).await;
    publisher.subscribe(&peer, "/feed.atom", &[("hub.lease_seconds", "3600"), ("hub.secret", "new")]).await;
    let renewed = "SELECT count(*), max(secret), max(expires_at) > '2026-11-02T12:50' FROM hub_subscription";
    until("the renewal", async || publisher.instance.sql(renewed).await == ["1|new|1"]).await;
    publisher.daemon.stop().await.unwrap();
    publisher.daemon = RunningDaemon::start(&publisher.instance).await;
    publisher.news().await;
    let delivered = peer.wait("/callback", 3).await;
    assert!(is_signed("new", &delivered.body, delivered.header("x-hub-signature")));
    let form = [
        ("hub.mode", "unsubscribe"),
        ("hub.topic", &*format!("{BASE}feed.atom")),
        ("hub.callback", &*format!("{}/callback?keep=1", peer.base)),
    ];
    // Somebody else's request: the callback does not confirm it.
    peer.script("/callback", &[404]);
    assert_eq!(publisher.ask(&form).await.0, 202);
    peer.wait("/callback", 4).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(publisher.instance.sql(renewed).await, ["1|new|1"]);
    peer.script("/callback", &[200]);
    assert_eq!(publisher.ask(&form).await.0, 202);
    assert_eq!(peer.wait("/callback", 5).await.query["hub.mode"], "unsubscribe");
    until("the end", async || publisher.instance.sql("SELECT 1 FROM hub_subscription").await.is_empty()).await;
    assert_eq!(publisher.ask(&form).await.0, 404, "there is nothing left to end");
    publisher.news().await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(peer.received("/callback").len(), 5);
    publisher.stop().await;
}

#[tokio::test]
async fn leases_end_failures_are_retried_and_410_ends_a_subscription() {
    let mut publisher = Publisher::start("", "").await;
    let (failing, leaving, moved) = (WebPeer::start().await, WebPeer::start().await, WebPeer::start().await);
    for peer in [&failing, &leaving, &moved] {
        publisher.subscribe(peer, "/feed.atom", &[]).await;
    }
    until("three", async || publisher.instance.sql("SELECT count(*) FROM hub_subscription").await == ["3"]).await;
    failing.script("/callback", &[500, 200]);
    leaving.script("/callback", &[410]);
    moved.redirect("/callback", 307, &failing.url("/elsewhere").to_string());
    publisher.news().await;
    for peer in [&failing, &leaving, &moved] {
        peer.wait("/callback", 2).await;
    }
    let rows = "SELECT count(*), sum(failures), max(last_error) FROM hub_subscription";
    until("the failures", async || publisher.instance.sql(rows).await == ["2|2|the server answered 500"]).await;
    publisher.instance.pass(SignedDuration::from_secs(15));
    failing.wait("/callback", 3).await;
    assert!(failing.received("/elsewhere").is_empty(), "no redirect is followed");
    until("the success", async || publisher.instance.sql("SELECT min(failures) FROM hub_subscription").await == ["0"])
        .await;
    assert_eq!(leaving.received("/callback").len(), 2);
    publisher.instance.pass(SignedDuration::from_hours(24 * 11));
    until("the end of the leases", async || publisher.instance.sql("SELECT 1 FROM hub_subscription").await.is_empty())
        .await;
    publisher.stop().await;
}

#[tokio::test]
async fn the_hub_serves_nobody_but_subscribers_of_its_own_feeds() {
    let publisher = Publisher::start("", "").await;
    let peer = WebPeer::start().await;
    let (topic, callback) = (format!("{BASE}feed.atom"), format!("{}/callback", peer.base));
    let long = "s".repeat(200);
    let secret_of = |length: usize| long[..length].to_owned();
    for (topic, callback, secret, status) in [
        ("http://other.invalid/feed.atom", callback.as_str(), String::new(), 404),
        (&format!("{BASE}feed.atom?limit=1"), &callback, String::new(), 404),
        (&format!("{BASE}opml"), &callback, String::new(), 404),
        (&format!("{BASE}channels/none.atom"), &callback, String::new(), 404),
        (&topic, "mailto:a@b.invalid", String::new(), 400),
        (&topic, &callback, secret_of(200), 400),
        (&topic, &callback, secret_of(199), 202),
        (&topic, "http://10.0.0.1/callback", String::new(), 202),
        (&topic, "http://[::1]:1/callback", String::new(), 202),
    ] {
        let form =
            [("hub.mode", "subscribe"), ("hub.topic", topic), ("hub.callback", callback), ("hub.secret", &secret)];
        let (answered, text) = publisher.ask(&form).await;
        assert_eq!(answered, status, "{topic} {callback}: {text}");
        assert!(!text.contains("<html"));
    }
    // A challenge that is not echoed, a redirect, an error: no subscription.
    peer.wait("/callback", 1).await;
    until("the good one", async || publisher.instance.sql("SELECT 1 FROM hub_subscription").await.len() == 1).await;
    for (path, status) in [("/a", 404), ("/b", 302), ("/c", 204)] {
        peer.redirect(path, status, &callback);
        let form =
            [("hub.mode", "subscribe"), ("hub.topic", &topic), ("hub.callback", &format!("{}{path}", peer.base))];
        assert_eq!(publisher.ask(&form).await.0, 202);
        peer.wait(path, 1).await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(publisher.instance.sql("SELECT count(*) FROM hub_subscription").await, ["1"]);
    // One host's requests are limited.
    let form = [("hub.mode", "subscribe"), ("hub.topic", &topic), ("hub.callback", &format!("{}/a", peer.base))];
    let mut statuses = Vec::new();
    for _ in 0..40 {
        statuses.push(publisher.ask(&form).await.0);
    }
    assert!(statuses.contains(&429), "{statuses:?}");
    let got = publisher.daemon.get("/websub/hub").await;
    assert_eq!((got.status().as_u16(), got.headers()["allow"].to_str().unwrap()), (405, "GET, POST"));
    publisher.stop().await;
}

#[tokio::test]
async fn another_hub_is_told_of_every_change() {
    let peer = WebPeer::start().await;
    peer.script("/hub", &[500, 204]);
    let hub = peer.url("/hub");
    let mut publisher = Publisher::start(&format!("[websub]\nhub = \"{hub}\"\n"), "").await;
    let answer = publisher.daemon.get("/feed.atom").await;
    assert_eq!(answer.headers()["link"], format!("<{hub}>; rel=\"hub\", <{BASE}feed.atom>; rel=\"self\"").as_str());
    peer.wait("/hub", 1).await;
    publisher.instance.pass(SignedDuration::from_secs(15));
    let told = "SELECT string_agg(topic, ' ' ORDER BY topic) FROM hub_ping";
    until("the pings", async || publisher.instance.sql(told).await == ["/feed.atom /feed.json /feed.rss"]).await;
    let form = peer.received("/hub")[1].form();
    assert_eq!((form["hub.mode"].as_str(), &form["hub.url"]), ("publish", &form["hub.topic"]));
    assert!(form["hub.url"].starts_with(&format!("{BASE}feed.")));
    let before = peer.received("/hub").len();
    publisher.daemon.stop().await.unwrap();
    publisher.daemon = RunningDaemon::start(&publisher.instance).await;
    publisher.daemon.get_until("/feed.json", "Report number 0").await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(peer.received("/hub").len(), before, "a restart changes nothing");
    publisher.news().await;
    peer.wait("/hub", before + 3).await;
    publisher.stop().await;
}
