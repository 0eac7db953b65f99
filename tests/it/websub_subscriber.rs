//! WebSub subscriptions from outside: the numbered checks of websub.rocks for subscribers, and two Warraqs.

mod floods;
mod scene;

use self::scene::{Scene, deliver, doc, free_port, in_document, signature};
use crate::{
    fake_outlet::{FakeOutlet, Reply},
    processes::until,
    test_instance::{RunningDaemon, TestInstance, config_text},
    web_peer::WebPeer,
    websub_hub::Publisher,
};
use jiff::SignedDuration;
use ring::hmac;
use std::time::Duration;

/// 100 (headers), 102 (Atom), 103 (RSS), 104 (headers before the document), 200 (another rel=self), JSON Feed.
#[tokio::test]
async fn a_hub_is_discovered_in_headers_and_documents() {
    for case in ["header", "atom", "rss", "json", "both"] {
        let scene = Scene::start(|hub, _| {
            let (good, bad) = (hub.url("/hub"), hub.url("/wrong"));
            let this = "https://topic.invalid/other?x=1";
            let link = format!("<{good}>; rel=\"hub\", <{this}>; rel=self");
            match case {
                "header" => Reply::feed(doc(None, 0..1)).header("Link", link),
                "both" => Reply::feed(doc(Some((bad.as_str(), "https://wrong.invalid/")), 0..1)).header("Link", link),
                "rss" => Reply::feed(doc(Some((good.as_str(), this)), 0..1)),
                "atom" => Reply::labelled(
                    "application/atom+xml",
                    format!(
                        "<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>T</title><id>urn:x:1</id>\
                         <link rel=\"hub\" href=\"{good}\"/><link rel=\"self\" href=\"{this}\"/>\
                         <entry><id>urn:x:2</id><title>Report</title><link href=\"https://c.invalid/1\"/></entry></feed>"
                    ),
                ),
                _ => Reply::labelled(
                    "application/feed+json",
                    format!(
                        "{{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"T\",\"feed_url\":\"{this}\",\
                         \"hubs\":[{{\"type\":\"WebSub\",\"url\":\"{good}\"}}],\"items\":[{{\"id\":\"1\",\"content_text\":\"x\"}}]}}"
                    ),
                ),
            }
        })
        .await;
        scene.request("/hub", "https://topic.invalid/other?x=1").await;
        assert!(scene.hub.received("/wrong").is_empty(), "{case}");
        scene.daemon.stop().await.unwrap();
    }
}

/// 100 for a feed that has not changed since it names a hub.
#[tokio::test]
async fn a_hub_is_discovered_in_the_headers_of_a_304() {
    let reply = || Reply::feed(doc(None, 0..1)).etag("\"t\"");
    let scene = Scene::start(|_, _| reply()).await;
    until("the first poll", async || scene.titles().await.len() == 1).await;
    let link = format!("<{}>; rel=\"hub\", <https://topic.invalid/>; rel=\"self\"", scene.hub.url("/hub"));
    scene.outlet.set("/feed", reply().header("Link", link));
    until("the second poll", async || {
        scene.instance.pass(SignedDuration::from_secs(30));
        scene.outlet.requests("/feed").len() > 1
    })
    .await;
    scene.request("/hub", "https://topic.invalid/").await;
    // Polls without a document are stored some seconds later.
    until("the row of the poll", async || {
        scene.instance.pass(SignedDuration::from_secs(1));
        scene.instance.sql("SELECT outcome FROM poll ORDER BY id").await == ["fresh", "not_modified"]
    })
    .await;
    scene.daemon.stop().await.unwrap();
}

/// 101 (a page: its feed is read, and the hub of that), 201 and 202 (topics that redirect).
#[tokio::test]
async fn pages_and_redirects_lead_to_the_feed_and_its_hub() {
    for status in [0, 302, 301] {
        let scene = Scene::start(|hub, outlet| {
            let this = outlet.url("/final");
            outlet.set("/final", Reply::feed(doc(Some((hub.url("/hub").as_str(), this.as_str())), 0..1)));
            match status {
                0 => Reply::page(
                    "<html><head><link rel=alternate type=\"application/rss+xml\" href=\"/final\"></head></html>",
                ),
                status => Reply::redirect(this.as_str(), status),
            }
        })
        .await;
        scene.request("/hub", scene.outlet.url("/final").as_str()).await;
        scene.daemon.stop().await.unwrap();
    }
}

