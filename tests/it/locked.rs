//! Another process holds the database's write lock, and the scheduler's loop does not block.

use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    processes::{Folder, Process, until},
    test_instance::{TestInstance, TestStore, config_text},
};
use sqlx::{Connection, Executor, SqliteConnection};
use std::{
    os::unix::net::UnixDatagram,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::process::Command;
use warraq::{model::FeedId, schedule::Why, store::FeedUpdate};

const EVERY: &str = "[schedule]\ndefault = \"every 1s\"\n";

fn doc() -> FeedDoc {
    FeedDoc::rss("La Ville").entry("1", "Un", "https://ville.invalid/1", "", "2026-11-02T09:30:00Z")
}

/// Takes the write lock of the database in `folder`.
async fn lock(folder: &Folder) -> SqliteConnection {
    let url = format!("sqlite://{}", folder.path("warraq.db").display());
    let mut other = SqliteConnection::connect(&url).await.unwrap();
    other.execute("PRAGMA busy_timeout = 20000").await.unwrap();
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    other
}

/// Starts a service manager that counts watchdog notifications. It reads at once, because a full socket would block the daemon.
fn manager(folder: &Folder) -> Arc<AtomicUsize> {
    let socket = UnixDatagram::bind(folder.path("notify")).unwrap();
    let signs = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&signs);
    std::thread::spawn(move || {
        let mut bytes = [0; 512];
        while let Ok(length) = socket.recv(&mut bytes) {
            if String::from_utf8_lossy(&bytes[..length]).contains("WATCHDOG=1") {
                count.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    signs
}

#[tokio::test]
async fn reloads_wait_for_the_lock_and_the_loop_does_not() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/one", Reply::feed(doc()).etag("\"1\""));
    outlet.set("/two", Reply::feed(doc()));
    let (one, two) = (outlet.url("/one"), outlet.url("/two"));
    let paths = ["/a", "/b", "/c"].map(|path| {
        outlet.set(path, Reply::feed(doc()).etag("\"1\""));
        outlet.url(path)
    });
    let with = |slug: &str, feed| {
        config_text(EVERY, &[("ville", &one), ("a", &paths[0]), ("b", &paths[1]), ("c", &paths[2]), (slug, feed)])
    };
    let folder = Folder::with_file("", &[]);
    folder.configure(&config_text(EVERY, &[("ville", &one), ("a", &paths[0]), ("b", &paths[1]), ("c", &paths[2])]));
    let signs = manager(&folder);
    let log = std::fs::File::create(folder.path("log")).unwrap();
    let mut command = folder.command(&["run"]);
    command.env("NOTIFY_SOCKET", folder.path("notify")).stderr(log).stdout(Stdio::null());
    let mut daemon = command.spawn().unwrap();
    let logged = || std::fs::read_to_string(folder.path("log")).unwrap();
    let said = async |words: &str, times: usize| {
        for _ in 0..1_000 {
            if logged().matches(words).count() >= times {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{words:?} was never logged:\n{}", logged());
    };
    let hang_up = format!("kill -HUP {}", daemon.id().unwrap());
    let hang_up = async || assert!(Command::new("sh").args(["-c", &hang_up]).status().await.unwrap().success());
    said("ready", 1).await;
    folder.sql_until("SELECT count(*) FROM feed WHERE last_success_at IS NOT NULL", "4").await;
    let mut other = lock(&folder).await;
    let asked = outlet.paths().len();

    folder.configure(&with("neuf", &two));
    hang_up().await;
    said("another process holds the database's write lock", 1).await;
    said("configuration read; waiting for the database", 1).await;
    // A second reload in the meantime is not lost.
    folder.configure(&with("dernier", &two));
    hang_up().await;
    said("will be read again after it", 1).await;
    // The watchdog is notified, and feeds are polled.
    let seen = signs.load(Ordering::SeqCst);
    until("signs of life", async || signs.load(Ordering::SeqCst) > seen + 2).await;
    until("a poll", async || outlet.paths().len() > asked).await;
    assert!(!logged().contains("reloaded"));

    other.execute("ROLLBACK").await.unwrap();
    other.close().await.unwrap();
    said("reloaded", 2).await;
    folder
        .sql_until(
            "SELECT group_concat(outlet) FROM (SELECT outlet FROM feed_health ORDER BY 1)",
            "a,b,c,dernier,ville",
        )
        .await;
    let stop = format!("kill -TERM {}", daemon.id().unwrap());
    Command::new("sh").args(["-c", &stop]).status().await.unwrap();
    assert_eq!(daemon.wait().await.unwrap().code(), Some(0), "{}", logged());
}

/// Returns an outlet, and a folder with the database of a daemon that was stopped in good order, so that it has no write-ahead log.
async fn stopped() -> (FakeOutlet, Folder) {
    let outlet = FakeOutlet::start().await;
    outlet.set("/one", Reply::feed(doc()));
    let folder = Folder::with_file(EVERY, &[("ville", &outlet.url("/one"))]);
    let daemon = folder.start().await;
    daemon.get_until("/feed.atom", "Un").await;
    daemon.stop().await;
    assert!(!folder.path("warraq.db-wal").exists());
    outlet.set("/one", Reply::feed(doc().entry("2", "Deux", "https://ville.invalid/2", "", "")));
    (outlet, folder)
}

#[tokio::test]
async fn a_daemon_that_starts_under_a_lock_serves_what_it_has() {
    let (_outlet, folder) = stopped().await;
    let mut other = lock(&folder).await;
    let daemon = folder.start().await;
    daemon.get_until("/feed.atom", "Un").await;
    daemon.get_until("/readyz", "another process holds the database's write lock").await;
    other.execute("ROLLBACK").await.unwrap();
    other.close().await.unwrap();
    daemon.get_until("/feed.atom", "Deux").await;
    daemon.get_until("/readyz", "ok").await;
    assert!(folder.path("warraq.db-wal").exists(), "there is no write-ahead log");
    daemon.stop().await;
}

#[tokio::test]
async fn a_start_waits_for_a_lock_that_keeps_readers_out() {
    let (_outlet, folder) = stopped().await;
    let mut other = lock(&folder).await;
    other.execute("ROLLBACK; BEGIN EXCLUSIVE").await.unwrap();
    let letting_go = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(4)).await;
        other.execute("ROLLBACK").await.unwrap();
    });
    let daemon = folder.start().await;
    assert!(letting_go.is_finished(), "{}", daemon.log());
    assert_eq!(daemon.log().matches("the database is locked by another program").count(), 1, "{}", daemon.log());
    daemon.get_until("/feed.atom", "Deux").await;
    daemon.stop().await;
}

