//! A database of PostgreSQL as an end of a copy. What is copied to it is one transaction.

mod lines;

use crate::{
    model::DatabaseServer,
    store::{
        backend::BatchStatements as _,
        copying::{Batch, Cell, CellKind, Column, CopiedTable, CopyEnd, CopyTarget, Counters, Row},
        driver::ErrorContext,
        error::StoreError,
        postgres::{
            lease::{Lease, RENEW, SHORT},
            open,
        },
        progress::{Progress, ProgressSender},
        writing::transaction::within,
    },
};
use futures_util::TryStreamExt as _;
use lines::lines;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _, postgres::PgRow};
use std::time::Duration;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

/// How long a statement may take that reads or writes a whole table, or bring nothing. A network that swallows packets reports nothing.
const LONGEST: Duration = Duration::from_mins(10);

/// An open database.
pub(in crate::store) struct PostgresEnd {
    connection: PgConnection,
    right: WriteRight,
}

/// How the right to write is kept.
enum WriteRight {
    /// By the transaction that writes.
    Target(Lease),
    /// By a task with a connection of its own, until it is told to end.
    Source(oneshot::Sender<()>, JoinHandle<Result<(), StoreError>>),
}

impl PostgresEnd {
    /// Opens the database to copy from, and begins a transaction that sees one state of it.
    pub(in crate::store) async fn source(server: &DatabaseServer) -> Result<Self, StoreError> {
        let (keeper, options, lease) = open::writer(server).await?;
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(keep(keeper, lease, stopped));
        let mut connection = open::connect(&options).await?;
        let begun = async {
            wait_long(&mut connection).await?;
            let begin = sqlx::query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
            begin.execute(&mut connection).await.while_doing("beginning a transaction")
        };
        within(SHORT, begun).await?;
        Ok(Self { connection, right: WriteRight::Source(stop, task) })
    }

    /// Opens the database to copy to, and begins the transaction.
    pub(in crate::store) async fn target(server: &DatabaseServer) -> Result<Self, StoreError> {
        let (mut connection, _, mut lease) = open::writer(server).await?;
        within(SHORT, wait_long(&mut connection)).await?;
        begin(&mut connection, &mut lease).await?;
        Ok(Self { connection, right: WriteRight::Target(lease) })
    }

    async fn run(&mut self, sql: String, doing: &'static str) -> Result<(), StoreError> {
        execute(&mut self.connection, sql, doing).await
    }
}

/// Executes a statement that may take as long as a whole table.
async fn execute(connection: &mut PgConnection, sql: String, doing: &'static str) -> Result<(), StoreError> {
    let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection);
    within(LONGEST, async { done.await.map(drop).while_doing(doing) }).await
}

/// Lets a transaction wait while the other database works.
async fn wait_long(connection: &mut PgConnection) -> Result<(), StoreError> {
    let set = sqlx::raw_sql("SET idle_in_transaction_session_timeout = 0").execute(connection).await;
    set.map(drop).while_doing("setting up the connection")
}

async fn begin(connection: &mut PgConnection, lease: &mut Lease) -> Result<(), StoreError> {
    let begun = async {
        sqlx::query("BEGIN").execute(&mut *connection).await.while_doing("beginning a transaction")?;
        lease.begin(connection).await
    };
    within(SHORT, begun).await
}

/// Renews a lease until it is told to end.
async fn keep(
    mut connection: PgConnection,
    mut lease: Lease,
    mut stopped: oneshot::Receiver<()>,
) -> Result<(), StoreError> {
    let mut renewals = tokio::time::interval(RENEW);
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            _ = renewals.tick() => within(SHORT, lease.keep(&mut connection)).await?,
        }
    }
    within(SHORT, lease.keep(&mut connection)).await?;
    within(SHORT, lease.end(&mut connection)).await
}

