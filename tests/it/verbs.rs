//! Every command through the binary, as a person or a script uses it.

use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    processes::{Folder, nobody, until},
    test_instance::{config_text, sql},
};
use std::{fs, net::TcpListener};

const DATE: &str = "2026-11-02T09:30:00Z";

fn doc() -> FeedDoc {
    FeedDoc::rss("La Ville").entry("1", "Un", "https://ville.invalid/1", "", DATE)
}

#[tokio::test]
async fn poll_asks_what_is_due_what_is_named_or_everything() {
    let (outlet, other) = (FakeOutlet::start().await, FakeOutlet::start_on("127.0.0.2").await);
    outlet.set("/a", Reply::feed(doc()));
    outlet.set("/b", Reply::status(410));
    other.set("/c", Reply::status(500));
    let (a, b, c) = (outlet.url("/a"), outlet.url("/b"), other.url("/c"));
    let folder = Folder::new("[schedule]\ndefault = \"every 1h\"\n", &[("a", &a), ("b", &b), ("c", &c)]);
    let said = folder.says(&["poll"]).await;
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 4, "{said}");
    assert!(lines.iter().any(|l| l.contains(a.as_str()) && l.contains("fresh  1 new")), "{said}");
    assert!(lines.iter().any(|l| l.contains(c.as_str()) && l.contains("failed  the server answered 500")), "{said}");
    assert!(lines[3].starts_with("3 polled: 1 fresh, 0 unchanged, 2 failed; 1 new entry,"), "{said}");
    let said = folder.says(&["poll"]).await;
    assert!(said.starts_with("0 polled: 0 fresh, "), "{said}");
    let noted = folder.run(&["poll"]).await.stderr;
    assert!(String::from_utf8_lossy(&noted).contains("no feed is due; `warraq poll --all` polls all"));
    let said = folder.says(&["poll", "--all"]).await;
    assert!(said.contains("2 polled") && !said.contains("gone"), "what is gone is left alone: {said}");
    let said = folder.says(&["poll", "b", a.as_str()]).await;
    assert!(said.contains("2 polled") && said.contains("gone") && said.contains("same_bytes"), "{said}");
    let said = folder.says(&["poll", "a", "--json"]).await;
    let lines: Vec<serde_json::Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        (&lines[0]["outlet"], &lines[0]["url"], &lines[0]["outcome"]),
        (&"a".into(), &a.as_str().into(), &"same_bytes".into())
    );
    assert_eq!((&lines[1]["polled"], &lines[1]["unchanged"]), (&1.into(), &1.into()));
    for arguments in [&["poll", "a", "nobody"][..], &["explain", "feed", "nobody"]] {
        let (code, said) = folder.fails(arguments).await;
        let told = "error: no outlet or feed is called \"nobody\"\nhint: outlets: a, b, c";
        assert!(code == 2 && said.starts_with(told), "{arguments:?}: {said}");
    }
}

#[tokio::test]
async fn poll_ends_also_when_a_host_asks_for_time() {
    let outlet = FakeOutlet::start().await;
    let feeds: Vec<_> = (0..6).map(|n| (format!("v{n}"), outlet.url(&format!("/{n}")))).collect();
    for (_, feed) in &feeds {
        outlet.set(feed.url().path(), Reply::status(429).header("Retry-After", "3600"));
    }
    let outlets: Vec<_> = feeds.iter().map(|(slug, feed)| (slug.as_str(), feed)).collect();
    let folder = Folder::new("per_host = 1\n[schedule]\ndefault = \"every 1h\"\n", &outlets);
    let asked = || feeds.iter().map(|(_, feed)| outlet.requests(feed.url().path()).len()).sum::<usize>();
    let said = folder.says(&["poll"]).await;
    assert!(said.contains("\n1 polled") && said.contains("5 left"), "{said}");
    assert_eq!(asked(), 1);
    folder.says(&["poll", "--all"]).await;
    assert_eq!(asked(), 1, "the whole host is held, and others of it were not asked");
    // The operator decides: a feed that is named is polled anyway.
    let said = folder.says(&["poll", "v0"]).await;
    assert!(said.contains("\n1 polled"), "{said}");
    assert_eq!(asked(), 2);
}

#[tokio::test]
async fn feeds_shows_the_view_and_the_reason() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/a", Reply::feed(doc()));
    let folder = Folder::new("", &[("a", &outlet.url("/a")), ("b", &outlet.url("/b"))]);
    let (code, said) = folder.fails(&["search", " "]).await;
    assert!(code == 2 && said.contains("search words are missing"), "{said}");
    let (code, said) = folder.fails(&["feeds"]).await;
    // A database on a server is there, and empty.
    let begins = if folder.is_on_server() { "error: the database " } else { "error: there is no database" };
    assert!(code == 1 && said.starts_with(begins) && said.contains("; `warraq run` or `warraq poll` "), "{said}");
    folder.says(&["poll"]).await;
    let rows: serde_json::Value = serde_json::from_str(&folder.says(&["feeds", "--json"]).await).unwrap();
    let columns = folder
        .sql_in(
            "SELECT name FROM pragma_table_info('feed_health')",
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'feed_health'",
        )
        .await;
    assert_eq!(rows.as_array().unwrap().len(), 2);
    for row in rows.as_array().unwrap() {
        for column in columns.iter().map(String::as_str).chain(["why"]) {
            assert!(row.as_object().unwrap().contains_key(column), "{column}: {row}");
        }
    }
    let said = folder.says(&["feeds"]).await;
    assert!(
        said.contains("the server answered 404")
            && said.contains("next ")
            && said.contains("2 feeds; the last poll failed for 1")
    );
}

