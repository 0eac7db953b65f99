//! Standard error that cannot be written, because the disk with the log is full or its reader has gone: lines are lost, nothing
//! else is.

use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    processes::{Folder, until},
};
use std::{
    fs::File,
    process::{Output, Stdio},
};

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
        let stop = format!("kill -TERM {}", daemon.id().unwrap());
        assert!(tokio::process::Command::new("sh").args(["-c", &stop]).status().await.unwrap().success());
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
