//! Errors of the database. The failure of a feed is never one of them.

pub use super::transient::TransientError;
use std::{fmt, path::PathBuf};

/// Why the database cannot be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file cannot be opened or created.
    #[error("cannot open the database {path}")]
    Open {
        /// Path of the file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: DatabaseError,
    },
    /// The file does not exist, and the command only reads.
    #[error("there is no database at {0}; `warraq run` or `warraq poll` creates it")]
    Missing(PathBuf),
    /// The database has no tables: it is new, or its first start was killed.
    #[error(
        "the database {0} is not set up yet (its first start may have been interrupted); `warraq run` or `warraq poll` sets it up"
    )]
    Unfinished(PathBuf),
    /// The database is missing, but its WAL exists.
    #[error("{path} is missing or empty, but {wal} holds changes that belong to it")]
    Orphan {
        /// Path of the missing file.
        path: PathBuf,
        /// Path of the WAL.
        wal: PathBuf,
    },
    /// The path cannot be that of a database: a folder is missing, or it is not a regular file.
    #[error("the database cannot be at {path}")]
    Place {
        /// The path as configured.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The file has several hard links, and SQLite would use a different WAL for each.
    #[error("the database {path} has {names} names (hard links); allowed: one")]
    Linked {
        /// Path of the file.
        path: PathBuf,
        /// Number of hard links.
        names: u64,
    },
    /// Another program, such as sqlite3, has the file open.
    #[error("the database {0} is open in another program")]
    OpenElsewhere(PathBuf),
    /// The file was removed, or another was put in its place, while it was open.
    #[error("the database {0} was removed or replaced while it was open")]
    Moved(PathBuf),
    /// A check found damage.
    #[error("{path} is damaged: {why}")]
    Damaged {
        /// Path of the file.
        path: PathBuf,
        /// The first problem that SQLite's integrity check reported.
        why: String,
    },
    /// Another Warraq process writes to the file.
    #[error("the database {0} is in use by another warraq process")]
    InUse(PathBuf),
    /// The lock file cannot be created.
    #[error("cannot lock {path}")]
    Lock {
        /// Path of the lock file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The file belongs to another program.
    #[error("{path} is an SQLite database, but not Warraq's (application id {found:#x})")]
    Foreign {
        /// Path of the file.
        path: PathBuf,
        /// The application id in its header.
        found: i64,
    },
    /// A newer version of Warraq has written to the file.
    #[error("{path} has schema {found}, this warraq supports up to {known}: use the newer warraq, or restore a backup")]
    Newer {
        /// Path of the file.
        path: PathBuf,
        /// Schema version of the file.
        found: i64,
        /// Newest schema version that this program knows.
        known: i64,
    },
    /// The schema could not be migrated; nothing was changed.
    #[error("cannot migrate the schema of {path}")]
    Migrate {
        /// Path of the file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: DatabaseError,
    },
    /// A row has an invalid value.
    #[error("the database is inconsistent: {table}.{column} of row {row} holds {value:?}")]
    Inconsistent {
        /// Name of the table.
        table: &'static str,
        /// Name of the column.
        column: &'static str,
        /// Id of the row.
        row: i64,
        /// The value, shortened.
        value: String,
    },
    /// A statement failed.
    #[error("the database failed while {doing}{}", source.advice())]
    Sql {
        /// What the program was doing.
        doing: &'static str,
        /// The cause.
        #[source]
        source: DatabaseError,
    },
    /// A file operation failed.
    #[error("{doing} {path} failed")]
    File {
        /// What the program was doing.
        doing: &'static str,
        /// Path of the file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// A backup that must not replace the database.
    #[error("{path} cannot be restored: {why}")]
    BadBackup {
        /// Path of the backup.
        path: PathBuf,
        /// The cause.
        why: String,
    },
    /// Retention would delete nearly everything.
    #[error(
        "retention would delete {stories} stories, which is nearly all: no feed has listed them since {since:.0}. \
         Nothing was deleted"
    )]
    NothingLeft {
        /// Number of stories that would be deleted.
        stories: u64,
        /// Stories last listed before this time would be deleted.
        since: jiff::Timestamp,
    },
    /// Another process has taken the right to write, because this one was not heard of for too long.
    #[error("{by} took over writing, because this process did not renew its lease in time; no data was lost")]
    LeaseLost {
        /// Who writes now: host and process id.
        by: String,
    },
    /// The database lacks transactions of this process: it was restored, or a standby took over that had not received them.
    #[error(
        "the database went back in time: it lacks the last transactions of this process, because it was restored or a standby took over"
    )]
    Rewound,
    /// The lease of the writer is missing, as while the tables are being restored.
    #[error("the table writer_lease is empty: the database is being restored, or was damaged")]
    NoLease,
    /// The database was set up in a way in which Warraq cannot use it.
    #[error("the database {database} cannot be used: {why}")]
    Unsuitable {
        /// The database, without its password.
        database: String,
        /// What has to be another way.
        why: String,
    },
    /// Another Warraq process has the right to write.
    #[error("the database {database} is in use by warraq on {by}")]
    Leased {
        /// The database, without its password.
        database: String,
        /// Who writes: host and process id.
        by: String,
    },
    /// The schema of the database has tables of another program.
    #[error("{database} has tables of another program, such as {table}")]
    ForeignTables {
        /// The database, without its password.
        database: String,
        /// One of the tables.
        table: String,
    },
    /// The operation is not for this kind of database.
    #[error("{what} is not for PostgreSQL: {instead}")]
    NotForServer {
        /// The operation.
        what: &'static str,
        /// What to do instead.
        instead: &'static str,
    },
    /// A copy would go to a database that has content.
    #[error("{database} is not empty: {has}")]
    NotEmpty {
        /// The database.
        database: String,
        /// What it has.
        has: String,
    },
    /// A copy would go from one store to the same kind of store.
    #[error("`warraq copy` copies from SQLite to PostgreSQL or back: {0}")]
    SameStore(&'static str),
    /// A copy is not the same as the original. It was removed.
    #[error("the copy is not the same as the original, and was removed: table {table}: {why}")]
    CopyDiffers {
        /// Name of the table.
        table: String,
        /// The difference.
        why: String,
    },
    /// This program was built without the feature `postgres`.
    #[error("this warraq was built without PostgreSQL (feature postgres)")]
    WithoutPostgres,
    /// The address of the database server cannot be used.
    #[error("database.url: {0}")]
    BadUrl(String),
    /// The database server does not answer.
    #[error("the database server does not answer")]
    Silent,
    /// The writer has stopped. Its own error was reported where it happened.
    #[error("the database writer has stopped")]
    WriterGone,
}

