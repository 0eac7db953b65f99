//! What the daemon logs: what a person has to look at is a warning, a day of a thousand feeds is short.

use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    processes::{Folder, until},
    test_instance::config_text,
};

const DATE: &str = "2026-11-02T09:30:00Z";
const EVERY: &str = "[schedule]\ndefault = \"every 1s\"\n";

fn doc() -> FeedDoc {
    FeedDoc::rss("La Ville").entry("1", "Un", "https://ville.invalid/1", "", DATE)
}

#[tokio::test]
async fn a_304_is_no_line_a_change_is_one_and_a_failure_a_warning() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/well", Reply::feed(doc()).etag("\"1\""));
    outlet.set("/broken", Reply::status(500));
    let feeds = [("well", &outlet.url("/well")), ("broken", &outlet.url("/broken"))];
    let folder = Folder::new(EVERY, &feeds);
    let daemon = folder.start().await;
    folder.sql_until("SELECT count(*) >= 3 FROM poll WHERE outcome = 'not_modified'", "1").await;
    until("a failure", async || daemon.log().contains("poll failed")).await;
    let log = daemon.log();
    let of = |words: &str| log.lines().filter(|line| line.contains(words)).map(str::to_owned).collect::<Vec<_>>();
    let well = of("outlet=well");
    assert_eq!(well.len(), 1, "{well:?}");
    assert!(well[0].contains(" INFO ") && well[0].contains("new=1") && !well[0].contains("revised"), "{well:?}");
    let broken = of("outlet=broken");
    assert!(broken[0].contains(" WARN "), "{broken:?}");
    assert!(broken[0].contains("error=the server answered 500") && broken[0].contains("next=20"), "{broken:?}");
    daemon.stop().await;
}

#[tokio::test]
async fn a_host_that_is_held_is_named_with_the_feeds_that_wait() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/one", Reply::status(429).header("Retry-After", "7200"));
    outlet.set("/two", Reply::feed(doc()));
    let folder = Folder::new("", &[("one", &outlet.url("/one")), ("two", &outlet.url("/two"))]);
    let daemon = folder.start().await;
    until("the hold", async || daemon.log().contains("all feeds of this host wait")).await;
    let log = daemon.log();
    let line = log.lines().find(|line| line.contains("all feeds of this host wait")).unwrap();
    assert!(line.contains(" WARN ") && line.contains("host=127.0.0.1") && line.contains("feeds=2"), "{line}");
    assert!(line.contains("until=20"), "{line}");
    // The same number as in the status.
    until("the status", async || folder.says(&["status"]).await.contains("pause     2 feeds wait until 20")).await;
    daemon.stop().await;
}

/// A thousand feeds that each change eight times a day, and a tenth of which fail five times a day.
#[tokio::test]
async fn a_thousand_feeds_log_less_than_a_megabyte_a_day() {
    let outlet = FakeOutlet::start().await;
    let path = "/an/address/of/usual/length/feed.xml";
    outlet.script(path, [Reply::feed(doc()), Reply::status(500)]);
    let folder = Folder::new(EVERY, &[("hespress-en", &outlet.url(path))]);
    let daemon = folder.start().await;
    until("a failure", async || daemon.log().contains("poll failed")).await;
    let log = daemon.log();
    let length = |words: &str| log.lines().find(|line| line.contains(words)).unwrap().len() + 1;
    // Without its time and module, which the journal's lines do not have.
    let (changed, failed) = (length(" changed ") - 53, length(" poll failed ") - 53);
    let daily = 8_000 * changed + 500 * failed;
    assert!(daily < 1_000_000, "{daily} bytes: a change takes {changed}, a failure {failed}");
    daemon.stop().await;
}

#[tokio::test]
async fn the_journal_gets_priorities_and_the_variable_alone_does_not_make_one() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/a", Reply::status(500));
    let folder = Folder::new(EVERY, &[("a", &outlet.url("/a"))]);
    // As systemd does it: standard error is a stream, and the variable names its device and inode.
    let line = format!(
        "JOURNAL_STREAM=$(stat -Lc '%d:%i' /proc/self/fd/2) exec timeout -s TERM 20 '{}' run",
        env!("CARGO_BIN_EXE_warraq")
    );
    let mut command = tokio::process::Command::new("sh");
    let log = std::fs::File::create(folder.path("log")).unwrap();
    command.args(["-c", &line]).current_dir(folder.path(".")).stderr(log).kill_on_drop(true);
    let mut daemon = command.spawn().unwrap();
    let read = || std::fs::read_to_string(folder.path("log")).unwrap();
    until("a failure", async || read().contains("poll failed")).await;
    let text = read();
    assert!(text.lines().any(|line| line.starts_with("<4> WARN poll failed outlet=a ")), "{text}");
    assert!(text.lines().any(|line| line.starts_with("<6> INFO ready ")), "{text}");
    assert!(text.lines().all(|line| line.starts_with('<')), "{text}");
    let pid = daemon.id().unwrap().to_string();
    assert!(std::process::Command::new("kill").arg(pid).status().unwrap().success());
    daemon.wait().await.unwrap();
    let elsewhere = Folder::new(EVERY, &[("a", &outlet.url("/a"))]);
    let mut command = elsewhere.command(&["run"]);
    command.env("JOURNAL_STREAM", "9:99").stderr(std::fs::File::create(elsewhere.path("log")).unwrap());
    let mut daemon = command.spawn().unwrap();
    let read = || std::fs::read_to_string(elsewhere.path("log")).unwrap();
    until("a failure", async || read().contains("poll failed")).await;
    assert!(!read().contains("<4>"), "{}", read());
    daemon.kill().await.unwrap();
}

#[tokio::test]
async fn the_journal_gets_the_priority_of_a_failed_start() {
    let folder = Folder::new("[server]\nlisten = 8080\nnonsense = 1\n", &[]);
    let line =
        format!("JOURNAL_STREAM=$(stat -Lc '%d:%i' /proc/self/fd/2) exec '{}' run", env!("CARGO_BIN_EXE_warraq"));
    let mut command = tokio::process::Command::new("sh");
    let log = std::fs::File::create(folder.path("log")).unwrap();
    let ended = command.args(["-c", &line]).current_dir(folder.path(".")).stderr(log).status().await.unwrap();
    assert_eq!(ended.code(), Some(78));
    let text = std::fs::read_to_string(folder.path("log")).unwrap();
    assert!(text.lines().count() > 1 && text.lines().all(|line| line.starts_with("<3>")), "{text}");
}

#[tokio::test]
async fn a_reload_says_which_sections_changed() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/a", Reply::feed(doc()));
    let (a, b) = (outlet.url("/a"), outlet.url("/b"));
    let folder = Folder::new("", &[("a", &a)]);
    let daemon = folder.start().await;
    daemon.signal("HUP").await;
    until("a reload", async || daemon.log().matches("reloaded").count() == 1).await;
    assert!(daemon.log().contains("reloaded changed=\"nothing\""), "{}", daemon.log());
    folder.configure(&config_text("[retention]\nkeep = \"40d\"\n", &[("a", &a), ("b", &b)]));
    daemon.signal("HUP").await;
    until("a reload", async || daemon.log().matches("reloaded").count() == 2).await;
    assert!(daemon.log().contains("reloaded changed=\"retention, outlet\""), "{}", daemon.log());
    daemon.stop().await;
}
