//! Converts sqlx errors to those of the store, and classifies them by SQLite's result codes.

use crate::store::error::{DatabaseError, StoreError, StoreErrorKind};

/// Adds what the program was doing when a statement failed.
pub(in crate::store) trait ErrorContext<T> {
    fn while_doing(self, doing: &'static str) -> Result<T, StoreError>;
}

impl<T> ErrorContext<T> for Result<T, sqlx::Error> {
    fn while_doing(self, doing: &'static str) -> Result<T, StoreError> {
        self.map_err(|source| StoreError::Sql { doing, source: source.into() })
    }
}

impl From<sqlx::Error> for DatabaseError {
    fn from(error: sqlx::Error) -> Self {
        let message = error.as_database_error().map_or_else(String::new, |error| error.message().to_owned());
        Self { kind: kind(&error), message, cause: error.into() }
    }
}

impl From<sqlx::migrate::MigrateError> for DatabaseError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        use sqlx::migrate::MigrateError::{Execute, ExecuteMigration};
        let kind = match &error {
            Execute(error) | ExecuteMigration(error, _) => kind(error),
            _ => StoreErrorKind::Other,
        };
        Self { kind, message: String::new(), cause: error.into() }
    }
}

/// Classifies by SQLite's result codes (sqlite.org/rescode.html).
fn kind(error: &sqlx::Error) -> StoreErrorKind {
    if matches!(error, sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } | sqlx::Error::RowNotFound) {
        return StoreErrorKind::Damaged;
    }
    let Some(code) = code(error) else { return StoreErrorKind::Other };
    match (code & 0xff, code) {
        // ERROR: a table or column is missing; CONSTRAINT and MISMATCH: rows contradict each other; CORRUPT; NOTADB.
        // IOERR_SHORT_READ and IOERR_CORRUPTFS: the file is shorter than its header says, or its file system is damaged.
        (1 | 11 | 19 | 20 | 26, _) | (_, 522 | 8458) => StoreErrorKind::Damaged,
        (13, _) => StoreErrorKind::Full,
        (8, _) => StoreErrorKind::ReadOnly,
        (5 | 6, _) => StoreErrorKind::Busy,
        (3 | 14 | 23, _) => StoreErrorKind::Denied,
        (10, _) => StoreErrorKind::Disk,
        _ => StoreErrorKind::Other,
    }
}

/// Returns SQLite's extended result code.
fn code(error: &sqlx::Error) -> Option<i32> {
    error.as_database_error()?.code()?.parse().ok()
}

/// Returns whether another process holds the lock (SQLITE_BUSY and its extended codes), so that trying again makes sense.
pub(in crate::store) fn is_busy(error: &sqlx::Error) -> bool {
    kind(error) == StoreErrorKind::Busy
}