impl CopyEnd for PostgresEnd {
    async fn columns(&mut self, table: &str) -> Result<Vec<Column>, StoreError> {
        let columns = sqlx::query_as(
            "SELECT column_name::text, data_type::text FROM information_schema.columns \
             WHERE table_schema = current_schema() AND table_name = $1 ORDER BY column_name COLLATE \"C\"",
        )
        .bind(table)
        .fetch_all(&mut self.connection);
        let columns = async { columns.await.while_doing("reading the columns of tables") };
        let columns: Vec<(String, String)> = within(SHORT, columns).await?;
        let kinds = [
            ("bigint", CellKind::Integer),
            ("double precision", CellKind::Real),
            ("text", CellKind::Text),
            ("bytea", CellKind::Bytes),
        ];
        Column::all(table, columns, kinds)
    }

    async fn count(&mut self, table: &CopiedTable) -> Result<u64, StoreError> {
        let count = sqlx::query_scalar(AssertSqlSafe(table.count())).fetch_one(&mut self.connection);
        let count: i64 = within(LONGEST, async { count.await.while_doing("counting rows") }).await?;
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
        let mut is_wanted = true;
        // To the end even if nobody wants them: a connection whose answer was not read to the end cannot be used.
        while let Some(row) = within(LONGEST, async { rows.try_next().await.while_doing(doing) }).await? {
            let cells =
                columns.iter().enumerate().map(|(n, column)| cell(&row, n, column.kind)).collect::<Result<Row, _>>();
            if let Some(full) = batch.add(cells.while_doing(doing)?)
                && is_wanted
            {
                is_wanted = to.send(full).await.is_ok();
            }
        }
        let _ = to.send(batch.take()).await;
        Ok(())
    }

    async fn counters(&mut self) -> Result<Counters, StoreError> {
        within(LONGEST, read_counters(&mut self.connection)).await
    }

    async fn release(self) -> Result<(), StoreError> {
        if let WriteRight::Source(stop, task) = self.right {
            let _ = stop.send(());
            task.await.map_err(|_| StoreError::WriterGone)??;
        }
        within(SHORT, async { self.connection.close().await.while_doing("closing the database") }).await
    }
}

impl CopyTarget for PostgresEnd {
    async fn clear(&mut self, table: &CopiedTable) -> Result<(), StoreError> {
        if table.is_filled_by_schema() {
            return self.run(table.delete(), "preparing the copy").await;
        }
        match self.count(table).await? {
            0 => Ok(()),
            count => {
                let name = sqlx::query_scalar("SELECT current_database()::text").fetch_one(&mut self.connection);
                let name = async { name.await.while_doing("reading the name of the database") };
                let name: String = within(SHORT, name).await?;
                Err(StoreError::NotEmpty { database: name, has: format!("its table {} has {count} rows", table.name) })
            }
        }
    }

    async fn write(
        &mut self,
        table: &CopiedTable,
        columns: &[Column],
        from: &mut mpsc::Receiver<Vec<Row>>,
        mut wrote: impl FnMut(u64),
    ) -> Result<(), StoreError> {
        let doing = "writing the copy";
        let sql = table.copy_in(columns);
        let copying = self.connection.copy_in_raw(&sql);
        let mut copying = within(SHORT, async { copying.await.while_doing(doing) }).await?;
        let mut done = 0;
        while let Some(batch) = from.recv().await {
            let lines = lines(&batch);
            within(LONGEST, async { copying.send(lines.as_bytes()).await.map(drop).while_doing(doing) }).await?;
            done += batch.len() as u64;
            wrote(done);
        }
        within(LONGEST, async { copying.finish().await.map(drop).while_doing(doing) }).await
    }

    async fn set_counters(&mut self, counters: &Counters) -> Result<(), StoreError> {
        within(LONGEST, write_counters(&mut self.connection, counters)).await
    }

