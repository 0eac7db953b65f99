//! The file as an end of a copy. What is copied to is a file of another name until it is whole.

use crate::store::{
    copying::{Batch, Cell, CellKind, Column, CopiedTable, CopyEnd, CopyTarget, Counters, Row},
    driver::ErrorContext,
    error::StoreError,
    location,
    progress::{Progress, ProgressSender},
    sqlite::{
        backup::{self, Passing},
        open::{self, WriterLock},
        writing::{index, merge_lookup},
    },
};
use futures_util::TryStreamExt as _;
use sqlx::{
    AssertSqlSafe, Connection as _, Row as _, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteRow, SqliteSynchronous},
};
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};
use tokio::sync::mpsc;

/// Number of rows that one statement inserts.
const INSERTED: usize = 64;

/// An open file.
pub(in crate::store) struct SqliteEnd {
    connection: SqliteConnection,
    lock: WriterLock,
    /// The file that will be put into the place of the database.
    incoming: Option<Passing>,
}

impl SqliteEnd {
    /// Opens the file to copy from.
    pub(in crate::store) async fn source(path: &Path) -> Result<Self, StoreError> {
        if !path.exists() {
            return Err(StoreError::Missing(path.to_owned()));
        }
        let lock = WriterLock::take(path)?;
        let connection = open::writer(&lock).await?;
        Ok(Self { connection, lock, incoming: None })
    }

    /// Makes a file to copy to.
    pub(in crate::store) async fn target(path: &Path) -> Result<Self, StoreError> {
        refuse_existing(path)?;
        let lock = WriterLock::take(path)?;
        let incoming = Passing::new(location::beside(lock.database(), location::INCOMING));
        open::schema(incoming.path()).await?;
        // Until it is whole, the file is worth nothing: no journal.
        let options = SqliteConnectOptions::new()
            .filename(incoming.path())
            .journal_mode(SqliteJournalMode::Off)
            .synchronous(SqliteSynchronous::Off)
            .foreign_keys(true)
            .pragma("locking_mode", "EXCLUSIVE")
            .pragma("cache_size", "-64000");
        let connection = SqliteConnection::connect_with(&options).await.while_doing("creating the copy")?;
        Ok(Self { connection, lock, incoming: Some(incoming) })
    }

    async fn run(&mut self, sql: String, doing: &'static str) -> Result<(), StoreError> {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.connection).await.map(drop).while_doing(doing)
    }

    async fn insert(&mut self, table: &CopiedTable, columns: &[Column], rows: &[Row]) -> Result<(), StoreError> {
        let mut query = sqlx::query(AssertSqlSafe(table.insert(columns, rows.len())));
        for cell in rows.iter().flatten() {
            query = match cell {
                Cell::Null => query.bind(None::<i64>),
                Cell::Integer(number) => query.bind(number),
                Cell::Real(number) => query.bind(number),
                Cell::Text(text) => query.bind(text),
                Cell::Bytes(bytes) => query.bind(bytes),
            };
        }
        query.execute(&mut self.connection).await.map(drop).while_doing("writing the copy")
    }
}

/// Rejects a path at which there is something.
fn refuse_existing(path: &Path) -> Result<(), StoreError> {
    let database: PathBuf = location::real_path(path)?;
    let logs = location::LOGS.iter().map(|end| location::beside(&database, end));
    for file in std::iter::once(database.clone()).chain(logs) {
        if fs::metadata(&file).is_ok_and(|file| file.len() > 0) {
            return Err(StoreError::NotEmpty {
                database: path.display().to_string(),
                has: format!("{} is there", file.display()),
            });
        }
    }
    Ok(())
}

impl CopyEnd for SqliteEnd {
    async fn columns(&mut self, table: &str) -> Result<Vec<Column>, StoreError> {
        let columns: Vec<(String, String)> =
            sqlx::query_as("SELECT name, type FROM pragma_table_info($1) ORDER BY name")
                .bind(table)
                .fetch_all(&mut self.connection)
                .await
                .while_doing("reading the columns of tables")?;
        let kinds = [
            ("INTEGER", CellKind::Integer),
            ("REAL", CellKind::Real),
            ("TEXT", CellKind::Text),
            ("BLOB", CellKind::Bytes),
        ];
        Column::all(table, columns, kinds)
    }

    async fn count(&mut self, table: &CopiedTable) -> Result<u64, StoreError> {
        let count: i64 = sqlx::query_scalar(AssertSqlSafe(table.count()))
            .fetch_one(&mut self.connection)
            .await
            .while_doing("counting rows")?;
        Ok(count.unsigned_abs())
    }

