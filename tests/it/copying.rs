//! `warraq copy`: from one store to the other, compared, and never half.

use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    postgres_cluster::{self, cluster},
    processes::Folder,
    silent_network::behind_a_network,
    test_instance::{TestInstance, TestStore, config_text, sql},
};
use std::{path::Path, process::Stdio, time::Duration};
use tokio::process::Command;
use warraq::{
    model::{DatabasePlace, DatabaseServer},
    store::{self, CopyError, ProgressSender, StoreError},
};

/// All that a copy has: rows of every view, and the sums.
const SHOWN: [&str; 8] = [
    "SELECT * FROM latest",
    "SELECT * FROM entries ORDER BY entry_id",
    "SELECT * FROM texts ORDER BY entry_id",
    "SELECT * FROM revisions",
    "SELECT * FROM duplicates",
    "SELECT outlet, url, state, last_poll_at, next_poll_at, failures FROM feed_health ORDER BY 1, 2",
    "SELECT * FROM dropped",
    "SELECT entries, stories FROM tally",
];

/// Returns a closed instance that has polled twice: revisions, a duplicate, a dropped entry, categories, and U+0000.
async fn lived_in(store: TestStore, outlet: &FakeOutlet) -> Option<TestInstance> {
    let text = "Un texte\tavec \\N, des lignes\net l'essentiel: l'eau est revenue dans tous les quartiers de la ville après trois jours.";
    let doc = |turn: u32| {
        let doc = FeedDoc::rss("V").entry(
            "1",
            &format!("Titre {turn}"),
            "https://ville.invalid/1",
            text,
            "2026-11-02T09:30:00Z",
        );
        doc.entry("2", "Une offre", "https://ville.invalid/2", "", "2026-11-02T09:31:00Z").to_string().replacen(
            "</item>",
            "<category>L'eau\\</category></item>",
            1,
        )
    };
    outlet.script("/a", [Reply::feed(doc(1)), Reply::feed(doc(2))]);
    outlet.set(
        "/b",
        Reply::feed(FeedDoc::rss("B").entry("x", "Titre 1", "https://b.invalid/x", text, "2026-11-02T09:33:00Z")),
    );
    let (a, b) = (outlet.url("/a"), outlet.url("/b"));
    let configured = config_text("", &[("b", &b), ("a", &a)]) + "drop = [\"offre\"]\n";
    let mut instance = TestInstance::in_store(store, configured).await?;
    instance.poll_only("a").await;
    instance.poll_only("b").await;
    instance.poll_only("a").await;
    instance.close().await;
    Some(instance)
}

/// Asks a database, wherever it is.
async fn asked(place: &str, query: &str) -> Vec<String> {
    if place.contains("://") { postgres_cluster::sql(place, query).await } else { sql(Path::new(place), query).await }
}

/// Runs `warraq copy` on the database of an instance. Returns whether it succeeded, and what it said.
async fn copy(instance: &TestInstance, to: &str) -> (bool, String) {
    let done = command(instance, to).output().await.unwrap();
    (done.status.success(), String::from_utf8([done.stdout, done.stderr].concat()).unwrap())
}

fn command(instance: &TestInstance, to: &str) -> Command {
    let config = instance.file().with_file_name("config.toml");
    std::fs::write(&config, config_text("", &[])).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_warraq"));
    command.arg("--config").arg(config).envs(instance.environment()).args(["copy", "--to", to]).kill_on_drop(true);
    command
}

