//! Standard error that cannot be written, because the disk with the log is full or its reader has gone or does not read: lines are
//! lost, nothing else is.

use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    processes::{Folder, until},
};
use std::{
    fs::File,
    io::{PipeReader, Read as _, Write as _},
    process::{Output, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{process::Child, time::timeout};

fn doc() -> FeedDoc {
    FeedDoc::rss("La Ville").entry("1", "Un", "", "", "2026-11-02T09:30:00Z")
}

/// Standard errors of both kinds.
fn unwritable() -> [Stdio; 2] {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    [File::options().write(true).open("/dev/full").unwrap().into(), writer.into()]
}

/// Runs a command with each kind of standard error.
async fn run(folder: &Folder, arguments: &[&str]) -> Vec<Output> {
    let mut ended = Vec::new();
    for error in unwritable() {
        ended.push(folder.command(arguments).stdout(Stdio::piped()).stderr(error).output().await.unwrap());
    }
    ended
}

#[tokio::test]
async fn a_command_whose_messages_are_lost_ends_as_it_would() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/gone", Reply::status(404));
    outlet.set("/feed", Reply::feed(doc()));
    let (gone, feed) = (outlet.url("/gone"), outlet.url("/feed"));
    let folder = Folder::new("", &[("gone", &gone), ("feed", &feed)]);
    for ended in run(&folder, &["poll", "--all"]).await {
        assert_eq!(ended.status.code(), Some(0), "{ended:?}");
        assert!(String::from_utf8_lossy(&ended.stdout).contains("2 polled"), "{ended:?}");
    }
    assert_eq!(folder.sql("SELECT title FROM entries").await, ["Un"]);
    for (arguments, code) in [
        (&["search", "nothing"][..], 0),
        (&["explain", "feed", "nobody"], 2),
        (&["add", "a.invalid", "b.invalid", "--slug", "x"], 2),
        (&["restore", "none"], 1),
    ] {
        for ended in run(&folder, arguments).await {
            assert_eq!(ended.status.code(), Some(code), "{arguments:?}: {ended:?}");
        }
    }
    folder.configure("[server]\nlisten = 5\n");
    for ended in run(&folder, &["check"]).await {
        assert_eq!(ended.status.code(), Some(78), "{ended:?}");
    }
}

#[tokio::test]
async fn a_daemon_whose_log_cannot_be_written_polls_on() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/gone", Reply::status(404));
    outlet.set("/feed", Reply::feed(doc()));
    let (gone, feed) = (outlet.url("/gone"), outlet.url("/feed"));
    for error in unwritable() {
        let folder = Folder::with_file("[schedule]\ndefault = \"every 1s\"\n", &[("gone", &gone), ("feed", &feed)]);
        let mut daemon = folder.command(&["run"]).stdout(Stdio::null()).stderr(error).spawn().unwrap();
        until("the database", async || folder.path("warraq.db.pid").exists()).await;
        folder.sql_until("SELECT min(count(*), 2) FROM poll WHERE outcome = 'failed'", "2").await;
        signal(&daemon, "TERM").await;
        assert_eq!(daemon.wait().await.unwrap().code(), Some(0));
    }
}

#[tokio::test]
async fn a_variable_that_cannot_be_read_is_an_error() {
    use std::os::unix::ffi::OsStrExt as _;
    let folder = Folder::new("", &[]);
    let odd = std::ffi::OsStr::from_bytes(b"127.0.0.1:0\xff");
    for name in ["WARRAQ_SERVER_LISTEN", "WARRAQ_LOG", "HTTPS_PROXY"] {
        let ended = folder.command(&["check"]).env(name, odd).output().await.unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(78), "{name}: {said}");
        assert_eq!(said, format!("error: {name}: the value is not UTF-8; allowed: text in UTF-8\n"));
    }
    let ended = folder.command(&["poll"]).env("WARRAQ_LOG", "loudest").output().await.unwrap();
    assert_eq!(ended.status.code(), Some(78), "a faulty setting, as in the file");
}

async fn signal(daemon: &Child, name: &str) {
    let line = format!("kill -{name} {}", daemon.id().unwrap());
    assert!(tokio::process::Command::new("sh").args(["-c", &line]).status().await.unwrap().success());
}

/// Returns a pipe that is full, so that the next line waits for a reader.
fn full_pipe() -> (PipeReader, Stdio) {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let filler = writer.try_clone().unwrap();
    // More than a pipe holds: the rest waits for a reader.
    std::thread::spawn(move || writer.write_all(&vec![b'\n'; 128 * 1024]));
    (reader, filler.into())
}

#[tokio::test]
async fn a_daemon_whose_log_nobody_reads_polls_on_and_stops() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/gone", Reply::status(404));
    let folder = Folder::with_file("[schedule]\ndefault = \"every 1s\"\n", &[("gone", &outlet.url("/gone"))]);
    let (_reader, full) = full_pipe();
    let mut daemon = folder.command(&["run"]).stdout(Stdio::null()).stderr(full).spawn().unwrap();
    until("the database", async || folder.path("warraq.db.pid").exists()).await;
    folder.sql_until("SELECT min(count(*), 2) FROM poll WHERE outcome = 'failed'", "2").await;
    signal(&daemon, "TERM").await;
    let ended = timeout(Duration::from_secs(10), daemon.wait()).await.expect("it does not stop");
    assert_eq!(ended.unwrap().code(), Some(0));
    // The message of a failure is not waited for either.
    std::fs::remove_file(folder.path("warraq.db")).unwrap();
    std::fs::create_dir(folder.path("warraq.db")).unwrap();
    let (_reader, full) = full_pipe();
    let mut daemon = folder.command(&["run"]).stdout(Stdio::null()).stderr(full).spawn().unwrap();
    let ended = timeout(Duration::from_secs(10), daemon.wait()).await.expect("it does not end");
    assert_eq!(ended.unwrap().code(), Some(1));
}

#[tokio::test]
async fn lines_that_nobody_read_in_time_are_counted() {
    let folder = Folder::with_file("", &[]);
    let (mut reader, full) = full_pipe();
    let mut daemon = folder.command(&["run"]).stdout(Stdio::null()).stderr(full).spawn().unwrap();
    until("the database", async || folder.path("warraq.db.pid").exists()).await;
    // Each reload logs all errors of the file.
    folder.configure(&(0..500).fold("[server]\n".to_owned(), |text, n| format!("{text}no_such_key_{n} = 1\n")));
    for _ in 0..60 {
        signal(&daemon, "HUP").await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let said = Arc::<Mutex<String>>::default();
    let all = Arc::clone(&said);
    let reading = std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(length @ 1..) = reader.read(&mut bytes) {
            all.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..length]));
        }
    });
    let lost = "lines of this log were lost";
    until("the number of lost lines", async || said.lock().unwrap().contains(lost)).await;
    signal(&daemon, "TERM").await;
    assert_eq!(daemon.wait().await.unwrap().code(), Some(0));
    reading.join().unwrap();
    let said = said.lock().unwrap();
    assert!(said.contains(" stopped\n") && said.matches(lost).count() == 1, "{said}");
}
