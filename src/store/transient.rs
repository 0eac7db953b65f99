//! Why the database cannot be written for a while. The work is tried again; decisions are kept meanwhile.

use super::error::{StoreError, StoreErrorKind};
use std::fmt;

/// Why the database cannot be written at the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransientError {
    /// Another process holds the write lock.
    Locked,
    /// The disk is full.
    DiskFull,
    /// Reading or writing failed, with the database's message.
    Io(String),
    /// The database server cannot be reached, with the reason.
    Unreachable(String),
    /// The database server refuses this process or what it asks, with the reason: a role may not log in, a table is being restored, or
    /// the server is a standby.
    Refused(String),
    /// The database server has no connection left, with its message.
    Crowded(String),
    /// The database server has been silent for some seconds and may still answer.
    Slow,
    /// A conflicting transaction blocked the database.
    Conflict,
    /// The file was removed or replaced while it was open.
    Moved,
}

impl fmt::Display for TransientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Locked => f.write_str("another process holds the database's write lock"),
            Self::DiskFull => f.write_str("the disk is full"),
            Self::Unreachable(words) if words.is_empty() => f.write_str("the database server cannot be reached"),
            Self::Unreachable(words) => write!(f, "the database server cannot be reached ({words})"),
            Self::Refused(words) => write!(f, "the database server refuses this process ({words})"),
            Self::Crowded(words) => write!(f, "the database server has no connection left for this process ({words})"),
            Self::Slow => f.write_str("the database server has not answered for a while; another session may hold a lock"),
            Self::Conflict => f.write_str("a conflicting transaction blocks the database"),
            Self::Moved => f.write_str(
                "its file or write-ahead log was removed or replaced while it was open; put it back, or restart to use the file that is \
                 there",
            ),
            Self::Io(words) => write!(f, "the database cannot be read or written ({words})"),
        }
    }
}

impl TransientError {
    /// Returns the transient cause of an error, if it has one.
    pub(in crate::store) fn of(error: &StoreError) -> Option<Self> {
        let source = match error {
            StoreError::Moved(_) => return Some(Self::Moved),
            StoreError::Silent => return Some(Self::Unreachable("it does not answer".to_owned())),
            StoreError::NoLease => return Some(Self::Refused(error.to_string())),
            StoreError::Sql { source, .. } => source,
            _ => return None,
        };
        let words = || source.message.clone();
        match error.kind() {
            StoreErrorKind::Busy => Some(Self::Locked),
            StoreErrorKind::Full => Some(Self::DiskFull),
            StoreErrorKind::Disk | StoreErrorKind::Denied => Some(Self::Io(words())),
            StoreErrorKind::Unreachable => Some(Self::Unreachable(words())),
            StoreErrorKind::Refused | StoreErrorKind::Standby => Some(Self::Refused(words())),
            StoreErrorKind::Crowded => Some(Self::Crowded(words())),
            StoreErrorKind::Conflict => Some(Self::Conflict),
            StoreErrorKind::Damaged | StoreErrorKind::ReadOnly | StoreErrorKind::Other => None,
        }
    }

    /// Returns whether another connection has to be made before the next attempt.
    pub(in crate::store) fn breaks_connection(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Refused(_) | Self::Crowded(_))
    }
}