/// 203 and 204: hubs that redirect. 205: a verification with another topic.
#[tokio::test]
async fn hubs_that_redirect_are_followed_and_only_what_was_asked_for_is_confirmed() {
    for status in [307, 308] {
        let scene = Scene::start(|hub, outlet| {
            hub.redirect("/hub", status, hub.url("/moved").as_str());
            in_document(hub, outlet)
        })
        .await;
        let topic = scene.outlet.url("/feed").to_string();
        let form = scene.request("/moved", &topic).await;
        for (mode, asked) in
            [("subscribe", "https://other.invalid/feed"), ("unsubscribe", topic.as_str()), ("publish", &topic)]
        {
            assert_eq!(scene.verify(&form["hub.callback"], mode, asked).await.0, 404, "{mode} {asked}");
        }
        let other = form["hub.callback"].replace("callback/", "callback/0");
        assert_eq!(scene.verify(&other, "subscribe", &topic).await.0, 410);
        assert_eq!(deliver(&other, None, "x").await, 410);
        assert_eq!(scene.verify(&form["hub.callback"], "subscribe", &topic).await, (200, "ch4llenge".to_owned()));
        scene.daemon.stop().await.unwrap();
    }
}

/// 300 (delivered), 301 (a wrong signature), 302 (none).
#[tokio::test]
async fn only_signed_deliveries_bring_entries_and_nothing_else() {
    let scene = Scene::start(|hub, outlet| in_document(hub, outlet).etag("\"t\"")).await;
    let (callback, secret) = scene.subscribed().await;
    let feed = "SELECT etag, body_hash, last_poll_at, next_poll_at, last_outcome, gaps, hints, rhythm FROM feed";
    let before = scene.instance.sql(feed).await;
    // A part: none of what the feed lists, and other links.
    let part = doc(None, 10..11);
    assert_eq!(deliver(&callback, None, &part).await, 202);
    assert_eq!(deliver(&callback, Some("sha256=00"), &part).await, 202);
    assert_eq!(deliver(&callback, Some(&signature(hmac::HMAC_SHA256, "sha256", "other", &part)), &part).await, 202);
    let methods = [
        ("sha1", hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY),
        ("sha256", hmac::HMAC_SHA256),
        ("sha384", hmac::HMAC_SHA384),
        ("sha512", hmac::HMAC_SHA512),
    ];
    for (n, (name, algorithm)) in methods.into_iter().enumerate() {
        let part = doc(None, 20 + n..21 + n);
        assert_eq!(deliver(&callback, Some(&signature(algorithm, name, &secret, &part)), &part).await, 202);
        let title = format!("Report number {}", 20 + n);
        until("the entry", async || scene.titles().await.contains(&title)).await;
    }
    assert_eq!(scene.titles().await.len(), 2 + 4, "nothing of the unsigned ones: {:?}", scene.titles().await);
    assert_eq!(scene.instance.sql(feed).await, before, "a push changes nothing of the feed");
    let history = [
        "SELECT why ->> 'decided', outcome, new FROM poll WHERE status IS NULL",
        "SELECT why::json ->> 'decided', outcome, new FROM poll WHERE status IS NULL",
    ];
    assert_eq!(scene.instance.sql_in(history[0], history[1]).await, ["pushed_by_hub|fresh|1"; 4]);
    // What was delivered already is no news, and what cannot be read does no harm.
    for body in [doc(None, 20..22), "no feed".to_owned(), String::new()] {
        let signed = signature(hmac::HMAC_SHA256, "sha256", &secret, &body);
        assert_eq!(deliver(&callback, Some(&signed), &body).await, 202);
    }
    let count = "SELECT count(*) FROM poll WHERE status IS NULL";
    until("all of them", async || scene.instance.sql(count).await == ["7"]).await;
    assert_eq!(scene.titles().await.len(), 6);
    let large = "x".repeat(1_000_001);
    assert_eq!(deliver(&callback, Some("sha256=00"), &large).await, 413);
    let mut statuses = Vec::new();
    for _ in 0..40 {
        statuses.push(deliver(&callback, Some("sha256=00"), "x").await);
    }
    assert!(statuses.contains(&429), "{statuses:?}");
    // Of the report that the feed then lists nothing is new.
    let secrets = scene.instance.sql("SELECT count(*) FROM hub_lease WHERE last_push_at IS NOT NULL").await;
    assert_eq!(secrets, ["1"]);
    let status = scene.daemon.get("/status").await.text().await.unwrap();
    assert!(!status.contains(&secret) && !status.contains(callback.rsplit('/').next().unwrap()));
    scene.daemon.stop().await.unwrap();
}

