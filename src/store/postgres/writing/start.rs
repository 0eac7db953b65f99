//! Connects for writing and starts the writer's task.

use crate::{
    dedup::{IdAllocator, Window},
    model::{DatabaseServer, EntryId, StoryId},
    store::{
        driver::ErrorContext,
        error::StoreError,
        postgres::{lease::SHORT, open, writing::backend::PostgresBackend},
        writer::{Writer, WriterChannels, WriterTask},
        writing::{
            transaction::{WriterConnection, within},
            writer_task::WriterLoop,
        },
    },
};
use sqlx::PgConnection;

/// Takes the right to write, migrates the schema and starts the writer.
pub(in crate::store) async fn open(
    server: &DatabaseServer,
    window: Window,
) -> Result<(Writer, WriterTask), StoreError> {
    let (mut connection, options, lease) = open::writer(server).await?;
    let ids = within(SHORT, ids(&mut connection)).await?;
    let (handle, channels) = Writer::new();
    let WriterChannels { inbox, changed, trouble, stopping, patience, figures, underway, .. } = channels;
    let backend = PostgresBackend::new(connection, options, lease);
    let database = WriterConnection::new(backend, trouble, (stopping, patience), figures);
    let writer_loop = WriterLoop::new(database, window, ids, changed, underway);
    Ok((handle, tokio::spawn(writer_loop.run(inbox))))
}

/// Returns the next ids, from counters that never decrease.
async fn ids(connection: &mut PgConnection) -> Result<IdAllocator, StoreError> {
    let (entry, story): (i64, i64) = sqlx::query_as("SELECT last_entry, last_story FROM tally")
        .fetch_one(connection)
        .await
        .while_doing("reading counters")?;
    Ok(IdAllocator { next_entry: EntryId(entry + 1), next_story: StoryId(story + 1) })
}
