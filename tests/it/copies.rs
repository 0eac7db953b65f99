//! `backup` under load, and `restore` of everything that may be taken for a backup: the copy is a consistent state of the whole
//! file, or there is a clear error and nothing is lost.

mod damage;

use crate::{
    deploy::verdict,
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    processes::Folder,
    test_instance::sql,
};
use sqlx::{Connection, Executor, SqliteConnection};
use std::{fs, path::Path};

const EVERY: &str = "[schedule]\ndefault = \"every 1s\"\n";
const ENTRIES: &str = "SELECT count(*) FROM entries";

/// Sets a feed that lists one more entry at each poll.
fn growing(outlet: &FakeOutlet, path: &str) {
    outlet.script(
        path,
        (1..300).map(|count| {
            let doc = (1..=count)
                .fold(FeedDoc::rss("V"), |doc, n| doc.entry(&n.to_string(), &format!("{path} {n}"), "", "", ""));
            Reply::feed(doc).etag(format!("\"{count}\"")).unconditional()
        }),
    );
}

async fn change(file: &Path, sql: &'static str) {
    let url = format!("sqlite://{}?mode=rwc", file.display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    connection.execute(sqlx::raw_sql(sql)).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_backup_needs_no_secret_that_only_the_daemon_can_read() {
    let outlet = FakeOutlet::start().await;
    growing(&outlet, "/a");
    let folder = Folder::with_file("", &[("a", &outlet.url("/a"))]);
    folder.says(&["poll"]).await;
    let text = fs::read_to_string(folder.path("config.toml")).unwrap();
    folder.configure(&(text + "auth = { bearer_file = \"$CREDENTIALS_DIRECTORY/token\" }\n"));
    assert_eq!(folder.fails(&["check"]).await.0, 78);
    for verb in ["backup", "restore"] {
        let ended = folder.run(&[verb, "copy.db"]).await;
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.success(), "{verb}: {said}");
        assert!(said.contains("warning: the configuration has errors, which do not matter here"), "{verb}: {said}");
    }
    // A fault that matters.
    folder.configure("[database]\npath = 7\n");
    assert_eq!(folder.fails(&["backup", "other.db"]).await.0, 78);
}

#[tokio::test]
async fn a_backup_under_load_is_one_moment() {
    let outlet = FakeOutlet::start().await;
    let feeds: Vec<_> = (0..20).map(|n| (format!("v{n}"), outlet.url(&format!("/{n}")))).collect();
    (0..20).for_each(|n| growing(&outlet, &format!("/{n}")));
    let outlets: Vec<_> = feeds.iter().map(|(slug, feed)| (slug.as_str(), feed)).collect();
    let folder = Folder::with_file(&format!("per_host = 20\n{EVERY}"), &outlets);
    let daemon = folder.start().await;
    let mut moments = Vec::new();
    for round in 0..5 {
        let name = format!("copy{round}.db");
        let said = folder.says(&["backup", &name]).await;
        assert!(said.contains("a complete copy of"), "{said}");
        let copy = folder.path(&name);
        assert_eq!(sql(&copy, "PRAGMA integrity_check").await, ["ok"]);
        // The counts of the polls, the stored entries and the validators must belong to the same moment.
        let torn = "SELECT f.url FROM feed AS f WHERE \
            (SELECT coalesce(sum(new), 0) FROM poll WHERE feed_id = f.id) <> (SELECT count(*) FROM entry WHERE feed_id = f.id) OR \
            coalesce(CAST(trim(CAST(f.etag AS TEXT), '\"') AS INTEGER), 0) <> (SELECT count(*) FROM entry WHERE feed_id = f.id)";
        assert!(sql(&copy, torn).await.is_empty(), "{name}");
        moments.extend(sql(&copy, ENTRIES).await);
        let next = sql(&copy, ENTRIES).await[0].clone();
        crate::processes::until("the load goes on", async || folder.sql(ENTRIES).await != [next.as_str()]).await;
    }
    daemon.stop().await;
    moments.dedup();
    assert_eq!(moments.len(), 5, "the daemon wrote between any two copies: {moments:?}");
}

#[tokio::test]
async fn what_is_no_backup_is_refused_in_clear_words_and_nothing_is_lost() {
    let outlet = FakeOutlet::start().await;
    growing(&outlet, "/feed");
    let folder = Folder::with_file(EVERY, &[("ville", &outlet.url("/feed"))]);
    folder.says(&["poll"]).await;
    folder.says(&["backup", "newer.db"]).await;
    change(&folder.path("newer.db"), "PRAGMA user_version = 99").await;
    change(&folder.path("foreign.db"), "PRAGMA application_id = 7; CREATE TABLE t (a)").await;
    change(&folder.path("empty.db"), "VACUUM").await;
    fs::write(folder.path("text.db"), "Bonjour ".repeat(800)).unwrap();
    fs::write(folder.path("nothing.db"), "").unwrap();
    let before = fs::read(folder.path("warraq.db")).unwrap();
    for (name, why) in [
        ("newer.db", "its schema is 99, this warraq supports up to"),
        ("foreign.db", "it belongs to another program"),
        ("empty.db", "it holds nothing"),
        ("nothing.db", "it holds nothing"),
        ("text.db", "file is not a database"),
        ("none.db", "there is no such file"),
        (".", "it is a folder"),
    ] {
        let as_it_was = fs::read(folder.path(name)).ok();
        let (code, said) = folder.fails(&["restore", name]).await;
        assert_eq!(code, 1, "{name}");
        assert!(
            said.starts_with(&format!("error: {name} cannot be restored: ")) && said.contains(why),
            "{name}: {said}"
        );
        assert!(said.contains("\nhint: use a file written by `warraq backup`"), "{name}: {said}");
        assert!(fs::read(folder.path("warraq.db")).unwrap() == before, "{name}");
        assert!(fs::read(folder.path(name)).ok() == as_it_was, "{name} was changed");
    }
    let stray: Vec<_> = fs::read_dir(folder.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!stray.iter().any(|name| name.to_string_lossy().contains("incoming")), "{stray:?}");
}

#[tokio::test]
async fn what_restore_finds_is_kept_whole_and_never_written_over() {
    let outlet = FakeOutlet::start().await;
    growing(&outlet, "/feed");
    let folder = Folder::with_file(EVERY, &[("ville", &outlet.url("/feed"))]);
    folder.says(&["poll"]).await;
    folder.says(&["backup", "one.db"]).await;
    // A daemon that is killed leaves committed data in the WAL.
    let daemon = folder.start().await;
    folder.sql_until("SELECT count(*) >= 3 FROM entries", "1").await;
    daemon.kill().await;
    let committed = folder.sql(ENTRIES).await;
    assert!(folder.path("warraq.db-wal").exists());
    let said = folder.says(&["restore", "one.db"]).await;
    assert!(said.contains("was kept as ") && said.contains("warraq.db.before-restore"), "{said}");
    assert_eq!(folder.sql(ENTRIES).await, ["1"]);
    folder.says(&["restore", "one.db"]).await;
    assert!(folder.path("warraq.db.before-restore.2").exists(), "the second does not take the first one's place");
    // Restoring the previous database brings back what its WAL held.
    folder.says(&["restore", "warraq.db.before-restore"]).await;
    assert_eq!(folder.sql(ENTRIES).await, committed);
    folder.says(&["poll", "--all"]).await;
}

#[tokio::test]
async fn a_terminal_sees_progress_and_a_log_does_not_see_what_is_quick() {
    let outlet = FakeOutlet::start().await;
    growing(&outlet, "/feed");
    let folder = Folder::with_file(EVERY, &[("ville", &outlet.url("/feed"))]);
    folder.says(&["poll"]).await;
    let ended = folder.run(&["backup", "quiet.db"]).await;
    assert!(ended.status.success() && ended.stderr.is_empty(), "{ended:?}");
    let config = folder.path("config.toml").display().to_string();
    for (verb, words) in [
        (format!("backup {}", folder.path("seen.db").display()), "checking the copy: "),
        (format!("restore {}", folder.path("quiet.db").display()), "checking: 0 s"),
        ("prune".to_owned(), "deleting archive pages and polls: 0 s"),
    ] {
        let line = format!("'{}' --config '{config}' {verb}", env!("CARGO_BIN_EXE_warraq"));
        let Some((content, said)) = verdict("script", &["-qec", &line, "/dev/null"]) else { return };
        assert!(content && said.contains(&format!("\r\u{1b}[K{words}")), "{verb}: {said:?}");
    }
}

#[tokio::test]
async fn a_copy_that_cannot_be_written_is_said_once_with_what_to_do() {
    let folder = Folder::with_file("", &[]);
    folder.says(&["poll"]).await;
    for (target, why) in [("no/such/copy.db", "No such file or directory"), ("config.toml/copy.db", "Not a directory")]
    {
        let (code, said) = folder.fails(&["backup", target]).await;
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(code, 1, "{said}");
        let [error, cause, hint] = lines[..] else { panic!("{said}") };
        assert_eq!(error, format!("error: writing {target}.partial failed"));
        assert!(cause.starts_with("caused by: ") && cause.contains(why), "{said}");
        assert!(hint.starts_with("hint: the folder must exist"), "{said}");
    }
    // No file may grow beyond this limit, which looks like a full disk to SQLite.
    let line = "trap '' XFSZ; ulimit -f 20; exec \"$0\" backup copy.db";
    let mut shell = tokio::process::Command::new("sh");
    shell.args(["-c", line, env!("CARGO_BIN_EXE_warraq")]).current_dir(folder.path("")).env_clear();
    let ended = shell.output().await.unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    let causes: Vec<&str> = said.lines().filter(|line| line.starts_with("caused by: ")).collect();
    assert!(ended.status.code() == Some(1) && causes.len() == 1 && said.contains("\nhint: "), "{said}");
    for name in ["copy.db", "copy.db.partial"] {
        assert!(!folder.path(name).exists(), "{name}: half a copy is none");
    }
}

#[tokio::test]
async fn a_signal_leaves_no_part_of_a_copy() {
    let folder = Folder::with_file("", &[]);
    folder.says(&["poll"]).await;
    let filler = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n LIMIT 60000) \
        INSERT INTO setting SELECT 'filler ' || n, hex(randomblob(1000)) FROM n";
    change(&folder.path("warraq.db"), filler).await;
    folder.says(&["backup", "whole.db"]).await;
    for (signal, verb, passing) in [
        ("INT", ["backup", "copy.db"], "copy.db.partial"),
        ("TERM", ["backup", "copy.db"], "copy.db.partial"),
        ("INT", ["restore", "whole.db"], "warraq.db.incoming"),
    ] {
        let before = folder.sql("SELECT count(*) FROM setting").await;
        let work = folder.command(&verb).stderr(std::process::Stdio::piped()).spawn().unwrap();
        crate::processes::until(passing, async || folder.path(passing).exists()).await;
        let line = format!("kill -{signal} {}", work.id().unwrap());
        assert!(std::process::Command::new("sh").args(["-c", &line]).status().unwrap().success());
        let ended = work.wait_with_output().await.unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(1), "{said}");
        assert!(said.contains(&format!("error: stopped by SIG{signal}; ")), "{said}");
        let stray: Vec<_> = fs::read_dir(folder.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        let part = |name: &std::ffi::OsString| {
            ["partial", "incoming", "copy", "before"].iter().any(|part| name.to_string_lossy().contains(part))
        };
        assert!(!stray.iter().any(part), "{stray:?}");
        assert_eq!(folder.sql("SELECT count(*) FROM setting").await, before);
    }
}