#[tokio::test]
async fn inspect_explains_a_file_and_says_when_it_is_none() {
    let folder = Folder::new("", &[]);
    fs::write(folder.path("feed.xml"), doc().to_string()).unwrap();
    fs::write(folder.path("page.html"), "<!DOCTYPE html><html><body>Bonjour</body></html>").unwrap();
    fs::remove_file(folder.path("config.toml")).unwrap();
    assert!(folder.says(&["inspect", "feed.xml"]).await.contains("Un"));
    let read: serde_json::Value = serde_json::from_str(&folder.says(&["inspect", "feed.xml", "--json"]).await).unwrap();
    assert_eq!((&read["format"], &read["entries"][0]["id"]), (&"rss20".into(), &"1".into()));
    let ended = folder.run(&["inspect", "page.html", "--json"]).await;
    let read: serde_json::Value = serde_json::from_slice(&ended.stdout).unwrap();
    assert_eq!(ended.status.code(), Some(1));
    assert!(read["error"].is_string() && read["hint"].is_string(), "{read}");
    let (code, said) = folder.fails(&["inspect", "page.html"]).await;
    assert!(code == 1 && said.starts_with("error: ") && said.contains("\nhint: "), "{said}");
    assert!(said.starts_with("error: page.html: "), "{said}");
    for verb in ["inspect", "discover"] {
        let (code, said) = folder.fails(&[verb, "none.example"]).await;
        assert!(code == 1 && said.starts_with("error: cannot open none.example"), "{said}");
        assert!(said.contains("\nhint: if this is a web address, write https://none.example"), "{said}");
    }
}

#[tokio::test]
async fn a_backup_under_load_comes_back_whole_and_nothing_else_does() {
    let outlet = FakeOutlet::start().await;
    outlet.script("/feed", (1..500).map(|count| Reply::feed(doc().entry(&format!("n{count}"), "Titre", "", "", ""))));
    let feed = outlet.url("/feed");
    let folder = Folder::with_file("[schedule]\ndefault = \"every 1s\"\n", &[("ville", &feed)]);
    let daemon = folder.start().await;
    folder.sql_until("SELECT count(*) > 2 FROM entries", "1").await;
    folder.says(&["backup", "one.db"]).await;
    let (code, said) = folder.fails(&["backup", "one.db"]).await;
    assert!(code == 1 && said.contains("already there"), "{said}");
    let then = sql(&folder.path("one.db"), "SELECT count(*) FROM entries").await;
    until("more entries", async || folder.sql("SELECT count(*) FROM entries").await != then).await;
    daemon.stop().await;

    let whole = fs::read(folder.path("one.db")).unwrap();
    let half = whole.len() / 2;
    fs::write(folder.path("damaged.db"), [&whole[..half], &vec![0xa5; half][..]].concat()).unwrap();
    fs::write(folder.path("cut.db"), &whole[..half]).unwrap();
    fs::write(folder.path("text.db"), "Bonjour").unwrap();
    let before = fs::read(folder.path("warraq.db")).unwrap();
    std::os::unix::fs::symlink("warraq.db", folder.path("link.db")).unwrap();
    for name in ["damaged.db", "cut.db", "text.db", "none.db", "warraq.db", "link.db"] {
        let (code, said) = folder.fails(&["restore", name]).await;
        assert!(code == 1 && said.starts_with("error: "), "{name}: {said}");
        assert!(fs::read(folder.path("warraq.db")).unwrap() == before, "{name}");
    }
    for name in ["warraq.db-wal", "warraq.db-shm", "./warraq.db-journal", "warraq.db.incoming"] {
        let (code, said) = folder.fails(&["backup", name]).await;
        assert!(code == 1 && said.contains("this name belongs to a part of the database"), "{name}: {said}");
    }
    folder.says(&["restore", "one.db"]).await;
    assert_eq!(folder.sql("SELECT count(*) FROM entries").await, then);
    assert!(fs::read(folder.path("warraq.db.before-restore")).unwrap() == before, "what was there is kept");
    folder.says(&["poll", "--all"]).await;
}

