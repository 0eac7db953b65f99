//! Connects to the server, and brings the schema up to date: never a schema of another program, never a newer one.

use crate::{
    model::DatabaseServer,
    store::{
        driver::ErrorContext,
        error::StoreError,
        postgres::{
            lease::{Lease, SHORT},
            readers::{self, PostgresReaders, WriterTrouble},
        },
        writing::transaction::within,
    },
};
use sqlx::{
    ConnectOptions as _, Connection as _, PgConnection,
    migrate::{MigrateError, Migrator},
    postgres::{PgConnectOptions, PgPoolOptions, PgSslMode},
};
use std::{io, net::IpAddr, path::PathBuf, str::FromStr as _, time::Duration};
use url::Url;

/// The migrations, embedded in the binary.
static MIGRATIONS: Migrator = sqlx::migrate!("./migrations/postgres");

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How long closing a connection may take, because a daemon stops within a few seconds.
pub(super) const LAST: Duration = Duration::from_secs(1);
/// What a session asks of the server: that it ends one whose client has gone without a word, so that its locks go too. In seconds.
/// And that it compiles no statement, because all are short. Limits of the role or the database must not end the writer's statements:
/// an index step that is cancelled would be cancelled again and again. How long it waits for an answer, it decides itself.
const SESSION: &str = "SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3; \
     SET jit = off; SET idle_in_transaction_session_timeout = '60s'; SET statement_timeout = 0; SET lock_timeout = 0; \
     SET idle_session_timeout = 0; \
     SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'transaction_timeout'";
/// The same for readers, whose statements are short.
const READING_SESSION: &str = "SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3; \
     SET jit = off; SET idle_in_transaction_session_timeout = '60s'; SET statement_timeout = '60s'";
/// How long the session waits for a lock while it migrates: another process may be migrating, and a reader may hold a table for hours.
const BOUNDED_LOCKS: &str = "SET lock_timeout = '20s'";
/// Number of read connections: two for pages and two for polls.
const READERS: u32 = 4;

/// Returns how to connect to a server. What the address does not say comes from the variables that PostgreSQL's own programs read
/// (PGHOST, PGUSER, PGPASSWORD and others) and from the password file of libpq.
pub(in crate::store) fn options(server: &DatabaseServer) -> Result<PgConnectOptions, StoreError> {
    let address = server.address().reveal();
    // The driver's message could repeat the address.
    let options = PgConnectOptions::from_str(address).map_err(|_| {
        let why = wrong_parameter(address).unwrap_or_else(|| "is not the address of a PostgreSQL database".to_owned());
        StoreError::BadUrl(format!("{server}: {why}"))
    })?;
    let options = if options.get_application_name().is_none() { options.application_name("warraq") } else { options };
    let options = match server.password() {
        Some(password) => options.password(password.reveal()),
        None => options,
    };
    // The driver would log the whole text of slow statements.
    Ok(options.disable_statement_logging())
}

/// Returns what is wrong with the first parameter of an address that the driver cannot read.
fn wrong_parameter(address: &str) -> Option<String> {
    let is_number = |value: &str, max| value.parse().is_ok_and(|number: u64| number <= max);
    Url::parse(address).ok()?.query_pairs().find_map(|(name, value)| {
        let (is_right, allowed) = match &*name {
            "sslmode" | "ssl-mode" => {
                (PgSslMode::from_str(&value).is_ok(), "disable, allow, prefer, require, verify-ca or verify-full")
            }
            "port" => (is_number(&value, u16::MAX.into()), "a number up to 65535"),
            "statement-cache-capacity" => (is_number(&value, u64::MAX), "a number"),
            "hostaddr" => (value.parse::<IpAddr>().is_ok(), "an IP address"),
            _ => return None,
        };
        (!is_right).then(|| format!("{name}={value} is not valid; allowed: {allowed}"))
    })
}

/// Connects to the server.
pub(super) async fn connect(options: &PgConnectOptions) -> Result<PgConnection, StoreError> {
    let connecting = async {
        let mut connection = PgConnection::connect_with(options).await?;
        sqlx::raw_sql(SESSION).execute(&mut connection).await?;
        Ok(connection)
    };
    let late = |_| Err(sqlx::Error::Io(io::Error::from(io::ErrorKind::TimedOut)));
    tokio::time::timeout(CONNECT, connecting)
        .await
        .unwrap_or_else(late)
        .while_doing("connecting to the database server")
}

