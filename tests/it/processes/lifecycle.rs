//! Processes that are stopped, killed, started twice, kept from their database or told to reload.

use super::{DATE, Folder, Process, nobody, until};
use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    test_instance::{config_text, sql},
};
use sqlx::{Connection, Executor, SqliteConnection};
use std::{fs, os::unix::fs::symlink, process::Stdio, time::Duration};
use warraq::model::FeedUrl;

const EVERY: &str = "[schedule]\ndefault = \"every 1s\"\n";

fn doc() -> FeedDoc {
    FeedDoc::rss("La Ville").entry("1", "Un", "https://ville.invalid/1", "", DATE)
}

#[tokio::test]
async fn the_first_signal_drains_and_leaves_nothing_half_written() {
    for signal in ["TERM", "INT"] {
        let outlet = FakeOutlet::start().await;
        outlet.set("/well", Reply::feed(doc()));
        outlet.set("/stalled", Reply::feed(doc()).etag("\"1\"").stall_after(60));
        let folder = Folder::new(EVERY, &[("well", &outlet.url("/well")), ("stalled", &outlet.url("/stalled"))]);
        let daemon = folder.start().await;
        folder.sql_until("SELECT count(*) FROM entries", "1").await;
        until("a poll under way", async || !outlet.requests("/stalled").is_empty()).await;
        daemon.signal(signal).await;
        daemon.until("stopped").await;
        let log = daemon.log();
        assert_eq!(daemon.end().await, Some(0), "{log}");
        assert_eq!(folder.sql("SELECT last_poll_at, etag FROM feed WHERE url LIKE '%stalled'").await, ["|"]);
        folder.assert_whole().await;
        let beside = ["warraq.db-wal", "warraq.db-shm"].map(|name| folder.path(name).exists());
        assert_eq!(beside, [false, false], "the WAL is in the file");
    }
}

/// Returns a daemon with a poll under way that never ends, and what it needs.
async fn polling_a_silent_outlet() -> (FakeOutlet, Folder, Process) {
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed", Reply::silence());
    let folder = Folder::new(EVERY, &[("ville", &outlet.url("/feed"))]);
    let daemon = folder.start().await;
    until("a poll under way", async || !outlet.requests("/feed").is_empty()).await;
    (outlet, folder, daemon)
}

#[tokio::test]
async fn the_second_signal_aborts() {
    let (_outlet, _folder, daemon) = polling_a_silent_outlet().await;
    daemon.signal("TERM").await;
    daemon.until("stopping").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    daemon.signal("TERM").await;
    daemon.until("error: aborted by a second signal").await;
    assert_eq!(daemon.end().await, Some(1));
}

