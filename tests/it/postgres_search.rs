//! The index of words in PostgreSQL, which is in partitions: a search reads the newest that it needs, and nobody waits for a new one.

use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    postgres::{migrated, place},
    postgres_cluster::sql,
    test_instance::{TestInstance, TestStore, config_text, outcomes},
};
use jiff::tz::TimeZone;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use url::Url;
use warraq::{
    model::{
        pages::Filter,
        search::{SearchPage, SearchPlace},
    },
    store::Reader,
};

const PARTITIONS: &str = "SELECT first_entry, end_entry, to_regclass('entry_search_' || first_entry) IS NOT NULL FROM search_partition ORDER BY 1";

/// Entries in three partitions of the index: a hundred old ones, one later, and more new ones than a search examines.
const ENTRIES: &str = "
    INSERT INTO outlet (id, slug, name) VALUES (1, 'ville', 'La Ville');
    INSERT INTO feed (id, outlet_id, url, schedule, ask_url, next_poll_at) VALUES (1, 1, 'https://v.invalid/', 'x', 'https://v.invalid/', '');
    CREATE TEMP TABLE made AS SELECT n, 'titre ancien' AS title FROM generate_series(1, 100) AS n
        UNION ALL SELECT 150000, 'titre rare' UNION ALL SELECT n, 'titre neuf' FROM generate_series(300001, 306000) AS n;
    INSERT INTO story SELECT n, n::text, n, 1, 1, '' FROM made;
    INSERT INTO entry (id, outlet_id, feed_id, story_id, key, iri, title, title_from, published_at, first_seen_at, order_at, feed_updated_at, shown)
    SELECT n, 1, 1, n, n::text, n::text, title, 'title', '2026-11-02T09:30:00Z', '2026-11-02T09:30:00Z', '2026-11-02T09:30:00Z', '2026-11-02T09:30:00Z', n FROM made;
    INSERT INTO entry_text (entry_id, extras, folded_title, folded_body) SELECT n, '{}', title, '' FROM made;
    INSERT INTO place (channel_id, order_at, published_at, story_id, entry_id)
    SELECT 1, '2026-11-02T09:30:00Z', '2026-11-02T09:30:00Z', n, n FROM made;
    SELECT ensure_search_partition(n) FROM (VALUES (1), (150000), (300001)) AS v (n);
    INSERT INTO entry_search SELECT n, search_words(title, '') FROM made;
    UPDATE search_state SET indexed_to = 306000;
    ANALYZE";

/// Returns the database with these entries.
async fn filled() -> Option<(String, PgConnection)> {
    let url = migrated().await?;
    let mut connection = PgConnection::connect(&url).await.unwrap();
    connection.execute(sqlx::raw_sql(ENTRIES)).await.unwrap();
    Some((url, connection))
}

async fn search(reader: &Reader, words: &str, place: &SearchPlace) -> SearchPage {
    let filter = Filter { words: Some(words.to_owned()), limit: 50, ..Filter::default() };
    let url = Url::parse("https://w.example/").unwrap();
    reader.search(&filter, place, &TimeZone::UTC, &url).await.unwrap_or_else(|error| panic!("{words}: {error:?}"))
}

#[tokio::test]
async fn a_search_reads_the_newest_partitions_that_it_needs() {
    let Some((url, mut other)) = filled().await else { return };
    assert_eq!(sql(&url, PARTITIONS).await, ["0|65536|1", "131072|196608|1", "262144|327680|1"]);
    let reader = Reader::open(place(&url)).await.unwrap();
    let latest = SearchPlace::default();
    // Whoever reads the older partitions now waits until it is given up.
    other.execute("BEGIN; LOCK TABLE entry_search_0, entry_search_131072 IN ACCESS EXCLUSIVE MODE").await.unwrap();
    for words in ["titre", "titre neuf", "titre -ancien", "\"titre neuf\"", "neu*", "titre neu*", "rare OR neuf"] {
        let page = search(&reader, words, &latest).await;
        assert_eq!(page.stories.len(), 50, "{words}");
        assert!(page.older.is_some(), "{words}");
    }
    // The beginning of a word is looked for in the latest 200,000 entries, and then on the next page.
    other.execute("ROLLBACK; BEGIN; LOCK TABLE entry_search_0 IN ACCESS EXCLUSIVE MODE").await.unwrap();
    for words in ["anc*", "anc* titre", "titre -neu*"] {
        let page = search(&reader, words, &latest).await;
        assert_eq!(page.older, Some(SearchPlace { newest: Some(106_000), after: None }), "{words}");
    }
    other.execute("ROLLBACK").await.unwrap();
    for (words, at, found) in [
        ("ancien", None, 50),
        ("rare", None, 1),
        ("rare neuf", None, 0),
        ("titre -neuf", None, 1),
        ("anc*", Some(106_000), 50),
        ("rar*", None, 1),
        ("zebra", None, 0),
    ] {
        let page = search(&reader, words, &SearchPlace { newest: at, after: None }).await;
        assert_eq!(page.stories.len(), found, "{words}");
    }
    reader.close().await;
}