/// Connects for writing, takes the right to write, and migrates the schema. The right comes first, because the process that has it
/// could not work with another schema; only an empty database has none to take.
pub(super) async fn writer(server: &DatabaseServer) -> Result<(PgConnection, PgConnectOptions, Lease), StoreError> {
    let options = options(server)?;
    let mut connection = connect(&options).await?;
    let Some(found) = within(SHORT, schema(&mut connection)).await? else {
        within(SHORT, refuse_unsuitable(&mut connection, server)).await?;
        within(SHORT, refuse_foreign(&mut connection, server)).await?;
        migrate(&mut connection, server).await?;
        let lease = Lease::take(&mut connection, &server.to_string()).await?;
        return Ok((connection, options, lease));
    };
    let known = newest();
    if found > known {
        return Err(StoreError::Newer { path: named(server), found, known });
    }
    let mut lease = Lease::take(&mut connection, &server.to_string()).await?;
    let migrated = async {
        if found == known {
            within(SHORT, migrate(&mut connection, server)).await
        } else {
            migrate(&mut connection, server).await?;
            // Migrating a long table takes longer than a lease lasts.
            within(SHORT, lease.keep(&mut connection)).await
        }
    }
    .await;
    if let Err(error) = migrated {
        // Nobody need wait for the end of the lease. That the server does not answer is no news.
        let _ = within(LAST, lease.end(&mut connection)).await;
        return Err(error);
    }
    Ok((connection, options, lease))
}

/// Brings the schema up to date. How long that takes depends on the size of the tables, but a lock is not waited for without end.
async fn migrate(connection: &mut PgConnection, server: &DatabaseServer) -> Result<(), StoreError> {
    let doing = "preparing the migration of the schema";
    sqlx::raw_sql(BOUNDED_LOCKS).execute(&mut *connection).await.while_doing(doing)?;
    MIGRATIONS.run(&mut *connection).await.map_err(|error| not_migrated(error, server))?;
    sqlx::raw_sql("SET lock_timeout = 0").execute(connection).await.map(drop).while_doing(doing)
}

/// Opens the read connections. Those of a process that writes give way to its writer, whose trouble they are told.
pub(in crate::store) async fn readers(
    server: &DatabaseServer,
    writer: Option<WriterTrouble>,
) -> Result<PostgresReaders, StoreError> {
    let options = options(server)?;
    let mut connection = connect(&options).await?;
    let found = within(SHORT, schema(&mut connection)).await?;
    let known = newest();
    match found {
        None => return Err(StoreError::Unfinished(named(server))),
        Some(found) if found > known => return Err(StoreError::Newer { path: named(server), found, known }),
        Some(_) => {}
    }
    drop(tokio::time::timeout(LAST, connection.close()).await);
    let pool = PgPoolOptions::new().max_connections(READERS).acquire_timeout(CONNECT).after_connect(|connection, _| {
        Box::pin(async move { sqlx::raw_sql(READING_SESSION).execute(connection).await.map(drop) })
    });
    let pool = readers::giving_way(pool, writer.as_ref()).connect_with(options).await;
    pool.map(|pool| PostgresReaders::new(pool, writer)).while_doing("connecting to the database server")
}

/// Closes the read connections. One that does not answer is not waited for: it ends with the process.
pub(in crate::store) async fn close(readers: &PostgresReaders) {
    // A daemon stops within a few seconds, and what readers leave behind costs nothing.
    drop(tokio::time::timeout(LAST, readers.pool.close()).await);
}

/// Returns the number of the newest migration that was applied; `None` if there is none.
async fn schema(connection: &mut PgConnection) -> Result<Option<i64>, StoreError> {
    let doing = "reading the version of the schema";
    let is_there: bool = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL")
        .fetch_one(&mut *connection)
        .await
        .while_doing(doing)?;
    if !is_there {
        return Ok(None);
    }
    sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations").fetch_one(connection).await.while_doing(doing)
}

/// Rejects a database whose encoding cannot hold all texts, and one without a schema for the tables.
async fn refuse_unsuitable(connection: &mut PgConnection, server: &DatabaseServer) -> Result<(), StoreError> {
    let (encoding, schema): (String, Option<String>) =
        sqlx::query_as("SELECT current_setting('server_encoding'), current_schema()::text")
            .fetch_one(connection)
            .await
            .while_doing("reading how the database was made")?;
    let why = if encoding != "UTF8" {
        format!("its encoding is {encoding}; create it with ENCODING 'UTF8'")
    } else if schema.is_none() {
        "no schema of its search_path exists, or this user may not use it; see CREATE SCHEMA".to_owned()
    } else {
        return Ok(());
    };
    Err(StoreError::Unsuitable { database: server.to_string(), why })
}

/// Rejects a database in whose schema another program has made tables.
async fn refuse_foreign(connection: &mut PgConnection, server: &DatabaseServer) -> Result<(), StoreError> {
    let other: Option<String> = sqlx::query_scalar(
        "SELECT min(tablename)::text FROM pg_tables WHERE schemaname = current_schema() AND tablename <> '_sqlx_migrations'",
    )
    .fetch_one(connection)
    .await
    .while_doing("reading which tables there are")?;
    match other {
        Some(table) => Err(StoreError::ForeignTables { database: server.to_string(), table }),
        None => Ok(()),
    }
}

/// The number of the newest migration.
fn newest() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0)
}

fn not_migrated(error: MigrateError, server: &DatabaseServer) -> StoreError {
    match error {
        MigrateError::VersionMissing(found) if found > newest() => {
            StoreError::Newer { path: named(server), found, known: newest() }
        }
        error => StoreError::Migrate { path: named(server), source: error.into() },
    }
}

/// Returns the name of the database in errors, where the path of a file would stand.
fn named(server: &DatabaseServer) -> PathBuf {
    server.to_string().into()
}
