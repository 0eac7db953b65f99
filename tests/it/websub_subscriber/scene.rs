//! A hub, an outlet that names it, and a daemon that can be reached.

use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    processes::{http_client, until},
    test_instance::{RunningDaemon, TestInstance, config_text},
    web_peer::{WebPeer, hex},
};
use jiff::SignedDuration;
use ring::hmac;
use std::{collections::HashMap, net::TcpListener};

/// A daemon with a public address that hubs on loopback reach, and a feed that names a hub.
pub(super) struct Scene {
    pub(super) outlet: FakeOutlet,
    pub(super) hub: WebPeer,
    pub(super) instance: TestInstance,
    pub(super) daemon: RunningDaemon,
    pub(super) base: String,
}

pub(super) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

pub(super) fn doc(hub: Option<(&str, &str)>, reports: std::ops::Range<usize>) -> String {
    let doc = reports.fold(FeedDoc::rss("City"), |doc, n| {
        let link = format!("https://city.invalid/{n}");
        doc.entry(&link, &format!("Report number {n}"), &link, "<p>A text.</p>", "2026-11-02T09:30:00Z")
    });
    let links = hub.map_or_else(String::new, |(hub, this)| {
        format!("<atom:link rel=\"hub\" href=\"{hub}\"/><atom:link rel=\"self\" href=\"{this}\"/>")
    });
    let doc = doc.to_string().replacen("<channel>", &format!("<channel>{links}"), 1);
    if doc.contains("xmlns:atom") {
        doc
    } else {
        doc.replacen("<rss ", "<rss xmlns:atom=\"http://www.w3.org/2005/Atom\" ", 1)
    }
}

impl Scene {
    /// Starts a daemon that polls `/feed`, which answers as `reply` says.
    pub(super) async fn start(reply: impl FnOnce(&WebPeer, &FakeOutlet) -> Reply) -> Self {
        Self::with("", reply).await
    }

    pub(super) async fn with(more: &str, reply: impl FnOnce(&WebPeer, &FakeOutlet) -> Reply) -> Self {
        let (outlet, hub) = (FakeOutlet::start().await, WebPeer::start().await);
        let reply = reply(&hub, &outlet);
        outlet.set("/feed", reply);
        let base = format!("http://127.0.0.1:{}/", free_port());
        let text = config_text(more, &[("city", &outlet.url("/feed"))])
            .replace("127.0.0.1:0", base.trim_start_matches("http://").trim_end_matches('/'))
            .replace("http://news.invalid/", &base);
        let mut instance = TestInstance::configured(text).await;
        instance.close().await;
        let daemon = RunningDaemon::start(&instance).await;
        let this = Self { outlet, hub, instance, daemon, base };
        this.instance.pass(SignedDuration::from_mins(1));
        this
    }

    /// Waits for a subscription request at the hub's path and checks its form. Returns it.
    pub(super) async fn request(&self, path: &str, topic: &str) -> HashMap<String, String> {
        let form = self.hub.wait(path, 1).await.form();
        assert_eq!((form["hub.mode"].as_str(), form["hub.topic"].as_str()), ("subscribe", topic));
        let token = form["hub.callback"].strip_prefix(&format!("{}websub/callback/", self.base)).unwrap();
        assert!(token.len() == 64 && form["hub.secret"].len() == 64 && token != form["hub.secret"]);
        assert!(form["hub.lease_seconds"].parse::<u64>().unwrap() > 0);
        form
    }

    /// Asks the callback as a hub does. Returns the status and the body.
    pub(super) async fn verify(&self, callback: &str, mode: &str, topic: &str) -> (u16, String) {
        let mut url = url::Url::parse(callback).unwrap();
        url.query_pairs_mut().extend_pairs([
            ("hub.mode", mode),
            ("hub.topic", topic),
            ("hub.challenge", "ch4llenge"),
            ("hub.lease_seconds", "864000"),
        ]);
        let answer = http_client().build().unwrap().get(url).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// Subscribes to `/feed` at `/hub`. Returns the callback and the secret.
    pub(super) async fn subscribed(&self) -> (String, String) {
        let topic = self.outlet.url("/feed").to_string();
        let form = self.request("/hub", &topic).await;
        assert_eq!(self.verify(&form["hub.callback"], "subscribe", &topic).await, (200, "ch4llenge".to_owned()));
        until("the lease", async || self.instance.sql("SELECT state FROM hub_lease").await == ["active"]).await;
        (form["hub.callback"].clone(), form["hub.secret"].clone())
    }

    pub(super) async fn titles(&self) -> Vec<String> {
        self.instance.sql("SELECT title FROM entry ORDER BY title").await
    }
}

pub(super) fn signature(algorithm: hmac::Algorithm, name: &str, secret: &str, body: &str) -> String {
    let tag = hmac::sign(&hmac::Key::new(algorithm, secret.as_bytes()), body.as_bytes());
    format!("{name}={}", hex(tag.as_ref()))
}

pub(super) async fn deliver(callback: &str, signature: Option<&str>, body: &str) -> u16 {
    let request = http_client().build().unwrap().post(callback).header("content-type", "application/rss+xml");
    let request = signature.iter().fold(request, |request, value| request.header("x-hub-signature", *value));
    request.body(body.to_owned()).send().await.unwrap().status().as_u16()
}

pub(super) fn in_document(hub: &WebPeer, outlet: &FakeOutlet) -> Reply {
    Reply::feed(doc(Some((hub.url("/hub").as_str(), outlet.url("/feed").as_str())), 0..2))
}
