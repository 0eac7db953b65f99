//! A database server that refuses, is full, is changed or goes back in time beneath a running process: polls wait, feeds are served,
//! and nothing is lost.

use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    postgres::{migrated, place},
    postgres_cluster::{cluster, sql},
    processes::Folder,
    test_instance::{TestInstance, TestStore, URL, config_text, outcomes},
};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};
use warraq::{
    model::FeedId,
    store::{Reader, StoreError, StoreErrorKind, TransientError, Writer},
};

const WINDOW: Duration = Duration::from_hours(72);

/// A database of a role that has no right to more.
struct OfRole {
    url: String,
    name: String,
    /// A connection of the superuser to another database.
    admin: PgConnection,
}

impl OfRole {
    /// Makes an empty database whose owner is a role of its own; `None` if PostgreSQL is not installed.
    async fn new() -> Option<Self> {
        let cluster = cluster()?;
        let url = cluster.database().await;
        let name = url.split_once("localhost/").unwrap().1.split_once('?').unwrap().0.to_owned();
        let mut admin = cluster.connect("postgres").await;
        let made = format!("CREATE ROLE of_{name} LOGIN; ALTER DATABASE {name} OWNER TO of_{name}");
        admin.execute(sqlx::raw_sql(AssertSqlSafe(made))).await.unwrap();
        Some(Self { url: url.replace("//warraq@", &format!("//of_{name}@")), name, admin })
    }

    /// Runs a statement of the superuser about `ROLE` and `DATABASE`.
    async fn admin(&mut self, statement: &str) {
        let statement = statement
            .replace("ROLE", &format!("ROLE of_{}", self.name))
            .replace("DATABASE", &format!("DATABASE {}", self.name));
        self.admin.execute(sqlx::raw_sql(AssertSqlSafe(statement))).await.unwrap();
    }

    /// Runs a statement in the database itself.
    async fn inside(&self, statement: &str) {
        let mut inside = cluster().unwrap().connect(&self.name).await;
        inside
            .execute(sqlx::raw_sql(AssertSqlSafe(statement.replace("ROLE", &format!("of_{}", self.name)))))
            .await
            .unwrap();
    }

    /// Ends the sessions whose last statement has these words.
    async fn end_sessions(&mut self, words: &str) {
        let ended = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}' AND query LIKE '%{words}%' \
             AND usename <> 'warraq'",
            self.name
        );
        self.admin.execute(AssertSqlSafe(ended)).await.unwrap();
    }
}

