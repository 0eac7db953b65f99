//! Query plans in PostgreSQL that must not grow with the size of the database.

use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    postgres_cluster::{cluster, sql},
    postgres_migrations::migrations,
    statements::statements,
    test_instance::{TestInstance, TestStore, config_text, outcomes},
};
use sqlx::{Connection as _, Executor as _, PgConnection};

/// More entries than one step of any statement reads.
const ENTRIES: &str = "
    INSERT INTO outlet (id, slug, name) VALUES (1, 'ville', 'La Ville');
    INSERT INTO feed (id, outlet_id, url, schedule, ask_url, next_poll_at) VALUES (1, 1, 'https://v.invalid/', 'x', 'https://v.invalid/', '');
    INSERT INTO story SELECT n, n::text, n, 1, 1, '' FROM generate_series(1, 60000) AS n;
    INSERT INTO entry (id, outlet_id, feed_id, story_id, key, iri, title, title_from, published_at, first_seen_at, order_at, feed_updated_at, shown)
    SELECT n, 1, 1, n, n::text, n::text, 'Un titre', 'title', '', to_char(n, 'FM000000'), '', '', n FROM generate_series(1, 60000) AS n;
    INSERT INTO entry_text (entry_id, extras, folded_title, folded_body)
    SELECT n, '{}', 'un titre', repeat('un texte ', 100) FROM generate_series(1, 60000) AS n;
    INSERT INTO short_text SELECT n FROM generate_series(1, 60000, 2) AS n;
    INSERT INTO place (channel_id, order_at, published_at, story_id, entry_id)
    SELECT 1, to_char(n, 'FM000000'), '', n, n FROM generate_series(1, 60000) AS n;
    SELECT ensure_search_partition(n) FROM (VALUES (1), (70000)) AS v (n);
    INSERT INTO entry_search SELECT n, search_words('un titre', '') FROM generate_series(1, 120000) AS n;
    ANALYZE";

/// Returns the plan of the statement that contains a text, with these values in place of its parameters.
async fn plan(has: &str, given: &[(&str, &str)]) -> Option<String> {
    let url = cluster()?.database().await;
    let mut connection = PgConnection::connect(&url).await.unwrap();
    migrations().await.run(&mut connection).await.unwrap();
    connection.execute(sqlx::raw_sql(ENTRIES)).await.unwrap();
    let statements = statements("src/store/postgres");
    let (_, text) = statements.iter().find(|(_, text)| text.contains(has)).unwrap();
    // From the last on, so that `$1` is not found in `$10`.
    let asked = given.iter().rev().fold(text.clone(), |text, (name, value)| text.replace(name, value));
    Some(sql(&url, &format!("EXPLAIN {asked}")).await.join("\n"))
}

#[tokio::test]
async fn the_titles_of_a_step_are_read_without_reading_every_text() {
    let Some(plan) = plan("FROM short_text WHERE entry_id > ", &[("$1", "30000"), ("$2", "2000")]).await else {
        return;
    };
    assert!(plan.contains("entry_text_pkey") && !plan.contains("Seq Scan"), "{plan}");
}

#[tokio::test]
async fn a_feed_with_a_filter_reads_only_the_latest_places() {
    let none = "'[]'";
    let texts =
        [("$1", none), ("$2", none), ("$3", "'[\"fr\"]'"), ("$4", "1"), ("$5", "200"), ("$6", "50"), ("$7", none)];
    let rest = [("$8", "true"), ("$9", "'all'"), ("$10", "''"), ("$11", "'x'")];
    let Some(plan) = plan("ROWS WITH TIES", &[&texts[..], &rest].concat()).await else { return };
    let whole = ["place", "story", "entry"].map(|table| plan.contains(&format!("Seq Scan on {table} ")));
    assert_eq!(whole, [false; 3], "{plan}");
}

#[tokio::test]
async fn indexed_texts_are_revised_and_forgotten_by_their_keys() {
    for (has, given) in [
        ("UPDATE entry_search SET words", &[("$1", "'[{\"id\": 5}]'")][..]),
        ("DELETE FROM entry_search", &[("$1", "'{5,6}'::bigint[]"), ("$2", "5"), ("$3", "6")]),
    ] {
        let Some(plan) = plan(has, given).await else { return };
        assert!(plan.contains("Index Scan using entry_search_0_pkey") && !plan.contains("Seq Scan"), "{plan}");
    }
}

#[tokio::test]
async fn the_server_knows_early_how_many_rows_a_new_database_has() {
    let outlet = FakeOutlet::start().await;
    let text = config_text("", &[("one", &outlet.url("/one"))]);
    let Some(mut instance) = TestInstance::in_store(TestStore::Server, text).await else { return };
    let listed = (0..300).fold(FeedDoc::rss("one"), |doc, n| {
        doc.entry(&n.to_string(), &format!("Harvest number {n}"), &format!("https://one.example/{n}"), "", "")
    });
    outlet.set("/one", Reply::feed(listed));
    assert_eq!(outcomes(&instance.poll().await), ["fresh"]);
    let url = instance.server().unwrap().to_owned();
    // Closing waits for the index, behind which the rows are counted.
    instance.close().await;
    let expected =
        "SELECT relname, reltuples::int FROM pg_class WHERE relname IN ('entry', 'place', 'story') ORDER BY 1";
    assert_eq!(sql(&url, expected).await, ["entry|300", "place|300", "story|300"]);
}
