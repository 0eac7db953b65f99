//! Finds the database file: follows symbolic links, rejects a file with several hard links, and cleans up after a `restore` that
//! was killed. SQLite names the WAL after the database, so two names of one file would have two WALs.

use super::error::StoreError;
use std::{
    ffi::OsString,
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

/// Most symbolic links in a row, as in Linux (path_resolution(7)).
const LINKS_MAX: usize = 40;
/// Suffix of the write-ahead log (WAL).
pub(crate) const WAL: &str = "-wal";
/// Suffixes of the files next to the database that hold committed data or the way back to it.
pub(super) const LOGS: [&str; 2] = [WAL, "-journal"];
/// Suffix of the WAL's index, which SQLite recreates.
pub(super) const WAL_INDEX: &str = "-shm";
/// Suffix of the file whose lock the one writer holds.
pub(crate) const LOCK: &str = ".lock";
/// Suffix of a file that is about to replace the database.
pub(super) const INCOMING: &str = ".incoming";
/// Suffix of the database that a `restore` replaced.
pub(super) const BEFORE: &str = ".before-restore";

/// Which file was opened, so that its removal or replacement is noticed: what is written afterwards would be lost, because an
/// open file without a name goes when it is closed.
#[derive(Debug, Clone)]
pub(super) struct OpenedFile {
    path: PathBuf,
    /// Device and inode.
    numbers: Option<(u64, u64)>,
}

impl OpenedFile {
    /// Remembers the file at `path`.
    pub(super) fn at(path: &Path) -> Self {
        Self { path: path.to_owned(), numbers: fs::metadata(path).ok().map(|file| (file.dev(), file.ino())) }
    }

    /// Checks that it is still there under its name.
    ///
    /// # Errors
    /// If there is no file, or another. If that cannot be found out, the file counts as being there.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        let is_there = match fs::metadata(&self.path) {
            Ok(file) => self.numbers.is_none_or(|numbers| numbers == (file.dev(), file.ino())),
            Err(why) => why.kind() != io::ErrorKind::NotFound,
        };
        if is_there { Ok(()) } else { Err(StoreError::Moved(self.path.clone())) }
    }

    /// Returns the path under which it was opened.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns whether there was a file to remember.
    pub(super) fn is_known(&self) -> bool {
        self.numbers.is_some()
    }
}

/// Appends a suffix to a path.
pub(crate) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// Returns the bytes that ordinary users may still write on the disk of a file, or `None` if that cannot be found out.
pub(super) fn free_bytes(path: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder(path)).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Returns the folder of a file; for a bare name, the current folder.
pub(super) fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Syncs the folder of `path`, so that renames and links survive a power failure.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    fs::File::open(folder(path))?.sync_all()
}

/// Returns the absolute path of the file that `path` leads to through symbolic links. The file itself need not exist.
///
/// # Errors
/// Fails if its folder does not exist, or if it is not a regular file.
pub(super) fn real_path(path: &Path) -> Result<PathBuf, StoreError> {
    let wrong = |source| StoreError::Place { path: path.to_owned(), source };
    let mut at = path.to_owned();
    for _ in 0..LINKS_MAX {
        match fs::read_link(&at) {
            Ok(target) => at = folder(&at).join(target),
            Err(_) => return there(&at).map_err(wrong),
        }
    }
    Err(wrong(io::Error::other("its symbolic links go round in a circle")))
}

/// Returns the absolute path of a file that is not a symbolic link.
fn there(path: &Path) -> io::Result<PathBuf> {
    let no_file = |what: &str| io::Error::other(format!("{} is {what}, not a file", path.display()));
    let Some(name) = path.file_name() else { return Err(no_file("a folder")) };
    let real = match folder(path).canonicalize() {
        Ok(folder) => folder.join(name),
        Err(why) => return Err(io::Error::new(why.kind(), format!("the folder {}: {why}", folder(path).display()))),
    };
    match fs::metadata(&real) {
        Ok(file) if file.is_file() => Ok(real),
        Ok(file) if file.is_dir() => Err(no_file("a folder")),
        Ok(_) => Err(no_file("a device or a pipe")),
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(real),
        Err(why) => Err(why),
    }
}

