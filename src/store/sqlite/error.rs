//! Classifies errors by SQLite's result codes.

use crate::store::error::StoreErrorKind;
use sqlx::{error::DatabaseError as _, sqlite::SqliteError};

/// Classifies by SQLite's result codes (sqlite.org/rescode.html).
pub(in crate::store) fn kind(error: &SqliteError) -> StoreErrorKind {
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

/// Returns whether SQLite rejects a row or a value: TOOBIG, CONSTRAINT, MISMATCH.
pub(in crate::store) fn is_rejection(error: &SqliteError) -> bool {
    code(error).is_some_and(|code| matches!(code & 0xff, 18..=20))
}

fn code(error: &SqliteError) -> Option<i32> {
    error.code()?.parse().ok()
}
