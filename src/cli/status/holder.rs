//! Finds the process that holds the lock next to the database. It asks the kernel instead of trying the lock, so that a daemon
//! that starts at the same moment can take it.

use jiff::Timestamp;
use serde::Serialize;
use std::{fs, os::unix::fs::MetadataExt as _, path::Path};

/// Clock ticks per second in `/proc/PID/stat` (proc(5)). Linux fixes this number for programs.
const TICKS: i64 = 100;

/// The process that holds the lock.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct LockHolder {
    pub(super) pid: u32,
    /// When it started, if the kernel tells.
    pub(super) since: Option<Timestamp>,
    /// Its command line, if the kernel tells.
    pub(super) command: String,
}

impl LockHolder {
    /// Finds the holder of this lock file.
    pub(super) fn of(lock: &Path) -> Option<Self> {
        let file = fs::metadata(lock).ok()?;
        let locks = fs::read_to_string("/proc/locks").ok()?;
        let device = (rustix::fs::major(file.dev()), rustix::fs::minor(file.dev()));
        holder(&locks, device, file.ino()).map(Self::of_process)
    }

    /// Describes a process of this machine.
    pub(super) fn of_process(pid: u32) -> Self {
        let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let command = String::from_utf8_lossy(&command).trim_end_matches('\0').replace('\0', " ");
        Self { pid, since: started(pid), command }
    }

    /// Returns whether it is the daemon, and not a command that writes (`poll`, `prune`, `restore`).
    pub(super) fn is_daemon(&self) -> bool {
        !self.command.split(' ').skip(1).any(|word| matches!(word, "poll" | "prune" | "restore" | "copy"))
    }
}

/// Returns the process with a write lock of flock(2) on this file, according to the text of `/proc/locks`. Some file systems
/// (btrfs, overlays) show another device there than stat(2), so the inode alone decides if no line has the device too.
fn holder(locks: &str, device: (u32, u32), inode: u64) -> Option<u32> {
    let held = locks.lines().filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, "FLOCK", _, "WRITE", pid, place, ..] = words[..] else { return None };
        let [major, minor, found] = place.split(':').collect::<Vec<_>>()[..] else { return None };
        let number = |hex: &str| u32::from_str_radix(hex, 16).ok();
        let pid: u32 = pid.parse().ok()?;
        (found.parse() == Ok(inode)).then_some((pid, (number(major)?, number(minor)?) == device))
    });
    let held: Vec<(u32, bool)> = held.collect();
    held.iter().find(|(_, same)| *same).or(held.first()).map(|(pid, _)| *pid)
}

/// Returns when a process started.
fn started(pid: u32) -> Option<Timestamp> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let machine = fs::read_to_string("/proc/stat").ok()?;
    started_by(&stat, &machine)
}

/// Computes the start from field 22 of `/proc/PID/stat`, in ticks since the boot, and `btime` of `/proc/stat`.
fn started_by(stat: &str, machine: &str) -> Option<Timestamp> {
    // The program's name is in parentheses and may contain spaces.
    let ticks: i64 = stat.rsplit(')').next()?.split_whitespace().nth(19)?.parse().ok()?;
    let boot: i64 = machine.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
    Timestamp::from_second(boot.checked_add(ticks / TICKS)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCKS: &str = "1: POSIX  ADVISORY  WRITE 900 fe:00:77 128 128\n\
                         2: FLOCK  ADVISORY  WRITE 901 08:01:77 0 EOF\n\
                         2: -> FLOCK  ADVISORY  WRITE 950 fe:00:77 0 EOF\n\
                         3: FLOCK  ADVISORY  WRITE 902 fe:00:77 0 EOF\n\
                         4: FLOCK  ADVISORY  READ  903 fe:00:78 0 EOF\n";

    #[test]
    fn the_kernels_list_names_the_holder() {
        assert_eq!(holder(LOCKS, (0xfe, 0), 77), Some(902), "neither SQLite's own lock nor one who waits");
        assert_eq!(holder(LOCKS, (0, 0x2a), 77), Some(901), "the inode alone, where the device is stated otherwise");
        assert_eq!(holder(LOCKS, (0xfe, 0), 78), None, "a reader");
        assert_eq!(holder("", (0, 0), 0), None);
    }

    #[test]
    fn the_start_is_reckoned_from_the_machines() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 900 0 0 0 250 150 0 0 20 0 9 0 12345 0 0";
        let started = started_by(stat, "cpu 1\nbtime 1790000000\n").unwrap();
        assert_eq!(started.as_second(), 1_790_000_123);
        assert_eq!(started_by("", ""), None);
    }

    #[test]
    fn commands_that_write_are_no_daemon() {
        let holder = |command: &str| LockHolder { pid: 1, since: None, command: command.to_owned() };
        assert!(holder("/usr/bin/warraq --config /etc/warraq/config.toml run").is_daemon());
        assert!(holder("warraq").is_daemon() && holder("").is_daemon());
        assert!(!holder("warraq prune --force").is_daemon());
    }
}