/// Waits until the writer's trouble is as told.
async fn until_trouble(writer: &Writer, longest: u64, is_it: impl Fn(Option<TransientError>) -> bool) {
    let end = Instant::now() + Duration::from_secs(longest);
    while !is_it(writer.trouble()) {
        assert!(Instant::now() < end, "{:?}", writer.trouble());
        sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn a_server_that_refuses_a_running_process_is_waited_for() {
    let Some(mut database) = OfRole::new().await else { return };
    let (writer, task) = Writer::open(place(&database.url), WINDOW).await.unwrap();
    writer.update_feeds(Vec::new()).await.unwrap();
    for (breaks, mends) in [
        ("ALTER ROLE NOLOGIN", "ALTER ROLE LOGIN"),
        ("ALTER DATABASE ALLOW_CONNECTIONS false", "ALTER DATABASE ALLOW_CONNECTIONS true"),
        ("-- ALTER TABLE writer_lease RENAME TO away", "-- ALTER TABLE away RENAME TO writer_lease"),
        ("-- REVOKE UPDATE ON writer_lease FROM ROLE", "-- GRANT UPDATE ON writer_lease TO ROLE"),
        (
            "-- CREATE TABLE kept AS SELECT * FROM writer_lease; DELETE FROM writer_lease",
            "-- INSERT INTO writer_lease SELECT * FROM kept; DROP TABLE kept",
        ),
    ] {
        if let Some(inside) = breaks.strip_prefix("-- ") {
            database.inside(inside).await;
        } else {
            database.admin(breaks).await;
            database.end_sessions("").await;
        }
        let asked = writer.clone();
        let asking = tokio::spawn(async move { asked.update_feeds(Vec::new()).await });
        until_trouble(&writer, 20, |trouble| matches!(trouble, Some(TransientError::Refused(why)) if !why.is_empty()))
            .await;
        assert!(!asking.is_finished(), "{breaks}");
        match mends.strip_prefix("-- ") {
            Some(inside) => database.inside(inside).await,
            None => database.admin(mends).await,
        }
        timeout(Duration::from_secs(20), asking).await.unwrap_or_else(|_| panic!("{mends}")).unwrap().unwrap();
        assert_eq!(writer.trouble(), None, "{mends}");
    }
    writer.close().await.unwrap();
    task.await.unwrap().unwrap();
    // What refuses from the start is set up wrongly.
    database.admin("ALTER ROLE NOLOGIN").await;
    let refused = Writer::open(place(&database.url), WINDOW).await.map(drop).unwrap_err();
    assert_eq!(refused.kind(), StoreErrorKind::Refused, "{refused}");
    let told = refused.with_causes();
    assert!(told.contains("is not permitted to log in") && !told.contains(" at line "), "{told}");
    assert_eq!(told.matches("is not permitted").count(), 1, "{told}");
    database.admin("ALTER ROLE LOGIN").await;
    let (writer, task) = Writer::open(place(&database.url), WINDOW).await.unwrap();
    database.inside("ALTER TABLE story RENAME TO away").await;
    let now = "2026-11-02T12:00:00Z".parse().unwrap();
    let keep = warraq::store::RetentionLimits::as_of(now, WINDOW, WINDOW, false);
    assert!(timeout(Duration::from_secs(10), writer.prune(keep)).await.expect("a wrong set-up is waited for").is_err());
    let ended = task.await.unwrap().unwrap_err();
    assert_eq!(ended.kind(), StoreErrorKind::Refused, "{ended}");
}

#[tokio::test]
async fn an_outage_is_told_although_nothing_is_written() {
    let Some(mut database) = OfRole::new().await else { return };
    let (writer, task) = Writer::open(place(&database.url), WINDOW).await.unwrap();
    writer.update_feeds(Vec::new()).await.unwrap();
    database.admin("ALTER ROLE NOLOGIN").await;
    database.end_sessions("").await;
    until_trouble(&writer, 25, |trouble| trouble.is_some()).await;
    database.admin("ALTER ROLE LOGIN").await;
    until_trouble(&writer, 25, |trouble| trouble.is_none()).await;
    // Another session holds a lock for as long as nobody should wait without a word.
    let mut other = cluster().unwrap().connect(&database.name).await;
    other.execute(sqlx::raw_sql("BEGIN; LOCK TABLE writer_lease")).await.unwrap();
    until_trouble(&writer, 35, |trouble| trouble == Some(TransientError::Slow)).await;
    other.execute("ROLLBACK").await.unwrap();
    until_trouble(&writer, 25, |trouble| trouble.is_none()).await;
    writer.close().await.unwrap();
    task.await.unwrap().unwrap();
}

#[tokio::test]
async fn readers_give_way_to_a_writer_without_a_connection() {
    let Some(mut database) = OfRole::new().await else { return };
    let (writer, task) = Writer::open(place(&database.url), WINDOW).await.unwrap();
    writer.update_feeds(Vec::new()).await.unwrap();
    let reader = Reader::open_beside(&writer, place(&database.url)).await.unwrap();
    reader.listed(FeedId(1)).await.unwrap();
    // The one connection that is allowed is the idle one of the reader.
    database.admin("ALTER ROLE CONNECTION LIMIT 1").await;
    database.end_sessions("writer_lease").await;
    database.end_sessions("COMMIT").await;
    timeout(Duration::from_secs(30), writer.update_feeds(Vec::new()))
        .await
        .expect("the readers keep everything")
        .unwrap();
    database.admin("ALTER ROLE CONNECTION LIMIT 5").await;
    reader.listed(FeedId(1)).await.unwrap();
    reader.close().await;
    writer.close().await.unwrap();
    task.await.unwrap().unwrap();
}

#[tokio::test]
async fn limits_of_the_role_end_no_statement_of_the_writer() {
    let Some(mut database) = OfRole::new().await else { return };
    database.admin("ALTER ROLE SET statement_timeout = '500ms'; ALTER ROLE SET lock_timeout = '500ms'").await;
    let (writer, task) = Writer::open(place(&database.url), WINDOW).await.unwrap();
    let mut other = cluster().unwrap().connect(&database.name).await;
    other.execute(sqlx::raw_sql("BEGIN; LOCK TABLE writer_lease")).await.unwrap();
    let asked = writer.clone();
    let asking = tokio::spawn(async move { asked.update_feeds(Vec::new()).await });
    sleep(Duration::from_secs(2)).await;
    assert_eq!(writer.trouble(), None);
    other.execute("ROLLBACK").await.unwrap();
    asking.await.unwrap().unwrap();
    writer.close().await.unwrap();
    task.await.unwrap().unwrap();
}

#[tokio::test]
async fn polls_go_on_while_nothing_can_be_indexed() {
    let outlet = FakeOutlet::start().await;
    let text = config_text("", &[("one", &outlet.url("/one"))]);
    let Some(mut instance) = TestInstance::in_store(TestStore::Server, text).await else { return };
    let mut other = PgConnection::connect(instance.server().unwrap()).await.unwrap();
    // query_canceled, as by a limit of time.
    let cancels = "CREATE FUNCTION cancel() RETURNS trigger LANGUAGE plpgsql AS \
        $$ BEGIN RAISE EXCEPTION USING ERRCODE = '57014'; END $$; \
        CREATE TRIGGER cancel BEFORE INSERT ON entry_search FOR EACH ROW EXECUTE FUNCTION cancel()";
    other.execute(sqlx::raw_sql(cancels)).await.unwrap();
    for title in ["Le pont du port", "Une classe ouvre", "Deux rivières montent"] {
        let link = format!("https://one.example/{}", title.len());
        let doc = FeedDoc::rss("One").entry(title, title, &link, "", "");
        outlet.set("/one", Reply::feed(doc));
        let polled = timeout(Duration::from_secs(20), instance.poll()).await.expect("polls wait for the index");
        assert_eq!(outcomes(&polled), ["fresh"]);
        // Long enough for an index step.
        sleep(Duration::from_millis(1_500)).await;
    }
    other.execute("DROP TRIGGER cancel ON entry_search").await.unwrap();
    instance.sql_until("SELECT count(*) FROM entry_search", &["3"]).await;
    instance.close().await;
}

#[tokio::test]
async fn a_lease_that_ends_in_the_far_future_is_taken_if_nobody_renews_it() {
    let Some(url) = migrated().await else { return };
    let far = "UPDATE writer_lease SET owner = 'elsewhere.example process 7', ends_at = extract(epoch FROM clock_timestamp()) + 1e6";
    sql(&url, far).await;
    let opened = timeout(Duration::from_secs(50), Writer::open(place(&url), WINDOW)).await;
    let (writer, task) = opened.expect("the lease is waited for without end").unwrap();
    writer.close().await.unwrap();
    task.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_database_that_went_back_in_time_ends_the_writer() {
    let Some(url) = migrated().await else { return };
    for earlier in ["written = written - 1", "epoch = epoch - 1, written = written + 90"] {
        let (writer, task) = Writer::open(place(&url), WINDOW).await.unwrap();
        writer.update_feeds(Vec::new()).await.unwrap();
        sql(&url, &format!("UPDATE writer_lease SET {earlier}")).await;
        assert!(writer.update_feeds(Vec::new()).await.is_err(), "{earlier}");
        let ended = task.await.unwrap().unwrap_err();
        assert!(matches!(ended, StoreError::Rewound), "{earlier}: {ended}");
        // Whoever starts next need not wait.
        assert_eq!(sql(&url, "SELECT ends_at FROM writer_lease").await, ["0"], "{earlier}");
    }
}

#[tokio::test]
async fn a_daemon_whose_database_went_back_in_time_begins_again_from_it() {
    let Some(cluster) = cluster() else { return };
    let outlet = FakeOutlet::start().await;
    let doc = FeedDoc::rss("One").entry("1", "Un titre", "https://one.example/1", "", "");
    outlet.set("/one", Reply::feed(doc).etag("\"20\""));
    let url = cluster.database().await;
    let folder = Folder::with_file("[schedule]\ndefault = \"every 1s\"\n", &[("one", &outlet.url("/one"))]);
    let mut command = folder.command(&["run"]);
    command.env(URL, &url);
    let daemon = folder.start_by(command).await;
    let until = async |what: &str, is_so: &dyn Fn() -> bool| {
        for _ in 0..600 {
            if is_so() {
                return;
            }
            sleep(Duration::from_millis(100)).await;
        }
        panic!("never {what}: {}", daemon.log());
    };
    let is_conditional = || outlet.requests("/one").last().is_some_and(|seen| seen.header("if-none-match").is_some());
    until("asks by the tag", &is_conditional).await;
    // As on a standby that had not received the poll: it does not know the document of this tag.
    let back = "BEGIN; UPDATE writer_lease SET written = written - 1; UPDATE feed SET etag = NULL, last_modified = NULL, body_hash = NULL; COMMIT";
    sql(&url, back).await;
    let asked = outlet.requests("/one").len();
    let asks_anew = || outlet.requests("/one")[asked..].iter().any(|seen| seen.header("if-none-match").is_none());
    until("asks without the tag", &asks_anew).await;
    let log = daemon.log();
    assert!(log.contains("went back in time") && log.contains("starting again from what the database has"), "{log}");
    until("is ready again", &|| daemon.log().matches("address=127.0.0.1:").count() >= 2).await;
    daemon.signal("TERM").await;
    assert_eq!(daemon.end().await, Some(0));
}

#[tokio::test]
async fn a_database_that_was_created_in_another_way_is_refused_with_the_reason() {
    let Some(cluster) = cluster() else { return };
    let mut admin = cluster.connect("postgres").await;
    for encoding in ["LATIN1", "SQL_ASCII"] {
        let name = format!("in_{}", encoding.to_lowercase());
        let made =
            format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C'");
        admin.execute(AssertSqlSafe(made)).await.unwrap();
        let refused = Writer::open(place(&cluster.url(&name)), WINDOW).await.map(drop).unwrap_err();
        assert!(matches!(&refused, StoreError::Unsuitable { why, .. } if why.contains("ENCODING 'UTF8'")), "{refused}");
    }
    let nowhere = format!("{}&options=-c%20search_path%3Dnowhere", cluster.database().await);
    let refused = Writer::open(place(&nowhere), WINDOW).await.map(drop).unwrap_err();
    assert!(matches!(&refused, StoreError::Unsuitable { why, .. } if why.contains("search_path")), "{refused}");
}
