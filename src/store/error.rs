//! What can go wrong with the database itself. A feed's trouble is never one of these.

use std::{fmt, path::PathBuf};

/// The database cannot be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file cannot be opened or created.
    #[error("cannot open the database {path}")]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
    /// There is no such file, and the verb only reads.
    #[error("there is no database at {0}; `warraq run` or `warraq poll` creates it")]
    Missing(PathBuf),
    /// Nothing is in the file yet: its first start was killed.
    #[error("the database {0} holds nothing yet; `warraq run` or `warraq poll` completes it")]
    Unfinished(PathBuf),
    /// There is no database, but the WAL of one.
    #[error("{path} is missing or empty, but {wal} holds changes that belong to it")]
    Orphan {
        /// The file that is missing.
        path: PathBuf,
        /// Its WAL.
        wal: PathBuf,
    },
    /// No database can be here: a folder is missing, or something else is in its place.
    #[error("the database cannot be at {path}")]
    Place {
        /// As configured.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file has several names; SQLite would give each a WAL of its own.
    #[error("the database {path} has {names} names (hard links); allowed: one")]
    Linked {
        /// The file.
        path: PathBuf,
        /// How many.
        names: u64,
    },
    /// Another program, such as sqlite3, has it open.
    #[error("the database {0} is open in another program")]
    OpenElsewhere(PathBuf),
    /// A check found damage.
    #[error("{path} is damaged: {why}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite's integrity check found first.
        why: String,
    },
    /// Another Warraq writes to it.
    #[error("the database {0} is in use by another warraq process")]
    InUse(PathBuf),
    /// Its lock file cannot be made.
    #[error("cannot lock {path}")]
    Lock {
        /// The lock file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file belongs to another program.
    #[error("{path} is an SQLite database, but not Warraq's (application id {found:#x})")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What its header says.
        found: i64,
    },
    /// A newer Warraq has written to it.
    #[error("{path} has schema {found}, this warraq supports up to {known}: use the newer warraq, or restore a backup")]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// The schema could not be brought up to date; nothing was changed.
    #[error("cannot migrate the schema of {path}")]
    Migrate {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: sqlx::migrate::MigrateError,
    },
    /// A row that cannot be.
    #[error("the database is inconsistent: {table}.{column} of row {row} holds {value:?}")]
    Inconsistent {
        /// Its table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row.
        row: i64,
        /// What it holds, shortened.
        value: String,
    },
    /// A statement failed.
    #[error("the database failed while {doing}")]
    Sql {
        /// What was being done.
        doing: &'static str,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
    /// A file operation failed.
    #[error("{doing} {path} failed")]
    File {
        /// What was being done.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A backup that must not take the place of the database.
    #[error("{path} cannot be restored: {why}")]
    BadBackup {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// Retention would leave next to nothing.
    #[error(
        "retention would forget {stories} stories, which is nearly all: no feed has listed them since {since:.0}. \
         Nothing was forgotten"
    )]
    NothingLeft {
        /// Stories that would go.
        stories: u64,
        /// What was last listed before this instant would go.
        since: jiff::Timestamp,
    },
    /// The writer has ended; its own error was reported where it happened.
    #[error("the database writer has stopped")]
    WriterGone,
}

impl StoreError {
    /// Whether trying again later may succeed: the disk is full, a lock is held, reading or writing failed.
    #[must_use]
    pub fn can_pass(&self) -> bool {
        TransientError::of(self).is_some()
    }
}

/// Says what was being done when a statement failed.
pub(super) trait ErrorContext<T> {
    fn while_doing(self, doing: &'static str) -> Result<T, StoreError>;
}

impl<T> ErrorContext<T> for Result<T, sqlx::Error> {
    fn while_doing(self, doing: &'static str) -> Result<T, StoreError> {
        self.map_err(|source| StoreError::Sql { doing, source })
    }
}

/// Why the database cannot be written at the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransientError {
    /// Another process holds SQLite's write lock.
    Locked,
    /// The disk is full (`SQLITE_FULL`).
    DiskFull,
    /// Reading or writing the file failed, in SQLite's words.
    Io(String),
}

impl fmt::Display for TransientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Locked => f.write_str("another process holds the database's write lock"),
            Self::DiskFull => f.write_str("the disk is full"),
            Self::Io(words) => write!(f, "the database cannot be read or written ({words})"),
        }
    }
}

impl TransientError {
    /// The trouble behind a failed statement, if it is one that can pass.
    pub(in crate::store) fn of(error: &StoreError) -> Option<Self> {
        let StoreError::Sql { source, .. } = error else { return None };
        match error.kind() {
            StoreErrorKind::Busy => Some(Self::Locked),
            StoreErrorKind::Full => Some(Self::DiskFull),
            StoreErrorKind::Disk | StoreErrorKind::Denied => {
                Some(Self::Io(source.as_database_error().map_or_else(String::new, |error| error.message().to_owned())))
            }
            StoreErrorKind::Damaged | StoreErrorKind::ReadOnly | StoreErrorKind::Other => None,
        }
    }
}

/// What kind of error it is, for whoever has to say what to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreErrorKind {
    /// The file holds what no Warraq has written.
    Damaged,
    /// The disk is full.
    Full,
    /// The file or its disk cannot be written.
    ReadOnly,
    /// Another program holds the lock.
    Busy,
    /// The file cannot be opened.
    Denied,
    /// The disk fails.
    Disk,
    /// None of these.
    Other,
}

impl StoreError {
    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> StoreErrorKind {
        if matches!(self, Self::Inconsistent { .. } | Self::Damaged { .. }) {
            return StoreErrorKind::Damaged;
        }
        let mut error: Option<&(dyn std::error::Error + 'static)> = Some(self);
        while let Some(now) = error {
            if let Some(sql) = now.downcast_ref::<sqlx::Error>() {
                return of_sql(sql);
            }
            error = now.source();
        }
        StoreErrorKind::Other
    }
}

/// By SQLite's result codes (sqlite.org/rescode.html).
fn of_sql(error: &sqlx::Error) -> StoreErrorKind {
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

/// SQLite's extended result code.
fn code(error: &sqlx::Error) -> Option<i32> {
    error.as_database_error()?.code()?.parse().ok()
}

/// Whether another process holds the database's lock (SQLITE_BUSY and its extended codes): worth another try.
pub(super) fn is_busy(error: &sqlx::Error) -> bool {
    code(error).is_some_and(|code| matches!(code & 0xff, 5 | 6))
}
