//! `warraq status` and `warraq feeds` over ssh: beside a running daemon, without one, with feeds that fail.

use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    processes::Folder,
    test_instance::{config_text, is_only_for_file},
};
use serde_json::Value;
use std::{fs, net::TcpListener};

const DATE: &str = "2026-11-02T09:30:00Z";

fn doc() -> FeedDoc {
    FeedDoc::rss("La Ville").entry("1", "Un", "https://ville.invalid/1", "", DATE)
}

async fn json(folder: &Folder, arguments: &[&str]) -> Value {
    serde_json::from_str(&folder.says(arguments).await).unwrap()
}

#[tokio::test]
async fn the_screen_says_who_runs_what_fails_and_how_large_things_are() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/a", Reply::feed(doc()));
    outlet.set("/b", Reply::status(403));
    let folder = Folder::with_file("", &[("a", &outlet.url("/a")), ("b", &outlet.url("/b"))]);
    let (code, said) = folder.fails(&["status"]).await;
    assert!(code == 1 && said.starts_with("error: there is no database"), "{said}");

    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let text = config_text("", &[("a", &outlet.url("/a")), ("b", &outlet.url("/b"))]);
    folder.configure(&text.replace("127.0.0.1:0\"", &format!("{free}\"")));
    let daemon = folder.start().await;
    folder.sql_until("SELECT count(*) FROM feed_health WHERE last_poll_at IS NOT NULL", "2").await;
    crate::processes::until("readiness", async || folder.run(&["healthcheck"]).await.status.success()).await;
    let beside = json(&folder, &["status", "--json"]).await;
    assert_eq!(beside["running"]["pid"], daemon.id(), "{beside}");
    assert_eq!(beside["ready"], true);
    assert!(beside["running"]["since"].is_string() && beside["running"]["command"].as_str().unwrap().contains("run"));
    assert_eq!((&beside["feeds"]["total"], &beside["feeds"]["failing"]), (&2.into(), &1.into()));
    assert!(beside["failing"][0]["last_error"].as_str().unwrap().contains("403"), "{beside}");
    assert_eq!(beside["last_polls"].as_array().unwrap().len(), 2);
    assert!(beside["database"]["bytes"].as_u64().unwrap() > 0 && beside["disk"]["free_bytes"].as_u64().unwrap() > 0);
    assert_eq!(beside["backup"], Value::Null);
    let screen = folder.says(&["status"]).await;
    let pid = format!("running, pid {}, since ", daemon.id());
    for words in
        [pid.as_str(), ", ready\n", "feeds     2: 1 active, 1 failing\n", "\nlast poll failed\n", "403", "none in "]
    {
        assert!(screen.contains(words), "{words} in\n{screen}");
    }
    assert!(screen.lines().count() <= 24, "one screen:\n{screen}");

    // Somebody breaks the file: its syntax, then a value.
    let good = fs::read_to_string(folder.path("config.toml")).unwrap();
    for (broken, error) in [(format!("{good}[[outlet\n"), "not TOML"), (format!("{good}[fetch2]\n"), "fetch2: unknown")]
    {
        folder.configure(&broken);
        let screen = folder.says(&["status"]).await;
        assert!(screen.contains(pid.as_str()) && screen.contains("feeds     2: 1 active, 1 failing\n"), "{screen}");
        assert!(screen.contains("config    has errors (warraq check lists them); the daemon keeps"), "{screen}");
        assert!(screen.contains(error), "{screen}");
        assert_eq!(json(&folder, &["status", "--json"]).await["configuration_errors"].as_array().unwrap().len(), 1);
    }
    // An address in a file that a variable names is read from there; one that cannot be read is not replaced by a default.
    folder.configure(&format!("{}[fetch2]\n", good.replace(&free.to_string(), "127.0.0.1:1")));
    fs::write(folder.path("listen"), format!("{free}\n")).unwrap();
    for (file, ready) in [("listen", true), ("none", false)] {
        let mut command = folder.command(&["status"]);
        let ended = command.env("WARRAQ_SERVER_LISTEN_FILE", folder.path(file)).output().await.unwrap();
        let screen = String::from_utf8(ended.stdout).unwrap();
        assert_eq!((ended.status.success(), screen.contains(", ready\n")), (ready, ready), "{screen}");
    }
    folder.configure(&good.replace(&free.to_string(), "nowhere"));
    assert_eq!(folder.fails(&["status"]).await.0, 78, "where the daemon listens is not known");
    folder.configure(&good);
    daemon.stop().await;

    fs::create_dir(folder.path("copies")).unwrap();
    folder.says(&["backup", "copies/one.db"]).await;
    let alone = json(&folder, &["status", "--json", "--backups", "copies"]).await;
    assert_eq!((&alone["running"], &alone["ready"]), (&Value::Null, &Value::Null));
    assert!(alone["backup"]["path"].as_str().unwrap().ends_with("copies/one.db"), "{alone}");
    let screen = folder.says(&["status", "--backups", "copies"]).await;
    let unread = folder.says(&["status", "--backups", "config.toml"]).await;
    assert!(unread.contains("unknown: config.toml cannot be read: "), "{unread}");
    assert!(screen.contains(", not running\n") && screen.contains("copies/one.db"), "{screen}");
}

