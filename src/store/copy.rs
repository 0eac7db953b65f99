//! `copy`: a whole database from one store into the other.

use super::{copied::Copied, error::StoreError, progress::ProgressSender};
#[cfg(feature = "postgres")]
use super::{copying, postgres::copying::PostgresEnd, sqlite::copying::SqliteEnd};
use crate::model::DatabasePlace;
use thiserror::Error;

/// Why nothing was copied, and in which database.
#[derive(Debug, Error)]
pub enum CopyError {
    /// The database that was to be copied cannot be opened.
    #[error(transparent)]
    Source(StoreError),
    /// The place to copy to cannot be used, or what arrived there is not what was sent.
    #[error(transparent)]
    Target(#[from] StoreError),
}

/// Copies a database into an empty place in the other store. The daemon must be stopped. A copy that does not arrive whole leaves
/// nothing behind, whenever it ends; then it can be started again.
///
/// # Errors
/// Fails if another process writes to one of the databases, if the other place is not empty, or if what arrived is not what was
/// sent.
pub async fn copy(
    from: &DatabasePlace,
    to: &DatabasePlace,
    progress_sender: &ProgressSender,
) -> Result<Copied, CopyError> {
    match (from, to) {
        #[cfg(feature = "postgres")]
        (DatabasePlace::File(file), DatabasePlace::Server(server)) => {
            let source = SqliteEnd::source(file).await.map_err(CopyError::Source)?;
            let target = PostgresEnd::target(server).await?;
            Ok(Box::pin(copying::run(source, target, progress_sender)).await?)
        }
        #[cfg(feature = "postgres")]
        (DatabasePlace::Server(server), DatabasePlace::File(file)) => {
            let target = SqliteEnd::target(file).await?;
            let source = PostgresEnd::source(server).await.map_err(CopyError::Source)?;
            let copied = Box::pin(copying::run(source, target, progress_sender)).await;
            copied.map_err(|error| if error.is_of_server() { CopyError::Source(error) } else { error.into() })
        }
        (DatabasePlace::File(_), DatabasePlace::File(_)) => {
            Err(StoreError::SameStore("`warraq backup` copies a file").into())
        }
        #[cfg(not(feature = "postgres"))]
        (DatabasePlace::Server(_), DatabasePlace::File(_)) | (DatabasePlace::File(_), DatabasePlace::Server(_)) => {
            // Nothing is copied, so there is no progress.
            let _ = progress_sender;
            Err(StoreError::WithoutPostgres.into())
        }
        (DatabasePlace::Server(_), DatabasePlace::Server(_)) => {
            Err(StoreError::SameStore("pg_dump and pg_restore copy a database of PostgreSQL").into())
        }
    }
}
