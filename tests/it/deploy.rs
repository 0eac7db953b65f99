//! `deploy/`, as operators rely on it.

use assert_cmd::Command;
use std::{fs, path::Path};

const UNIT: &str = "deploy/warraq.service";

/// Runs a program. Returns whether it succeeded and its output, or `None`, with a message, if it is not installed.
pub fn verdict(program: &str, arguments: &[&str]) -> Option<(bool, String)> {
    let verdict = verdict_if_there(program, arguments);
    if verdict.is_none() {
        eprintln!("SKIPPED: {program} is not installed");
    }
    verdict
}

/// Does the same as [`verdict`] without a message, for a program that another one can replace.
fn verdict_if_there(program: &str, arguments: &[&str]) -> Option<(bool, String)> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let said = [output.stdout, output.stderr].concat();
    Some((output.status.success(), String::from_utf8_lossy(&said).into_owned()))
}

#[test]
fn the_units_are_hardened() {
    for unit in [UNIT, "deploy/warraq-backup.service"] {
        let Some((_, report)) = verdict("systemd-analyze", &["security", "--offline=true", "--no-pager", unit]) else {
            return;
        };
        let score =
            report.lines().find_map(|line| line.split_once("exposure level for ")?.1.split(' ').nth(1)).unwrap();
        assert!(score.parse::<f64>().unwrap() <= 1.5, "{report}");
    }
}

#[test]
fn systemd_takes_the_units() {
    let folder = tempfile::tempdir().unwrap();
    let mut units = Vec::new();
    for unit in ["warraq.service", "warraq-backup.service", "warraq-backup.timer"] {
        let text = fs::read_to_string(format!("deploy/{unit}")).unwrap();
        let place = folder.path().join(unit);
        // systemd checks that the program exists.
        fs::write(&place, text.replace("/usr/bin/warraq", env!("CARGO_BIN_EXE_warraq"))).unwrap();
        units.push(place.display().to_string());
    }
    let arguments: Vec<&str> = ["verify", "--man=no"].into_iter().chain(units.iter().map(String::as_str)).collect();
    let Some((content, said)) = verdict("systemd-analyze", &arguments) else { return };
    assert!(content && !said.contains(&folder.path().display().to_string()), "{said}");
    let timer = fs::read_to_string(folder.path().join("warraq-backup.timer")).unwrap();
    let calendar = timer.lines().find_map(|line| line.strip_prefix("OnCalendar=")).unwrap();
    let (content, said) = verdict("systemd-analyze", &["calendar", calendar]).unwrap();
    assert!(content && said.contains("Next elapse"), "{said}");
}

#[test]
fn the_alert_rules_are_rules() {
    let rules = "deploy/alerts.yml";
    if let Some((content, said)) = verdict_if_there("promtool", &["check", "rules", rules]) {
        return assert!(content, "{said}");
    }
    let shape = "import sys, yaml; groups = yaml.safe_load(open(sys.argv[1]))['groups']; \
        assert all({'alert', 'expr', 'annotations'} <= rule.keys() <= {'alert', 'expr', 'for', 'annotations'} for g in groups for rule in g['rules'])";
    if verdict_if_there("python3", &["-c", "import yaml"]).is_none_or(|(there, _)| !there) {
        eprintln!("SKIPPED: no reader of YAML is installed");
        return;
    }
    let (content, said) = verdict("python3", &["-c", shape, rules]).unwrap();
    assert!(content, "{said}");
}

#[test]
fn alerts_fire_when_they_should_and_not_before() {
    let Some((content, said)) = verdict_if_there("promtool", &["test", "rules", "tests/alerts/alerts.test.yml"]) else {
        return eprintln!("SKIPPED: promtool is not installed");
    };
    assert!(content, "{said}");
}

