//! A file with many entries, for the benchmarks that need one; `million.sql` describes its contents.

use sqlx::{
    AssertSqlSafe, Connection, Executor, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use std::{error::Error, path::Path};

/// Creates a migrated file with this many entries. It need not survive a crash.
pub async fn make(file: &Path, entries: usize) -> Result<(), Box<dyn Error>> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Off)
        .synchronous(SqliteSynchronous::Off)
        .foreign_keys(false)
        .pragma("cache_size", "-500000")
        .pragma("temp_store", "MEMORY");
    let mut connection = SqliteConnection::connect_with(&options).await?;
    sqlx::migrate!("./migrations").run(&mut connection).await?;
    let sql = include_str!("../million.sql")
        .replace("1000000", &entries.to_string())
        .replace("997000", &(entries - 3_000).to_string())
        // The entries are spread over the same ninety days.
        .replace("n * 7776 / 1000", &format!("n * 7776000 / {entries}"));
    connection.execute(sqlx::raw_sql(AssertSqlSafe(format!("BEGIN;\n{sql}COMMIT;")))).await?;
    connection.close().await?;
    Ok(())
}
