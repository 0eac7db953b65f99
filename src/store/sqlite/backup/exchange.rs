//! The exchange of the database for a backup, in steps that are safe to interrupt.

use crate::store::location::{self, LOGS, WAL_INDEX};
use std::{
    fs::{self, File},
    io,
    os::unix::{self, fs::MetadataExt as _},
    path::{Path, PathBuf},
};

/// One step of the exchange. After each step, the next start or `restore` can continue or undo it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum BackupStep {
    /// Gives the new file the owner and mode of the old one.
    Liken { new: PathBuf, old: PathBuf },
    /// Creates a second hard link to the old file.
    Keep { old: PathBuf, kept: PathBuf },
    /// Moves a file that belongs only to the old database; [`location::tidy`] moves it back.
    Move { from: PathBuf, to: PathBuf },
    /// Removes a file that SQLite recreates.
    Remove(PathBuf),
    /// Syncs the folder, so that the steps so far survive a power failure.
    Sync(PathBuf),
    /// Renames the new file over the old one: the only atomic step.
    Replace { new: PathBuf, old: PathBuf },
}

/// Returns the steps that replace the old file, and where it is afterwards. The old file has a name at every moment, and the new
/// one is never next to the old one's WAL, which SQLite would replay into it.
pub(super) fn exchange(database: &Path, incoming: &Path) -> (Vec<BackupStep>, Option<PathBuf>) {
    let kept = free_name(database);
    let mut steps = Vec::new();
    let mut keeps = false;
    if database.exists() {
        keeps = true;
        steps.push(BackupStep::Liken { new: incoming.to_owned(), old: database.to_owned() });
        steps.push(BackupStep::Keep { old: database.to_owned(), kept: kept.clone() });
        steps.push(BackupStep::Sync(database.to_owned()));
    }
    for end in LOGS {
        // It still exists if the old file is too damaged to checkpoint it.
        let from = location::beside(database, end);
        if from.exists() {
            keeps = true;
            steps.push(BackupStep::Move { from, to: location::beside(&kept, end) });
        }
    }
    let index = location::beside(database, location::WAL_INDEX);
    if index.exists() {
        steps.push(BackupStep::Remove(index));
    }
    steps.push(BackupStep::Sync(database.to_owned()));
    steps.push(BackupStep::Replace { new: incoming.to_owned(), old: database.to_owned() });
    steps.push(BackupStep::Sync(database.to_owned()));
    (steps, keeps.then_some(kept))
}

impl BackupStep {
    pub(super) fn take(&self) -> io::Result<()> {
        match self {
            Self::Liken { new, old } => {
                let as_it_was = fs::metadata(old)?;
                // Only root may change owners. For other users the new file has the right owner anyway.
                let _ = unix::fs::chown(new, Some(as_it_was.uid()), Some(as_it_was.gid()));
                fs::set_permissions(new, as_it_was.permissions())
            }
            // On a file system without hard links, the old file is copied.
            Self::Keep { old, kept } => fs::hard_link(old, kept).or_else(|_| {
                fs::copy(old, kept)?;
                File::open(kept)?.sync_all()
            }),
            Self::Move { from, to } => fs::rename(from, to),
            Self::Remove(path) => fs::remove_file(path),
            Self::Sync(path) => location::sync_folder(path),
            Self::Replace { new, old } => fs::rename(new, old),
        }
    }
}

/// Returns an unused name for the previous database, so that an earlier one is never overwritten.
fn free_name(database: &Path) -> PathBuf {
    let first = location::beside(database, location::BEFORE);
    let mut name = first.clone();
    for n in 2.. {
        // A symbolic link without a target also counts.
        if ["", WAL_INDEX].iter().chain(&LOGS).all(|end| fs::symlink_metadata(location::beside(&name, end)).is_err()) {
            break;
        }
        name = location::beside(&first, &format!(".{n}"));
    }
    name
}
