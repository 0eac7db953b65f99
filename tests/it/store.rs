//! The database file as people open it: the views, every statement, migrations from each schema, and foreign files.

use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    test_instance::{TestInstance, config_text, is_only_for_file},
};
use sqlx::{AssertSqlSafe, Connection, Executor, Row, SqliteConnection, migrate::Migrator};
use std::{fs, path::Path, process::Command};
use warraq::store::{self, ProgressSender, Reader, StoreError, Writer};

/// The documented columns of the views.
const VIEWS: [(&str, &str); 11] = [
    ("latest", "story_id title link outlet language published_at first_seen_at order_at outlets"),
    (
        "entries",
        "entry_id story_id outlet feed source_id title link author language published_at first_seen_at last_listed_at",
    ),
    ("feed_health", "outlet url state last_poll_at last_outcome last_error failures next_poll_at entries_7d"),
    ("duplicates", "story_id entry_id outlet title link joined_at rule evidence"),
    ("revisions", "entry_id outlet seen_at old_title new_title old_text new_text"),
    ("texts", "entry_id summary content plain"),
    ("enclosures", "entry_id url type length text"),
    ("categories", "entry_id term"),
    ("folding", "letter folded"),
    ("block_tag", "name"),
    ("dropped", "outlet feed title link seen_at rule"),
];

/// Returns a new database in memory.
pub async fn memory() -> SqliteConnection {
    let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    migrations().await.run(&mut connection).await.unwrap();
    connection
}

async fn migrations() -> Migrator {
    Migrator::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations")).await.unwrap()
}

#[tokio::test]
async fn the_views_have_the_columns_that_are_promised() {
    let mut connection = memory().await;
    for (view, promised) in VIEWS {
        let sql = format!("SELECT name FROM pragma_table_info('{view}')");
        let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut connection).await.unwrap();
        let columns: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        for column in promised.split(' ') {
            assert!(columns.iter().any(|c| c == column), "{view}.{column}: {columns:?}");
        }
    }
}

/// The first bytes of each migration's checksum. sqlx refuses a database whose migrations have other checksums, so no byte of an
/// applied migration may change, not even in a comment.
const CHECKSUMS: [(i64, &str); 15] = [
    (1, "d41c6a76b8605139"),
    (2, "2ff7b690f624fcf2"),
    (3, "835da1519b70fb2b"),
    (4, "a153d97785fdb717"),
    (5, "488d8425bed81775"),
    (6, "bccc56ec2c988c36"),
    (7, "d2f0ea6bce2f1a72"),
    (8, "9d919a11fcc8eaa5"),
    (9, "99d4904e4897c484"),
    (10, "fc65ed7c7bdd375a"),
    (11, "288294c3b4756dc1"),
    (12, "99c0fd9dc6ec21b2"),
    (13, "08dd0e8203f8915e"),
    (14, "1b0b575c18a08de5"),
    (15, "ac22254ad5a59f99"),
];

/// Returns the number of each migration and the first bytes of its checksum.
pub(crate) fn checksums(migrations: &Migrator) -> Vec<(i64, String)> {
    let short = |checksum: &[u8]| checksum[..8].iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    migrations.iter().map(|m| (m.version, short(&m.checksum))).collect()
}

#[tokio::test]
async fn no_migration_was_changed() {
    let pinned = CHECKSUMS.map(|(version, checksum)| (version, checksum.to_owned()));
    assert_eq!(checksums(&migrations().await), pinned, "a new migration is added here; an applied one never changes");
}