#[tokio::test]
async fn leases_are_renewed_outlive_a_restart_and_end_with_the_hub_in_the_feed() {
    let mut scene = Scene::start(in_document).await;
    let (callback, _) = scene.subscribed().await;
    scene.daemon.stop().await.unwrap();
    scene.daemon = RunningDaemon::start(&scene.instance).await;
    assert_eq!(deliver(&callback, None, "x").await, 202, "the callback is known after a restart");
    scene.instance.pass(SignedDuration::from_hours(24 * 9) + SignedDuration::from_hours(1));
    let again = scene.hub.wait("/hub", 2).await.form();
    assert_eq!((again["hub.mode"].as_str(), &again["hub.callback"]), ("subscribe", &callback));
    let topic = scene.outlet.url("/feed").to_string();
    assert_eq!(scene.verify(&callback, "subscribe", &topic).await.0, 200);
    // The feed names no hub any more.
    scene.outlet.set("/feed", Reply::feed(doc(None, 0..3)));
    scene.instance.pass(SignedDuration::from_hours(13));
    until("the third request", async || {
        scene.instance.pass(SignedDuration::from_secs(1));
        scene.hub.received("/hub").len() == 3
    })
    .await;
    let last = scene.hub.received("/hub")[2].form();
    assert_eq!((last["hub.mode"].as_str(), last.contains_key("hub.secret")), ("unsubscribe", false));
    assert_eq!(scene.verify(&callback, "unsubscribe", &topic).await, (200, "ch4llenge".to_owned()));
    assert_eq!(deliver(&callback, None, "x").await, 410);
    until("the end", async || scene.instance.sql("SELECT 1 FROM hub_lease").await.is_empty()).await;
    scene.daemon.stop().await.unwrap();
}

#[tokio::test]
async fn nothing_is_subscribed_to_without_a_reachable_address_or_when_it_is_off() {
    let off = Scene::with("[websub]\nsubscribe = false\n", in_document).await;
    let (outlet, hub) = (FakeOutlet::start().await, WebPeer::start().await);
    outlet.set("/feed", in_document(&hub, &outlet));
    let mut private = TestInstance::over(&[("city", &outlet.url("/feed"))]).await;
    private.close().await;
    let daemon = RunningDaemon::start(&private).await;
    private.pass(SignedDuration::from_mins(1));
    for instance in [&off.instance, &private] {
        until("the poll", async || instance.sql("SELECT count(*) FROM poll").await == ["1"]).await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(hub.received("/hub").len() + off.hub.received("/hub").len(), 0);
    off.daemon.stop().await.unwrap();
    daemon.stop().await.unwrap();
}

/// A publisher's change reaches a reader of another Warraq through two hubs' worth of machinery. The time is printed, not asserted.
#[tokio::test]
async fn two_warraqs_deliver_within_moments() {
    let port = free_port();
    let base = format!("http://127.0.0.1:{port}/");
    let mut publisher = Publisher::at(&base).await;
    let topic = warraq::model::FeedUrl::parse(&format!("{base}feed.atom")).unwrap();
    let reader_base = format!("http://127.0.0.1:{}/", free_port());
    let text = config_text("", &[("other", &topic)])
        .replace("127.0.0.1:0", reader_base.trim_start_matches("http://").trim_end_matches('/'))
        .replace("http://news.invalid/", &reader_base);
    let mut reader = TestInstance::configured(text).await;
    reader.close().await;
    let daemon = RunningDaemon::start(&reader).await;
    reader.pass(SignedDuration::from_mins(1));
    until("the lease", async || reader.sql("SELECT state FROM hub_lease").await == ["active"]).await;
    until("the subscriber", async || publisher.instance.sql("SELECT 1 FROM hub_subscription").await.len() == 1).await;
    let polls = reader.sql("SELECT count(*) FROM poll WHERE status IS NOT NULL").await;
    publisher.news().await;
    let since = std::time::Instant::now();
    daemon.get_until("/feed.json", "Report number 1").await;
    println!("from the publisher's edition to the subscriber's: {:?}", since.elapsed());
    assert_eq!(reader.sql("SELECT count(*) FROM poll WHERE status IS NOT NULL").await, polls, "no poll took part");
    assert_eq!(
        reader
            .sql_in(
                "SELECT why ->> 'decided' FROM poll WHERE status IS NULL",
                "SELECT why::json ->> 'decided' FROM poll WHERE status IS NULL"
            )
            .await,
        ["pushed_by_hub"]
    );
    daemon.stop().await.unwrap();
    publisher.stop().await;
}