#[test]
fn every_alert_names_a_section_of_the_runbook() {
    let rules = fs::read_to_string("deploy/alerts.yml").unwrap();
    let runbook = fs::read_to_string("deploy/README.md").unwrap();
    let slug = |heading: &str| heading.to_lowercase().replace(' ', "-").replace([',', '\'', '.'], "");
    let sections: Vec<String> = runbook.lines().filter_map(|line| line.strip_prefix("### ")).map(slug).collect();
    let values = |key: &str| rules.lines().filter_map(|line| line.trim().strip_prefix(key)).count();
    assert_eq!(values("- alert: "), values("runbook: deploy/README.md#"));
    for named in rules.lines().filter_map(|line| line.trim().strip_prefix("runbook: deploy/README.md#")) {
        assert!(sections.iter().any(|section| section == named), "{named} is none of {sections:?}");
    }
}

#[test]
fn the_compose_files_name_what_exists() {
    if verdict("python3", &["-c", "import yaml"]).is_none_or(|(there, _)| !there) {
        eprintln!("SKIPPED: no reader of YAML is installed");
        return;
    }
    let image = fs::read_to_string("deploy/Dockerfile").unwrap();
    for file in ["deploy/compose.yml", "deploy/compose.caddy.yml", "deploy/compose.postgres.yml"] {
        let as_json = "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))";
        let (content, said) = verdict("python3", &["-c", as_json, file]).unwrap();
        assert!(content, "{said}");
        let compose: serde_json::Value = serde_json::from_str(&said).unwrap();
        let build = &compose["services"]["warraq"]["build"];
        let sources = Path::new("deploy").join(build["context"].as_str().unwrap());
        assert!(sources.join(build["dockerfile"].as_str().unwrap()).is_file(), "{file}");
        for (name, service) in compose["services"].as_object().unwrap() {
            for secret in service["secrets"].as_array().into_iter().flatten() {
                assert!(compose["secrets"][secret.as_str().unwrap()]["file"].is_string(), "{file}: {secret}");
            }
            for volume in service["volumes"].as_array().unwrap() {
                let (from, to) = volume.as_str().unwrap().split_once(':').unwrap();
                let is_there = if from.starts_with('.') {
                    Path::new("deploy").join(from).is_file()
                } else {
                    compose["volumes"].as_object().unwrap().contains_key(from)
                };
                assert!(is_there, "{file}: {from}");
                let place = to.trim_end_matches(":ro");
                assert!(name != "warraq" || image.contains(place), "{file}: the image does not use {place}");
            }
        }
        // The image's own variables and those of the file together: an unknown one would be refused.
        let secret = tempfile::NamedTempFile::new().unwrap();
        fs::write(secret.path(), "secret\n").unwrap();
        let mut command = Command::cargo_bin("warraq").unwrap();
        command.arg("check").env_clear().envs(variables_of(&image));
        for (name, value) in compose["services"]["warraq"]["environment"].as_object().into_iter().flatten() {
            match value.as_str().unwrap() {
                chosen if chosen.contains("${") => command.env(name, "https://news.example.org/"),
                path if path.starts_with("/run/secrets/") => command.env(name, secret.path()),
                value => command.env(name, value),
            };
        }
        command.env("WARRAQ_CONFIG", "config.toml").assert().success();
    }
}

/// Returns the variables that a Dockerfile sets for Warraq.
fn variables_of(image: &str) -> Vec<(&str, &str)> {
    let words = image.split_whitespace().filter(|word| word.starts_with("WARRAQ_"));
    words.filter_map(|word| word.split_once('=')).collect()
}

