//! `warraq check` as an operator uses it.

use assert_cmd::Command;
use std::{fs, path::Path};
use tempfile::TempDir;

/// Runs `warraq check` on this text. Returns exit code, standard output and standard error.
fn check(text: &str, variables: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join("config.toml"), text).unwrap();
    check_in(directory.path(), variables)
}

fn check_in(directory: &Path, variables: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let mut command = Command::cargo_bin("warraq").unwrap();
    command.arg("check").current_dir(directory).env_clear().envs(variables.iter().copied());
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_example_has_no_faults_and_nothing_is_started() {
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join("config.toml"), include_str!("../../config.toml")).unwrap();
    let (code, said, faults) = check_in(directory.path(), &[]);
    assert_eq!((code, faults.as_str()), (Some(0), ""), "{said}");
    assert!(said.contains("14 outlets"), "{said}");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn every_fault_is_a_line_of_its_own_and_the_exit_code_is_78() {
    let text = "[server]\nlisten = \"nowhere\"\nprot = 1\n\n[[outlet]]\nslug = \"alalam\"\nname = \"العلم\"\n\
        time_zone = \"Africa/Casablanka\"\nschedule = \"61 * * * *\"\nfeeds = [\n  \"https://www.alalam.ma/feed\",\n  \"alalam\",\n]\n\n\
        [[channel]]\nslug = \"c\"\ntitle = \"C\"\noutlets = [\"alam\"]\n";
    let (code, said, faults) = check(text, &[("WARRAQ_FETCH_TIMEOUT", "never"), ("WARRAQ_FETCH_TIMEOT", "1s")]);
    assert_eq!((code, said.as_str()), (Some(78), ""));
    let lines: Vec<&str> = faults.lines().collect();
    let begins = [
        "error: config.toml:2: server.listen: ",
        "error: config.toml:3: server.prot: ",
        "error: config.toml:8: outlet.alalam.time_zone: ",
        "error: config.toml:9: outlet.alalam.schedule: ",
        "error: config.toml:12: outlet.alalam.feeds: ",
        "error: config.toml:18: channel.c.outlets: ",
        "error: WARRAQ_FETCH_TIMEOT: fetch: ",
        "error: WARRAQ_FETCH_TIMEOUT: fetch.timeout: ",
    ];
    assert_eq!(lines.len(), begins.len(), "{faults}");
    for (line, begin) in lines.iter().zip(begins) {
        assert!(line.starts_with(begin) && line.contains("allowed"), "{line}");
    }
}

#[test]
fn a_log_filter_that_would_end_the_start_is_a_fault() {
    let text = "[[outlet]]\nslug = \"a\"\nname = \"A\"\nfeeds = [\"https://a.example/feed\"]\n";
    let (code, _, faults) = check(text, &[("WARRAQ_LOG", "nonsense")]);
    assert_eq!(code, Some(78));
    assert!(faults.starts_with("error: WARRAQ_LOG: \"nonsense\" is not a log filter"), "{faults}");
    assert_eq!(check(text, &[("WARRAQ_LOG", "info,warraq::fetch=debug")]).0, Some(0));
}

#[test]
fn a_fault_of_syntax_says_its_line() {
    let (code, _, faults) = check("[server]\nlisten = \"127.0.0.1:80\n", &[]);
    assert_eq!(code, Some(78));
    assert!(faults.starts_with("error: config.toml:2: not TOML: "), "{faults}");
}

#[test]
fn a_missing_file_says_where_it_was_looked_for_and_how_to_make_one() {
    let directory = TempDir::new().unwrap();
    let (code, _, faults) = check_in(directory.path(), &[("WARRAQ_CONFIG", "elsewhere.toml")]);
    assert_eq!(code, Some(78));
    let place = directory.path().canonicalize().unwrap().join("elsewhere.toml");
    assert!(faults.contains(&place.display().to_string()) && faults.contains("hint: "), "{faults}");
    let example = faults.split_once("lines:\n").unwrap().1;
    fs::write(place, example).unwrap();
    assert_eq!(check_in(directory.path(), &[("WARRAQ_CONFIG", "elsewhere.toml")]).0, Some(0));
}

#[test]
fn a_configuration_without_a_feed_is_faulty_and_says_how_to_add_one() {
    for (text, what) in [
        ("", "no [[outlet]]: there is nothing to poll"),
        ("[server]\nlisten = \"127.0.0.1:0\"\n", "no [[outlet]]: there is nothing to poll"),
        ("[[outlet]]\nslug = \"a\"\nname = \"A\"\nfeeds = []\n", "no [[outlet]] has a feed: there is nothing to poll"),
    ] {
        let directory = TempDir::new().unwrap();
        let file = directory.path().join("config.toml");
        fs::write(&file, text).unwrap();
        for verb in ["check", "run", "poll"] {
            let mut command = Command::cargo_bin("warraq").unwrap();
            let ended = command.arg(verb).current_dir(directory.path()).env_clear().output().unwrap();
            let said = String::from_utf8(ended.stderr).unwrap();
            assert_eq!(ended.status.code(), Some(78), "{verb}: {said}");
            assert!(said.starts_with(&format!("error: config.toml: {what}\nhint: ")), "{verb}: {said}");
            assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "{verb} started nothing");
            let example = said.split_once("lines:\n").unwrap().1;
            fs::write(&file, format!("{text}\n{example}")).unwrap();
            assert_eq!(check_in(directory.path(), &[]).0, Some(0), "{example}");
            fs::write(&file, text).unwrap();
        }
    }
}

