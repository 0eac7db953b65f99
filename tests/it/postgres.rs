//! The store in PostgreSQL: what only it has, and that it holds the same as the SQLite file.

use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    postgres_cluster::{self, cluster},
    processes::Folder,
    statements::statements,
    test_instance::{RunningDaemon, TestInstance, TestStore, config_text, outcomes},
};
use jiff::tz::TimeZone;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use std::time::Duration;
use url::Url;
use warraq::{
    model::{DatabasePlace, DatabaseServer, pages::Filter, search::SearchPlace},
    publish::Format,
    store::{Reader, StoreError, Writer},
};

const WINDOW: Duration = Duration::from_hours(72);

/// Returns the place of a database by its address.
pub fn place(url: &str) -> DatabasePlace {
    DatabasePlace::Server(DatabaseServer::parse(url).unwrap())
}

/// Returns a database with the schema.
pub async fn migrated() -> Option<String> {
    let url = cluster()?.database().await;
    let (writer, task) = Writer::open(place(&url), WINDOW).await.unwrap();
    writer.close().await.unwrap();
    task.await.unwrap().unwrap();
    Some(url)
}

#[tokio::test]
async fn every_statement_is_one_that_the_schema_of_postgresql_understands() {
    let Some(url) = migrated().await else { return };
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let statements = statements("src/store/postgres");
    assert!(statements.len() > 120, "{}", statements.len());
    for (n, (path, sql)) in statements.iter().enumerate() {
        let prepared = connection.execute(AssertSqlSafe(format!("PREPARE s{n} AS {sql}"))).await;
        // What the driver sends along, the types of values, cannot be told from their use alone.
        let is_untyped = |error: &sqlx::Error| error.to_string().contains("could not determine data type");
        assert!(prepared.as_ref().err().is_none_or(is_untyped), "{}: {sql}\n{prepared:?}", path.display());
    }
}

/// The views, each with an order of its rows.
const VIEWS: [(&str, &str); 9] = [
    ("latest", "SELECT * FROM latest"),
    ("entries", "SELECT * FROM entries ORDER BY entry_id"),
    ("duplicates", "SELECT * FROM duplicates"),
    ("revisions", "SELECT * FROM revisions"),
    ("texts", "SELECT * FROM texts ORDER BY entry_id"),
    ("categories", "SELECT * FROM categories ORDER BY entry_id, term"),
    ("enclosures", "SELECT * FROM enclosures ORDER BY entry_id, url"),
    ("dropped", "SELECT * FROM dropped"),
    ("folding", "SELECT * FROM folding ORDER BY letter, folded"),
];

/// Invented feeds: two outlets with one report, revisions, categories, files, a dropped entry, and the character that PostgreSQL
/// refuses.
fn reports(turn: u32) -> [FeedDoc; 2] {
    let rain = "أعلنت المديرية العامة للأرصاد الجوية، اليوم الاثنين، أن أمطارا رعدية قوية ستهم أقاليم الشمال والريف ابتداء من مساء \
        الثلاثاء، داعية السكان إلى توخي الحذر وتفادي عبور الأودية أثناء ارتفاع منسوب المياه في السدود والأنهار.";
    let title = "أمطار رعدية قوية مرتقبة بأقاليم الشمال";
    let budget = format!(
        "<p>Le budget &amp; la ville:</p><p>lecture {turn}, vote\u{0} du conseil &lt;b&gt;municipal&lt;/b&gt;.</p>"
    );
    let mut one = FeedDoc::rss("One").entry("1", title, "https://one.example/1", rain, "2026-11-02T11:50:00Z");
    one = one.entry("2", &format!("Budget, lecture {turn}"), "https://one.example/2", &budget, "2026-11-02T11:40:00Z");
    one = one.entry("3", "Horoscope du jour", "https://one.example/3", "Les astres.", "2026-11-02T11:30:00Z");
    let two = FeedDoc::rss("Two")
        .entry("a", title, "https://two.example/a", &format!("{rain} المصدر: وكالات."), "2026-11-02T11:55:00Z")
        .entry(
            &format!("n{turn}"),
            &format!("Nouvelle {turn}"),
            &format!("https://two.example/n{turn}"),
            "Un texte.",
            "",
        );
    [one, two]
}