    async fn read(
        &mut self,
        table: &CopiedTable,
        columns: &[Column],
        to: mpsc::Sender<Vec<Row>>,
    ) -> Result<(), StoreError> {
        let doing = "reading what is copied";
        let mut rows = sqlx::query(AssertSqlSafe(table.select(columns))).fetch(&mut self.connection);
        let mut batch = Batch::default();
        while let Some(row) = rows.try_next().await.while_doing(doing)? {
            let cells =
                columns.iter().enumerate().map(|(n, column)| cell(&row, n, column.kind)).collect::<Result<Row, _>>();
            if let Some(full) = batch.add(cells.while_doing(doing)?)
                && to.send(full).await.is_err()
            {
                return Ok(());
            }
        }
        let _ = to.send(batch.take()).await;
        Ok(())
    }

    async fn counters(&mut self) -> Result<Counters, StoreError> {
        sqlx::query_as("SELECT name, seq FROM sqlite_sequence")
            .fetch_all(&mut self.connection)
            .await
            .while_doing("reading counters")
    }

    async fn release(self) -> Result<(), StoreError> {
        self.connection.close().await.while_doing("closing the database")
    }
}

impl CopyTarget for SqliteEnd {
    /// Besides what the schema inserts, triggers count polls.
    async fn clear(&mut self, table: &CopiedTable) -> Result<(), StoreError> {
        self.run(table.delete(), "preparing the copy").await
    }

    async fn write(
        &mut self,
        table: &CopiedTable,
        columns: &[Column],
        from: &mut mpsc::Receiver<Vec<Row>>,
        mut wrote: impl FnMut(u64),
    ) -> Result<(), StoreError> {
        let mut done = 0;
        while let Some(batch) = from.recv().await {
            self.run("BEGIN".to_owned(), "writing the copy").await?;
            for rows in batch.chunks(INSERTED) {
                self.insert(table, columns, rows).await?;
            }
            merge_lookup(&mut self.connection).await?;
            self.run("COMMIT".to_owned(), "writing the copy").await?;
            done += batch.len() as u64;
            wrote(done);
        }
        Ok(())
    }

    async fn set_counters(&mut self, counters: &Counters) -> Result<(), StoreError> {
        for (table, last) in counters {
            // A table without a counter of its own is none here.
            sqlx::query("UPDATE sqlite_sequence SET seq = $2 WHERE name = $1 AND seq < $2")
                .bind(table)
                .bind(last)
                .execute(&mut self.connection)
                .await
                .while_doing("writing counters")?;
            sqlx::query(
                "INSERT INTO sqlite_sequence (name, seq) SELECT $1, $2 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = $1) \
                 AND EXISTS (SELECT 1 FROM sqlite_schema WHERE name = $1 AND sql LIKE '%AUTOINCREMENT%')",
            )
            .bind(table)
            .bind(last)
            .execute(&mut self.connection)
            .await
            .while_doing("writing counters")?;
        }
        Ok(())
    }

    async fn complete(mut self, progress_sender: &ProgressSender) -> Result<(), StoreError> {
        progress_sender.send_replace(Progress::unmeasured("indexing words"));
        loop {
            self.run("BEGIN".to_owned(), "indexing the copy").await?;
            let is_more = index(&mut self.connection).await?;
            self.run("COMMIT".to_owned(), "indexing the copy").await?;
            if !is_more {
                break;
            }
        }
        self.connection.close().await.while_doing("closing the copy")?;
        let Some(incoming) = self.incoming else { return Ok(()) };
        progress_sender.send_replace(Progress::unmeasured("checking the copy"));
        let database = self.lock.database();
        backup::check(incoming.path())
            .await
            .map_err(|why| StoreError::Damaged { path: incoming.path().to_owned(), why })?;
        let failed = |source| StoreError::File { doing: "writing", path: database.to_owned(), source };
        File::open(incoming.path()).and_then(|file| file.sync_all()).map_err(failed)?;
        refuse_existing(database)?;
        fs::rename(incoming.path(), database).and_then(|()| location::sync_folder(database)).map_err(failed)
    }
}

/// Reads a value. PostgreSQL has no text with U+0000.
fn cell(row: &SqliteRow, n: usize, kind: CellKind) -> Result<Cell, sqlx::Error> {
    Ok(match kind {
        CellKind::Integer => row.try_get::<Option<i64>, _>(n)?.map_or(Cell::Null, Cell::Integer),
        CellKind::Real => row.try_get::<Option<f64>, _>(n)?.map_or(Cell::Null, Cell::Real),
        CellKind::Text => {
            row.try_get::<Option<String>, _>(n)?.map_or(Cell::Null, |text| Cell::Text(text.replace('\0', "")))
        }
        CellKind::Bytes => row.try_get::<Option<Vec<u8>>, _>(n)?.map_or(Cell::Null, Cell::Bytes),
    })
}
