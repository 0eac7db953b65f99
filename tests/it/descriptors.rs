//! Too few open files are a problem of this machine, and no feed's failure.

use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    processes::{Folder, until},
};
use std::{net::TcpStream, time::Duration};
use tokio::process::Command;

/// Sets the limit of open files of a running process, with `prlimit` of util-linux.
async fn limit(process: u32, files: u32) {
    let arguments = [format!("--pid={process}"), format!("--nofile={files}:4096")];
    let done = Command::new("prlimit").args(arguments).output().await.unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[tokio::test]
async fn a_lack_of_open_files_is_ours_and_said_once() {
    let outlet = FakeOutlet::start().await;
    let doc = FeedDoc::rss("V").entry("1", "Un", "", "", "2026-11-02T09:30:00Z");
    outlet.set("/feed", Reply::feed(doc.clone()).etag("\"1\""));
    outlet.set("/named", Reply::feed(doc).etag("\"1\""));
    let named = outlet.url("/named").as_str().replace("127.0.0.1", "localhost");
    let named = warraq::model::FeedUrl::parse(&named).unwrap();
    let more = "[schedule]\ndefault = \"every 1s\"\n";
    let folder = Folder::new(more, &[("ville", &outlet.url("/feed")), ("nom", &named)]);
    let daemon = folder.start().await;
    folder.sql_until("SELECT count(*) > 4 AND count(DISTINCT feed_id) = 2 FROM poll", "1").await;
    let process = daemon.id();
    limit(process, 4).await;
    daemon.until("lacks resources for requests").await;
    // Meanwhile connections wait in the kernel's queue, and the accept loop does not spin.
    let address = daemon.address();
    let visitors: Vec<_> = (0..20).map(|_| TcpStream::connect(&address).unwrap()).collect();
    daemon.until("cannot accept a connection").await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    drop(visitors);
    assert_eq!(daemon.log().matches("lacks resources for requests").count(), 1, "{}", daemon.log());
    assert_eq!(daemon.log().matches("cannot accept a connection").count(), 1, "{}", daemon.log());
    assert_eq!(folder.sql("SELECT count(*) FROM poll WHERE outcome = 'failed'").await, ["0"]);
    assert_eq!(folder.sql("SELECT sum(failures), count(DISTINCT state), max(state) FROM feed").await, ["0|1|active"]);
    let asked = [outlet.requests("/feed").len(), outlet.requests("/named").len()];
    limit(process, 1024).await;
    until("polls go on", async || {
        outlet.requests("/feed").len() > asked[0] && outlet.requests("/named").len() > asked[1]
    })
    .await;
    let answer = crate::processes::http_client().build().unwrap();
    let answer = answer.get(format!("http://{address}/healthz")).send().await.unwrap();
    assert!(answer.status().is_success());
    daemon.stop().await;
}

#[tokio::test]
async fn whatever_lacks_a_file_no_feed_has_failed() {
    let outlet = FakeOutlet::start().await;
    let doc = FeedDoc::rss("V").entry("1", "Un", "", "", "2026-11-02T09:30:00Z");
    outlet.set("/feed", Reply::feed(doc));
    let folder = Folder::with_file("[schedule]\ndefault = \"every 1s\"\n", &[("ville", &outlet.url("/feed"))]);
    let (mut refused, mut polled) = (0, 0);
    // From hardly enough for the runtime to enough for everything: SQLite's files, its readers and the sockets lack one in turn.
    for files in 8..40 {
        let mut command = Command::new("prlimit");
        command.arg(format!("--nofile={files}:{files}")).arg(env!("CARGO_BIN_EXE_warraq")).args(["poll", "--all"]);
        let ended =
            command.current_dir(folder.path("")).env_clear().env("PATH", "/usr/bin:/bin").output().await.unwrap();
        let said = String::from_utf8_lossy(&ended.stderr).into_owned() + &String::from_utf8_lossy(&ended.stdout);
        assert!(!said.contains("panicked") && !said.contains("a bug"), "{files} files: {said}");
        match ended.status.code() {
            Some(0) => polled += 1,
            // 127: the loader itself could not open the program's libraries.
            Some(1..=127) => refused += 1,
            code => panic!("{files} files: {code:?}: {said}"),
        }
    }
    assert!(refused > 0 && polled > 0, "{refused} {polled}");
    assert_eq!(folder.sql("SELECT count(*) FROM poll WHERE outcome = 'failed'").await, ["0"]);
    assert_eq!(folder.sql("SELECT failures, state FROM feed").await, ["0|active"]);
    // The daemon has opened no second reader yet, and lacks a file for it while the sockets of polls come and go.
    let daemon = folder.start().await;
    let open = || std::fs::read_dir(format!("/proc/{}/fd", daemon.id())).unwrap().count();
    for spare in 0..4 {
        limit(daemon.id(), u32::try_from(open()).unwrap() + spare).await;
        tokio::time::sleep(Duration::from_millis(1_200)).await;
    }
    limit(daemon.id(), 1_024).await;
    let asked = outlet.requests("/feed").len();
    until("polls go on", async || outlet.requests("/feed").len() > asked + 1).await;
    assert_eq!(folder.sql("SELECT count(*) FROM poll WHERE outcome = 'failed'").await, ["0"]);
    daemon.stop().await;
}