#[tokio::test]
async fn a_signal_during_the_start_stops() {
    for _ in 0..5 {
        let folder = Folder::new("", &[]);
        let mut daemon = folder.command(&["run"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let id = daemon.id().unwrap();
        // As soon as it handles the signal: it is creating its database then.
        while !handles_sigterm(id) {
            std::thread::sleep(Duration::from_millis(1));
        }
        let line = format!("kill -TERM {id}");
        assert!(tokio::process::Command::new("sh").args(["-c", &line]).status().await.unwrap().success());
        let ended = tokio::time::timeout(Duration::from_secs(10), daemon.wait()).await.expect("it does not stop");
        assert_eq!(ended.unwrap().code(), Some(0));
    }
}

/// Returns whether a process has a handler for SIGTERM, the fifteenth bit of its mask (proc(5)).
fn handles_sigterm(process: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap().trim();
    u64::from_str_radix(mask, 16).unwrap() >> 14 & 1 == 1
}

#[tokio::test]
async fn a_signal_sent_twice_at_once_is_one() {
    let (_outlet, _folder, daemon) = polling_a_silent_outlet().await;
    daemon.signal("TERM").await;
    daemon.signal("INT").await;
    daemon.until("stopped").await;
    assert_eq!(daemon.end().await, Some(0));
}

#[tokio::test]
async fn signals_without_a_meaning_end_nothing_and_are_logged() {
    let folder = Folder::new("", &[("ville", &nobody())]);
    let daemon = folder.start().await;
    for (signal, count) in [("USR1", 1), ("USR1", 2), ("USR2", 1)] {
        daemon.signal(signal).await;
        let words = format!("SIG{signal} has no meaning here and is ignored; SIGHUP reloads");
        until("the line", async || daemon.log().matches(&words).count() == count).await;
    }
    daemon.signal("HUP").await;
    daemon.until("reloaded").await;
    daemon.stop().await;
}

#[tokio::test]
async fn a_kill_at_any_moment_loses_nothing_and_doubles_nothing() {
    const FEEDS: usize = 5;
    let outlet = FakeOutlet::start().await;
    let paths: Vec<String> = (0..FEEDS).map(|n| format!("/feed{n}")).collect();
    for path in &paths {
        // Each document lists one more entry than the one before; its tag is the number of entries.
        outlet.script(
            path,
            (1..200).map(|count| {
                let entries = (1..=count)
                    .fold(FeedDoc::rss("V"), |doc, n| doc.entry(&n.to_string(), &format!("{path} {n}"), "", "", ""));
                Reply::feed(entries).etag(format!("\"{count}\"")).unconditional()
            }),
        );
    }
    let feeds: Vec<_> = paths.iter().map(|path| (path[1..].to_owned(), outlet.url(path))).collect();
    let outlets: Vec<_> = feeds.iter().map(|(slug, feed)| (slug.as_str(), feed)).collect();
    let folder = Folder::new(EVERY, &outlets);
    for round in 0..4 {
        let mut daemon = folder.start().await;
        tokio::time::sleep(Duration::from_millis(600 + 170 * round)).await;
        daemon.child.kill().await.unwrap();
        drop(daemon);
        let ahead = folder
            .sql_in(
                "SELECT f.url FROM feed AS f WHERE f.etag IS NOT NULL AND CAST(trim(CAST(f.etag AS TEXT), '\"') AS INTEGER) <> \
                 (SELECT count(DISTINCT source_id) FROM entry AS e WHERE e.feed_id = f.id)",
                "SELECT f.url FROM feed AS f WHERE f.etag IS NOT NULL AND trim(convert_from(f.etag, 'UTF8'), '\"')::bigint <> \
                 (SELECT count(DISTINCT source_id) FROM entry AS e WHERE e.feed_id = f.id)",
            )
            .await;
        assert!(ahead.is_empty(), "validators stand for entries that are there");
        folder.assert_whole().await;
    }
    let daemon = folder.start().await;
    folder.sql_until("SELECT count(DISTINCT feed_id) FROM entry WHERE source_id = '4'", "5").await;
    daemon.stop().await;
    assert!(
        folder.sql("SELECT min(title) FROM entries GROUP BY outlet, source_id HAVING count(*) > 1").await.is_empty()
    );
    let holes = "SELECT feed_id FROM entry GROUP BY feed_id HAVING count(*) <> max(CAST(source_id AS INTEGER))";
    assert!(folder.sql(holes).await.is_empty());
    for path in &paths {
        let unconditional = outlet.requests(path).iter().filter(|r| r.header("if-none-match").is_none()).count();
        assert!(unconditional <= 5, "only before its first document was committed");
    }
}

#[tokio::test]
async fn one_daemon_a_file_and_readers_beside_it() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed", Reply::feed(doc()));
    let folder = Folder::with_file(EVERY, &[("ville", &outlet.url("/feed"))]);
    let daemon = folder.start().await;
    folder.sql_until("SELECT count(*) FROM entries", "1").await;
    fs::write(folder.path("copy"), "").unwrap();
    for verb in [&["run"][..], &["poll"], &["prune"], &["restore", "copy"]] {
        let (code, said) = folder.fails(verb).await;
        assert_eq!(code, 1, "{verb:?}: {said}");
        assert!(said.contains("error: ") && said.contains("in use by another warraq"), "{verb:?}: {said}");
        assert!(said.contains("\nhint: stop the daemon first"), "{verb:?}: {said}");
    }
    assert!(folder.says(&["feeds"]).await.contains("ville"));
    folder.says(&["backup", "backup.db"]).await;
    assert_eq!(sql(&folder.path("backup.db"), "SELECT title FROM entries").await, ["Un"]);
    daemon.stop().await;
    folder.says(&["poll"]).await;
}

#[tokio::test]
async fn one_daemon_a_file_whatever_it_is_called() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed", Reply::feed(doc()));
    let folder = Folder::with_file(EVERY, &[("ville", &outlet.url("/feed"))]);
    let daemon = folder.start().await;
    fs::create_dir(folder.path("sub")).unwrap();
    symlink("../warraq.db", folder.path("sub/link.db")).unwrap();
    symlink("sub", folder.path("way")).unwrap();
    fs::copy(folder.path("config.toml"), folder.path("first.toml")).unwrap();
    let named = |name: &str| {
        let more = format!("[database]\npath = \"{name}\"\n{EVERY}");
        folder.configure(&config_text(&more, &[("ville", &outlet.url("/feed"))]));
    };
    for name in ["sub/link.db", "way/link.db", "sub/../warraq.db"] {
        named(name);
        for verb in [&["run"][..], &["poll"], &["prune"], &["restore", "first.toml"]] {
            let (code, said) = folder.fails(verb).await;
            assert!(code == 1 && said.contains("in use by another warraq"), "{name} {verb:?}: {said}");
        }
        assert!(folder.says(&["feeds"]).await.contains("ville"), "{name}");
    }
    assert!(folder.path("sub/link.db").is_symlink() && !folder.path("sub/link.db.lock").exists());
    fs::hard_link(folder.path("warraq.db"), folder.path("hard.db")).unwrap();
    named("hard.db");
    for verb in [&["run"][..], &["poll"], &["prune"], &["feeds"], &["backup", "copy"], &["restore", "first.toml"]] {
        let (code, said) = folder.fails(verb).await;
        assert!(code == 1 && said.contains("hard.db has 2 names (hard links)"), "{verb:?}: {said}");
        assert!(said.contains("\nhint: remove the other names"), "{verb:?}: {said}");
    }
    fs::remove_file(folder.path("hard.db")).unwrap();
    daemon.stop().await;
    named("way/link.db");
    folder.says(&["poll", "--all"]).await;
}