#[tokio::test]
async fn each_migration_carries_its_sample_data_on() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let all = migrations().await;
    let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    for migration in all.iter() {
        all.run_to(migration.version, &mut connection).await.unwrap();
        let sample = folder.join(format!("tests/migrations/{:04}.sql", migration.version));
        let sql = fs::read_to_string(&sample).unwrap_or_else(|e| panic!("{}: {e}", sample.display()));
        connection.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.unwrap();
    }
    let schema: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut connection).await.unwrap();
    assert_eq!(schema, all.iter().map(|m| m.version).max().unwrap(), "each migration sets its number");
    assert!(sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut connection).await.unwrap().is_empty());
    // The index by hash and the lists of feeds are made from what was there, and are kept up since.
    let made = "SELECT (SELECT count(*) FROM lookup_0) || ' ' || (SELECT count(*) FROM lookup_2) || ' ' || entries || ' ' || stories \
        || ' ' || (SELECT group_concat(hex(listed)) FROM feed WHERE listed IS NOT NULL) FROM tally";
    let made: String = sqlx::query_scalar(made).fetch_one(&mut connection).await.unwrap();
    let listed = |sightings: &[(i64, i64)]| -> String {
        sightings.iter().fold(String::new(), |text, (id, raw)| text + &format!("{id:016X}{raw:016X}"))
    };
    let lists = [listed(&[(1, 21), (4, 24), (5, -25)]), listed(&[(2, 22)])].join(",");
    assert_eq!(made, format!("3 6 4 3 {lists}"));
    let short = "SELECT group_concat(entry_id) FROM (SELECT entry_id FROM short_text ORDER BY 1)";
    let short: String = sqlx::query_scalar(short).fetch_one(&mut connection).await.unwrap();
    assert_eq!(short, "1");
    for (view, promised) in VIEWS {
        let sql = format!("SELECT {} FROM {view}", promised.replace(' ', ", "));
        let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut connection).await.unwrap();
        assert!(!rows.is_empty(), "{view} shows the sample data");
    }
}

/// Returns a small closed instance that has seen a join, a revision, a failure and an entry that a rule leaves out.
async fn lived_in() -> TestInstance {
    let outlet = FakeOutlet::start().await;
    let doc = |title: &str| {
        let doc = FeedDoc::rss("V")
            .entry("1", title, "https://ville.invalid/1", "Un texte.", "2026-11-02T09:30:00Z")
            .to_string();
        let more = "<category>Culture</category>\
                    <enclosure url=\"https://ville.invalid/1.mp3\" length=\"9\" type=\"audio/mpeg\"/></item>";
        doc.replace("</item>", more)
    };
    outlet.script("/a", [Reply::feed(doc("Un")), Reply::feed(doc("Un titre"))]);
    outlet.script("/b", [Reply::feed(doc("Un")), Reply::status(500)]);
    outlet.set("/c", Reply::feed(FeedDoc::rss("C").entry("2", "Une offre", "", "", "2026-11-02T09:30:00Z")));
    let feeds = [("a", &outlet.url("/a")), ("b", &outlet.url("/b")), ("c", &outlet.url("/c"))];
    let mut instance = TestInstance::configured(config_text("", &feeds) + "drop = [\"offre\"]\n").await;
    instance.poll().await;
    instance.poll().await;
    instance.close().await;
    instance
}

#[tokio::test]
async fn the_sqlite3_of_debian_answers_all_views() {
    if is_only_for_file("the program sqlite3") {
        return;
    }
    let instance = lived_in().await;
    for (view, promised) in VIEWS {
        let sql = format!("SELECT {} FROM {view};", promised.replace(' ', ", "));
        let Ok(answer) = Command::new("sqlite3").arg("-readonly").arg(instance.file()).arg(sql).output() else {
            eprintln!("SKIPPED: sqlite3 is not installed");
            return;
        };
        let said = String::from_utf8_lossy(&answer.stderr);
        assert!(answer.status.success() && said.is_empty() && !answer.stdout.is_empty(), "{view}: {said}");
    }
}