/// Runs the same polls over a store. Returns what its views and editions show.
async fn shown(store: TestStore, outlet: &FakeOutlet) -> Option<Vec<(String, Vec<String>)>> {
    let more = "[stories]\nwindow = \"72h\"\n";
    let (one, two) = (outlet.url("/one"), outlet.url("/two"));
    let text = config_text(more, &[("one", &one), ("two", &two)])
        .replace("name = \"one\"\n", "name = \"one\"\ndrop = [\"horoscope\"]\n");
    let mut instance = TestInstance::in_store(store, text).await?;
    for turn in 0..4 {
        let [first, second] = reports(turn);
        outlet.set("/one", Reply::feed(first));
        outlet.set("/two", Reply::feed(second));
        // One poll after another: story numbers depend on the order in which polls end.
        instance.poll_only("one").await;
        instance.poll_only("two").await;
    }
    let mut shown = Vec::new();
    for (name, query) in VIEWS {
        shown.push((name.to_owned(), instance.sql(query).await));
    }
    for format in [Format::Atom, Format::Rss, Format::Json] {
        shown.push((format!("{format:?}"), vec![instance.edition("all", format).await]));
    }
    instance.close().await;
    Some(shown)
}

#[tokio::test]
async fn both_stores_hold_and_publish_the_same() {
    let outlet = FakeOutlet::start().await;
    let Some(server) = shown(TestStore::Server, &outlet).await else { return };
    let file = shown(TestStore::File, &outlet).await.unwrap();
    for ((name, in_file), (_, on_server)) in file.iter().zip(&server) {
        assert_eq!(in_file, on_server, "{name}");
    }
    let rows = |name: &str| file.iter().find(|(view, _)| view == name).unwrap().1.len();
    assert_eq!((rows("entries"), rows("duplicates"), rows("dropped")), (7, 1, 1));
    assert!(rows("revisions") >= 3 && rows("texts") == 7);
}

/// Polls one feed with these titles into a store. Returns the numbers of the titles that each search finds.
async fn found(store: TestStore, outlet: &FakeOutlet, searches: &[&str]) -> Option<Vec<Vec<u64>>> {
    let mut instance = TestInstance::in_store(store, config_text("", &[("one", &outlet.url("/one"))])).await?;
    instance.poll().await;
    // Words are indexed behind the polls; closing waits for that.
    instance.restart(None).await;
    let mut all = Vec::new();
    for words in searches {
        let filter = Filter { words: Some((*words).to_owned()), limit: 50, ..Filter::default() };
        let reader = &instance.instance().reader;
        let url = Url::parse("https://w.example/").unwrap();
        let page = reader.search(&filter, &SearchPlace::default(), &TimeZone::UTC, &url).await.unwrap();
        let mut numbers: Vec<u64> = page.stories.iter().map(|story| story.id.0.unsigned_abs()).collect();
        numbers.sort_unstable();
        all.push(numbers);
    }
    instance.close().await;
    Some(all)
}

#[tokio::test]
async fn both_stores_find_numbers_and_signs_alike() {
    let outlet = FakeOutlet::start().await;
    let titles = [
        "Version 2.0 of the press",
        "Two 2\u{fe0f}\u{20e3} bridges",
        "Hash 2e3x of a file",
        "Growth of 2,5 %",
        "Room 20",
    ];
    let mut feed = FeedDoc::rss("One");
    for (n, title) in titles.iter().enumerate() {
        feed = feed.entry(&n.to_string(), title, &format!("https://one.example/{n}"), "", "2026-11-02T11:50:00Z");
    }
    outlet.set("/one", Reply::feed(feed));
    let searches = ["2", "2.0", "\"2.0\"", "2.5", "2e3x", "2e3x*", "20", "version 2 -bridges", "2\u{fe0f}\u{20e3}"];
    let Some(server) = found(TestStore::Server, &outlet, &searches).await else { return };
    let file = found(TestStore::File, &outlet, &searches).await.unwrap();
    for (words, (in_file, on_server)) in searches.iter().zip(file.iter().zip(&server)) {
        assert_eq!(in_file, on_server, "{words}");
    }
    // The last title of the document has the first number.
    assert_eq!((file[1].as_slice(), file[4].as_slice()), ([5].as_slice(), [3].as_slice()));
    assert!([2, 4, 5].iter().all(|number| file[0].contains(number)) && !file[0].contains(&1));
}

#[tokio::test]
async fn a_daemon_serves_from_postgresql() {
    let outlet = FakeOutlet::start().await;
    let [first, second] = reports(0);
    outlet.set("/one", Reply::feed(first));
    outlet.set("/two", Reply::feed(second));
    let text = config_text("", &[("one", &outlet.url("/one")), ("two", &outlet.url("/two"))]);
    let Some(mut instance) = TestInstance::in_store(TestStore::Server, text).await else { return };
    assert_eq!(outcomes(&instance.poll().await), ["fresh", "fresh"]);
    instance.close().await;
    let daemon = RunningDaemon::start(&instance).await;
    daemon.get_until("/feed.atom", "Nouvelle 0").await;
    for path in [
        "/",
        "/status",
        "/search?q=budget",
        "/outlets/one",
        "/stories/1",
        "/feed.json?outlet=two",
        "/opml",
        "/readyz",
        "/latest?page=1",
        "/status.atom",
        "/channels",
    ] {
        let status = daemon.get(path).await.status();
        assert!(status != 500 && status != 503, "{path}: {status}");
    }
    assert!(daemon.get("/search?q=%D8%A7%D9%85%D8%B7%D8%A7%D8%B1").await.text().await.unwrap().contains("1 result<"));
    daemon.stop().await.unwrap();
}

