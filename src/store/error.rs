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
        source: DatabaseError,
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
        source: DatabaseError,
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
        source: DatabaseError,
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

/// What the database said: whose words they are depends on the store, what kind of error it is does not.
#[derive(Debug)]
pub struct DatabaseError {
    /// What kind of error it is.
    pub kind: StoreErrorKind,
    /// The database's own message; empty when the error is the driver's.
    pub message: String,
    /// As the driver gives it.
    pub cause: Box<dyn std::error::Error + Send + Sync>,
}

impl fmt::Display for DatabaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(f)
    }
}

impl std::error::Error for DatabaseError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.source()
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
            StoreErrorKind::Disk | StoreErrorKind::Denied => Some(Self::Io(source.message.clone())),
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
        match self {
            Self::Inconsistent { .. } | Self::Damaged { .. } => StoreErrorKind::Damaged,
            Self::Open { source, .. } | Self::Migrate { source, .. } | Self::Sql { source, .. } => source.kind,
            _ => StoreErrorKind::Other,
        }
    }
}