#[tokio::test]
async fn everything_arrives_in_the_other_store_and_comes_back() {
    let outlet = FakeOutlet::start().await;
    let Some(cluster) = cluster() else { return };
    let file = lived_in(TestStore::File, &outlet).await.unwrap();
    let url = cluster.database().await;
    let (is_done, said) = copy(&file, &url).await;
    assert!(is_done && said.contains("2 entries in ") && said.contains("3 editions, the same as in"), "{said}");
    let back = tempfile::tempdir().unwrap();
    let path = back.path().join("back.db");
    let path = path.to_str().unwrap();
    let (from, to) = (DatabasePlace::Server(DatabaseServer::parse(&url).unwrap()), Path::new(path).into());
    assert_eq!(store::copy(&from, &to, &ProgressSender::default()).await.unwrap().entries, 2);
    for query in SHOWN {
        let original = sql(&file.file(), query).await;
        assert!(!original.is_empty() || query.contains("revisions"), "{query}");
        assert_eq!(asked(&url, query).await, original, "{query}");
        assert_eq!(asked(path, query).await, original, "{query}");
    }
    assert_eq!(asked(&url, "SELECT count(*) FROM entry_search WHERE words @@ 'eau'").await, ["2"]);
    assert_eq!(asked(path, "SELECT count(*) FROM entry_search WHERE entry_search MATCH 'eau'").await, ["2"]);
    let hashes = "SELECT (SELECT count(*) FROM lookup_0) - (SELECT count(*) FROM sighting) - (SELECT count(link_key) FROM entry)";
    assert_eq!(asked(path, hashes).await, ["0"]);
    let names: Vec<_> = std::fs::read_dir(back.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "the database and its lock: {names:?}");
    // Both go on: nothing is new that is known, and no id is given twice.
    let mut environment = config_text("", &[("b", &outlet.url("/b")), ("a", &outlet.url("/a"))]);
    environment.push_str("drop = [\"offre\"]\n");
    let text = outlet_with_news();
    outlet.set("/a", Reply::feed(text));
    for place in [&url, path] {
        let folder = Folder::with_file("", &[]);
        folder.configure(&environment);
        let key = if place.contains("://") { "WARRAQ_DATABASE_URL" } else { "WARRAQ_DATABASE_PATH" };
        let done = folder.command(&["poll", "--all"]).env(key, place).output().await.unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        assert_eq!(asked(place, "SELECT max(id), count(*) FROM entry").await, ["3|3"], "{place}");
        assert_eq!(asked(place, "SELECT entries FROM tally").await, ["3"]);
    }
}

/// A document with one entry that no store knows.
fn outlet_with_news() -> FeedDoc {
    FeedDoc::rss("V").entry("3", "Autre chose", "https://ville.invalid/3", "Du neuf.", "2026-11-02T10:00:00Z")
}

#[tokio::test]
async fn a_copy_goes_only_where_there_is_nothing() {
    let outlet = FakeOutlet::start().await;
    let Some(cluster) = cluster() else { return };
    let file = lived_in(TestStore::File, &outlet).await.unwrap();
    let server = lived_in(TestStore::Server, &outlet).await.unwrap();
    let url = server.server().unwrap();
    let (is_done, said) = copy(&file, url).await;
    assert!(
        !is_done && said.contains("is not empty: its table outlet has 2 rows") && said.contains("createdb"),
        "{said}"
    );
    let taken = file.file();
    let before = std::fs::read(&taken).unwrap();
    let (is_done, said) = copy(&server, taken.to_str().unwrap()).await;
    assert!(!is_done && said.contains("is not empty") && said.contains("a file that does not exist"), "{said}");
    assert_eq!(std::fs::read(&taken).unwrap(), before);
    for (instance, to, words) in [
        (&file, "other.db", "`warraq backup` copies a file"),
        (&server, "postgres://localhost/other", "pg_dump"),
        (&file, "mysql://root:hidden@localhost/x", "--to is not the address of a PostgreSQL database"),
        (&file, "postgres://u:hidden@localhost/x?host=/nowhere", "cannot be reached"),
    ] {
        let (is_done, said) = copy(instance, to).await;
        assert!(!is_done && said.contains(words) && !said.contains("hidden"), "{to}: {said}");
    }
    // If the source cannot be reached, the error names the source.
    let folder = Folder::with_file("", &[]);
    let mut command = folder.command(&["copy", "--to", "new.db"]);
    let done =
        command.env("WARRAQ_DATABASE_URL", "postgres://u@localhost/source?host=/nowhere").output().await.unwrap();
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(said.contains("postgres://u@localhost/source cannot be reached") && !said.contains("new.db"), "{said}");
    // Not while a daemon writes to either of them.
    let mut running = lived_in(TestStore::File, &outlet).await.unwrap();
    running.open().await;
    let empty = cluster.database().await;
    let (is_done, said) = copy(&running, &empty).await;
    assert!(!is_done && said.contains("in use by another warraq process"), "{said}");
    running.close().await;
}

