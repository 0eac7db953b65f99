//! The file that is being read, for whoever waits for a configuration that does not come: a file system on a network that is away, or
//! a pipe that nobody writes to, keeps a thread waiting for ever and reports nothing.

use std::{
    cell::RefCell,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

thread_local! {
    /// Where this thread notes the file that it begins to read.
    static NOTED: RefCell<Option<FileBeingRead>> = const { RefCell::new(None) };
}

/// The file that a configuration is being read from, seen from another thread.
#[derive(Debug, Clone, Default)]
pub struct FileBeingRead(Arc<Mutex<Option<PathBuf>>>);

impl FileBeingRead {
    /// Reads a configuration on this thread, and notes each file that it begins to read.
    pub fn during<T>(&self, load: impl FnOnce() -> T) -> T {
        NOTED.set(Some(self.clone()));
        let loaded = load();
        NOTED.set(None);
        loaded
    }

    /// Returns the file that was begun last; `None` if there was none yet.
    #[must_use]
    pub fn path(&self) -> Option<PathBuf> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Notes that this thread begins to read a file or a folder.
pub(super) fn begins(path: &Path) {
    NOTED.with_borrow(|noted| {
        if let Some(FileBeingRead(file)) = noted {
            *file.lock().unwrap_or_else(PoisonError::into_inner) = Some(path.to_owned());
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use std::{collections::BTreeMap, fs};

    #[test]
    fn the_file_that_is_read_is_known_to_who_waits() {
        let folder = tempfile::tempdir().unwrap();
        let (file, included) = (folder.path().join("config.toml"), folder.path().join("outlets.toml"));
        fs::write(&file, "include = [\"outlets.toml\"]\n").unwrap();
        fs::write(&included, "").unwrap();
        let secret = folder.path().join("url").to_str().unwrap().to_owned();
        let with_secret = BTreeMap::from([("WARRAQ_DATABASE_URL_FILE".to_owned(), secret.clone())]);
        for (text, environment, last) in [
            ("", BTreeMap::new(), file.clone()),
            ("include = [\"outlets.toml\"]\n", BTreeMap::new(), included),
            ("include = [\"other.d/*.toml\"]\n", BTreeMap::new(), folder.path().join("other.d/*.toml")),
            ("[server]\ntoken_file = \"tokens\"\n", BTreeMap::new(), folder.path().join("tokens")),
            ("", with_secret, secret.into()),
        ] {
            fs::write(&file, text).unwrap();
            let read = FileBeingRead::default();
            assert_eq!(read.path(), None);
            let _ = read.during(|| Config::load(&file, &environment));
            assert_eq!(read.path(), Some(last), "{text}");
            let _ = Config::load(&folder.path().join("unwatched.toml"), &environment);
            assert_ne!(read.path(), Some(folder.path().join("unwatched.toml")));
        }
    }
}