#[test]
fn variables_override_what_the_file_says() {
    let text =
        "[server]\nlisten = \"broken\"\n[[outlet]]\nslug = \"a\"\nname = \"A\"\nfeeds = [\"https://a.example/feed\"]\n";
    assert_eq!(check(text, &[]).0, Some(78));
    assert_eq!(check(text, &[("WARRAQ_SERVER_LISTEN", "127.0.0.1:8081")]).0, Some(0));
}

#[test]
fn what_is_valid_but_hardly_meant_is_a_warning() {
    let outlet = |slug: &str, more: &str| {
        format!("[[outlet]]\nslug = \"{slug}\"\nname = \"N\"\nfeeds = [\"https://{slug}.invalid/\"]\n{more}\n")
    };
    let text = format!(
        "include = [\"outlet.d/*.toml\"]\n[schedule]\ndefault = \"every 59s\"\n{}{}{}",
        outlet("a", "enabled = false\nschedule = \"every 1s\""),
        outlet("b", "enabled = false\nschedule = \"every 30s\""),
        outlet("c", "enabled = false\nschedule = \"every 1m\""),
    );
    let (code, said, warnings) = check(&text, &[]);
    assert_eq!(code, Some(0), "{warnings}");
    assert!(said.starts_with("config.toml: no errors; 3 outlets, "), "{said}");
    let begins = [
        "warning: config.toml: include: no file matches \"outlet.d/*.toml\"",
        "warning: config.toml: every outlet has `enabled = false`: nothing is polled",
        "warning: config.toml: schedule.default: polls more often than most servers accept",
        "warning: config.toml: outlet.a.schedule (and 1 other outlet): polls more often than most servers accept",
    ];
    assert_eq!(warnings.lines().count(), begins.len(), "{warnings}");
    for (line, begin) in warnings.lines().zip(begins) {
        assert!(line.starts_with(begin), "{line}");
    }
    let (code, _, faults) = check(&outlet("a", "language = \"arabic\""), &[]);
    assert!(code == Some(78) && faults.contains("\"arabic\" is not a language; allowed: a tag such as"), "{faults}");
}