    async fn complete(mut self, progress_sender: &ProgressSender) -> Result<(), StoreError> {
        self.run("COMMIT".to_owned(), "committing the copy").await?;
        let Self { mut connection, right: WriteRight::Target(mut lease) } = self else { return Ok(()) };
        lease.committed();
        progress_sender.send_replace(Progress::unmeasured("indexing words"));
        let mut is_more = true;
        // A daemon that starts before the end goes on with it.
        while is_more {
            begin(&mut connection, &mut lease).await?;
            is_more = within(LONGEST, connection.index()).await?;
            execute(&mut connection, "COMMIT".to_owned(), "indexing the copy").await?;
            lease.committed();
        }
        // What the planner knows of the new rows.
        execute(&mut connection, "ANALYZE".to_owned(), "analysing the copy").await?;
        within(SHORT, lease.end(&mut connection)).await?;
        within(SHORT, async { connection.close().await.while_doing("closing the database") }).await
    }
}

/// Reads the last numbers that were given out.
async fn read_counters(connection: &mut PgConnection) -> Result<Counters, StoreError> {
    let doing = "reading counters";
    let mut counters: Counters = sqlx::query_as(
        "SELECT c.table_name::text, coalesce(s.last_value, 0) FROM information_schema.columns AS c JOIN pg_sequences AS s \
         ON pg_get_serial_sequence(quote_ident(c.table_name), c.column_name) = quote_ident(s.schemaname) || '.' || quote_ident(s.sequencename) \
         WHERE c.table_schema = current_schema() AND c.is_identity = 'YES'",
    )
    .fetch_all(&mut *connection)
    .await
    .while_doing(doing)?;
    let (entry, story): (i64, i64) = sqlx::query_as("SELECT last_entry, last_story FROM tally")
        .fetch_one(&mut *connection)
        .await
        .while_doing(doing)?;
    counters.extend([("entry".to_owned(), entry), ("story".to_owned(), story)]);
    Ok(counters)
}

/// Sets them.
async fn write_counters(connection: &mut PgConnection, counters: &Counters) -> Result<(), StoreError> {
    let doing = "writing counters";
    let last = |table: &str| counters.iter().find(|(name, _)| name == table).map_or(0, |(_, last)| *last);
    sqlx::query(
        "UPDATE tally SET entries = (SELECT count(*) FROM entry), stories = (SELECT count(*) FROM story), \
         last_entry = greatest($1, (SELECT max(id) FROM entry)), last_story = greatest($2, (SELECT max(id) FROM story))",
    )
    .bind(last("entry"))
    .bind(last("story"))
    .execute(&mut *connection)
    .await
    .while_doing(doing)?;
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT table_name::text FROM information_schema.columns WHERE table_schema = current_schema() AND is_identity = 'YES'",
    )
    .fetch_all(&mut *connection)
    .await
    .while_doing(doing)?;
    for table in tables {
        let highest = ["SELECT", "coalesce(max(id), 0)", "FROM", &table].join(" ");
        let highest: i64 =
            sqlx::query_scalar(AssertSqlSafe(highest)).fetch_one(&mut *connection).await.while_doing(doing)?;
        sqlx::query("SELECT setval(pg_get_serial_sequence($1, 'id'), $2) WHERE $2 > 0")
            .bind(&table)
            .bind(highest.max(last(&table)))
            .execute(&mut *connection)
            .await
            .while_doing(doing)?;
    }
    Ok(())
}

/// Reads a value.
fn cell(row: &PgRow, n: usize, kind: CellKind) -> Result<Cell, sqlx::Error> {
    Ok(match kind {
        CellKind::Integer => row.try_get::<Option<i64>, _>(n)?.map_or(Cell::Null, Cell::Integer),
        CellKind::Real => row.try_get::<Option<f64>, _>(n)?.map_or(Cell::Null, Cell::Real),
        CellKind::Text => row.try_get::<Option<String>, _>(n)?.map_or(Cell::Null, Cell::Text),
        CellKind::Bytes => row.try_get::<Option<Vec<u8>>, _>(n)?.map_or(Cell::Null, Cell::Bytes),
    })
}
