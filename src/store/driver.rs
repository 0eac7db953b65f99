//! Converts errors of the driver to those of the store.

#[cfg(feature = "postgres")]
use super::postgres;
use super::{
    error::{DatabaseError, StoreError, StoreErrorKind},
    sqlite,
};

/// Adds what the program was doing when a statement failed.
pub(super) trait ErrorContext<T> {
    fn while_doing(self, doing: &'static str) -> Result<T, StoreError>;
}

impl<T> ErrorContext<T> for Result<T, sqlx::Error> {
    fn while_doing(self, doing: &'static str) -> Result<T, StoreError> {
        self.map_err(|source| StoreError::Sql { doing, source: source.into() })
    }
}

impl From<sqlx::Error> for DatabaseError {
    fn from(error: sqlx::Error) -> Self {
        let message = match &error {
            sqlx::Error::Io(error) => error.to_string(),
            error => error.as_database_error().map_or_else(String::new, |error| error.message().to_owned()),
        };
        let (kind, is_rejection) = (kind(&error), is_rejection(&error));
        Self { kind, is_rejection, message, said_by_server: said_by_server(&error), cause: error.into() }
    }
}

impl From<sqlx::migrate::MigrateError> for DatabaseError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        use sqlx::migrate::MigrateError::{Execute, ExecuteMigration};
        let (kind, said_by_server) = match &error {
            Execute(error) | ExecuteMigration(error, _) => (kind(error), said_by_server(error)),
            _ => (StoreErrorKind::Other, None),
        };
        Self { kind, is_rejection: false, message: String::new(), said_by_server, cause: error.into() }
    }
}

/// Returns what a database server says, if it reported the error.
fn said_by_server(error: &sqlx::Error) -> Option<String> {
    #[cfg(feature = "postgres")]
    if let Some(error) = error.as_database_error()?.try_downcast_ref() {
        return Some(postgres::error::said(error));
    }
    let _ = error;
    None
}

/// Classifies an error by the codes of the database that reported it.
pub(super) fn kind(error: &sqlx::Error) -> StoreErrorKind {
    if matches!(error, sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } | sqlx::Error::RowNotFound) {
        return StoreErrorKind::Damaged;
    }
    // Only a database on another machine can be out of reach.
    if matches!(error, sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut) {
        return StoreErrorKind::Unreachable;
    }
    let Some(error) = error.as_database_error() else { return StoreErrorKind::Other };
    #[cfg(feature = "postgres")]
    if let Some(error) = error.try_downcast_ref() {
        return postgres::error::kind(error);
    }
    error.try_downcast_ref().map_or(StoreErrorKind::Other, sqlite::error::kind)
}

/// Returns whether the database or the driver rejects a row or a value that it was given.
fn is_rejection(error: &sqlx::Error) -> bool {
    if matches!(error, sqlx::Error::Encode(_)) {
        return true;
    }
    let Some(error) = error.as_database_error() else { return false };
    #[cfg(feature = "postgres")]
    if let Some(error) = error.try_downcast_ref() {
        return postgres::error::is_rejection(error);
    }
    error.try_downcast_ref().is_some_and(sqlite::error::is_rejection)
}

/// Returns whether another process holds the lock, so that trying again makes sense.
pub(super) fn is_busy(error: &sqlx::Error) -> bool {
    kind(error) == StoreErrorKind::Busy
}