#[tokio::test]
async fn a_database_that_cannot_be_read_hides_nothing_else() {
    if is_only_for_file("the file") {
        return;
    }
    let outlet = FakeOutlet::start().await;
    outlet.set("/a", Reply::feed(doc()));
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let folder = Folder::with_file("", &[]);
    let text = config_text("", &[("a", &outlet.url("/a"))]).replace("127.0.0.1:0\"", &format!("{free}\""));
    folder.configure(&text);
    let daemon = folder.start().await;
    folder.sql_until("SELECT count(*) FROM feed_health WHERE last_poll_at IS NOT NULL", "1").await;
    let screen = async |json: &[&str]| {
        let ended = folder.run(&[&["status"], json].concat()).await;
        assert_eq!(ended.status.code(), Some(1));
        (String::from_utf8(ended.stdout).unwrap(), String::from_utf8(ended.stderr).unwrap())
    };
    let pid = format!("running, pid {}, since ", daemon.id());
    fs::rename(folder.path("warraq.db"), folder.path("elsewhere.db")).unwrap();
    let (said, error) = screen(&[]).await;
    assert!(said.contains(&pid) && said.contains("database  cannot be read; 0 B in "), "{said}");
    assert!(!said.contains("\nfeeds ") && said.contains("\ndisk "), "{said}");
    assert!(error.contains("was moved or removed while it was in use\nhint: put the file back"), "{error}");
    assert!(!error.contains("creates it"), "a new one would lose what the daemon holds: {error}");
    fs::rename(folder.path("elsewhere.db"), folder.path("warraq.db")).unwrap();

    // Its header is overwritten, as by a failing disk.
    let whole = fs::read(folder.path("warraq.db")).unwrap();
    fs::write(folder.path("warraq.db"), [&[0xa5; 3_000][..], &whole[3_000..]].concat()).unwrap();
    let (said, error) = screen(&["--json"]).await;
    let status: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(status["running"]["pid"], daemon.id(), "{status}");
    assert!(status["database_error"].is_string() && status["ready"].is_boolean(), "{status}");
    assert!(error.contains("is damaged\n") || error.contains("is damaged: "), "{error}");
    daemon.kill().await;
    let (said, _) = screen(&[]).await;
    assert!(said.contains(", not running\n") && said.contains("cannot be read"), "{said}");
}