#[tokio::test]
async fn a_first_start_that_is_killed_is_no_hindrance_to_the_next() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed", Reply::feed(doc()));
    let feed = outlet.url("/feed");
    let mut half = 0;
    // On a busy machine a start takes longer.
    for round in 0..100 {
        if round >= 25 && half > 0 {
            break;
        }
        let folder = Folder::new(EVERY, &[("ville", &feed)]);
        let mut first = folder.command(&["poll"]).stdout(Stdio::null()).spawn().unwrap();
        tokio::time::sleep(Duration::from_millis(4 * round)).await;
        first.kill().await.unwrap();
        half += usize::from(folder.is_begun().await);
        folder.says(&["poll", "--all"]).await;
        assert_eq!(folder.sql("SELECT title FROM entries").await, ["Un"]);
        assert!(!folder.path("warraq.db.incoming").exists());
    }
    assert!(half > 0, "some were killed after they had begun");
}

#[tokio::test]
async fn a_locked_database_is_waited_for() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed", Reply::feed(doc()));
    let folder = Folder::with_file(EVERY, &[("ville", &outlet.url("/feed"))]);
    let daemon = folder.start().await;
    folder.sql_until("SELECT count(*) FROM entries", "1").await;
    let url = format!("sqlite://{}", folder.path("warraq.db").display());
    let mut other = SqliteConnection::connect(&url).await.unwrap();
    other.execute("BEGIN EXCLUSIVE").await.unwrap();
    outlet.set("/feed", Reply::feed(doc().entry("2", "Deux", "", "", DATE)));
    daemon.until("another process holds the database's write lock").await;
    assert_eq!(folder.sql("SELECT count(*) FROM entries").await, ["1"]);
    other.execute("ROLLBACK").await.unwrap();
    other.close().await.unwrap();
    folder.sql_until("SELECT count(*) FROM entries", "2").await;
    daemon.stop().await;
}

