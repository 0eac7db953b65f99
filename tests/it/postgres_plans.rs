//! Query plans in PostgreSQL that must not grow with the size of the database.

use crate::{
    postgres_cluster::{cluster, sql},
    statements::statements,
};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use std::{fs, path::Path};

/// More entries than one step of any statement reads.
const ENTRIES: &str = "
    INSERT INTO outlet (id, slug, name) VALUES (1, 'ville', 'La Ville');
    INSERT INTO feed (id, outlet_id, url, schedule, ask_url, next_poll_at) VALUES (1, 1, 'https://v.invalid/', 'x', 'https://v.invalid/', '');
    INSERT INTO story SELECT n, n::text, n, 1, 1, '' FROM generate_series(1, 60000) AS n;
    INSERT INTO entry (id, outlet_id, feed_id, story_id, key, iri, title, title_from, published_at, first_seen_at, order_at, feed_updated_at, shown)
    SELECT n, 1, 1, n, n::text, n::text, 'Un titre', 'title', '', to_char(n, 'FM000000'), '', '', n FROM generate_series(1, 60000) AS n;
    INSERT INTO entry_text (entry_id, extras, folded_title, folded_body)
    SELECT n, '{}', 'un titre', repeat('un texte ', 100) FROM generate_series(1, 60000) AS n;
    ANALYZE";

#[tokio::test]
async fn the_titles_of_a_step_are_read_without_reading_every_text() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.database().await;
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/postgres/0001_schema.sql");
    connection.execute(sqlx::raw_sql(AssertSqlSafe(fs::read_to_string(schema).unwrap()))).await.unwrap();
    connection.execute(sqlx::raw_sql(ENTRIES)).await.unwrap();
    let statements = statements("src/store/postgres");
    let (_, text) = statements.iter().find(|(_, text)| text.contains("octet_length(t.folded_body)")).unwrap();
    let given = [("$1", "'030000'"), ("$2", "30000"), ("$3", "'031000'"), ("$4", "31000"), ("$5", "390"), ("$6", "13")];
    let asked = given.iter().fold(text.clone(), |text, (name, value)| text.replace(name, value));
    let plan = sql(&url, &format!("EXPLAIN {asked}")).await.join("\n");
    assert!(plan.contains("entry_text_pkey") && !plan.contains("Seq Scan on entry_text"), "{plan}");
}
