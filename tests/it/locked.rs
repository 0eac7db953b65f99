//! Another process holds the database's write lock: the scheduler's loop waits for nothing.

use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    processes::{Folder, until},
    test_house::config_text,
};
use sqlx::{Connection, Executor, SqliteConnection};
use std::{os::unix::net::UnixDatagram, process::Stdio, time::Duration};
use tokio::process::Command;

const EVERY: &str = "[schedule]\ndefault = \"every 1s\"\n";

fn doc() -> FeedDoc {
    FeedDoc::rss("La Ville").entry("1", "Un", "https://ville.invalid/1", "", "2026-11-02T09:30:00Z")
}

/// Takes the write lock of the file in `folder`.
async fn lock(folder: &Folder) -> SqliteConnection {
    let url = format!("sqlite://{}", folder.path("warraq.db").display());
    let mut other = SqliteConnection::connect(&url).await.unwrap();
    other.execute("PRAGMA busy_timeout = 20000").await.unwrap();
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    other
}

/// What the service manager was told since the last time.
fn told(manager: &UnixDatagram) -> String {
    let (mut all, mut bytes) = (String::new(), [0; 512]);
    while let Ok(length) = manager.recv(&mut bytes) {
        all.push_str(&String::from_utf8_lossy(&bytes[..length]));
        all.push('\n');
    }
    all
}

#[tokio::test]
async fn reloads_wait_for_the_lock_and_the_loop_does_not() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/one", Reply::feed(doc()).etag("\"1\""));
    outlet.set("/two", Reply::feed(doc()));
    let (one, two) = (outlet.url("/one"), outlet.url("/two"));
    let folder = Folder::new(EVERY, &[("ville", &one)]);
    let manager = UnixDatagram::bind(folder.path("notify")).unwrap();
    manager.set_nonblocking(true).unwrap();
    let log = std::fs::File::create(folder.path("log")).unwrap();
    let mut command = folder.command(&["run"]);
    command.env("NOTIFY_SOCKET", folder.path("notify")).stderr(log).stdout(Stdio::null());
    let mut daemon = command.spawn().unwrap();
    let logged = || std::fs::read_to_string(folder.path("log")).unwrap();
    let hang_up = format!("kill -HUP {}", daemon.id().unwrap());
    let hang_up = async || assert!(Command::new("sh").args(["-c", &hang_up]).status().await.unwrap().success());
    until("ready", async || logged().contains("ready")).await;
    folder.sql_until("SELECT count(*) FROM entries", "1").await;
    let mut other = lock(&folder).await;

    folder.configure(&config_text(EVERY, &[("ville", &one), ("neuf", &two)]));
    hang_up().await;
    until("waiting for the lock", async || logged().contains("waiting for it")).await;
    // Another one meanwhile is not lost.
    folder.configure(&config_text(EVERY, &[("ville", &one), ("dernier", &two)]));
    hang_up().await;
    until("a second reload", async || logged().contains("read once more")).await;
    // The watchdog is fed, and feeds are asked.
    for _ in 0..3 {
        told(&manager);
        until("a sign of life", async || told(&manager).contains("WATCHDOG=1")).await;
    }
    let asked = outlet.requests("/one").len();
    until("a poll", async || outlet.requests("/one").len() > asked).await;
    assert!(!logged().contains("reloaded"));

    other.execute("ROLLBACK").await.unwrap();
    other.close().await.unwrap();
    until("both reloads", async || logged().matches("reloaded").count() == 2).await;
    folder
        .sql_until("SELECT group_concat(outlet) FROM (SELECT outlet FROM feed_health ORDER BY 1)", "dernier,ville")
        .await;
    let stop = format!("kill -TERM {}", daemon.id().unwrap());
    Command::new("sh").args(["-c", &stop]).status().await.unwrap();
    assert_eq!(daemon.wait().await.unwrap().code(), Some(0), "{}", logged());
}

#[tokio::test]
async fn a_stop_does_not_wait_for_the_lock() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/one", Reply::feed(doc()).etag("\"1\""));
    let folder = Folder::new(EVERY, &[("ville", &outlet.url("/one"))]);
    let daemon = folder.start().await;
    folder.sql_until("SELECT count(*) FROM entries", "1").await;
    let other = lock(&folder).await;
    daemon.signal("HUP").await;
    daemon.until("waiting for it").await;
    daemon.signal("TERM").await;
    daemon.until("stopping without it").await;
    let log = daemon.log();
    let end = tokio::time::timeout(Duration::from_secs(20), daemon.end()).await;
    assert_eq!(end.unwrap(), Some(0), "{log}");
    other.close().await.unwrap();
    assert_eq!(folder.sql("PRAGMA integrity_check").await, ["ok"]);
    folder.says(&["poll", "--all"]).await;
}