#[tokio::test]
async fn a_database_that_cannot_be_had_is_said_with_what_to_do() {
    let nobody = FeedUrl::parse("http://127.0.0.1:1/feed").unwrap();
    let folder = Folder::with_file("", &[("ville", &nobody)]);
    folder.says(&["poll"]).await;
    let whole = fs::read(folder.path("warraq.db")).unwrap();
    let newer = [&whole[..60], &[0, 0, 0, 99], &whole[64..]].concat();
    let damaged = [&whole[..100], &[0xa5; 4096][..], &whole[4196..]].concat();
    let cases: [(&str, Option<Vec<u8>>, &str); 7] = [
        ("newer.db", Some(newer), "has schema 99, this warraq supports up to"),
        ("damaged.db", Some(damaged), "damaged.db is damaged"),
        ("text.db", Some(b"Bonjour ".repeat(500)), "text.db is damaged"),
        ("no/such/folder.db", None, "the database cannot be at "),
        ("/proc/warraq.db", None, "cannot lock"),
        (".", None, "the database cannot be at "),
        ("/dev/null", None, "a device or a pipe, not a file"),
    ];
    for (name, bytes, words) in cases {
        if let Some(bytes) = bytes {
            fs::write(folder.path(name), bytes).unwrap();
        }
        folder.configure(&config_text(&format!("[database]\npath = \"{name}\"\n"), &[("ville", &nobody)]));
        for verb in ["run", "poll"] {
            let (code, said) = folder.fails(&[verb]).await;
            assert_eq!(code, 1, "{name}: {said}");
            assert!(said.starts_with("error: ") && said.contains(words) && said.contains("\nhint: "), "{name}: {said}");
        }
    }
}

#[tokio::test]
async fn sighup_reloads_and_a_faulty_file_changes_nothing_and_says_why() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/one", Reply::feed(doc()));
    outlet.set("/two", Reply::feed(doc()));
    let (one, two) = (outlet.url("/one"), outlet.url("/two"));
    let folder = Folder::new(EVERY, &[("ville", &one)]);
    let daemon = folder.start().await;
    folder.configure("[server]\nlisten = 7\n");
    daemon.signal("HUP").await;
    daemon.until("the new configuration is invalid; keeping the current one").await;
    daemon.until("config.toml:2: server.listen").await;
    folder.sql_until("SELECT count(*) > 1 FROM poll", "1").await;
    for (text, why) in [("", "no [[outlet]]"), (&config_text("", &[]), "no [[outlet]]")] {
        folder.configure(text);
        daemon.signal("HUP").await;
        daemon.until(&format!("config.toml: {why}: there is nothing to poll")).await;
    }
    let polls = folder.sql("SELECT count(*) FROM poll").await;
    until("the running configuration goes on", async || folder.sql("SELECT count(*) FROM poll").await != polls).await;
    folder.configure(&config_text(EVERY, &[("neuf", &two)]));
    daemon.signal("HUP").await;
    daemon.until("reloaded").await;
    folder.sql_until("SELECT count(*) FROM entries WHERE outlet = 'neuf'", "1").await;
    assert_eq!(folder.sql("SELECT outlet FROM feed_health").await, ["neuf"]);
    assert_eq!(folder.sql("SELECT count(*) FROM entries WHERE outlet = 'ville'").await, ["1"]);
    daemon.stop().await;
}

