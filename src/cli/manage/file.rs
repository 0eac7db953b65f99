//! Writes a configuration file and preserves its owner, its mode, a symbolic link to it, and changes that others made in the
//! meantime.

use anyhow::{Context as _, anyhow};
use std::{
    borrow::Cow,
    fs::{self, File, Permissions},
    io::{self, Read as _, Seek as _, Write as _},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown},
    path::{Path, PathBuf},
};

/// A configuration file that is locked against other warraq processes.
pub(super) struct LockedFile {
    /// Its path, with symbolic links resolved.
    path: PathBuf,
    /// The open file; the lock ends when it is dropped.
    file: File,
    /// Its text when it was read.
    text: String,
}

impl LockedFile {
    /// Opens, locks and reads a file. With `make`, a missing file is created empty.
    pub(super) fn open(named: &Path, make: bool) -> anyhow::Result<Self> {
        let path = real(named)?;
        loop {
            let opened = File::options().read(true).open(&path);
            let file = match opened {
                Err(why) if why.kind() == io::ErrorKind::NotFound && make => {
                    made(&path)?;
                    continue;
                }
                opened => opened.with_context(|| format!("cannot open {}", path.display()))?,
            };
            file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
            // The previous holder of the lock may have replaced the file.
            let (ours, there) = (file.metadata()?, fs::metadata(&path));
            if there.is_ok_and(|there| (there.dev(), there.ino()) == (ours.dev(), ours.ino())) {
                let text = read(&file).with_context(|| format!("cannot read {}", path.display()))?;
                return Ok(Self { path, file, text });
            }
        }
    }

    /// Returns its text when it was read.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Writes another text, if the file has not changed since it was read. The file is replaced atomically. If that is impossible
    /// (it is a mount point, its folder is not writable, its owner cannot be preserved), it is written in place.
    pub(super) fn write(self, text: &str) -> anyhow::Result<()> {
        let text = &*self.in_its_form(text);
        let what = || format!("cannot write {}", self.path.display());
        let beside = self.beside(text);
        self.compare()?;
        let replaced = beside.and_then(|beside| {
            let renamed = fs::rename(&beside, &self.path);
            if renamed.is_err() {
                // The temporary file is ours and no longer needed.
                let _ = fs::remove_file(&beside);
            }
            renamed
        });
        match replaced {
            Ok(()) => sync_folder(&self.path).with_context(what),
            Err(why) if must_stay(&why) => self.in_place(text).with_context(what),
            Err(why) => Err(why).with_context(what),
        }
    }

    /// Returns a text with the byte order mark and the line ends that the file has, which the editor of TOML does not keep.
    fn in_its_form<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        if self.text.contains("\r\n") {
            text = Cow::Owned(text.replace("\r\n", "\n").replace('\n', "\r\n"));
        }
        if self.text.starts_with('\u{feff}') && !text.starts_with('\u{feff}') {
            text.to_mut().insert(0, '\u{feff}');
        }
        text
    }

    /// Fails if the file has changed since it was read, because editors do not respect the lock.
    fn compare(&self) -> anyhow::Result<()> {
        let (ours, there) = (self.file.metadata()?, fs::metadata(&self.path)?);
        let same_file = (there.dev(), there.ino()) == (ours.dev(), ours.ino());
        if same_file && read(&self.file)? == self.text {
            return Ok(());
        }
        Err(anyhow!("{} was changed by another program in the meantime; nothing was written", self.path.display()))
    }

    /// Creates a temporary file next to it with the new text and the same owner and mode.
    fn beside(&self, text: &str) -> io::Result<PathBuf> {
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.new", std::process::id()));
        let beside = self.path.with_file_name(name);
        let written = self.fill(&beside, text);
        if written.is_err() {
            let _ = fs::remove_file(&beside);
        }
        written.map(|()| beside)
    }

    fn fill(&self, beside: &Path, text: &str) -> io::Result<()> {
        use std::os::unix::fs::OpenOptionsExt as _;
        let was = self.file.metadata()?;
        let mut file = File::options().write(true).create_new(true).mode(0o600).open(beside)?;
        let now = file.metadata()?;
        if (now.uid(), now.gid()) != (was.uid(), was.gid()) {
            fchown(&file, Some(was.uid()), Some(was.gid()))?;
        }
        file.set_permissions(Permissions::from_mode(was.mode() & 0o7777))?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    }

    fn in_place(&self, text: &str) -> io::Result<()> {
        let mut file = File::options().write(true).open(&self.path)?;
        let mut put = |text: &str| {
            file.rewind()?;
            file.write_all(text.as_bytes())?;
            file.set_len(text.len() as u64)?;
            file.sync_all()
        };
        // If the disk is full, restore the old text, for which there was room.
        put(text).or_else(|why| put(&self.text).and(Err(why)))
    }
}