#[tokio::test]
async fn restore_replaces_the_file_and_not_the_link_to_it() {
    let outlet = FakeOutlet::start().await;
    growing(&outlet, "/feed");
    let feed = outlet.url("/feed");
    let more = format!("[database]\npath = \"link.db\"\n{EVERY}");
    let folder = Folder::with_file(&more, &[("ville", &feed)]);
    fs::create_dir(folder.path("data")).unwrap();
    std::os::unix::fs::symlink("data/warraq.db", folder.path("link.db")).unwrap();
    folder.says(&["poll"]).await;
    folder.says(&["backup", "one.db"]).await;
    folder.says(&["poll", "--all"]).await;
    // Another program that has the database open would take away the WAL of the restored file.
    let url = format!("sqlite://{}", folder.path("link.db").display());
    let mut other = SqliteConnection::connect(&url).await.unwrap();
    other.execute("PRAGMA journal_mode = WAL; SELECT count(*) FROM entry").await.unwrap();
    let (code, said) = folder.fails(&["restore", "one.db"]).await;
    assert!(code == 1 && said.contains("is open in another program") && said.contains("\nhint: "), "{said}");
    other.close().await.unwrap();
    folder.says(&["restore", "one.db"]).await;
    assert!(folder.path("link.db").is_symlink() && folder.path("data/warraq.db.before-restore").exists());
    assert_eq!(sql(&folder.path("data/warraq.db"), ENTRIES).await, ["1"]);
    assert_eq!(sql(&folder.path("data/warraq.db.before-restore"), ENTRIES).await, ["2"]);
    folder.says(&["poll", "--all"]).await;
}
