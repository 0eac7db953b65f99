//! Messages for errors of the database, the same for every command: which file, what is wrong, what to do.

use super::CliError;
use crate::{
    daemon::DaemonError,
    store::{StoreError, StoreErrorKind},
};
use anyhow::Error;
use std::{path::Path, time::Duration};

/// How long a command waits for another program's lock, or for space on the disk. The daemon waits without end.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
/// What to do about a damaged database.
const RESTORE: &str = "if [database] path is right: stop the daemon and put the newest good backup in its place with \
    `warraq restore FILE`; what is there now is kept beside it";
/// What to do when another warraq process uses the database.
const STOP_FIRST: &str = "stop the daemon first (systemctl stop warraq)";

impl CliError {
    /// Adds the name of the database and a hint, if this is an error of the store without a hint of its own.
    pub(super) fn of_database(self, database: &Path) -> Self {
        let Self::Failed { error, hint: None } = self else { return self };
        let Some(cause) = of_store(&error) else { return Self::Failed { error, hint: None } };
        let (headline, hint) = said(cause, database);
        let error = if let Some(headline) = headline { error.context(headline) } else { error };
        Self::Failed { error, hint }
    }
}

/// Returns whether the cause is a value of the configuration that only the store can read.
pub(super) fn is_about_configuration(error: &Error) -> bool {
    matches!(of_store(error), Some(StoreError::BadUrl(_)))
}

fn of_store(error: &Error) -> Option<&StoreError> {
    if let Some(DaemonError::Store(inner)) = error.downcast_ref() { Some(inner) } else { error.downcast_ref() }
}

/// Returns a headline, for errors that do not name the file themselves, and a hint.
fn said(error: &StoreError, database: &Path) -> (Option<String>, Option<String>) {
    let path = database.display();
    let hint: &str = match error {
        StoreError::Missing(_) | StoreError::Unfinished(_) => return (None, None),
        StoreError::InUse(_) => STOP_FIRST,
        StoreError::Lock { .. } => {
            "this user must be able to write to the folder of [database] path, and to the .lock file there; if another user made that \
             file, remove it while no warraq runs"
        }
        StoreError::Place { .. } => "[database] path must name a file in an existing folder",
        StoreError::Orphan { .. } => {
            "put the database back; or move the -wal file away to start empty; or `warraq restore FILE`"
        }
        StoreError::Linked { path, .. } => {
            let path = path.display();
            let find = format!(
                "remove the other names (`find / -xdev -samefile {path}` lists them); a symbolic link may stay"
            );
            return (None, Some(find));
        }
        StoreError::OpenElsewhere(path) => {
            return (None, Some(format!("close that program first; `fuser {}` names it", path.display())));
        }
        StoreError::Foreign { .. } => "set [database] path to another file",
        StoreError::BadBackup { .. } => "use a file written by `warraq backup`; the database was not changed",
        StoreError::Newer { .. } => {
            "use the newer warraq, or restore a backup made before the upgrade with `warraq restore FILE`"
        }
        StoreError::Moved(_) => {
            "what was committed before is in the file that was moved, or lost if it was deleted: put it, or the newest good \
             backup (`warraq restore FILE`), in its place"
        }
        StoreError::Damaged { path, .. } if path != database => {
            "the copy was damaged and has been removed: check the target disk, and try again"
        }
        StoreError::Damaged { .. } => RESTORE,
        StoreError::NothingLeft { .. } => {
            "check the system clock and [retention] keep; `warraq prune --force` deletes them anyway"
        }
        StoreError::Leased { .. }
        | StoreError::LeaseLost { .. }
        | StoreError::Rewound
        | StoreError::NoLease
        | StoreError::Unsuitable { .. }
        | StoreError::ForeignTables { .. }
        | StoreError::NotForServer { .. } => of_server(error),
        StoreError::NotEmpty { .. } => {
            "nothing was copied; copy to a file that does not exist, or to a new database (`createdb`)"
        }
        StoreError::SameStore(_) => "see `warraq copy --help`",
        StoreError::CopyDiffers { .. } => "the original was not changed; try again, and report these lines",
        StoreError::WithoutPostgres => "install a build with PostgreSQL support, or use [database] path",
        StoreError::BadUrl(_) => {
            "write it as postgres://USER@HOST/DATABASE, with the password in [database] password_file"
        }
        StoreError::File { .. } => "the folder must exist, have space for the file, and be writable for this user",
        StoreError::Open { .. }
        | StoreError::Migrate { .. }
        | StoreError::Inconsistent { .. }
        | StoreError::Sql { .. }
        | StoreError::Silent
        | StoreError::WriterGone => {
            let (headline, hint) = by_kind(error.kind());
            return (Some(headline.replace("{}", &path.to_string())), Some(hint.to_owned()));
        }
    };
    (None, Some(hint.to_owned()))
}

