//! The migrations of the schema in PostgreSQL, one after another over sample data.

use crate::{
    postgres::place,
    postgres_cluster::{cluster, sql},
    store::checksums,
};
use sqlx::{
    AssertSqlSafe, Connection as _, Executor as _, PgConnection,
    migrate::{Migrate as _, Migrator},
};
use std::{fs, path::Path, time::Duration};
use warraq::store::{StoreError, StoreErrorKind, Writer};

/// The first bytes of each migration's checksum. sqlx refuses a database whose migrations have other checksums, so no byte of an
/// applied migration may change, not even in a comment.
const CHECKSUMS: [(i64, &str); 5] = [
    (1, "83694e8346a00446"),
    (2, "ad5cba9b9da8de22"),
    (3, "ea3fe7e7d8084c71"),
    (4, "bd5c37df183f3d47"),
    (5, "50f46231903fdd34"),
];

pub(crate) async fn migrations() -> Migrator {
    Migrator::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/postgres")).await.unwrap()
}

#[tokio::test]
async fn no_migration_was_changed() {
    let pinned = CHECKSUMS.map(|(version, checksum)| (version, checksum.to_owned()));
    assert_eq!(checksums(&migrations().await), pinned, "a new migration is added here; an applied one never changes");
}

#[tokio::test]
async fn each_migration_carries_its_sample_data_on() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.database().await;
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let all = migrations().await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    for migration in all.iter() {
        all.run_to(migration.version, &mut connection).await.unwrap();
        let sample = folder.join(format!("tests/migrations/postgres/{:04}.sql", migration.version));
        let sample = fs::read_to_string(&sample).unwrap_or_else(|e| panic!("{}: {e}", sample.display()));
        connection.execute(sqlx::raw_sql(AssertSqlSafe(sample))).await.unwrap();
    }
    // What older schemas indexed is found by the words of the newest.
    let anew = "SELECT s.entry_id, strip(s.words) = strip(search_words(t.folded_title, t.folded_body)) \
                FROM entry_search AS s JOIN entry_text AS t USING (entry_id) ORDER BY 1";
    assert_eq!(sql(&url, anew).await, ["1|1", "2|1", "3|1", "70000|1"]);
    let found =
        |words: &str| format!("SELECT entry_id FROM entry_search WHERE words @@ $${words}$$::tsquery ORDER BY 1");
    for (words, entries) in [
        ("'متحف'", vec!["1", "2", "70000"]),
        ("'2' <-> '5'", vec!["1"]),
        ("'3' & 'points' & 'a'", vec!["1"]),
        ("'b' <-> 'c'", vec!["1"]),
        ("'dedans'", vec!["2"]),
        // Beyond 200,000 characters.
        ("'dehors'", vec![]),
        ("'texte'", vec!["3"]),
        // A phrase from the title into the text.
        ("'encore' <-> 'un'", vec![]),
    ] {
        assert_eq!(sql(&url, &found(words)).await, entries, "{words}");
    }
    // Who might read the index before it was divided, or a view before it was replaced, still may.
    for table in ["entry_search", "enclosures"] {
        let may = format!("SELECT has_table_privilege('reader_of_words', '{table}', 'SELECT')");
        assert_eq!(sql(&url, &may).await, ["1"], "{table}");
    }
    assert_eq!(sql(&url, "SELECT entry_id FROM short_text ORDER BY 1").await, ["1", "70000"]);
    // A length that no bigint holds leaves the others readable.
    let lengths = "SELECT entry_id, length FROM enclosures ORDER BY entry_id";
    assert_eq!(sql(&url, lengths).await, ["1|", "2|9223372036854775807", "3|", "70000|12"]);
}

/// Returns a database with the schema of an earlier version, and a connection to it.
async fn of_earlier_version() -> Option<(String, PgConnection)> {
    let url = cluster()?.database().await;
    let mut connection = PgConnection::connect(&url).await.unwrap();
    migrations().await.run_to(2, &mut connection).await.unwrap();
    Some((url, connection))
}

#[tokio::test]
async fn a_schema_is_not_migrated_under_the_process_that_writes() {
    let Some((url, mut other)) = of_earlier_version().await else { return };
    // An earlier version runs on another machine.
    let renew = "UPDATE writer_lease SET epoch = 7, owner = 'elsewhere.example process 1', \
                 ends_at = extract(epoch FROM clock_timestamp()) + 30";
    other.execute(renew).await.unwrap();
    let renewing = tokio::spawn(async move {
        loop {
            other.execute(renew).await.unwrap();
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    let refused = Writer::open(place(&url), Duration::from_hours(72)).await.map(drop).unwrap_err();
    assert!(matches!(refused, StoreError::Leased { .. }), "{refused}");
    assert_eq!(sql(&url, "SELECT max(version) FROM _sqlx_migrations").await, ["2"]);
    renewing.abort();
}

#[tokio::test]
async fn another_migration_is_not_waited_for_without_end() {
    let Some((url, mut other)) = of_earlier_version().await else { return };
    other.lock().await.unwrap();
    let opened = tokio::time::timeout(Duration::from_mins(1), Writer::open(place(&url), Duration::from_hours(72)));
    let refused = opened.await.expect("the lock is waited for").map(drop).unwrap_err();
    assert_eq!(refused.kind(), StoreErrorKind::Busy, "{refused}");
    other.unlock().await.unwrap();
    let (writer, task) = Writer::open(place(&url), Duration::from_hours(72)).await.unwrap();
    writer.close().await.unwrap();
    task.await.unwrap().unwrap();
}