#[tokio::test]
async fn a_copy_that_is_killed_leaves_nothing_and_is_repeated() {
    let outlet = FakeOutlet::start().await;
    let Some(cluster) = cluster() else { return };
    let long = (0..600).fold(FeedDoc::rss("V"), |doc, n| {
        doc.entry(
            &n.to_string(),
            &format!("Titre {n}"),
            &format!("https://v.invalid/{n}"),
            &"Un texte. ".repeat(40),
            "",
        )
    });
    outlet.set("/long", Reply::feed(long));
    let text = config_text("", &[("long", &outlet.url("/long"))]);
    let mut file = TestInstance::in_store(TestStore::File, text.clone()).await.unwrap();
    let mut server = TestInstance::in_store(TestStore::Server, text).await.unwrap();
    for instance in [&mut file, &mut server] {
        instance.poll().await;
        instance.close().await;
    }
    let folder = tempfile::tempdir().unwrap();
    let (url, path) = (cluster.database().await, folder.path().join("copy.db"));
    for wait in [30, 60, 90, 120, 200, 300] {
        for (instance, to) in [(&file, url.as_str()), (&server, path.to_str().unwrap())] {
            let mut copying = command(instance, to).spawn().unwrap();
            tokio::time::sleep(Duration::from_millis(wait)).await;
            copying.kill().await.unwrap();
            // The server notices that its client has gone once it has something to say.
            let is_there = |rows: &[String]| rows == ["600"] || rows == ["0"];
            if to.contains("://") {
                let rows = asked(to, "SELECT CASE WHEN to_regclass('entry') IS NULL THEN 0 ELSE 600 END").await;
                let rows = if rows == ["600"] { asked(to, "SELECT count(*) FROM entry").await } else { rows };
                assert!(is_there(&rows), "half a copy: {rows:?}");
                if rows == ["600"] {
                    asked(to, "DROP SCHEMA public CASCADE; CREATE SCHEMA public").await;
                }
            } else if path.exists() {
                assert_eq!(asked(to, "SELECT count(*) FROM entry").await, ["600"]);
                std::fs::remove_file(&path).unwrap();
            }
        }
    }
    for (instance, to) in [(&file, url.as_str()), (&server, path.to_str().unwrap())] {
        let (is_done, said) = copy(instance, to).await;
        assert!(is_done && said.contains("600 entries"), "{said}");
        assert_eq!(asked(to, "SELECT count(*) FROM texts WHERE plain LIKE 'Un texte.%'").await, ["600"]);
    }
}

#[tokio::test]
async fn a_comparison_is_ended_by_a_signal() {
    let outlet = FakeOutlet::start().await;
    let Some((network, url)) = behind_a_network().await else { return };
    let file = lived_in(TestStore::File, &outlet).await.unwrap();
    // What a channel shows is read only once everything is copied.
    network.swallow("FROM place AS p JOIN story AS s");
    let copying = command(&file, &url).stderr(Stdio::piped()).spawn().unwrap();
    network.swallowed().await;
    let line = format!("kill -INT {}", copying.id().unwrap());
    assert!(Command::new("sh").args(["-c", &line]).status().await.unwrap().success());
    let ended = tokio::time::timeout(Duration::from_secs(5), copying.wait_with_output()).await;
    let ended = ended.expect("it does not end").unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(said.contains("stopped by SIGINT; the copy is complete, but its feeds were not compared"), "{said}");
}

#[tokio::test]
async fn every_table_is_copied_or_made_anew() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.database().await;
    let outlet = FakeOutlet::start().await;
    let file = lived_in(TestStore::File, &outlet).await.unwrap();
    let places = (file.file().as_path().into(), DatabasePlace::Server(DatabaseServer::parse(&url).unwrap()));
    let copied = store::copy(&places.0, &places.1, &ProgressSender::default()).await.unwrap();
    // Made anew: sums and the indexes of words and hashes; the lease and the migrator's table are the store's own.
    let own = "('tally', 'search_state', 'writer_lease', '_sqlx_migrations', 'entry_search', 'search_partition', 'sqlite_sequence', 'lookup_0', 'lookup_1', \
               'lookup_2', 'lookup_state', 'entry_search_config', 'entry_search_data', 'entry_search_idx')";
    let on_server = format!(
        "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename NOT IN {own} AND tablename NOT LIKE 'entry_search_%'"
    );
    let in_file = format!("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name NOT IN {own}");
    for tables in [asked(&url, &on_server).await, sql(&file.file(), &in_file).await] {
        assert_eq!(tables, [copied.tables.to_string()], "a table is missing in the list of what is copied");
    }
    let again = store::copy(&places.0, &places.1, &ProgressSender::default()).await;
    assert!(matches!(again, Err(CopyError::Target(StoreError::NotEmpty { .. }))), "{again:?}");
}
