//! Overdue feeds stay due: opening the database leaves due times unchanged, and only the daemon spreads the polls it catches up
//! with.

use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    processes::Folder,
    test_instance::{RunningDaemon, TestInstance},
};
use jiff::SignedDuration;

const DUE: &str = "SELECT url, next_poll_at, why, rhythm, state FROM feed ORDER BY id";

fn doc() -> FeedDoc {
    FeedDoc::rss("La Ville").entry("1", "Un", "https://ville.invalid/1", "", "2026-11-02T09:30:00Z")
}

/// Lets time pass for the feeds in a closed database, because the real binary uses the system's clock.
async fn pass(folder: &Folder, time: &str) {
    for column in ["last_poll_at", "last_success_at", "next_poll_at"] {
        let earlier = if folder.is_on_server() {
            format!(
                "to_char(({column})::timestamptz AT TIME ZONE 'UTC' - interval '{time}', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
            )
        } else {
            format!("strftime('%Y-%m-%dT%H:%M:%fZ', {column}, '-{time}')")
        };
        folder.change(&format!("UPDATE feed SET {column} = {earlier}")).await;
    }
}

#[tokio::test]
async fn a_plain_poll_polls_what_is_overdue_each_time() {
    for (schedule, time) in [("every 1m", "80 seconds"), ("adaptive", "13 hours"), ("0 * * * *", "62 minutes")] {
        let outlet = FakeOutlet::start().await;
        outlet.set("/feed", Reply::feed(doc()).etag("\"1\""));
        let folder =
            Folder::new(&format!("[schedule]\ndefault = \"{schedule}\"\n"), &[("ville", &outlet.url("/feed"))]);
        folder.says(&["poll", "--all"]).await;
        for round in 1..=3 {
            pass(&folder, time).await;
            let said = folder.says(&["poll"]).await;
            assert!(said.contains("1 polled"), "{schedule}, round {round}: {said}");
            assert_eq!(outlet.requests("/feed").len(), round + 1);
            let said = folder.says(&["poll"]).await;
            assert!(said.contains("0 polled"), "{schedule}: at once again: {said}");
        }
    }
}

#[tokio::test]
async fn every_verb_leaves_due_times_alone() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/one", Reply::feed(doc()));
    outlet.set("/two", Reply::feed(doc()));
    let folder = Folder::new("", &[("one", &outlet.url("/one")), ("two", &outlet.url("/two"))]);
    folder.says(&["poll"]).await;
    pass(&folder, "30 days").await;
    let before = folder.sql(DUE).await;
    for verb in [
        &["feeds"][..],
        &["prune"],
        &["check"],
        &["search", "Un"],
        &["export-opml"],
        &["backup", "copy.db"],
        &["replay"],
    ] {
        folder.run(verb).await;
        assert_eq!(folder.sql(DUE).await, before, "{verb:?}");
    }
    folder.says(&["poll", "one"]).await;
    let after = folder.sql(DUE).await;
    assert_eq!(after[1], before[1], "a feed that was not asked for stays overdue");
    assert_ne!(after[0], before[0]);
    assert!(folder.says(&["poll"]).await.contains("1 polled"));
}

#[tokio::test]
async fn a_daemon_catches_up_within_half_a_minute_and_stores_no_other_due_times() {
    let outlet = FakeOutlet::start().await;
    let feeds: Vec<_> = (0..30).map(|n| (format!("v{n}"), outlet.url(&format!("/feed{n}")))).collect();
    for (slug, _) in &feeds {
        outlet.set(&slug.replace('v', "/feed"), Reply::feed(doc()));
    }
    let outlets: Vec<_> = feeds.iter().map(|(slug, feed)| (slug.as_str(), feed)).collect();
    let mut instance = TestInstance::over(&outlets).await;
    instance.poll().await;
    instance.close().await;
    let before = instance.sql(DUE).await;
    instance.pass(SignedDuration::from_hours(24 * 30));
    instance.open().await;
    assert_eq!(instance.sql(DUE).await, before);
    instance.close().await;
    let daemon = RunningDaemon::start(&instance).await;
    // A reload in between delays no feed.
    instance.pass(SignedDuration::from_secs(1));
    daemon.reload(crate::test_instance::config_text("", &outlets)).await;
    instance.pass(SignedDuration::from_secs(2));
    instance.sql_until("SELECT count(*) FROM poll", &["60"]).await;
    let span = "SELECT max(ended_at) < '2026-12-02T12:01:31Z', count(DISTINCT ended_at) > 1 FROM poll WHERE id > 30";
    assert_eq!(instance.sql(span).await, ["1|1"]);
    daemon.stop().await.unwrap();
}

#[tokio::test]
async fn a_feed_is_overdue_five_minutes_after_its_due_time() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed", Reply::feed(doc()));
    let folder = Folder::new("[schedule]\ndefault = \"every 1h\"\n", &[("ville", &outlet.url("/feed"))]);
    folder.says(&["poll", "--all"]).await;
    // Due in an hour, or less by chance; then for about three minutes, and for more than five.
    for (time, overdue) in [("1 minutes", 0), ("62 minutes", 0), ("15 minutes", 1)] {
        pass(&folder, time).await;
        let status: serde_json::Value = serde_json::from_str(&folder.says(&["status", "--json"]).await).unwrap();
        assert_eq!(status["overdue"]["feeds"], overdue, "{time}: {status}");
        assert_eq!(folder.says(&["status"]).await.contains("none overdue"), overdue == 0);
    }
}
