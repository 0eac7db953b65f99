//! Checks the commands in the READMEs: the binary accepts every `warraq …` line, and the installation of deploy/README.md is
//! carried out step by step, in a folder that stands for the system.

use crate::{
    deploy::verdict,
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    manual::command,
    test_instance::sql,
};
use std::{fs, net::TcpListener, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

/// Returns the shell commands of a document: the lines of ```sh blocks, and lines after `$ ` in ```text blocks.
fn shell_lines(document: &str) -> Vec<String> {
    let (mut lines, mut fence) = (Vec::new(), None);
    for line in document.lines() {
        match (line.strip_prefix("```"), fence) {
            (Some(language), None) => fence = Some(language),
            (Some(_), Some(_)) => fence = None,
            (None, Some("sh")) => lines.push(line.to_owned()),
            (None, Some("text")) => lines.extend(line.strip_prefix("$ ").map(str::to_owned)),
            _ => {}
        }
    }
    lines
}

/// Returns the code spans in the text around the blocks.
fn code_spans(document: &str) -> Vec<String> {
    let text: String = document.split("```").step_by(2).collect::<Vec<_>>().join("\n");
    text.split('`').skip(1).step_by(2).map(|span| span.replace('\n', " ")).collect()
}

/// Returns the arguments of each call of warraq in a line of shell.
fn calls(line: &str) -> Vec<Vec<String>> {
    let line = line.split(" #").next().unwrap_or_default();
    let pieces = ["; ", " && ", " | ", " -- ", "'", " exec warraq ", " > ", " >> "]
        .iter()
        .fold(line.to_owned(), |l, s| l.replace(s, "\n"));
    let words = |piece: &str| piece.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let calls = pieces.lines().map(words).filter(|words| {
        words
            .first()
            .is_some_and(|program| ["warraq", "/usr/bin/warraq", "target/release/warraq"].contains(&program.as_str()))
    });
    calls.collect()
}

#[test]
fn every_command_line_that_is_shown_is_one() {
    let mut seen = 0;
    for path in ["README.md", "deploy/README.md", "deploy/warraq.1.in"] {
        let document = fs::read_to_string(path).unwrap();
        // The examples of the manual.
        let examples = document.split(".EX\n").skip(1).flat_map(|block| block.split(".EE").next().unwrap().lines());
        let examples = examples.map(|line| line.replace("\\-", "-"));
        let spans = code_spans(&document);
        for line in shell_lines(&document).into_iter().chain(spans).chain(examples) {
            for call in calls(&line) {
                // In usage notation `[…]` is optional, `…` repeats, and N is a number.
                let call: Vec<String> = call.iter().map(|word| word.replace(['[', ']', '…'], "")).collect();
                let call: Vec<&str> = call.iter().map(|word| if word == "N" { "1" } else { word }).collect();
                seen += 1;
                if let ["warraq", verb] = call[..]
                    && command().find_subcommand(verb).is_some()
                {
                    // The name of the command, not a call of it.
                    continue;
                }
                if let Err(why) = command().try_get_matches_from(&call) {
                    panic!("{path}: {line}\n{why}");
                }
            }
        }
    }
    assert!(seen > 30, "{seen} calls seen");
    let readme = fs::read_to_string("README.md").unwrap();
    for verb in command().get_subcommands().map(clap::Command::get_name) {
        assert!(
            ["`warraq ", "`"].iter().any(|before| readme.contains(&format!("{before}{verb}"))),
            "{verb} in README.md"
        );
    }
}

/// Programs that would change this machine or use the network. `systemctl` does what the installed units say.
const STUBS: [(&str, &str); 9] = [
    ("apt-get", ""),
    ("cargo", ""),
    ("systemd-sysusers", ""),
    ("adduser", ""),
    ("docker", ""),
    ("nginx", ""),
    ("runuser", "shift 3; exec \"$@\""),
    // The text later restores the first copy of the week.
    ("date", "echo Mon"),
    (
        "systemctl",
        r#"
await() { for _ in $(seq 600); do if "$@"; then return; fi; sleep 0.05; done; echo "$* did not come"; exit 1; }
lines() { sed -n "s/^$1=//p" "$ROOT/etc/systemd/system/$2" | sed -e "s#/\(usr\|etc\|var\)/#$ROOT/\1/#g" -e 's/%%/%/g'; }
case "$*" in
daemon-reload | "status warraq" | "reload nginx") ;;
"enable --now warraq" | "start warraq")
    : >"$ROOT/log"
    (cd "$ROOT/var/lib/warraq" && eval "exec $(lines ExecStart warraq.service)") >>"$ROOT/log" 2>&1 &
    echo $! >"$ROOT/pid"
    await grep -q ready "$ROOT/log" ;;
"stop warraq")
    kill "$(cat "$ROOT/pid")"
    await grep -q stopped "$ROOT/log"
    # The process ends a moment later, and until then its program cannot be replaced.
    await test ! -e "/proc/$(cat "$ROOT/pid")/exe" ;;