/// More new entries with one word than all batches of a page examine, and the hundred old ones a month earlier.
const MANY: &str = "
    CREATE TEMP TABLE more AS SELECT n FROM generate_series(400001, 466000) AS n;
    INSERT INTO story SELECT n, n::text, n, 1, 1, '' FROM more;
    INSERT INTO entry (id, outlet_id, feed_id, story_id, key, iri, title, title_from, published_at, first_seen_at, order_at, feed_updated_at, shown)
    SELECT n, 1, 1, n, n::text, n::text, 'titre neuf', 'title', '2026-11-02T09:30:00Z', '2026-11-02T09:30:00Z', '2026-11-02T09:30:00Z', '2026-11-02T09:30:00Z', n FROM more;
    INSERT INTO entry_text (entry_id, extras, folded_title, folded_body) SELECT n, '{}', 'titre neuf', '' FROM more;
    SELECT ensure_search_partition(400001), ensure_search_partition(466000);
    INSERT INTO entry_search SELECT n, search_words('titre neuf', '') FROM more;
    UPDATE search_state SET indexed_to = 466000;
    UPDATE entry SET published_at = '2026-10-01T09:30:00Z', first_seen_at = '2026-10-01T09:30:00Z', order_at = '2026-10-01T09:30:00Z' WHERE id <= 100;
    ANALYZE";

#[tokio::test]
async fn a_search_for_earlier_days_does_not_end_among_later_entries() {
    let Some((url, mut other)) = filled().await else { return };
    other.execute(sqlx::raw_sql(MANY)).await.unwrap();
    let reader = Reader::open(place(&url)).await.unwrap();
    let page = search(&reader, "titre before:2026-10-15", &SearchPlace::default()).await;
    assert_eq!(page.stories.len(), 50);
    let filter = Filter { words: Some("titre before:2026-10-15".to_owned()), limit: 50, ..Filter::default() };
    let feed = reader.filtered(&filter, &TimeZone::UTC, &Url::parse("https://w.example/").unwrap()).await.unwrap();
    assert_eq!(feed.stories.len(), 50, "a feed of the search has them, too");
    let page = search(&reader, "titre before:2026-09-15", &SearchPlace::default()).await;
    assert_eq!((page.stories.len(), page.older), (0, None));
    reader.close().await;
}

#[tokio::test]
async fn a_new_partition_waits_for_nobody_who_reads_the_index() {
    let outlet = FakeOutlet::start().await;
    let text = config_text("", &[("one", &outlet.url("/one"))]);
    let Some(mut instance) = TestInstance::in_store(TestStore::Server, text).await else { return };
    let url = instance.server().unwrap().to_owned();
    let listed = |numbers: std::ops::Range<u32>| {
        numbers.fold(FeedDoc::rss("one"), |doc, n| {
            doc.entry(&n.to_string(), &format!("Harvest number {n}"), &format!("https://one.example/{n}"), "", "")
        })
    };
    outlet.set("/one", Reply::feed(listed(0..3)));
    assert_eq!(outcomes(&instance.poll().await), ["fresh"]);
    instance.close().await;
    // As if there had been many entries.
    instance.change("UPDATE tally SET last_entry = 65530").await;
    instance.open().await;
    let mut reader = PgConnection::connect(&url).await.unwrap();
    // As pg_dump does.
    reader.execute("BEGIN; LOCK TABLE entry_search IN ACCESS SHARE MODE").await.unwrap();
    outlet.set("/one", Reply::feed(listed(0..40)));
    assert_eq!(outcomes(&instance.poll().await), ["fresh"]);
    // Closing waits for the index.
    instance.close().await;
    reader.execute("ROLLBACK").await.unwrap();
    assert_eq!(sql(&url, PARTITIONS).await, ["0|65536|1", "65536|131072|1"]);
    let ends = "SELECT count(*), min(entry_id), max(entry_id) FROM entry_search JOIN entry ON id = entry_id";
    assert_eq!(sql(&url, ends).await, ["40|1|65567"]);
    assert_eq!(sql(&url, "SELECT count(*) FROM entry_search_65536").await, ["32"]);
    // A revision and the comments are the same in each partition.
    instance.open().await;
    outlet.set("/one", Reply::feed(FeedDoc::rss("one").entry("39", "Figs", "https://one.example/39", "", "")));
    instance.poll().await;
    instance.close().await;
    assert_eq!(instance.indexed(&["figs"]).await, 1);
    let comments = "SELECT obj_description('entry_search_65536'::regclass)";
    assert_eq!(sql(&url, comments).await, ["Entries 65536 to 131071 of entry_search."]);
}

#[tokio::test]
async fn partitions_that_retention_has_emptied_are_dropped_unless_they_are_read() {
    let Some((url, mut writer)) = filled().await else { return };
    let end = async |writer: &mut PgConnection, entry: i64| {
        let made = format!("SELECT ensure_search_partition({entry})");
        sqlx::query_scalar::<_, i64>(AssertSqlSafe(made)).fetch_one(writer).await.unwrap()
    };
    let mut reader = PgConnection::connect(&url).await.unwrap();
    let found = async |reader: &mut PgConnection| {
        let matches = "SELECT count(*) FROM search_matches(to_tsquery('simple', 'titre'), 0, 9000000, 9000)";
        sqlx::query_scalar::<_, i64>(matches).fetch_one(reader).await.unwrap()
    };
    writer.execute("DELETE FROM entry WHERE id <= 100; DELETE FROM entry_search WHERE entry_id <= 100").await.unwrap();
    reader.execute("BEGIN; SELECT 1 FROM entry_search LIMIT 1").await.unwrap();
    assert_eq!(end(&mut writer, 393_216).await, 458_752);
    assert_eq!(sql(&url, PARTITIONS).await.len(), 4, "somebody reads it");
    reader.execute("ROLLBACK; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM search_partition").await.unwrap();
    assert_eq!(end(&mut writer, 500_000).await, 524_288);
    // The partition from 393,216 on has no entries either.
    assert_eq!(sql(&url, PARTITIONS).await, ["131072|196608|1", "262144|327680|1", "458752|524288|1"]);
    assert_eq!(found(&mut reader).await, 6_001, "whoever began before finds the rest");
}
