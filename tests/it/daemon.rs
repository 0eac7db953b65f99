//! The daemon, run in this process: what a restart and a reload change and what not.

use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    test_instance::{RunningDaemon, TestInstance, config_text},
};
use jiff::SignedDuration;

const DATE: &str = "2026-11-02T09:30:00Z";
const DUE: &str = "SELECT url, etag, body_hash, last_poll_at, next_poll_at, state, rhythm FROM feed ORDER BY id";

fn doc(title: &str) -> FeedDoc {
    FeedDoc::rss("La Ville").entry("1", title, "https://ville.invalid/1", "Un texte.", DATE)
}

/// Returns the documents of a channel: body, ETag and Last-Modified.
async fn editions(daemon: &RunningDaemon) -> Vec<(String, String, String)> {
    let mut editions = Vec::new();
    for path in ["/feed.atom", "/feed.rss", "/feed.json"] {
        let answer = daemon.get(path).await;
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        let (tag, changed) = (header("etag"), header("last-modified"));
        editions.push((answer.text().await.unwrap(), tag, changed));
    }
    editions
}

#[tokio::test]
async fn a_restart_changes_no_byte_and_asks_nobody() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed", Reply::feed(doc("Un titre")).etag("\"1\""));
    let mut instance =
        TestInstance::with("[schedule]\ndefault = \"every 1h\"\n", &[("ville", &outlet.url("/feed"))]).await;
    instance.poll().await;
    instance.close().await;

    let daemon = RunningDaemon::start(&instance).await;
    daemon.get_until("/feed.json", "Un titre").await;
    let before = editions(&daemon).await;
    daemon.stop().await.unwrap();
    let due = instance.sql(DUE).await;
    for minutes in [0, 10, 40] {
        instance.pass(SignedDuration::from_mins(minutes));
        let daemon = RunningDaemon::start(&instance).await;
        daemon.get_until("/feed.json", "Un titre").await;
        assert_eq!(editions(&daemon).await, before, "after {minutes} minutes more");
        daemon.stop().await.unwrap();
        assert_eq!(instance.sql(DUE).await, due);
    }
    assert_eq!(outlet.requests("/feed").len(), 1, "no early poll");
    assert_eq!(instance.sql("SELECT count(*) FROM poll").await, ["1"]);
}

#[tokio::test]
async fn a_start_after_a_long_pause_is_no_burst() {
    let outlet = FakeOutlet::start().await;
    let paths: Vec<String> = (0..40).map(|n| format!("/feed{n}")).collect();
    for path in &paths {
        outlet.set(path, Reply::feed(doc("Un titre")));
    }
    let feeds: Vec<_> = paths.iter().map(|path| ("ville", outlet.url(path))).collect();
    let slugs: Vec<String> = (0..40).map(|n| format!("v{n}")).collect();
    let outlets: Vec<_> = slugs.iter().zip(&feeds).map(|(slug, (_, feed))| (slug.as_str(), feed)).collect();
    let mut instance = TestInstance::over(&outlets).await;
    let first = "SELECT count(DISTINCT next_poll_at) > 20, max(next_poll_at) FROM feed";
    assert_eq!(instance.sql(first).await[0].split('|').next(), Some("1"), "first polls are spread");
    instance.poll().await;
    // Due times after a poll are spread too, and so are those of a machine that slept for a month.
    assert_eq!(instance.sql(first).await[0].split('|').next(), Some("1"));
    instance.close().await;
    instance.pass(SignedDuration::from_hours(24 * 30));
    instance.open().await;
    assert!(instance.run_due().await.len() < 10, "not all at once");
    assert_eq!(instance.sql(first).await[0].split('|').next(), Some("1"));
    instance.pass(SignedDuration::from_secs(31));
    instance.run_due().await;
    assert_eq!(instance.sql("SELECT count(*) FROM poll").await, ["80"]);
}

