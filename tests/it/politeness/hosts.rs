//! What one host is asked: places, pauses, 429.

use super::{doc, every};
use crate::{
    fake_outlet::{FakeOutlet, Reply},
    test_instance::{TestInstance, config_text},
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
