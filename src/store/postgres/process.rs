//! The name of a process in the lease of the writer, and whether that process still runs.

use rustix::{
    io::Errno,
    process::{Pid, test_kill_process},
};
use std::fs;

/// Returns the name of this process: its host, where its id has a meaning, and the id.
pub(super) fn owner() -> String {
    format!("{} process {}", place(&host(), mark().as_deref()), std::process::id())
}

/// Returns whether a process has ended for certain. What cannot be known counts as running: then its lease has to end.
pub(super) fn is_gone(owner: &str) -> bool {
    mark().is_some_and(|mark| is_gone_at(owner, &place(&host(), Some(&mark))))
}

/// Returns the process id of an owner on this host. If it does not say where its id has a meaning, it may be another process.
pub(super) fn process_here(owner: &str) -> Option<u32> {
    let (at, process) = owner.split_once(" process ")?;
    let is_here = at == host() || at == place(&host(), mark().as_deref());
    is_here.then(|| process.parse().ok()).flatten()
}

/// `news1 (1f2e3d4c-4026531836)`: two machines may have one name, and two containers of a machine have the same process ids.
fn place(host: &str, mark: Option<&str>) -> String {
    mark.map_or_else(|| host.to_owned(), |mark| format!("{host} ({mark})"))
}

/// Returns the name of the host as the kernel has it, which no restriction of `/proc` hides.
fn host() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    if name.is_empty() { "unknown".to_owned() } else { name }
}

/// Returns the start of this machine and the namespace of our process ids; `None` where `/proc` does not show them, as under systemd's
/// `ProcSubset=pid`.
fn mark() -> Option<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let boot = boot.split('-').next().filter(|part| !part.trim().is_empty())?;
    let namespace = fs::read_link("/proc/self/ns/pid").ok()?;
    let namespace = namespace.to_str()?.strip_prefix("pid:[")?.strip_suffix(']')?;
    Some(format!("{}-{namespace}", boot.trim()))
}

/// Returns whether an owner at this place has ended. A process of another user does, for the kernel, not look as if it had.
fn is_gone_at(owner: &str, here: &str) -> bool {
    let Some((at, process)) = owner.split_once(" process ") else { return false };
    let process = process.parse().ok().and_then(Pid::from_raw);
    at == here && process.is_some_and(|process| test_kill_process(process) == Err(Errno::SRCH))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_process_of_this_place_is_known_to_have_ended() {
        let here = "news1 (1f2e3d4c-4026531836)";
        for (owner, gone) in [
            (format!("{here} process 999999999"), true),
            (format!("{here} process {}", std::process::id()), false),
            // Process 1 may belong to another user.
            (format!("{here} process 1"), false),
            // After another start of the machine, in another container, and on a machine of the same name.
            ("news1 (00000000-4026531836) process 999999999".to_owned(), false),
            ("news1 (1f2e3d4c-4026532001) process 999999999".to_owned(), false),
            ("news1 process 999999999".to_owned(), false),
            ("unknown process 999999999".to_owned(), false),
            (format!("{here} process x"), false),
            (String::new(), false),
        ] {
            assert_eq!(is_gone_at(&owner, here), gone, "{owner}");
        }
        assert!(!is_gone(&owner()));
        assert_eq!(process_here(&owner()), Some(std::process::id()));
        assert_eq!(process_here("elsewhere.example process 7"), None);
    }
}