"enable --now warraq-backup.timer")
    # At night something has come in.
    await grep -q " changed outlet=" "$ROOT/log"
    grep -q '^OnCalendar=' "$ROOT/etc/systemd/system/warraq-backup.timer"
    { lines ExecStartPre warraq-backup.service; lines ExecStart warraq-backup.service; } | while read -r line; do eval "$line"; done ;;
*) echo "what is systemctl $*?"; exit 1 ;;
esac"#,
    ),
];

/// Stops the daemon that the stub started at the end of the test.
struct Started<'a>(&'a Path);

impl Drop for Started<'_> {
    fn drop(&mut self) {
        if let Ok(pid) = fs::read_to_string(self.0.join("pid")) {
            let _ = Command::new("kill").args(["-9", pid.trim()]).output();
        }
    }
}

fn program(path: &Path, text: &str) {
    fs::write(path, format!("#!/bin/bash\nset -eu\n{text}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[tokio::test]
async fn the_installation_can_be_followed_from_top_to_bottom() {
    for (name, argument) in [("sqlite3", "-version"), ("curl", "--version")] {
        if verdict(name, &[argument]).is_none() {
            return;
        }
    }
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed", Reply::feed(FeedDoc::rss("V").entry("1", "Un", "", "", "2026-11-02T09:30:00Z")));
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let system = tempfile::tempdir().unwrap();
    let root = system.path();
    let _started = Started(root);
    for folder in [
        "stubs",
        "usr/bin",
        "usr/lib/sysusers.d",
        "etc/systemd/system",
        "etc/nginx/sites-enabled",
        "var/lib/warraq",
        "var/lib/warraq-backup",
    ] {
        fs::create_dir_all(root.join(folder)).unwrap();
    }
    for (name, text) in STUBS {
        program(&root.join("stubs").join(name), text);
    }
    // The person at the editor enters their own outlets, and a port that is free here.
    let editor = format!(
        "case $1 in *.toml) sed -i -e '/^\\[\\[outlet\\]\\]/,$d' -e 's/127.0.0.1:8080/{free}/' \
         -e 's|^allow_networks = .*|allow_networks = [\"127.0.0.0/8\"]|' \"$1\"; \
         printf '[[outlet]]\\nslug = \"ville\"\\nname = \"V\"\\nfeeds = [\"{}\"]\\n' >>\"$1\" ;; esac",
        outlet.url("/feed")
    );
    program(&root.join("stubs/editor"), &editor);
    let document = fs::read_to_string("deploy/README.md").unwrap();
    let here = root.display().to_string();
    let script = ["/usr/", "/etc/", "/var/"]
        .iter()
        .fold(shell_lines(&document).join("\n"), |script, place| script.replace(place, &format!("{here}{place}")))
        .replace("target/release/warraq", env!("CARGO_BIN_EXE_warraq"))
        .replace("127.0.0.1:8080", &free.to_string());
    assert!(script.lines().count() > 40, "{script}");
    let path = format!("{here}/stubs:{here}/usr/bin:{}", std::env::var("PATH").unwrap());
    let followed = tokio::process::Command::new("bash")
        .args(["-euxo", "pipefail", "-c", &script])
        .env_clear()
        .envs([("PATH", path.as_str()), ("ROOT", &here)])
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&[followed.stdout, followed.stderr].concat()).into_owned();
    let log = fs::read_to_string(root.join("log")).unwrap_or_default();
    assert!(followed.status.success(), "{said}\n{log}");
    for made in ["usr/share/man/man1/warraq.1", "usr/share/doc/warraq/README.md", "var/lib/warraq-backup/warraq-Mon.db"]
    {
        assert!(root.join(made).exists(), "{made}");
    }
    let entries = "SELECT title FROM entries";
    for database in ["warraq-backup/warraq-Mon.db", "warraq/before-upgrade.db", "warraq/warraq.db"] {
        assert_eq!(sql(&root.join("var/lib").join(database), entries).await, ["Un"], "{database}");
    }
    assert!(root.join("var/lib/warraq/warraq.db.before-restore.2").exists(), "both ways back kept what was there");
}
