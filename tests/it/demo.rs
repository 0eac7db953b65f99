//! `warraq demo`: what newcomers see first.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

/// Number of tries, a tenth of a second apart, before the test fails. A loaded machine is slow.
const TRIES: usize = 600;

/// A demo process that is killed at the end of its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // If the test succeeded, it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Returns the response for `path`, or `None` if nobody answers.
fn get(authority: &str, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(authority).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

fn until<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    for _ in 0..TRIES {
        if let Some(found) = found() {
            return found;
        }
        thread::sleep(Duration::from_millis(100));
    }
    panic!("{what} did not come");
}

/// A program on a terminal of its own, which `script` (Debian's bsdutils) opens. `exec`: not every shell replaces itself by its last
/// command, and a shell that stays ends with 130 after Ctrl-C, whatever the program returns.
fn on_a_terminal(scratch: &std::path::Path, arguments: &str) -> Running {
    let mut command = Command::new("script");
    command.args(["-qfec", &format!("exec '{}' {arguments}", env!("CARGO_BIN_EXE_warraq")), "/dev/null"]);
    command.env("TMPDIR", scratch).env_remove("WARRAQ_LOG");
    Running(command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap())
}

#[test]
fn on_a_terminal_it_says_what_comes_and_goodbye() {
    let scratch = tempfile::tempdir().unwrap();
    let mut demo = on_a_terminal(scratch.path(), "demo");
    let mut keys = demo.0.stdin.take().unwrap();
    let mut lines = BufReader::new(demo.0.stdout.take().unwrap()).lines().map(|line| line.unwrap());
    let mut told = String::new();
    for words in ["All outlets were polled once", "  new     ", "  joined  ", "the same report as "] {
        let line = lines.by_ref().take(400).find(|line| line.contains(words));
        told += &line.unwrap_or_else(|| panic!("{words} did not come after {told}"));
    }
    keys.write_all(b"\x03").unwrap();
    let last: Vec<String> = lines.collect();
    assert!(last.iter().any(|line| line.contains("Goodbye. ") && line.contains(" stories")), "{last:?}");
    assert_eq!(demo.0.wait().unwrap().code(), Some(0));
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0);
}

#[test]
fn a_daemon_on_a_terminal_says_where_to_look() {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("config.toml");
    let feed = "[[outlet]]\nslug = \"a\"\nname = \"A\"\nfeeds = [\"http://127.0.0.1:9/feed\"]\n";
    fs::write(&file, format!("[server]\nlisten = \"127.0.0.1:0\"\n{feed}")).unwrap();
    let mut daemon = on_a_terminal(scratch.path(), &format!("--config {} run", file.display()));
    let mut keys = daemon.0.stdin.take().unwrap();
    let mut lines = BufReader::new(daemon.0.stdout.take().unwrap()).lines().map(|line| line.unwrap());
    let line = lines.by_ref().find(|line| line.contains("front page") || line.contains("feed status")).unwrap();
    assert!(line.contains("front page"), "{line}");
    let address = line.trim().rsplit("http://").next().unwrap().trim_end_matches('/').to_owned();
    until("the front page", || get(&address, "/").filter(|page| page.contains("200 OK")));
    keys.write_all(b"\x03").unwrap();
    assert_eq!(daemon.0.wait().unwrap().code(), Some(0));
}

#[test]
fn it_shows_joined_stories_in_three_languages_and_leaves_nothing_behind() {
    let scratch = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_warraq"));
    command.arg("demo").env_clear().env("TMPDIR", scratch.path()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut demo = Running(command.spawn().unwrap());
    let mut lines = BufReader::new(demo.0.stdout.take().unwrap()).lines();
    let address = lines.next().unwrap().unwrap();
    let authority = address.strip_prefix("http://").unwrap().trim_end_matches('/').to_owned();
    let feed = until("a report in each language", || {
        let feed = get(&authority, "/feed.atom")?;
        let all =
            ["سد وادي الزيتون", "Le barrage d’Oued Zitoun", "Wadi Zitoun dam"].iter().all(|title| feed.contains(title));
        all.then_some(feed)
    });
    assert!(feed.starts_with("HTTP/1.1 200 "));
    // The channel of stories from several outlets, and the page behind a story's link.
    let front = until("a story of two outlets", || {
        get(&authority, "/channels/front-page.atom").filter(|feed| feed.contains("<entry"))
    });
    let link = front.split("href=\"").map(|rest| rest.split('"').next().unwrap()).find(|link| link.contains("/waha"));
    let (outlets, path) = link.unwrap().strip_prefix("http://").unwrap().split_once('/').unwrap();
    assert!(get(outlets, &format!("/{path}")).unwrap().contains("<h1>"));
    assert!(Command::new("kill").arg(demo.0.id().to_string()).status().unwrap().success());
    assert_eq!(demo.0.wait().unwrap().code(), Some(0));
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0);
}