/// Returns whether the file cannot be replaced but may be writable: its folder or owner is not ours, or it is a mount point.
fn must_stay(why: &io::Error) -> bool {
    use io::ErrorKind::{CrossesDevices, PermissionDenied, ReadOnlyFilesystem, ResourceBusy};
    matches!(why.kind(), PermissionDenied | ResourceBusy | CrossesDevices | ReadOnlyFilesystem)
}

/// Resolves the symbolic links of a path. For a missing file, returns where it would be created.
fn real(named: &Path) -> anyhow::Result<PathBuf> {
    let mut path = std::path::absolute(named)?;
    // As many links as Linux follows (path_resolution(7)).
    for _ in 0..40 {
        match fs::read_link(&path) {
            Ok(target) => path = path.parent().unwrap_or(Path::new("/")).join(target),
            Err(_) => return Ok(fs::canonicalize(&path).unwrap_or(path)),
        }
    }
    Err(anyhow!("{}: too many symbolic links", named.display()))
}

/// Creates an empty file. Its mode follows the umask: a service often runs as another user than the one who adds an outlet.
fn made(path: &Path) -> anyhow::Result<()> {
    match File::options().write(true).create_new(true).open(path) {
        // Another process has created it in the meantime.
        Err(why) if why.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map(|_| ()).with_context(|| format!("cannot create {}", path.display())),
    }
}

fn read(mut file: &File) -> io::Result<String> {
    let mut text = String::new();
    file.rewind()?;
    file.read_to_string(&mut text)?;
    Ok(text)
}

/// Syncs the folder of a file, so that a rename is durable.
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path.parent().unwrap_or(Path::new("/")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_and_modes_stay_and_a_missing_file_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("real")).unwrap();
        fs::write(path("real/config.toml"), "# one\n").unwrap();
        fs::set_permissions(path("real/config.toml"), Permissions::from_mode(0o604)).unwrap();
        symlink("real/config.toml", path("config.toml")).unwrap();
        let file = LockedFile::open(&path("config.toml"), false).unwrap();
        assert_eq!(file.text(), "# one\n");
        file.write("# two\n").unwrap();
        assert!(fs::symlink_metadata(path("config.toml")).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(path("real/config.toml")).unwrap(), "# two\n");
        assert_eq!(fs::metadata(path("real/config.toml")).unwrap().mode() & 0o777, 0o604);
        assert_eq!(fs::read_dir(path("real")).unwrap().count(), 1, "nothing is left behind");
        symlink("real/new.toml", path("new.toml")).unwrap();
        assert!(LockedFile::open(&path("new.toml"), false).is_err());
        LockedFile::open(&path("new.toml"), true).unwrap().write("# new\n").unwrap();
        assert_eq!(fs::read_to_string(path("real/new.toml")).unwrap(), "# new\n");
        symlink("circle", path("circle")).unwrap();
        assert!(LockedFile::open(&path("circle"), true).is_err());
    }

    #[test]
    fn what_somebody_else_changed_is_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        fs::write(&path, "# one\n").unwrap();
        let file = LockedFile::open(&path, false).unwrap();
        fs::write(&path, "# in place\n").unwrap();
        assert!(file.write("# ours\n").unwrap_err().to_string().contains("changed by another program"));
        let file = LockedFile::open(&path, false).unwrap();
        fs::write(folder.path().join("other"), "# renamed\n").unwrap();
        fs::rename(folder.path().join("other"), &path).unwrap();
        assert!(file.write("# ours\n").is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "# renamed\n");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn in_place_a_shorter_text_leaves_nothing_of_the_longer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        fs::write(&path, "# a long comment\n").unwrap();
        let file = LockedFile::open(&path, false).unwrap();
        let before = fs::metadata(&path).unwrap().ino();
        file.in_place("# b\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "# b\n");
        assert_eq!(fs::metadata(&path).unwrap().ino(), before);
    }
}