#[test]
fn the_images_build_is_not_given_what_builds_made() {
    let ignored = fs::read_to_string(".dockerignore").unwrap();
    for name in ["/target", "/.git", "*.db"] {
        assert!(ignored.lines().any(|line| line == name), "{name}");
    }
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
    // Members of the group may not write to the directory, and without a -shm file there SQLite cannot open a WAL database.
    let directory = tempfile::tempdir().unwrap();
    let nobody = "[[outlet]]\nslug = \"a\"\nname = \"A\"\nfeeds = [\"http://127.0.0.1:1/feed\"]\n";
    fs::write(directory.path().join("config.toml"), nobody).unwrap();
    let mut command = Command::cargo_bin("warraq").unwrap();
    command.arg("poll").current_dir(directory.path()).env_clear().assert().success();
    let database = fs::read(directory.path().join("warraq.db")).unwrap();
    // Read and write version 1 mean a rollback journal (fileformat2.html, 1.3.3).
    assert_eq!(database[18..20], [1, 1]);
    assert!(!Path::exists(&directory.path().join("warraq.db-wal")));
}

#[tokio::test]
async fn the_service_manager_is_told_of_start_life_and_end() {
    let folder = crate::processes::Folder::new("", &[]);
    let socket = tokio::net::UnixDatagram::bind(folder.path("notify")).unwrap();
    let mut command = folder.command(&["run"]);
    command.env("NOTIFY_SOCKET", folder.path("notify")).stderr(std::process::Stdio::null());
    let mut daemon = command.spawn().unwrap();
    // The states come in this order; the watchdog is notified every second.
    for word in ["READY=1", "WATCHDOG=1", "WATCHDOG=1", "STOPPING=1"] {
        let hear = async {
            let mut heard = [0; 256];
            loop {
                let length = socket.recv(&mut heard).await.unwrap();
                if String::from_utf8_lossy(&heard[..length]).lines().any(|line| line == word) {
                    return;
                }
            }
        };
        if word == "STOPPING=1" {
            let pid = daemon.id().unwrap().to_string();
            assert!(Command::new("kill").arg(pid).output().unwrap().status.success());
        }
        tokio::time::timeout(std::time::Duration::from_secs(30), hear).await.expect(word);
    }
    assert_eq!(daemon.wait().await.unwrap().code(), Some(0));
}

#[tokio::test]
async fn a_service_manager_that_does_not_listen_holds_nobody_up() {
    let folder = crate::processes::Folder::new("", &[]);
    let socket = std::os::unix::net::UnixDatagram::bind(folder.path("notify")).unwrap();
    socket.set_nonblocking(true).unwrap();
    let other = std::os::unix::net::UnixDatagram::unbound().unwrap();
    other.set_nonblocking(true).unwrap();
    while other.send_to(b"FULL=1", folder.path("notify")).is_ok() {}
    let mut command = folder.command(&["run"]);
    command.env("NOTIFY_SOCKET", folder.path("notify"));
    let daemon = folder.start_by(command).await;
    std::net::TcpStream::connect(daemon.address()).unwrap();
    // Once there is room, it is told after all.
    let mut heard = Vec::new();
    crate::processes::until("READY=1", async || {
        let mut words = [0; 256];
        while let Ok(length) = socket.recv(&mut words) {
            heard.push(String::from_utf8_lossy(&words[..length]).into_owned());
        }
        heard.iter().any(|words| words.contains("READY=1"))
    })
    .await;
    daemon.stop().await;
}

#[test]
fn a_skip_is_counted_and_fails_where_everything_can_be_installed() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let shared = "-- skipped: checks over ../shared: the folder is not here\n";
    let test = "---- deploy::a stdout ----\nSKIPPED: promtool is not installed\nSKIPPED: promtool is not installed\n";
    for (text, machine, passes, says) in [
        ("running 3 tests\n", "installable", true, "nothing was skipped"),
        (shared, "installable", true, "1 in all"),
        (test, "bare", true, "2 in all"),
        (test, "installable", false, "2 SKIPPED: promtool"),
        (&[shared, test].concat(), "installable", false, "3 in all"),
        ("-- skipped: the database of advisories cannot be had here\n", "installable", true, "1 in all"),
    ] {
        fs::write(&log, text).unwrap();
        let (passed, said) = verdict(".ci/skips", &[log.to_str().unwrap(), machine]).unwrap();
        assert_eq!(passed, passes, "{said}");
        assert!(said.contains(says), "{said}");
    }
}