#[tokio::test]
async fn one_process_writes_at_a_time() {
    let Some(url) = migrated().await else { return };
    let (writer, task) = Writer::open(place(&url), WINDOW).await.unwrap();
    // Another process takes the lease, as it may once this one was not heard of for too long.
    let mut other = PgConnection::connect(&url).await.unwrap();
    other.execute("UPDATE writer_lease SET epoch = epoch + 1, owner = 'elsewhere.example process 7'").await.unwrap();
    assert!(writer.update_feeds(Vec::new()).await.is_err(), "what lost its lease writes nothing");
    let lost = task.await.unwrap().unwrap_err();
    assert!(matches!(&lost, StoreError::LeaseLost { by } if by.starts_with("elsewhere.example")), "{lost:?}");
    // Nobody renews it, so the next one waits for its end.
    other.execute("UPDATE writer_lease SET ends_at = extract(epoch FROM clock_timestamp()) + 1").await.unwrap();
    let (writer, task) = Writer::open(place(&url), WINDOW).await.unwrap();
    writer.close().await.unwrap();
    task.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_lost_connection_is_made_again_and_nothing_is_lost() {
    let outlet = FakeOutlet::start().await;
    let text = config_text("", &[("one", &outlet.url("/one"))]);
    let Some(mut instance) = TestInstance::in_store(TestStore::Server, text).await else { return };
    let url = instance.server().unwrap().to_owned();
    let mut other = PgConnection::connect(&url).await.unwrap();
    for turn in 0..5 {
        outlet.set("/one", Reply::feed(reports(turn)[1].clone()));
        let killed = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() \
                      AND datname = current_database()";
        other.execute(killed).await.unwrap();
        assert_eq!(outcomes(&instance.poll().await), ["fresh"]);
    }
    assert_eq!(instance.sql("SELECT count(*) FROM entries").await, ["6"]);
    assert_eq!(instance.sql("SELECT count(*) FROM poll WHERE outcome = 'fresh'").await, ["5"]);
    instance.close().await;
}

#[tokio::test]
async fn a_transaction_that_the_server_gives_up_is_repeated() {
    let outlet = FakeOutlet::start().await;
    let text = config_text("", &[("one", &outlet.url("/one"))]);
    let Some(mut instance) = TestInstance::in_store(TestStore::Server, text).await else { return };
    let mut other = PgConnection::connect(instance.server().unwrap()).await.unwrap();
    // serialization_failure, deadlock_detected, lock_not_available: each once. A sequence goes on although its transaction is undone.
    let failing = "CREATE SEQUENCE failures; CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
        CASE nextval('failures') WHEN 1 THEN RAISE EXCEPTION USING ERRCODE = '40001'; WHEN 3 THEN RAISE EXCEPTION USING ERRCODE = '40P01'; \
        WHEN 5 THEN RAISE EXCEPTION USING ERRCODE = '55P03'; ELSE NULL; END CASE; RETURN NEW; END $$; \
        CREATE TRIGGER fail AFTER INSERT ON poll FOR EACH ROW EXECUTE FUNCTION fail()";
    other.execute(AssertSqlSafe(failing)).await.unwrap();
    for turn in 0..3 {
        outlet.set("/one", Reply::feed(reports(turn)[1].clone()));
        assert_eq!(outcomes(&instance.poll().await), ["fresh"]);
    }
    assert_eq!(instance.sql("SELECT last_value FROM failures").await, ["6"]);
    assert_eq!(instance.sql("SELECT count(*), sum(new) FROM poll").await, ["3|4"]);
    assert_eq!(instance.sql("SELECT count(*) FROM entries").await, ["4"]);
    instance.close().await;
}

#[tokio::test]
async fn no_request_can_bring_the_character_that_postgresql_refuses() {
    let outlet = FakeOutlet::start().await;
    let [first, second] = reports(0);
    outlet.set("/one", Reply::feed(first));
    outlet.set("/two", Reply::feed(second));
    let text = config_text("", &[("one", &outlet.url("/one")), ("two", &outlet.url("/two"))]);
    let Some(mut instance) = TestInstance::in_store(TestStore::Server, text).await else { return };
    instance.poll().await;
    instance.close().await;
    let daemon = RunningDaemon::start(&instance).await;
    daemon.get_until("/feed.atom", "Nouvelle 0").await;
    for path in [
        "/search?q=%00",
        "/search?q=budget%00",
        "/search?q=%22a%00b%22+OR+c%00*+-d%00",
        "/search?q=outlet:%00+tag:a%00+lang:f%00+after:%00",
        "/search.json?q=x&outlet=%00&tag=%00&lang=%00&channel=%00",
        "/feed.json?outlet=on%00e",
        "/feed.atom?tag=%00",
        "/feed.rss?lang=%00",
        "/feed.json?q=%00&min_outlets=%00",
        "/outlets/%00",
        "/outlets/one?author=%00",
        "/latest?page=%00",
        "/latest?before=%00",
        "/latest?lang=%00&tag=%00",
        "/channels/%00",
        "/stories/%00",
        "/status?order=%00&page=%00",
        "/archive/%00/1.atom",
        "/tags/%00",
        "/opml?tag=%00",
        "/%00.atom",
    ] {
        let answer = daemon.get(path).await;
        let status = answer.status().as_u16();
        assert!(status < 500, "{path}: {status}: {}", answer.text().await.unwrap());
    }
    daemon.stop().await.unwrap();
}

#[tokio::test]
async fn the_status_says_who_writes_and_how_large_the_database_is() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/one", Reply::feed(reports(0)[0].clone()));
    let text = config_text("", &[("one", &outlet.url("/one"))]);
    let Some(mut instance) = TestInstance::in_store(TestStore::Server, text.clone()).await else { return };
    instance.poll().await;
    let folder = Folder::new("", &[]);
    folder.configure(&text);
    let status = async || {
        let mut command = folder.command(&["status"]);
        let done = command.env("WARRAQ_DATABASE_URL", instance.server().unwrap()).output().await.unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    };
    let screen = status().await;
    let pid = format!("pid {}", std::process::id());
    for words in [pid.as_str(), "feeds     1: 1 active", " in postgres://warraq@localhost/", "pg_dump"] {
        assert!(screen.contains(words), "{words} in\n{screen}");
    }
    assert!(!screen.contains("write-ahead log") && !screen.contains("\ndisk"), "{screen}");
    let mut other = PgConnection::connect(instance.server().unwrap()).await.unwrap();
    other.execute("UPDATE writer_lease SET owner = 'elsewhere.example process 7'").await.unwrap();
    assert!(status().await.contains("running on elsewhere.example process 7"));
    // The writer may renew its lease in between.
    let mut is_ended = false;
    for _ in 0..3 {
        other.execute("UPDATE writer_lease SET ends_at = 0").await.unwrap();
        is_ended |= status().await.contains("not running");
    }
    assert!(is_ended);
}

