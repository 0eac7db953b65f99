//! Finds a running daemon by its process id. The daemon writes the id to a file next to the database and keeps the file locked.
//! The id counts only while the lock is held, because the system reuses the ids of dead processes.

use crate::{
    model::DatabasePlace,
    store::{Reader, StoreError},
};
use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process};
use std::{
    ffi::OsString,
    fs::{File, TryLockError},
    io::{self, Read as _, Seek as _, Write as _},
    path::{Path, PathBuf},
};

/// The locked file with the process id of the daemon. The lock ends with the process.
#[derive(Debug)]
pub(in crate::cli) struct PidFile {
    _locked: File,
}

impl PidFile {
    /// Locks the file and writes the id of this process, which is the daemon that has `database` open.
    pub(in crate::cli) fn hold(database: &Path) -> io::Result<Self> {
        let mut file = File::options().create(true).truncate(false).read(true).write(true).open(place(database))?;
        file.try_lock()?;
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "{} {}", std::process::id(), processes())?;
        Ok(Self { _locked: file })
    }
}

/// The result of telling the daemon to reload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReloadSignal {
    /// The daemon with this process id was told.
    Sent(u32),
    /// No daemon is running.
    Nobody,
    /// A daemon is running, but its process cannot be reached, for example in another container.
    Elsewhere,
}

/// Tells the daemon that has `database` open to reload its configuration.
pub(super) fn tell(database: &Path) -> anyhow::Result<ReloadSignal> {
    let path = place(database);
    let mut file = match File::open(&path) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(ReloadSignal::Nobody),
        opened => opened.with_context(|| format!("cannot open {}", path.display()))?,
    };
    match file.try_lock_shared() {
        Ok(()) => return Ok(ReloadSignal::Nobody),
        Err(TryLockError::WouldBlock) => {}
        Err(TryLockError::Error(why)) => return Err(why).with_context(|| format!("cannot look at {}", path.display())),
    }
    let mut text = String::new();
    file.read_to_string(&mut text).with_context(|| format!("cannot read {}", path.display()))?;
    let Some((id, namespace)) = text.trim().split_once(' ') else { return Ok(ReloadSignal::Elsewhere) };
    let (Ok(id), true) = (id.parse::<u32>(), namespace == processes()) else { return Ok(ReloadSignal::Elsewhere) };
    let Some(pid) = i32::try_from(id).ok().and_then(Pid::from_raw) else { return Ok(ReloadSignal::Elsewhere) };
    kill_process(pid, Signal::HUP).with_context(|| format!("cannot tell the daemon (process {id})"))?;
    Ok(ReloadSignal::Sent(id))
}

/// Tells the daemon that writes to a database on a server to reload its configuration.
///
/// # Errors
/// Fails if the server does not say who writes, or if the daemon cannot be told.
pub(super) async fn tell_writer(place: DatabasePlace) -> anyhow::Result<ReloadSignal> {
    let reader = match Reader::open(place).await {
        Err(StoreError::Unfinished(_)) => return Ok(ReloadSignal::Nobody),
        opened => opened?,
    };
    let figures = reader.server_figures().await;
    reader.close().await;
    let Some(writer) = figures?.and_then(|figures| figures.writer) else { return Ok(ReloadSignal::Nobody) };
    let Some(id) = writer.here.filter(|id| is_daemon(*id)) else { return Ok(ReloadSignal::Elsewhere) };
    let Some(pid) = i32::try_from(id).ok().and_then(Pid::from_raw) else { return Ok(ReloadSignal::Elsewhere) };
    kill_process(pid, Signal::HUP).with_context(|| format!("cannot tell the daemon (process {id})"))?;
    Ok(ReloadSignal::Sent(id))
}

/// Returns whether a process runs our program as the daemon. The lease names a process of this host, but its id may mean another
/// process in our PID namespace, which the signal would end.
fn is_daemon(process: u32) -> bool {
    let program = |path: &str| Some(std::fs::read_link(path).ok()?.file_name()?.to_owned());
    let arguments = std::fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
    let ours = program("/proc/self/exe");
    ours.is_some()
        && ours == program(&format!("/proc/{process}/exe"))
        && arguments.split(|byte| *byte == 0).any(|word| word == b"run")
}

/// Returns the path of the file with the process id.
fn place(database: &Path) -> PathBuf {
    let mut name = OsString::from(database);
    name.push(".pid");
    name.into()
}

/// Returns the name of our PID namespace (pid_namespaces(7)); each container has its own.
fn processes() -> String {
    let namespace = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    namespace.to_string_lossy().replace(char::is_whitespace, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_believed_only_while_its_lock_is_held() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("w.db");
        assert_eq!(tell(&database).unwrap(), ReloadSignal::Nobody);
        // If this id were believed, the signal would end this test.
        std::fs::write(place(&database), format!("{} {}\n", std::process::id(), processes())).unwrap();
        assert_eq!(tell(&database).unwrap(), ReloadSignal::Nobody);
        let held = File::open(place(&database)).unwrap();
        held.lock().unwrap();
        std::fs::write(place(&database), format!("{} pid:[1]\n", std::process::id())).unwrap();
        assert_eq!(tell(&database).unwrap(), ReloadSignal::Elsewhere);
        std::fs::write(place(&database), "").unwrap();
        assert_eq!(tell(&database).unwrap(), ReloadSignal::Elsewhere);
    }
}
