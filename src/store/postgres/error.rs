//! Classifies errors by the codes of the SQL standard and PostgreSQL (postgresql.org/docs/15/errcodes-appendix.html).

use crate::store::error::StoreErrorKind;
use sqlx::postgres::PgDatabaseError;

/// Classifies an error that the server reported.
pub(in crate::store) fn kind(error: &PgDatabaseError) -> StoreErrorKind {
    match error.code() {
        // serialization_failure, deadlock_detected.
        "40001" | "40P01" => StoreErrorKind::Conflict,
        // lock_not_available.
        "55P03" => StoreErrorKind::Busy,
        // disk_full.
        "53100" => StoreErrorKind::Full,
        // read_only_sql_transaction: a standby after a failover that has not ended.
        "25006" => StoreErrorKind::Standby,
        // too_many_connections: of the server, the database or the role.
        "53300" => StoreErrorKind::Crowded,
        // data_corrupted, index_corrupted.
        "XX001" | "XX002" => StoreErrorKind::Damaged,
        // io_error.
        "58030" => StoreErrorKind::Disk,
        // invalid_catalog_name, insufficient_privilege, object_not_in_prerequisite_state (a database that allows no connections),
        // undefined_table and invalid_schema_name (a database that is being restored).
        "3D000" | "42501" | "55000" | "42P01" | "3F000" => StoreErrorKind::Refused,
        code => match code.get(..2) {
            // Connection exception; insufficient resources; operator intervention: the server stops or starts.
            Some("08" | "53" | "57") => StoreErrorKind::Unreachable,
            // Invalid authorization.
            Some("28") => StoreErrorKind::Refused,
            // Constraint violation: rows contradict each other.
            Some("23") => StoreErrorKind::Damaged,
            _ => StoreErrorKind::Other,
        },
    }
}

/// Returns whether the server rejects a row or a value: data exception, constraint violation, program limit exceeded (such as a value
/// that is too long for its index).
pub(in crate::store) fn is_rejection(error: &PgDatabaseError) -> bool {
    matches!(error.code().get(..2), Some("22" | "23" | "54"))
}

/// Returns what the server says, with its code.
pub(in crate::store) fn said(error: &PgDatabaseError) -> String {
    format!("{} (SQLSTATE {})", error.message(), error.code())
}