#[tokio::test]
async fn prune_counts_first_and_forgets_then() {
    let outlet = FakeOutlet::start().await;
    outlet.script(
        "/feed",
        [
            Reply::feed(doc()),
            Reply::feed(doc().entry("2", "Deux", "", "", DATE)),
            Reply::feed(FeedDoc::rss("V").entry("3", "Trois", "", "", DATE)),
        ],
    );
    let folder = Folder::new("[retention]\nkeep = \"1d\"\npolls = \"1d\"\n", &[("ville", &outlet.url("/feed"))]);
    let (code, said) = folder.fails(&["prune"]).await;
    if folder.is_on_server() {
        assert_eq!(code, 0, "an empty database gets its tables: {said}");
    } else {
        assert!(code == 1 && said.starts_with("error: there is no database"), "{said}");
    }
    for _ in 0..3 {
        folder.says(&["poll", "--all"]).await;
    }
    assert!(folder.says(&["prune", "--dry-run"]).await.starts_with("would delete 0 entries"));
    let old = "UPDATE entry SET first_seen_at = '2020-01-01T00:00:00Z'; UPDATE poll SET ended_at = '2020-01-01T00:00:00.000Z'; \
        UPDATE sighting SET left_at = '2020-01-02T00:00:00Z' WHERE left_at IS NOT NULL; \
        UPDATE story SET created_at = '2020-01-01T00:00:00Z'";
    folder.change(old).await;
    assert!(folder.says(&["prune", "--dry-run"]).await.starts_with("would delete 2 entries of 2 stories, and 3 polls"));
    assert_eq!(folder.sql("SELECT count(*) FROM entries").await, ["3"]);
    assert!(folder.says(&["prune"]).await.starts_with("deleted 2 entries of 2 stories, and 3 polls"));
    assert_eq!(folder.sql("SELECT title FROM entries").await, ["Trois"]);
}

#[tokio::test]
async fn healthcheck_tells_by_its_exit_code() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let folder = Folder::new("", &[]);
    folder.configure(&config_text("", &[("nobody", &nobody())]).replace("127.0.0.1:0", &free.to_string()));
    let (code, said) = folder.fails(&["healthcheck"]).await;
    assert!(code == 1 && said.starts_with("error: ") && said.contains("caused by: "), "{said}");
    let daemon = folder.start().await;
    until("readiness", async || folder.run(&["healthcheck"]).await.status.success()).await;
    let (code, said) =
        Folder::new("", &[]).fails(&["--config", folder.path("config.toml").to_str().unwrap(), "run"]).await;
    assert!(code == 1 && said.contains("cannot listen on") && said.contains("\nhint: "), "{said}");
    daemon.stop().await;
    assert_eq!(folder.fails(&["healthcheck"]).await.0, 1);
}

#[tokio::test]
async fn what_cannot_be_meant_is_usage_and_what_is_misconfigured_is_78() {
    let folder = Folder::new("", &[]);
    for arguments in [&["pol"][..], &["poll", "--everything"], &["backup"], &["inspect"], &["explain", "entry", "x"]] {
        assert_eq!(folder.fails(arguments).await.0, 2, "{arguments:?}");
    }
    folder.configure("[server]\nlisten = \"nowhere\"\n");
    for verb in ["run", "check", "poll", "feeds", "prune", "healthcheck", "export-opml"] {
        let (code, said) = folder.fails(&[verb]).await;
        assert!(code == 78 && said.starts_with("error: config.toml:2: server.listen: "), "{verb}: {code} {said}");
    }
    assert_eq!(folder.fails(&["--config", "none.toml", "run"]).await.0, 78);
    assert!(!folder.path("warraq.db").exists(), "nothing was started");
}

#[tokio::test]
async fn a_reader_that_has_seen_enough_is_no_failure() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/a", Reply::feed(doc()));
    let folder = Folder::new("", &[("a", &outlet.url("/a"))]);
    folder.says(&["poll"]).await;
    fs::write(folder.path("feed.xml"), doc().to_string()).unwrap();
    fs::write(folder.path("items.jsonl"), "{\"id\": \"1\", \"title\": \"Un\"}\n").unwrap();
    fs::write(folder.path("list.opml"), folder.says(&["export-opml"]).await).unwrap();
    for verb in [
        &["feeds"][..],
        &["feeds", "--json"],
        &["search", "un"],
        &["search", "un", "--json"],
        &["explain", "feed", "a"],
        &["inspect", "feed.xml"],
        &["inspect", "feed.xml", "--json"],
        &["replay", "items.jsonl"],
        &["import-opml", "list.opml"],
        &["export-opml"],
        &["check"],
        &["prune", "--dry-run"],
        &["poll", "a"],
        &["poll", "a", "--json"],
    ] {
        let (nobody, writer) = std::io::pipe().unwrap();
        drop(nobody);
        let running = folder.command(verb).stdout(writer).stderr(std::process::Stdio::piped()).spawn().unwrap();
        let ended = running.wait_with_output().await.unwrap();
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.success() && said.is_empty(), "{verb:?}: {} {said}", ended.status);
    }
}