#[tokio::test]
async fn what_is_not_ours_is_refused_and_left_as_it_is() {
    if is_only_for_file("the file") {
        return;
    }
    let instance = lived_in().await;
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    for name in ["newer.db", "damaged.db"] {
        fs::copy(instance.file(), file(name)).unwrap();
    }
    let change = async |name: &str, sql: &'static str| {
        let url = format!("sqlite://{}?mode=rwc", file(name).display());
        let mut connection = SqliteConnection::connect(&url).await.unwrap();
        connection.execute(sqlx::raw_sql(sql)).await.unwrap();
        connection.close().await.unwrap();
    };
    change("newer.db", "PRAGMA user_version = 99").await;
    change("foreign.db", "PRAGMA application_id = 7; CREATE TABLE t (a)").await;
    fs::write(file("text.db"), "Ceci n'est pas une base de données. ".repeat(100)).unwrap();
    let whole = fs::read(instance.file()).unwrap();
    fs::write(file("damaged.db"), [&whole[..100], &[0xa5; 4096][..], &whole[4196..]].concat()).unwrap();
    for (name, words) in [
        ("newer.db", "has schema 99, this warraq supports up to"),
        ("foreign.db", "not Warraq's"),
        ("text.db", "cannot open the database"),
        ("damaged.db", "cannot open the database"),
    ] {
        let before = fs::read(file(name)).unwrap();
        let error = Writer::open(&file(name), std::time::Duration::from_secs(1)).await.err().unwrap();
        assert!(error.to_string().contains(words), "{name}: {error}");
        let error = Reader::open(&file(name)).await.err().unwrap();
        assert!(error.to_string().contains(words), "{name}: {error}");
        assert!(store::restore(&file("new.db"), &file(name), &ProgressSender::default()).await.is_err(), "{name}");
        assert!(fs::read(file(name)).unwrap() == before, "{name} was changed");
    }
    assert!(!file("new.db").exists());
    // The first start of another program, interrupted like ours may be, but with content.
    change("theirs.db", "CREATE TABLE _sqlx_migrations (version INTEGER); CREATE TABLE t (a)").await;
    change("applied.db", "CREATE TABLE _sqlx_migrations (version INTEGER); INSERT INTO _sqlx_migrations VALUES (7)")
        .await;
    for name in ["theirs.db", "applied.db"] {
        let opened = Writer::open(&file(name), std::time::Duration::from_secs(1)).await;
        assert!(matches!(opened.err(), Some(StoreError::Foreign { .. })), "{name}");
    }
    assert!(matches!(Reader::open(&file("none.db")).await, Err(StoreError::Missing(_))));
}

#[tokio::test]
async fn what_a_killed_first_start_left_is_ours() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    fs::write(file("nothing.db"), "").unwrap();
    // The file as the migrator leaves it before the first migration, and as SQLite leaves a file after only changing its mode.
    let table = "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, \
        installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, checksum BLOB NOT NULL, \
        execution_time BIGINT NOT NULL)";
    for (name, sql) in [("mode.db", "PRAGMA journal_mode = WAL"), ("table.db", table)] {
        let url = format!("sqlite://{}?mode=rwc", file(name).display());
        let mut connection = SqliteConnection::connect(&url).await.unwrap();
        connection.execute(sqlx::raw_sql(sql)).await.unwrap();
        connection.close().await.unwrap();
    }
    for name in ["nothing.db", "mode.db", "table.db", "new.db"] {
        let path = file(name);
        if path.exists() {
            assert!(matches!(Reader::open(&path).await, Err(StoreError::Unfinished(_))), "{name}");
        }
        let (writer, task) = Writer::open(&path, std::time::Duration::from_secs(1)).await.unwrap();
        writer.close().await.unwrap();
        task.await.unwrap().unwrap();
        Reader::open(&path).await.unwrap().close().await;
    }
    // Rewritten by another tool that does not keep the application id.
    fs::copy(file("new.db"), file("unmarked.db")).unwrap();
    let url = format!("sqlite://{}", file("unmarked.db").display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    connection.execute("PRAGMA application_id = 0").await.unwrap();
    connection.close().await.unwrap();
    Reader::open(&file("unmarked.db")).await.unwrap().close().await;
    let (writer, task) = Writer::open(&file("unmarked.db"), std::time::Duration::from_secs(1)).await.unwrap();
    writer.close().await.unwrap();
    task.await.unwrap().unwrap();
    assert_eq!(crate::test_instance::sql(&file("unmarked.db"), "PRAGMA application_id").await, ["1466004081"]);
    // A WAL whose database is gone may contain data that exists nowhere else.
    fs::write(file("gone.db-wal"), "entries").unwrap();
    let opened = Writer::open(&file("gone.db"), std::time::Duration::from_secs(1)).await;
    assert!(matches!(opened.err(), Some(StoreError::Orphan { .. })));
    assert_eq!(fs::read_to_string(file("gone.db-wal")).unwrap(), "entries");
}
