//! `deploy/` as an operator relies on it.

use assert_cmd::Command;
use std::{fs, path::Path};

const UNIT: &str = "deploy/warraq.service";

#[test]
fn the_unit_is_hardened() {
    let mut command = Command::new("systemd-analyze");
    let Ok(output) = command.args(["security", "--offline=true", "--no-pager", UNIT]).output() else {
        eprintln!("SKIPPED: systemd-analyze is not installed");
        return;
    };
    let report = String::from_utf8_lossy(&output.stdout);
    let score = report.lines().find_map(|line| line.split_once("exposure level for warraq.service: ")).unwrap().1;
    assert!(score.split(' ').next().unwrap().parse::<f64>().unwrap() <= 1.5, "{report}");
}

#[test]
fn the_unit_lets_the_group_read_and_nobody_else() {
    let unit = fs::read_to_string(UNIT).unwrap();
    for line in ["Type=notify", "User=warraq", "StateDirectory=warraq", "StateDirectoryMode=0750", "UMask=0027"] {
        assert!(unit.lines().any(|l| l == line), "{line}");
    }
}

#[test]
fn a_database_that_nobody_has_open_is_not_in_wal_mode() {
    // A member of the group may not write to the directory, and SQLite cannot open a WAL database without its -shm there.
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("config.toml"), "").unwrap();
    let mut command = Command::cargo_bin("warraq").unwrap();
    command.arg("poll").current_dir(directory.path()).env_clear().assert().success();
    let database = fs::read(directory.path().join("warraq.db")).unwrap();
    // Read and write version 1: a rollback journal (fileformat2.html, 1.3.3).
    assert_eq!(database[18..20], [1, 1]);
    assert!(!Path::exists(&directory.path().join("warraq.db-wal")));
}