#[tokio::test]
async fn a_daemon_that_starts_where_nothing_can_be_written_serves_what_it_has() {
    let (_outlet, folder) = stopped().await;
    let daemon = folder.start_without_space().await;
    daemon.get_until("/feed.atom", "Un").await;
    daemon.get_until("/readyz", "cannot be written").await;
    daemon.limit_files(None).await;
    daemon.get_until("/feed.atom", "Deux").await;
    daemon.get_until("/readyz", "ok").await;
    daemon.stop().await;
    assert_eq!(folder.sql("PRAGMA integrity_check").await, ["ok"]);
}

#[tokio::test]
async fn a_stop_does_not_wait_for_the_lock() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/one", Reply::feed(doc()).etag("\"1\""));
    let folder = Folder::with_file(EVERY, &[("ville", &outlet.url("/one"))]);
    let daemon = folder.start().await;
    folder.sql_until("SELECT count(*) FROM entries", "1").await;
    let other = lock(&folder).await;
    daemon.signal("HUP").await;
    daemon.until("another process holds the database's write lock").await;
    daemon.signal("TERM").await;
    daemon.until("stopped while the database could not be written").await;
    let log = daemon.log();
    let end = tokio::time::timeout(Duration::from_secs(20), daemon.end()).await;
    assert_eq!(end.unwrap(), Some(0), "{log}");
    other.close().await.unwrap();
    assert_eq!(folder.sql("PRAGMA integrity_check").await, ["ok"]);
    folder.says(&["poll", "--all"]).await;
}

#[tokio::test]
async fn a_stop_does_not_wait_for_the_due_times_of_a_late_start() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/one", Reply::feed(doc()));
    let (one, two) = (outlet.url("/one"), outlet.url("/two"));
    let folder = Folder::with_file("", &[("ville", &one)]);
    folder.start().await.kill().await;
    // Storing them takes longer than this test.
    let late = "CREATE TRIGGER late BEFORE UPDATE OF next_poll_at ON feed BEGIN SELECT count(*) FROM \
                (WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000000000) SELECT i FROM n); END";
    folder.change(late).await;
    folder.configure(&config_text("", &[("ville", &one), ("neuf", &two)]));
    let mut other = lock(&folder).await;
    let daemon = folder.start().await;
    daemon.until("the configuration cannot be stored yet").await;
    other.execute("ROLLBACK").await.unwrap();
    other.close().await.unwrap();
    daemon.until("reloaded").await;
    daemon.signal("TERM").await;
    let stopping = daemon.until("stopping: ");
    tokio::time::timeout(Duration::from_secs(10), stopping).await.expect("the loop waits");
    daemon.kill().await;
}