#[tokio::test]
async fn a_reload_that_waits_for_a_pipe_keeps_nothing_else_waiting() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed", Reply::status(500));
    let folder = Folder::new("", &[]);
    let text = config_text(EVERY, &[("ville", &outlet.url("/feed"))]);
    folder.configure(&text.replace("[fetch]", "token_file = \"tokens\"\n[fetch]"));
    let tokens = folder.path("tokens");
    assert!(tokio::process::Command::new("mkfifo").arg(&tokens).status().await.unwrap().success());
    // As a secrets manager does it: whoever opens the pipe gets the tokens.
    let hand_over = || {
        let (tokens, line) = (tokens.clone(), format!("amal sha256:{}\n", "0f".repeat(32)));
        std::thread::spawn(move || fs::write(tokens, line));
    };
    hand_over();
    let daemon = folder.start().await;
    let logged = |words: &str| daemon.log().matches(words).count();
    daemon.signal("HUP").await;
    daemon.until("reading the configuration").await;
    for count in [1, 2] {
        daemon.signal("HUP").await;
        until("another reload", async || logged("will be read again after it") == count).await;
    }
    let polls = outlet.requests("/feed").len();
    until("more polls", async || outlet.requests("/feed").len() > polls + 1).await;
    for count in [1, 2] {
        hand_over();
        until("a reload", async || logged("reloaded") == count).await;
    }
    assert_eq!(logged("reading the configuration"), 2, "one more for all that were requested in the meantime");
    daemon.signal("HUP").await;
    until("the third", async || logged("reading the configuration") == 3).await;
    daemon.signal("TERM").await;
    let ended = tokio::time::timeout(Duration::from_secs(10), daemon.end()).await;
    assert_eq!(ended.expect("it does not stop"), Some(0));
}

#[tokio::test]
async fn a_reload_that_hangs_is_told_once_and_the_next_one_does_not_wait_for_it() {
    let folder = Folder::new("", &[("ville", &nobody())]);
    let daemon = folder.start().await;
    let tokens = folder.path("tokens");
    assert!(tokio::process::Command::new("mkfifo").arg(&tokens).status().await.unwrap().success());
    let text = config_text("", &[("ville", &nobody())]);
    folder.configure(&text.replace("[fetch]", "token_file = \"tokens\"\n[fetch]"));
    daemon.signal("HUP").await;
    daemon.until("reading the configuration hangs").await;
    let line = daemon.log().lines().find(|line| line.contains("hangs")).unwrap().to_owned();
    assert!(line.contains(tokens.to_str().unwrap()) && line.contains("since=20"), "{line}");
    folder.configure(&text);
    daemon.signal("HUP").await;
    daemon.until("reloaded").await;
    assert_eq!(daemon.log().matches("reading the configuration hangs").count(), 1);
    daemon.signal("TERM").await;
    let ended = tokio::time::timeout(Duration::from_secs(10), daemon.end()).await;
    assert_eq!(ended.expect("it does not stop"), Some(0));
}

#[tokio::test]
async fn one_line_a_poll_with_every_number() {
    let outlet = FakeOutlet::start().await;
    outlet.script("/feed", [Reply::feed(doc()), Reply::status(500)]);
    let folder = Folder::new(
        "[log]\nformat = \"json\"\n[schedule]\ndefault = \"every 1s\"\n",
        &[("ville", &outlet.url("/feed"))],
    );
    let mut command = folder.command(&["run"]);
    command.env("WARRAQ_LOG", "debug");
    let daemon = folder.start_by(command).await;
    until("both polls", async || daemon.log().matches("\"polled\"").count() >= 2).await;
    let log = daemon.log();
    let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let polled: Vec<_> = lines.iter().filter(|line| line["message"] == "polled").collect();
    let seen = |n: usize, key: &str| polled[n][key].clone();
    assert_eq!((seen(0, "outcome"), seen(0, "status"), seen(0, "new")), ("fresh".into(), 200.into(), 1.into()));
    assert_eq!((seen(1, "outcome"), seen(1, "status")), ("failed".into(), 500.into()));
    let failed = lines.iter().find(|line| line["message"] == "poll failed").unwrap();
    assert_eq!((&failed["level"], &failed["error"]), (&"WARN".into(), &"the server answered 500".into()));
    let changed = lines.iter().find(|line| line["message"] == "changed").unwrap();
    assert_eq!((&changed["level"], &changed["outlet"], &changed["new"]), (&"INFO".into(), &"ville".into(), &1.into()));
    for line in &polled {
        for key in ["outlet", "feed", "bytes", "new", "revised", "duplicate", "ms", "next"] {
            assert!(!line[key].is_null(), "{key}: {line}");
        }
    }
    daemon.stop().await;
}