#[tokio::test]
async fn feeds_that_fail_are_shown_alone_and_in_the_order_asked_for() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/a", Reply::feed(doc()));
    outlet.set("/b", Reply::feed(doc().entry("2", "Deux", "", "", DATE)));
    outlet.set("/c", Reply::status(500));
    let urls = ["a", "b", "c"].map(|name| (name, outlet.url(&format!("/{name}"))));
    let folder = Folder::new("", &urls.each_ref().map(|(name, url)| (*name, url)));
    folder.says(&["poll"]).await;
    // Times are whole seconds.
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    folder.says(&["poll", "c"]).await;
    let outlets = async |arguments: &[&str]| -> Vec<String> {
        let rows = json(&folder, arguments).await;
        rows.as_array().unwrap().iter().map(|row| row["outlet"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(outlets(&["feeds", "--json", "--failing"]).await, ["c"]);
    assert_eq!(outlets(&["feeds", "--json", "--sort", "entries"]).await[0], "b");
    assert_eq!(outlets(&["feeds", "--json", "--sort", "failures"]).await[0], "c");
    assert_eq!(outlets(&["feeds", "--json", "--sort", "last"]).await[0], "c");
    let next = json(&folder, &["feeds", "--json", "--sort", "next"]).await;
    let due: Vec<&str> = next.as_array().unwrap().iter().map(|row| row["next_poll_at"].as_str().unwrap()).collect();
    assert!(due.is_sorted(), "{due:?}");
    let said = folder.says(&["feeds", "--failing"]).await;
    assert!(
        said.contains("/c\n") && !said.contains("/a\n") && said.ends_with("3 feeds; the last poll failed for 1\n"),
        "{said}"
    );
    assert_eq!(folder.fails(&["feeds", "--sort", "colour"]).await.0, 2);
}

#[tokio::test]
async fn servers_that_ask_to_wait_and_feeds_that_are_gone_have_failed_and_disabled_ones_are_not_overdue() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/a", Reply::feed(doc()));
    outlet.set("/b", Reply::status(429));
    outlet.set("/c", Reply::status(410));
    let urls = ["a", "b", "c"].map(|name| (name, outlet.url(&format!("/{name}"))));
    let folder = Folder::new("", &urls.each_ref().map(|(name, url)| (*name, url)));
    folder.run(&["poll", "a"]).await;
    folder.run(&["poll", "c"]).await;
    folder.run(&["poll", "b"]).await;
    let failing = json(&folder, &["feeds", "--json", "--failing"]).await;
    let outlets: Vec<_> = failing.as_array().unwrap().iter().map(|row| row["outlet"].as_str().unwrap()).collect();
    assert_eq!(outlets, ["b", "c"]);
    assert_eq!(json(&folder, &["status", "--json"]).await["failing"].as_array().unwrap().len(), 2);
    for slug in ["a", "b"] {
        folder.says(&["disable", slug]).await;
    }
    let status = json(&folder, &["status", "--json"]).await;
    assert_eq!((&status["feeds"]["disabled"], &status["feeds"]["total"]), (&2.into(), &3.into()), "{status}");
    assert_eq!((&status["feeds"]["active"], &status["feeds"]["held"]), (&0.into(), &0.into()), "{status}");
    assert_eq!(status["failing"].as_array().unwrap().len(), 1);
    let said = folder.says(&["feeds"]).await;
    assert!(said.contains("a  disabled  fresh") && said.matches("    next ").count() == 1, "{said}");
    assert_eq!(json(&folder, &["feeds", "--json"]).await[0]["enabled"], false);
}

#[tokio::test]
async fn a_host_that_asks_for_a_pause_holds_its_other_feeds_and_nothing_is_overdue() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/a", Reply::status(429).header("Retry-After", "7200"));
    outlet.set("/b", Reply::feed(doc()));
    let folder = Folder::new("", &[("a", &outlet.url("/a")), ("b", &outlet.url("/b"))]);
    folder.says(&["poll", "a"]).await;
    let host = outlet.url("/").host().to_owned();
    let said = folder.says(&["feeds"]).await;
    assert!(
        said.contains("    waits until 20") && said.contains(&format!("{host} asked for a pause (429 to outlet a)"))
    );
    let screen = folder.says(&["status"]).await;
    assert!(screen.contains("pause     2 feeds wait until 20") && screen.contains("none overdue"), "{screen}");
    let status = json(&folder, &["status", "--json"]).await;
    assert_eq!((&status["held_hosts"][0]["host"], &status["held_hosts"][0]["feeds"]), (&host.into(), &2.into()));
    let told = folder.says(&["explain", "feed", "b"]).await;
    assert!(told.contains("  new; waits until 20"), "{told}");
    folder.says(&["disable", "b"]).await;
    let told = folder.says(&["explain", "feed", "b"]).await;
    assert!(told.contains("  disabled in the configuration: not polled"), "{told}");
}

#[tokio::test]
async fn lines_fit_the_terminal() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/a-rather-long-address-of-a-feed", Reply::status(404));
    let folder = Folder::with_file("", &[("a", &outlet.url("/a-rather-long-address-of-a-feed"))]);
    folder.says(&["poll"]).await;
    let line = format!("stty cols 50 rows 24; '{}' feeds", env!("CARGO_BIN_EXE_warraq"));
    let mut command = tokio::process::Command::new("script");
    command.args(["-qec", &line, "/dev/null"]).current_dir(folder.path("."));
    let Ok(ended) = command.output().await else { return eprintln!("SKIPPED: script(1) is not installed") };
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert!(said.contains('…') && said.contains("failed for 1"), "{said}");
    for line in said.lines() {
        assert!(line.trim_end().chars().count() <= 50, "{line}");
    }
    assert!(folder.says(&["feeds"]).await.contains("/a-rather-long-address-of-a-feed\n"), "a file has room");
}
