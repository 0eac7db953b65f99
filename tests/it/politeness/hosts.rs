//! What one host is asked: places, pauses, 429.

use super::{doc, every};
use crate::{
    fake_outlet::{FakeOutlet, Reply},
    test_instance::{TestInstance, config_text, outcomes},
};
use jiff::SignedDuration;
use std::time::Duration;

#[tokio::test]
async fn a_429_holds_the_whole_host_for_as_long_as_it_asks() {
    for asks in ["3600", "Mon, 02 Nov 2026 13:01:00 GMT"] {
        let (host, other) = (FakeOutlet::start().await, FakeOutlet::start_on("127.0.0.2").await);
        host.script("/a", [Reply::feed(doc()), Reply::status(429).header("Retry-After", asks), Reply::feed(doc())]);
        host.set("/b", Reply::feed(doc()));
        other.set("/c", Reply::feed(doc()));
        let feeds = [("a", &host.url("/a")), ("b", &host.url("/b")), ("c", &other.url("/c"))];
        let mut instance = TestInstance::with(&every("10m"), &feeds).await;
        instance.pass(SignedDuration::from_secs(30));
        assert_eq!(instance.run_due().await.len(), 3);
        instance.pass(SignedDuration::from_secs(-30));
        instance.poll_only("a").await;
        assert_eq!(instance.sql("SELECT state, last_error FROM feed_health WHERE outlet = 'a'").await.len(), 1);
        for _ in 0..4 {
            instance.pass(SignedDuration::from_mins(13));
            instance.run_due().await;
        }
        assert_eq!((host.requests("/a").len(), host.requests("/b").len()), (2, 1), "{asks}");
        assert_eq!(other.requests("/c").len(), 5, "another host goes on");
        instance.pass(SignedDuration::from_mins(12));
        instance.run_due().await;
        assert_eq!((host.requests("/a").len(), host.requests("/b").len()), (3, 2), "{asks}");
    }
}

#[tokio::test]
async fn few_polls_at_once_at_one_host() {
    let outlet = FakeOutlet::start().await;
    let feeds: Vec<_> = (0..8).map(|n| (format!("v{n}"), outlet.url(&format!("/{n}")))).collect();
    for n in 0..8 {
        outlet.set(&format!("/{n}"), Reply::feed(doc()).drip(100, Duration::from_millis(10)));
    }
    let feeds: Vec<_> = feeds.iter().map(|(slug, feed)| (slug.as_str(), feed)).collect();
    let mut instance = TestInstance::over(&feeds).await;
    assert_eq!(instance.poll().await.len(), 8);
    assert_eq!(outlet.most_at_once(), 2);
}

#[tokio::test]
async fn a_pause_between_starts_at_one_host() {
    let (outlet, other) = (FakeOutlet::start().await, FakeOutlet::start_on("127.0.0.2").await);
    for path in ["/a", "/b", "/c"] {
        outlet.set(path, Reply::feed(doc()));
        other.set(path, Reply::feed(doc()));
    }
    let feeds = [outlet.url("/a"), outlet.url("/b"), outlet.url("/c"), other.url("/a"), other.url("/b")];
    let slugs = ["a", "b", "c", "d", "e"];
    let outlets: Vec<_> = slugs.into_iter().zip(&feeds).collect();
    let mut instance = TestInstance::configured(config_text("", &outlets).replace("\"0s\"", "\"10s\"")).await;
    instance.pass(SignedDuration::from_secs(30));
    let mut started = Vec::new();
    for _ in 0..4 {
        started.push(instance.run_due().await.len());
        instance.pass(SignedDuration::from_secs(10));
    }
    assert_eq!(started, [2, 2, 1, 0]);
}

#[tokio::test]
async fn a_redirect_to_another_host_keeps_that_hosts_places() {
    let target = FakeOutlet::start().await;
    let mut hosts = Vec::new();
    for n in 0..4 {
        let host = FakeOutlet::start_on(&format!("127.0.0.{}", n + 3)).await;
        for path in ["/a", "/b"] {
            let at = format!("/{n}{path}");
            host.set(path, Reply::redirect(target.url(&at).as_str(), 302));
            target.set(&at, Reply::feed(doc()).etag("\"1\"").drip(100, Duration::from_millis(10)));
        }
        hosts.push(host);
    }
    let feeds: Vec<_> = hosts.iter().flat_map(|host| [host.url("/a"), host.url("/b")]).collect();
    let slugs: Vec<_> = (0..8).map(|n| format!("v{n}")).collect();
    let outlets: Vec<_> = slugs.iter().map(String::as_str).zip(&feeds).collect();
    let mut instance = TestInstance::over(&outlets).await;
    assert_eq!(outcomes(&instance.poll().await), ["fresh"; 8]);
    assert_eq!(target.most_at_once(), 2);
    assert_eq!(outcomes(&instance.poll().await), ["not_modified"; 8]);
    for (n, host) in hosts.iter().enumerate() {
        for path in ["/a", "/b"] {
            assert_eq!(host.requests(path).len(), 2, "a redirect is asked for once a poll");
            assert_eq!(target.requests(&format!("/{n}{path}"))[1].header("if-none-match"), Some("\"1\""));
        }
    }
}

#[tokio::test]
async fn a_redirect_to_another_host_keeps_that_hosts_pause_and_its_holds() {
    let (first, second) = (FakeOutlet::start().await, FakeOutlet::start_on("127.0.0.2").await);
    let target = FakeOutlet::start_on("127.0.0.3").await;
    for (host, path) in [(&first, "/a"), (&second, "/b")] {
        host.set("/feed", Reply::redirect(target.url(path).as_str(), 302));
        target.set(path, Reply::feed(doc()));
    }
    let feeds = [first.url("/feed"), second.url("/feed")];
    let text = config_text(&every("10m"), &[("a", &feeds[0]), ("b", &feeds[1])]).replace("\"0s\"", "\"10s\"");
    let mut instance = TestInstance::configured(text).await;
    let asked = || target.requests("/a").len() + target.requests("/b").len();
    instance.pass(SignedDuration::from_secs(30));
    assert_eq!((instance.run_due().await.len(), asked()), (1, 1));
    instance.pass(SignedDuration::from_secs(10));
    assert_eq!((instance.run_due().await.len(), asked()), (1, 2));
    assert_eq!((first.requests("/feed").len(), second.requests("/feed").len()), (1, 1));
    // The host that answers 429 is left alone, by feeds of other hosts too.
    for path in ["/a", "/b"] {
        target.set(path, Reply::status(429).header("Retry-After", "3600"));
    }
    instance.pass(SignedDuration::from_mins(13));
    for _ in 0..3 {
        instance.run_due().await;
        instance.pass(SignedDuration::from_secs(10));
    }
    assert_eq!(asked(), 3);
}
