//! The read connections.

use crate::store::{
    driver::ErrorContext,
    error::{StoreError, TransientError},
    postgres::snapshot::{self, Snapshot},
};
use sqlx::{
    PgConnection, PgPool, Postgres, SqlSafeStr as _, Transaction, pool::PoolConnection, postgres::PgPoolOptions,
};
use std::sync::Arc;
use tokio::sync::{Mutex, watch};

/// The trouble of the writer of this process, if it has one.
pub(in crate::store) type WriterTrouble = watch::Receiver<Option<TransientError>>;

/// A few connections. While the server has none left for the writer of this process, they are given up: pages can wait, but polls
/// without a writer cannot end.
#[derive(Debug, Clone)]
pub(in crate::store) struct PostgresReaders {
    pub pool: PgPool,
    writer: Option<WriterTrouble>,
}

impl PostgresReaders {
    pub(super) fn new(pool: PgPool, writer: Option<WriterTrouble>) -> Self {
        if let Some(trouble) = &writer {
            tokio::spawn(give_way(pool.clone(), trouble.clone()));
        }
        Self { pool, writer }
    }

    /// Returns a connection; an error at once while the writer needs all there are.
    pub(in crate::store) async fn acquire(&self) -> Result<PoolConnection<Postgres>, sqlx::Error> {
        if self.writer.as_ref().is_some_and(is_crowded) {
            Err(sqlx::Error::PoolTimedOut)
        } else {
            self.pool.acquire().await
        }
    }

    /// Begins a transaction that sees one state of the database.
    pub(in crate::store) async fn snapshot(&self) -> Result<Snapshot, StoreError> {
        let beginning = async {
            let connection = self.acquire().await?;
            Transaction::begin(connection, Some("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY".into_sql_str())).await
        };
        let begun = snapshot::bounded(beginning).await;
        begun.map(|transaction| Arc::new(Mutex::new(transaction))).while_doing("beginning a transaction")
    }
}

/// Adds to the options of a pool that a connection that comes back is closed while the writer has none.
pub(super) fn giving_way(options: PgPoolOptions, writer: Option<&WriterTrouble>) -> PgPoolOptions {
    let writer = writer.cloned();
    options.after_release(move |connection: &mut PgConnection, _| {
        let gives_way = writer.as_ref().is_some_and(is_crowded);
        Box::pin(async move { if gives_way { Ok(false) } else { snapshot::ready_again(connection).await } })
    })
}

fn is_crowded(trouble: &WriterTrouble) -> bool {
    matches!(&*trouble.borrow(), Some(TransientError::Crowded(_)))
}

/// Closes the idle connections whenever the writer finds no free one, until the writer has ended.
async fn give_way(pool: PgPool, mut trouble: WriterTrouble) {
    while trouble.changed().await.is_ok() && !pool.is_closed() {
        if is_crowded(&trouble) {
            while let Some(idle) = pool.try_acquire() {
                // That the server does not hear of it is no news: the connection ends anyway.
                let _ = idle.close().await;
            }
        }
    }
}
