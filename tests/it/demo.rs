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