#[tokio::test]
async fn a_database_of_others_or_of_a_newer_warraq_is_refused() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.database().await;
    assert!(matches!(Reader::open(place(&url)).await, Err(StoreError::Unfinished(_))));
    let mut connection = PgConnection::connect(&url).await.unwrap();
    connection.execute("CREATE TABLE theirs (id int)").await.unwrap();
    let refused = Writer::open(place(&url), WINDOW).await.err().unwrap();
    assert!(matches!(&refused, StoreError::ForeignTables { table, .. } if table == "theirs"), "{refused:?}");
    let url = migrated().await.unwrap();
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (999, 'x', true, '', 0)";
    connection.execute(newer).await.unwrap();
    for refused in [Writer::open(place(&url), WINDOW).await.err(), Reader::open(place(&url)).await.err()] {
        assert!(matches!(refused, Some(StoreError::Newer { found: 999, .. })), "{refused:?}");
    }
    let nowhere = place("postgres://warraq:hidden@localhost/none?host=/nowhere");
    let error = Reader::open(nowhere).await.err().unwrap();
    assert!(!format!("{error:?} {error}").contains("hidden"), "{error:?}");
}

#[tokio::test]
async fn words_are_cut_alike_in_both_stores() {
    let Some(url) = migrated().await else { return };
    let words = "covid19 19h30 1e5 0123 2026 12e 3x5 a1b2c3 امطار ١٢ ete 123456789012345678901234567890";
    let query =
        format!("SELECT string_agg(lexeme, ' ' ORDER BY positions[1]) FROM unnest(to_tsvector('simple', '{words}'))");
    assert_eq!(postgres_cluster::sql(&url, &query).await, [words]);
}