#[tokio::test]
async fn archive_pages_that_must_be_rendered_again_do_not_wait_for_the_lock() {
    let outlet = FakeOutlet::start().await;
    let doc = (0..5).fold(FeedDoc::rss("La Ville"), |doc, n| {
        doc.entry(&n.to_string(), &format!("Titre {n}"), "", "", &format!("2026-11-02T09:3{n}:00Z"))
    });
    outlet.set("/feed", Reply::feed(doc));
    let channel = "[[channel]]\nslug = \"all\"\nlimit = 4\n";
    let folder = Folder::with_file(channel, &[("ville", &outlet.url("/feed"))]);
    let daemon = folder.start().await;
    daemon.get_until("/feed.atom", "/archive/all/1.atom").await;
    daemon.stop().await;
    let rendered = "SELECT fingerprint FROM edition WHERE path = '/feed.atom'";
    let first = folder.sql(rendered).await;
    // Pages depend on this setting, so the stored one is stale.
    folder.configure(&config_text(
        &format!("[publish]\nentry_max = \"10KB\"\n{channel}"),
        &[("ville", &outlet.url("/feed"))],
    ));
    let daemon = folder.start().await;
    until("the feeds as now configured", async || folder.sql(rendered).await != first).await;
    let fingerprint = "SELECT fingerprint FROM archive";
    let before = folder.sql(fingerprint).await;
    let mut other = lock(&folder).await;
    let page = format!("http://{}/archive/all/1.atom", daemon.address());
    let client = crate::processes::http_client().timeout(Duration::from_secs(5)).build().unwrap();
    for _ in 0..8 {
        let answer = client.get(&page).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert!(answer.text().await.unwrap().contains("Titre 0"));
    }
    assert_eq!(folder.sql(fingerprint).await, before);
    other.execute("ROLLBACK").await.unwrap();
    other.close().await.unwrap();
    // It is stored once that is possible.
    until("another page", async || {
        assert_eq!(client.get(&page).send().await.unwrap().status(), 200);
        folder.sql(fingerprint).await != before
    })
    .await;
    daemon.stop().await;
}

#[tokio::test]
async fn a_stop_does_not_wait_for_due_times_that_nobody_stores_any_longer() {
    let feed = crate::processes::nobody();
    let mut warraq = TestInstance::in_store(TestStore::File, config_text("", &[("ville", &feed)])).await.unwrap();
    let url = format!("sqlite://{}", warraq.file().display());
    let mut other = SqliteConnection::connect(&url).await.unwrap();
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    let now = warraq.clock.now();
    let runner = &mut warraq.instance().runner;
    let planned = runner.queue.plan(FeedId(1), now).unwrap();
    // More than wait in the writer's queue.
    for _ in 0..200 {
        let why = Why::pushed("every 1h".to_owned());
        runner.update_feeds(vec![FeedUpdate { feed: planned.feed.clone(), why }]);
    }
    runner.drain(Duration::from_millis(200)).await;
    let closed = tokio::time::timeout(Duration::from_secs(20), warraq.close()).await;
    assert!(closed.is_ok(), "the order to close had no place in the queue");
    other.close().await.unwrap();
}

/// Starts a daemon that polls one feed every second and finds a new entry each time.
async fn start_with_news() -> (FakeOutlet, Folder, Process) {
    let outlet = FakeOutlet::start().await;
    outlet.script("/feed", (1..500).map(|count| Reply::feed(doc().entry(&format!("n{count}"), "Titre", "", "", ""))));
    let folder = Folder::with_file(EVERY, &[("ville", &outlet.url("/feed"))]);
    let daemon = folder.start().await;
    (outlet, folder, daemon)
}

#[tokio::test]
async fn a_file_that_is_taken_away_is_noticed_and_used_again_when_it_is_back() {
    let (_outlet, folder, daemon) = start_with_news().await;
    folder.sql_until("SELECT count(*) > 2 FROM entries", "1").await;
    // What is rendered now is served while the file is away.
    daemon.get_until("/feed.atom", "Titre").await;
    std::fs::rename(folder.path("warraq.db"), folder.path("elsewhere.db")).unwrap();
    daemon.get_until("/readyz", "its file or write-ahead log was removed or replaced while it was open").await;
    daemon.get_until("/feed.atom", "Titre").await;
    std::fs::rename(folder.path("elsewhere.db"), folder.path("warraq.db")).unwrap();
    daemon.get_until("/readyz", "ok").await;
    let count = folder.sql("SELECT count(*) FROM entries").await;
    until("more entries", async || folder.sql("SELECT count(*) FROM entries").await != count).await;

    std::fs::rename(folder.path("warraq.db"), folder.path("elsewhere.db")).unwrap();
    std::fs::write(folder.path("warraq.db"), "").unwrap();
    daemon.until("cannot write to the database").await;
    daemon.get_until("/readyz", "its file or write-ahead log was removed or replaced while it was open").await;
    daemon.signal("TERM").await;
    let log = folder.path("log");
    assert_eq!(daemon.end().await, Some(1));
    let said = std::fs::read_to_string(log).unwrap();
    assert!(said.contains("warraq.db was removed or replaced while it was open\nhint: "), "{said}");
    assert_eq!(std::fs::metadata(folder.path("warraq.db")).unwrap().len(), 0, "the other file was left alone");
    std::fs::rename(folder.path("elsewhere.db"), folder.path("warraq.db")).unwrap();
    assert!(folder.sql("SELECT count(*) FROM entries").await >= count, "what was committed is in the file");
    folder.says(&["poll", "--all"]).await;
}