#[test]
fn what_is_wrong_with_the_place_of_the_database_is_said_before_the_start() {
    let outlet = "[[outlet]]\nslug = \"a\"\nname = \"A\"\nfeeds = [\"https://a.invalid/\"]\n";
    for (path, why) in [("none/warraq.db", "the folder "), (".", "is a folder, not a file")] {
        let (code, said, warnings) = check(&format!("[database]\npath = \"{path}\"\n{outlet}"), &[]);
        assert!(code == Some(0) && said.contains("no errors"), "{said} {warnings}");
        let begin = "warning: config.toml: database.path: the database cannot be at ";
        assert!(warnings.starts_with(begin) && warnings.contains(why), "{warnings}");
    }
    for (parameter, why) in [
        ("sslmode=off", "sslmode=off is not valid; allowed: disable, "),
        ("port=70000", "port=70000 is not valid; allowed: a number up to 65535"),
        ("hostaddr=here", "hostaddr=here is not valid; allowed: an IP address"),
    ] {
        let url = format!("postgres://u:hidden@h/d?{parameter}");
        let (code, _, faults) = check(&format!("[database]\nurl = \"{url}\"\n{outlet}"), &[]);
        assert!(code == Some(78) && faults.contains(why), "{faults}");
        assert_eq!(faults.matches("database.url: ").count(), 1, "{faults}");
        assert!(!faults.contains("hidden"), "{faults}");
    }
}

#[test]
fn a_container_has_values_and_outlets_in_files_that_variables_name() {
    let directory = TempDir::new().unwrap();
    let path = |name: &str| directory.path().join(name).display().to_string();
    let outlet = "[[outlet]]\nslug = \"a\"\nname = \"A\"\nfeeds = [\"https://a.invalid/\"]\n";
    fs::write(path("outlets.toml"), outlet).unwrap();
    fs::write(path("agent"), "Ours/1.0 (+https://ours.invalid/)\n").unwrap();
    fs::write(path("wrong"), "soon\n").unwrap();
    let outlets = path("outlets.toml");
    // There is no configuration file at all.
    let (code, said, faults) = check_in(directory.path(), &[("WARRAQ_OUTLETS_FILE", &outlets)]);
    assert_eq!(code, Some(0), "{faults}");
    assert!(said.starts_with("WARRAQ_OUTLETS_FILE: no errors; 1 outlet, 1 feed, "), "{said}");
    let with = |name: &str, value: &str| {
        check_in(directory.path(), &[("WARRAQ_OUTLETS_FILE", outlets.as_str()), (name, value)])
    };
    assert_eq!(with("WARRAQ_FETCH_USER_AGENT_FILE", &path("agent")).0, Some(0));
    for (name, value, fault) in [
        ("WARRAQ_FETCH_TIMEOUT_FILE", path("wrong"), "WARRAQ_FETCH_TIMEOUT: fetch.timeout: \"soon\" is not"),
        ("WARRAQ_FETCH_TIMEOUT_FILE", path("none"), "WARRAQ_FETCH_TIMEOUT_FILE: /"),
        ("WARRAQ_FETCH_NOTHING_FILE", path("agent"), "WARRAQ_FETCH_NOTHING_FILE: fetch: unknown variable"),
    ] {
        let (code, _, faults) = with(name, &value);
        assert!(code == Some(78) && faults.contains(fault), "{name}: {faults}");
    }
    let both = [("WARRAQ_FETCH_TIMEOUT", "9s"), ("WARRAQ_FETCH_TIMEOUT_FILE", &path("wrong"))];
    let (code, _, faults) = check_in(directory.path(), &[&both[..], &[("WARRAQ_OUTLETS_FILE", &outlets)]].concat());
    assert!(code == Some(78) && faults.contains("is set together with WARRAQ_FETCH_TIMEOUT"), "{faults}");
    let (code, _, faults) = with("WARRAQ_FETCH_TIMEOUT_FILE", "");
    assert!(code == Some(78) && faults.contains("WARRAQ_FETCH_TIMEOUT_FILE: is empty"), "{faults}");
    let (code, _, faults) = check_in(directory.path(), &[("WARRAQ_OUTLETS_FILE", "")]);
    assert!(code == Some(78) && faults.starts_with("error: WARRAQ_OUTLETS_FILE: is empty"), "{faults}");
    let (code, _, faults) = check_in(directory.path(), &[("WARRAQ_OUTLETS_FILE", "none.toml")]);
    assert!(
        code == Some(78) && faults.starts_with("error: WARRAQ_OUTLETS_FILE: include: none.toml cannot"),
        "{faults}"
    );
}