#[tokio::test]
async fn a_reload_takes_what_is_right_and_nothing_of_what_is_faulty() {
    let outlet = FakeOutlet::start().await;
    let (one, two) = (outlet.url("/one"), outlet.url("/two"));
    outlet.set("/one", Reply::feed(doc("Un titre")));
    outlet.set("/two", Reply::feed(doc("Deux titres")));
    let every = |every: &str| format!("[schedule]\ndefault = \"every {every}\"\n");
    let mut instance = TestInstance::with(&every("1h"), &[("ville", &one)]).await;
    instance.poll().await;
    instance.close().await;
    let daemon = RunningDaemon::start(&instance).await;
    let health = "SELECT outlet, next_poll_at < '2026-11-02T12:30:00Z' FROM feed_health ORDER BY 1";

    daemon.get_until("/metrics", "warraq_config_last_reload_successful 1").await;
    daemon.reload(config_text("[shcedule]\n", &[("neuf", &two)])).await;
    daemon.get_until("/metrics", "warraq_config_last_reload_successful 0").await;
    // Commands are handled in order: once the second has taken effect, so has the first.
    daemon.reload(config_text(&every("10m"), &[("ville", &one), ("neuf", &two)])).await;
    instance.sql_until(health, &["neuf|1", "ville|1"]).await;
    daemon.get_until("/metrics", "warraq_config_last_reload_successful 1").await;
    instance.pass(SignedDuration::from_secs(31));
    daemon.get_until("/feed.json", "Deux titres").await;
    instance.sql_until("SELECT count(*) FROM poll WHERE feed_id = 2", &["1"]).await;
    // The clock stood at 12:01:00 while both files were read; it moves only while the test waits.
    let at_once = "SELECT count(*) FROM poll WHERE feed_id = 2 AND ended_at <= '2026-11-02T12:01:00.000Z'";
    assert_eq!(instance.sql(at_once).await, ["0"], "a new feed is spread, not polled in the moment of the reload");
    assert_eq!(outlet.requests("/one").len(), 1, "another schedule does not make it due at once");

    // A feed that is no longer configured is not polled; its entries stay.
    daemon.reload(config_text(&every("10m"), &[("neuf", &two)])).await;
    instance.sql_until(health, &["neuf|1"]).await;
    instance.pass(SignedDuration::from_mins(13));
    instance.sql_until("SELECT count(*) FROM poll", &["3"]).await;
    assert_eq!((outlet.requests("/one").len(), outlet.requests("/two").len()), (1, 2));
    assert_eq!(instance.sql("SELECT outlet FROM entries ORDER BY 1").await, ["neuf", "ville"]);
    let json = daemon.get("/feed.json").await.text().await.unwrap();
    assert!(json.contains("Un titre"), "what was shown is not withdrawn: {json}");

    // It is configured again, and its next poll is not a first poll.
    daemon.reload(config_text(&every("10m"), &[("ville", &one), ("neuf", &two)])).await;
    instance.sql_until("SELECT count(*) FROM feed_health", &["2"]).await;
    instance.pass(SignedDuration::from_mins(13));
    instance.sql_until("SELECT count(*) FROM poll WHERE outcome = 'same_bytes' AND feed_id = 1", &["1"]).await;
    daemon.stop().await.unwrap();
}

#[tokio::test]
async fn a_reload_publishes_other_channels() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed", Reply::feed(doc("Un titre")));
    let feed = outlet.url("/feed");
    let mut instance = TestInstance::over(&[("ville", &feed)]).await;
    instance.poll().await;
    instance.close().await;
    let daemon = RunningDaemon::start(&instance).await;
    daemon.get_until("/feed.json", "Un titre").await;
    assert_eq!(daemon.get("/channels/v.json").await.status(), 404);
    let channel = "[[channel]]\nslug = \"v\"\ntitle = \"La V\"\noutlets = [\"ville\"]\n";
    daemon.reload(config_text(channel, &[("ville", &feed)])).await;
    daemon.get_until("/channels/v.json", "Un titre").await;
    daemon.reload(config_text("", &[("ville", &feed)])).await;
    for _ in 0..200 {
        if daemon.get("/channels/v.json").await.status() == 404 {
            return daemon.stop().await.unwrap();
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("a channel that was removed is still published");
}
