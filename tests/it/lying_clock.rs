//! A machine whose clock lies: decades behind, decades ahead. Warraq starts, polls and serves, and forgets nothing for it.

use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    test_instance::{RunningDaemon, TestInstance, outcomes},
};
use std::time::Duration;
use warraq::{
    clock::Clock,
    store::{RetentionLimits, StoreError},
};

const DATE: &str = "2026-11-02T09:30:00Z";
const LIES: [&str; 5] = [
    "1969-07-20T20:17:00Z",
    "1970-01-01T00:00:00Z",
    "2000-01-01T00:00:00Z",
    "2060-01-01T00:00:00Z",
    "2999-12-31T23:00:00Z",
];

/// A feed of so many reports, numbered from `first`.
fn feed(first: usize, entries: usize) -> FeedDoc {
    (first..first + entries).fold(FeedDoc::rss("V"), |doc, n| {
        doc.entry(&format!("id-{n}"), &format!("Titre {n}"), &format!("https://a.invalid/{n}"), "Un texte.", DATE)
    })
}

#[tokio::test]
async fn a_clock_that_lies_loses_nothing() {
    for lie in LIES {
        let outlet = FakeOutlet::start().await;
        outlet.set("/feed", Reply::feed(feed(0, 150)));
        let mut instance = TestInstance::over(&[("ville", &outlet.url("/feed"))]).await;
        assert_eq!(outcomes(&instance.poll().await), ["fresh"]);
        outlet.set("/feed", Reply::feed(feed(149, 6)));
        assert_eq!(outcomes(&instance.poll().await), ["fresh"]);
        instance.close().await;
        let truth = std::mem::replace(&mut instance.clock, Clock::manual(lie.parse().unwrap()));

        let daemon = RunningDaemon::start(&instance).await;
        daemon.get_until("/feed.atom", "Titre 154").await;
        assert_eq!(daemon.get("/readyz").await.status(), 200, "{lie}");
        daemon.stop().await.unwrap();

        instance.open().await;
        outlet.set("/feed", Reply::feed(feed(150, 6)));
        assert_eq!(outcomes(&instance.poll().await), ["fresh"], "{lie}");
        let (now, day) = (instance.clock.now(), Duration::from_hours(24));
        let pruned = instance.instance().writer.prune(RetentionLimits::as_of(now, 90 * day, 30 * day, false)).await;
        match pruned {
            Ok(pruned) => assert_eq!((pruned.entries, pruned.stories), (0, 0), "{lie}"),
            Err(refused) => {
                assert!(lie > DATE && matches!(refused, StoreError::NothingLeft { .. }), "{lie}: {refused}");
                assert!(refused.to_string().contains("Nothing was deleted"), "{refused}");
            }
        }
        assert_eq!(instance.sql("SELECT count(*) FROM entries").await, ["156"], "{lie}");
        instance.close().await;

        // The truth again: what was polled meanwhile is there, and the feed is polled on.
        instance.clock = truth;
        instance.open().await;
        outlet.set("/feed", Reply::feed(feed(151, 6)));
        instance.check_clock().await;
        assert_eq!(outcomes(&instance.poll().await), ["fresh"], "{lie}");
        assert_eq!(instance.sql("SELECT count(*), count(DISTINCT title) FROM entries").await, ["157|157"], "{lie}");
        let sane = "SELECT count(*) FROM feed WHERE next_poll_at BETWEEN '2026-11-02' AND '2026-11-04'";
        assert_eq!(instance.sql(sane).await, ["1"], "{lie}: the next poll is near");
        instance.close().await;
    }
}