impl StoreError {
    /// Returns the message with those of its causes, for a line of the log.
    #[must_use]
    pub fn with_causes(&self) -> String {
        let mut words = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(next) = cause {
            // Some errors already end with the text of their cause.
            if !words.ends_with(&next.to_string()) {
                words = format!("{words}: {next}");
            }
            cause = next.source();
        }
        words
    }

    /// Returns whether a database server, not a file, is the cause.
    #[cfg(feature = "postgres")]
    pub(in crate::store) fn is_of_server(&self) -> bool {
        use StoreErrorKind::{Conflict, Crowded, Refused, Standby, Unreachable};
        matches!(self.kind(), Conflict | Crowded | Refused | Standby | Unreachable)
    }

    /// Returns whether the database rejects a row or a value: the same work fails each time, but other work need not.
    pub(in crate::store) fn is_rejection(&self) -> bool {
        matches!(self, Self::Sql { source, .. } if source.is_rejection)
    }

    /// Returns whether trying again later may succeed: the disk is full, a lock is held, or reading or writing failed.
    #[must_use]
    pub fn can_pass(&self) -> bool {
        TransientError::of(self).is_some()
    }
}

/// An error reported by the database. The message is the store's own; the kind is the same for every store.
#[derive(Debug)]
pub struct DatabaseError {
    /// The kind of error.
    pub kind: StoreErrorKind,
    /// Whether the database or the driver rejects a row or a value that it was given.
    pub is_rejection: bool,
    /// The database's own message; empty if the error is the driver's.
    pub message: String,
    /// What a database server says, with its code. The driver adds a line, which is one of PostgreSQL's own source code.
    pub said_by_server: Option<String>,
    /// The error as the driver reports it.
    pub cause: Box<dyn std::error::Error + Send + Sync>,
}

impl DatabaseError {
    /// Returns what a log line says beside the error: where to read what to do, if the database is damaged.
    fn advice(&self) -> &'static str {
        match self.kind {
            StoreErrorKind::Damaged => " (the database is damaged; deploy/README.md says what to do)",
            _ => "",
        }
    }
}

impl fmt::Display for DatabaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.said_by_server {
            Some(words) => f.write_str(words),
            None => self.cause.fmt(f),
        }
    }
}

impl std::error::Error for DatabaseError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        // The driver's own error would say the same again.
        if self.said_by_server.is_some() { None } else { self.cause.source() }
    }
}

/// The kind of error, for code that has to say what to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreErrorKind {
    /// The file has content that no Warraq has written.
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
    /// The database server cannot be reached, or has broken the connection.
    Unreachable,
    /// A conflicting transaction blocked the database: the same one succeeds when it is repeated.
    Conflict,
    /// The database server refuses who asks, or what they ask: user, password, database, table, or permission.
    Refused,
    /// The database server has no connection left for this program.
    Crowded,
    /// The database server only reads, as a standby does.
    Standby,
    /// Any other error.
    Other,
}

impl StoreError {
    /// Returns the kind of error.
    #[must_use]
    pub fn kind(&self) -> StoreErrorKind {
        match self {
            Self::Inconsistent { .. } | Self::Damaged { .. } => StoreErrorKind::Damaged,
            Self::Open { source, .. } | Self::Migrate { source, .. } | Self::Sql { source, .. } => source.kind,
            Self::Silent => StoreErrorKind::Unreachable,
            _ => StoreErrorKind::Other,
        }
    }
}