#[tokio::test]
async fn a_log_that_is_removed_is_noticed_and_loses_nothing() {
    let (_outlet, folder, daemon) = start_with_news().await;
    folder.sql_until("SELECT count(*) > 2 FROM entries", "1").await;
    let before = folder.sql("SELECT count(*) FROM entries").await;
    std::fs::remove_file(folder.path("warraq.db-wal")).unwrap();
    daemon.get_until("/readyz", "its file or write-ahead log was removed or replaced while it was open").await;
    daemon.kill().await;
    let after = folder.sql("SELECT count(*) FROM entries").await;
    assert!(after >= before, "{after:?} of {before:?}");
    assert_eq!(folder.sql("PRAGMA integrity_check").await, ["ok"]);
}

#[tokio::test]
async fn the_log_of_a_replaced_database_is_not_laid_over_the_new_one() {
    let (_outlet, folder, daemon) = start_with_news().await;
    folder.says(&["backup", "copy.db"]).await;
    let copied = folder.sql("SELECT count(*) FROM entries").await[0].parse::<u32>().unwrap();
    until("more entries", async || {
        folder.sql("SELECT count(*) FROM entries").await[0].parse::<u32>().unwrap() > copied + 3
    })
    .await;
    std::fs::rename(folder.path("copy.db"), folder.path("warraq.db")).unwrap();
    daemon.get_until("/readyz", "was removed or replaced while it was open").await;
    daemon.signal("TERM").await;
    assert_eq!(daemon.end().await, Some(1));
    let count = folder.sql("SELECT count(*) FROM entries").await[0].parse::<u32>().unwrap();
    assert!(count <= copied + 3, "the copy is as it was: {count}");
    assert_eq!(folder.sql("PRAGMA integrity_check").await, ["ok"]);
    folder.says(&["poll", "--all"]).await;
}

#[tokio::test]
async fn a_command_does_not_wait_without_end() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed", Reply::feed(doc()));
    let folder = Folder::with_file("", &[("ville", &outlet.url("/feed"))]);
    folder.says(&["poll"]).await;
    let mut other = lock(&folder).await;
    for arguments in [&["poll", "--all"][..], &["prune"]] {
        let (code, said) = folder.fails(arguments).await;
        assert_eq!(code, 1, "{said}");
        assert!(said.contains("error: another program has locked the database warraq.db\n"), "{arguments:?}: {said}");
    }
    other.execute("ROLLBACK").await.unwrap();
    folder.says(&["poll", "--all"]).await;
}

/// Polls while no file may be larger than so many kilobytes, as on a full disk. Expects that this fails with the reason.
async fn poll_within(folder: &Folder, kilobytes: u32) {
    let mut shell = Command::new("bash");
    let line = format!("ulimit -f {kilobytes}; exec \"$0\" poll --all");
    shell.args(["-c", &line, env!("CARGO_BIN_EXE_warraq")]).env_clear();
    let ended = shell.current_dir(folder.path(".")).output().await.unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(said.contains("error: the disk of the database warraq.db is full"), "{said}");
}

#[tokio::test]
async fn a_full_disk_ends_a_command_with_its_reason() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed", Reply::feed(doc()));
    let folder = Folder::with_file("", &[("ville", &outlet.url("/feed"))]);
    folder.says(&["poll"]).await;
    outlet.set("/feed", Reply::feed(doc().entry("2", "Deux", "https://ville.invalid/2", "", "")));
    // Less than the database and the index of its log.
    poll_within(&folder, 20).await;
    folder.says(&["poll", "--all"]).await;
    assert_eq!(folder.sql("SELECT count(*) FROM entries").await, ["2"]);
}

#[tokio::test]
async fn a_poll_that_could_not_be_stored_is_a_failure() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed", Reply::feed(doc()).etag("\"1\""));
    let folder = Folder::with_file("", &[("ville", &outlet.url("/feed"))]);
    folder.says(&["poll"]).await;
    // Enough for the index of the log, and not for the row of another poll.
    poll_within(&folder, 40).await;
    folder.says(&["poll", "--all"]).await;
}