/// Returns the hint for an error of a database on a server.
fn of_server(error: &StoreError) -> &'static str {
    match error {
        StoreError::Leased { .. } => {
            "one process writes at a time: stop that one, or wait until its lease ends, at most 30 seconds"
        }
        StoreError::LeaseLost { .. } => "two processes have the same [database] url: stop one of them",
        StoreError::Rewound => {
            "start again: what the database lacks is read from the feeds again, as far as they still list it"
        }
        StoreError::NoLease => "restore the database from a dump (`pg_restore`), with all its tables",
        StoreError::Unsuitable { .. } => {
            "deploy/postgresql.md has the statements that create a role and a database for Warraq"
        }
        StoreError::ForeignTables { .. } => {
            "give Warraq a database of its own (`createdb`), or a schema of its own (`?options=-c%20search_path%3Dwarraq`)"
        }
        _ => "see deploy/postgresql.md",
    }
}

/// Returns a headline, with `{}` for the file, and a hint.
fn by_kind(kind: StoreErrorKind) -> (&'static str, &'static str) {
    match kind {
        StoreErrorKind::Damaged => ("the database {} is damaged", RESTORE),
        StoreErrorKind::Full => {
            ("the disk of the database {} is full", "free some space and try again; all committed data is in the file")
        }
        StoreErrorKind::ReadOnly => (
            "the database {} cannot be written",
            "this user must be able to write to the file and to its folder, and the file system must not be read-only",
        ),
        StoreErrorKind::Busy => {
            ("another program has locked the database {}", "close that program, or wait for it, and try again")
        }
        StoreErrorKind::Denied => (
            "the database {} cannot be opened",
            "this user must be able to read and write the file, its folder, and the -wal and -shm files beside it, and to open \
             more files (ulimit -n)",
        ),
        StoreErrorKind::Disk => (
            "the disk of the database {} is full or failing",
            "free some space, or look into the kernel's log (dmesg); what was committed is in the file, and on a new disk \
             `warraq restore FILE` restores a backup",
        ),
        StoreErrorKind::Unreachable => (
            "the database server of {} cannot be reached",
            "check that PostgreSQL is running and accepts connections from this host; `psql` with the same address shows the same \
             error",
        ),
        StoreErrorKind::Refused => (
            "the database server refuses the use of {}",
            "check user, password and database of [database] url: the database must exist (`createdb`), and the user must be allowed to \
             log in and must own the tables",
        ),
        StoreErrorKind::Crowded => (
            "the database server has no connection left for {}",
            "Warraq needs five connections: raise max_connections, or the limit of the role or the database (ALTER ROLE … CONNECTION \
             LIMIT)",
        ),
        StoreErrorKind::Standby => (
            "the database server of {} only reads",
            "it is a standby, or default_transaction_read_only is set: name the primary in [database] url",
        ),
        StoreErrorKind::Conflict => ("a conflicting transaction blocked the database {}", "try again"),
        StoreErrorKind::Other => (
            "the database {} cannot be used",
            "try again; if it happens again, put a backup in its place with `warraq restore FILE`, and report these lines",
        ),
    }
}