/// Rejects a file with several hard links. Those left by a killed `restore` are accepted and returned.
pub(super) fn other_names(real: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let Ok(file) = fs::metadata(real) else { return Ok(Vec::new()) };
    if file.nlink() <= 1 {
        return Ok(Vec::new());
    }
    let mut start = OsString::from(real.file_name().unwrap_or_default());
    start.push(BEFORE);
    let same = |path: &Path| fs::symlink_metadata(path).is_ok_and(|f| (f.dev(), f.ino()) == (file.dev(), file.ino()));
    let entries = fs::read_dir(folder(real)).map_err(|source| StoreError::Place { path: real.to_owned(), source })?;
    let kept: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().as_encoded_bytes();
            name.starts_with(start.as_encoded_bytes()) && same(path)
        })
        .collect();
    if file.nlink() == kept.len() as u64 + 1 {
        Ok(kept)
    } else {
        Err(StoreError::Linked { path: real.to_owned(), names: file.nlink() })
    }
}

/// Undoes an incomplete `restore`: removes its second hard link of the database and moves the WAL back. Only the holder of the
/// lock may call it.
pub(super) fn tidy(real: &Path) -> Result<(), StoreError> {
    for kept in other_names(real)? {
        let failed =
            |source| StoreError::File { doing: "undoing an interrupted restore of", path: kept.clone(), source };
        for end in LOGS {
            let (from, to) = (beside(&kept, end), beside(real, end));
            if from.exists() && !to.exists() {
                fs::rename(&from, &to).map_err(failed)?;
            }
        }
        sync_folder(real).map_err(failed)?;
        fs::remove_file(&kept).map_err(failed)?;
    }
    clear(&beside(real, INCOMING));
    Ok(())
}

/// Removes a database that was never completed, and the files that SQLite put next to it.
pub(super) fn clear(path: &Path) {
    for end in ["", WAL_INDEX].into_iter().chain(LOGS) {
        let _ = fs::remove_file(beside(path, end));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_lead_to_one_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let real = folder.path().canonicalize().unwrap().join("w.db");
        fs::create_dir(path("sub")).unwrap();
        symlink("sub", path("way")).unwrap();
        symlink("../w.db", path("sub/one")).unwrap();
        symlink(path("way/one"), path("two")).unwrap();
        for there in [false, true] {
            if there {
                fs::write(path("w.db"), "").unwrap();
            }
            for name in ["w.db", "sub/one", "two", "sub/../w.db"] {
                assert_eq!(real_path(&path(name)).unwrap(), real, "{name}");
            }
        }
        symlink("b", path("a")).unwrap();
        symlink("a", path("b")).unwrap();
        for (name, why) in [("a", "circle"), ("sub", "a folder"), ("no/w.db", "the folder "), ("sub/..", "a folder")] {
            let StoreError::Place { source, .. } = real_path(&path(name)).unwrap_err() else { panic!("{name}") };
            assert!(source.to_string().contains(why), "{name}: {source}");
        }
    }

    #[test]
    fn several_names_are_refused_but_that_of_a_killed_restore() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("w.db"), "it").unwrap();
        fs::hard_link(path("w.db"), path("w.db.before-restore.2")).unwrap();
        fs::write(path("w.db.before-restore.2-wal"), "committed").unwrap();
        fs::write(path("w.db.before-restore"), "of an earlier restore").unwrap();
        fs::write(path("w.db.incoming"), "half a file").unwrap();
        tidy(&path("w.db")).unwrap();
        assert_eq!(fs::read_to_string(path("w.db-wal")).unwrap(), "committed");
        assert_eq!(fs::read_to_string(path("w.db")).unwrap(), "it");
        let left = ["w.db.before-restore", "w.db.before-restore.2", "w.db.incoming"].map(|name| path(name).exists());
        assert_eq!(left, [true, false, false]);
        fs::hard_link(path("w.db"), path("other.db")).unwrap();
        for name in ["w.db", "other.db"] {
            assert!(matches!(tidy(&path(name)), Err(StoreError::Linked { names: 2, .. })), "{name}");
        }
    }
}
