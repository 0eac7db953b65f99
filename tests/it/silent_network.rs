//! A database server behind a network that swallows every packet: nobody reports an error, and nothing may wait without end.

use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    postgres::place,
    postgres_cluster::cluster,
    processes::{Folder, until},
    test_instance::URL,
};
use futures_util::future::join_all;
use sqlx::{Connection as _, Executor as _, PgConnection};
use std::{
    path::PathBuf,
    process::Stdio,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, UnixStream},
    process::Command,
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};
use warraq::{
    model::FeedId,
    store::{self, CopyError, ProgressSender, Reader, RetentionLimits, StoreErrorKind, Writer},
};

/// The message with which a client asks whether the server is there: Sync, PostgreSQL's protocol 3.0, section 55.7.
const SYNC: &[u8] = b"S\0\0\0\x04";

/// A network between clients and the tests' cluster.
pub struct Network {
    port: u16,
    state: Arc<State>,
    is_cut: watch::Sender<bool>,
}

/// What a network does with statements.
#[derive(Default)]
struct State {
    is_silent: AtomicBool,
    /// A statement with these words is swallowed.
    swallowed: Mutex<Option<&'static str>>,
    has_swallowed: AtomicBool,
}

impl State {
    /// Returns whether these bytes of a client are swallowed.
    fn swallows(&self, bytes: &[u8]) -> bool {
        let words = *self.swallowed.lock().unwrap();
        let is_named = words.is_some_and(|words| bytes.windows(words.len()).any(|part| part == words.as_bytes()));
        let swallows = is_named || self.is_silent.load(Ordering::Relaxed) && bytes != SYNC;
        self.has_swallowed.fetch_or(swallows, Ordering::Relaxed);
        swallows
    }
}

impl Network {
    async fn start(socket: PathBuf) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::<State>::default();
        let shared = Arc::clone(&state);
        let (is_cut, cut) = watch::channel(false);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if *cut.borrow() {
                    continue;
                }
                let (shared, mut cut) = (Arc::clone(&shared), cut.clone());
                let server = UnixStream::connect(&socket).await.unwrap();
                tokio::spawn(async move {
                    tokio::select! {
                        () = carry(client, server, shared) => {}
                        _ = cut.wait_for(|cut| *cut) => {}
                    }
                });
            }
        });
        Self { port, state, is_cut }
    }

    /// Ends all connections, and each new one at once, until it is mended.
    fn cut(&self, is_cut: bool) {
        self.is_cut.send_replace(is_cut);
    }

    /// From now on only questions whether the server is there pass, so that statements begin. Each gets no answer.
    fn fall_silent(&self) {
        self.state.is_silent.store(true, Ordering::Relaxed);
    }

    /// From now on a statement with these words gets no answer.
    pub fn swallow(&self, words: &'static str) {
        *self.state.swallowed.lock().unwrap() = Some(words);
    }

    /// Waits until a statement was swallowed.
    pub async fn swallowed(&self) {
        until("the statement", async || self.state.has_swallowed.load(Ordering::Relaxed)).await;
    }
}

/// Carries bytes both ways. A connection on which a statement was swallowed is silent for good.
async fn carry(client: TcpStream, server: UnixStream, state: Arc<State>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let mut both_ways = JoinSet::new();
    both_ways.spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
    let mut bytes = vec![0; 65_536];
    let mut swallows = false;
    while let Ok(read @ 1..) = from_client.read(&mut bytes).await {
        swallows |= state.swallows(&bytes[..read]);
        if !swallows && to_server.write_all(&bytes[..read]).await.is_err() {
            break;
        }
    }
}

/// Returns a database, and a network through which it is reached; `None` if PostgreSQL is not installed.
pub async fn behind_a_network() -> Option<(Network, String)> {
    let url = cluster()?.database().await;
    let (name, folder) = url.split_once("localhost/").unwrap().1.split_once("?host=").unwrap();
    let network = Network::start(PathBuf::from(folder).join(".s.PGSQL.5432")).await;
    let through = format!("postgres://warraq@127.0.0.1:{}/{name}?sslmode=disable", network.port);
    Some((network, through))
}

#[tokio::test]
async fn readers_whose_statements_get_no_answer_are_closed_within_seconds() {
    let Some((network, url)) = behind_a_network().await else { return };
    let (writer, task) = Writer::open(place(&url), Duration::from_hours(72)).await.unwrap();
    let reader = Reader::open(place(&url)).await.unwrap();
    reader.listed(FeedId(1)).await.unwrap();
    sleep(Duration::from_millis(300)).await;
    network.fall_silent();
    let asked = reader.clone();
    let asking = tokio::spawn(async move { asked.listed(FeedId(1)).await });
    sleep(Duration::from_millis(300)).await;
    assert!(!asking.is_finished(), "the statement was answered");
    // Its connection goes back to the pool, which asks the server whether it is still there.
    asking.abort();
    sleep(Duration::from_millis(300)).await;
    timeout(Duration::from_secs(10), reader.close()).await.expect("the readers are not closed");
    let _ = timeout(Duration::from_secs(10), writer.close()).await.expect("the writer is not closed");
    let _ = timeout(Duration::from_secs(10), task).await.expect("the writer's task does not end");
}

#[tokio::test]
async fn a_writer_that_renews_its_lease_in_vain_stops_within_seconds() {
    let Some((network, url)) = behind_a_network().await else { return };
    let (writer, task) = Writer::open(place(&url), Duration::from_hours(72)).await.unwrap();
    // A lease is renewed every ten seconds, and soon after the start there is other work.
    sleep(Duration::from_secs(9)).await;
    network.fall_silent();
    sleep(Duration::from_secs(2)).await;
    let _ = timeout(Duration::from_secs(6), writer.close()).await.expect("the writer is not closed");
    let _ = timeout(Duration::from_secs(6), task).await.expect("the writer's task does not end");
}

#[tokio::test]
async fn a_start_whose_question_gets_no_answer_is_stopped_within_seconds() {
    // What hub and subscriber read when they are opened.
    for words in ["last_error FROM hub_subscription", "last_push_at FROM hub_lease"] {
        let Some((network, url)) = behind_a_network().await else { return };
        network.swallow(words);
        let folder = Folder::with_file("", &[]);
        let mut daemon = folder.command(&["run"]).env(URL, &url).stdout(Stdio::null()).spawn().unwrap();
        network.swallowed().await;
        let line = format!("kill -TERM {}", daemon.id().unwrap());
        assert!(Command::new("sh").args(["-c", &line]).status().await.unwrap().success());
        let ended = timeout(Duration::from_secs(8), daemon.wait()).await.expect("it does not stop");
        assert_eq!(ended.unwrap().code(), Some(0));
    }
}

/// Returns the kind of error with which opening a database ends on whose network this statement gets no answer.
async fn opened_to_read(words: &'static str) -> Option<StoreErrorKind> {
    let (network, url) = migrated_behind_a_network().await?;
    network.swallow(words);
    let opened = timeout(Duration::from_mins(1), Reader::open(place(&url))).await;
    opened.unwrap_or_else(|_| panic!("opening waits for {words}")).err().map(|error| error.kind())
}

/// Does the same for writing.
async fn opened_to_write(words: &'static str) -> Option<StoreErrorKind> {
    let (network, url) = migrated_behind_a_network().await?;
    network.swallow(words);
    let opened = timeout(Duration::from_mins(1), Writer::open(place(&url), Duration::from_hours(72))).await;
    opened.unwrap_or_else(|_| panic!("opening waits for {words}")).err().map(|error| error.kind())
}

async fn migrated_behind_a_network() -> Option<(Network, String)> {
    let (network, url) = behind_a_network().await?;
    let (writer, task) = Writer::open(place(&url), Duration::from_hours(72)).await.unwrap();
    writer.close().await.unwrap();
    task.await.unwrap().unwrap();
    Some((network, url))
}

#[tokio::test]
async fn opening_ends_although_a_statement_gets_no_answer() {
    if cluster().is_none() {
        return;
    }
    let reading = ["to_regclass", "max(version)"].map(opened_to_read);
    let writing =
        ["to_regclass", "max(version)", "SET lock_timeout", "pg_advisory_lock", "UPDATE writer_lease", "last_entry"];
    let (read, written) = tokio::join!(join_all(reading), join_all(writing.map(opened_to_write)));
    for kind in read.into_iter().chain(written) {
        assert_eq!(kind, Some(StoreErrorKind::Unreachable));
    }
}

/// Copies from or to a database on whose network this statement gets no answer. Returns whether the error is that of the source, and
/// its kind.
async fn copied(words: &'static str, is_source: bool) -> Option<(bool, StoreErrorKind)> {
    let (network, url) = migrated_behind_a_network().await?;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("warraq.db");
    if !is_source {
        let (writer, task) = Writer::open(file.as_path(), Duration::from_hours(72)).await.unwrap();
        writer.close().await.unwrap();
        task.await.unwrap().unwrap();
    }
    network.swallow(words);
    let (server, file) = (place(&url), file.as_path().into());
    let (from, to) = if is_source { (server, file) } else { (file, server) };
    let progress = ProgressSender::default();
    let ended = timeout(Duration::from_mins(1), store::copy(&from, &to, &progress)).await;
    match ended.unwrap_or_else(|_| panic!("the copy waits for {words}")).unwrap_err() {
        CopyError::Source(error) => Some((true, error.kind())),
        CopyError::Target(error) => Some((false, error.kind())),
    }
}

#[tokio::test]
async fn a_copy_ends_although_a_statement_gets_no_answer_and_names_its_side() {
    if cluster().is_none() {
        return;
    }
    // The first word is that of the transaction; a table's columns are asked for afterwards.
    let from = ["idle_in_transaction_session_timeout = 0", "BEGIN ISOLATION", "information_schema"];
    let to = ["idle_in_transaction_session_timeout = 0", "BEGIN", "information_schema"];
    let from = join_all(from.map(|words| copied(words, true)));
    let to = join_all(to.map(|words| copied(words, false)));
    let (from, to) = tokio::join!(from, to);
    assert_eq!(from, [Some((true, StoreErrorKind::Unreachable)); 3]);
    assert_eq!(to, [Some((false, StoreErrorKind::Unreachable)); 3]);
}

#[tokio::test]
async fn a_rollback_that_gets_no_answer_does_not_delay_a_stop() {
    let Some((network, url)) = behind_a_network().await else { return };
    let (writer, task) = Writer::open(place(&url), Duration::from_hours(72)).await.unwrap();
    let mut other = PgConnection::connect(&url).await.unwrap();
    other.execute("ALTER TABLE story RENAME COLUMN id TO number").await.unwrap();
    network.swallow("ROLLBACK");
    let asked = writer.clone();
    let day = Duration::from_hours(24);
    let keep = RetentionLimits::as_of("2026-11-02T12:00:00Z".parse().unwrap(), day, day, false);
    let asking = tokio::spawn(async move { asked.prune(keep).await });
    sleep(Duration::from_secs(1)).await;
    assert!(!asking.is_finished(), "the rollback was answered");
    let _ = timeout(Duration::from_secs(6), writer.close()).await.expect("the writer is not closed");
    let _ = timeout(Duration::from_secs(6), task).await.expect("the writer's task does not end");
}

#[tokio::test]
async fn outlets_are_left_alone_while_the_database_server_is_away() {
    let Some((network, url)) = behind_a_network().await else { return };
    let outlet = FakeOutlet::start().await;
    let doc = FeedDoc::rss("V").entry("1", "Un", "https://ville.invalid/1", "", "2026-11-02T09:30:00Z");
    outlet.set("/same", Reply::feed(doc.clone()).etag("\"1\""));
    let news = (1..500).map(|count| Reply::feed(doc.clone().entry(&format!("n{count}"), "Titre", "", "", "")));
    outlet.script("/news", news);
    let every = "[schedule]\ndefault = \"every 1s\"\n";
    let folder = Folder::with_file(every, &[("a", &outlet.url("/same")), ("b", &outlet.url("/news"))]);
    let mut command = folder.command(&["run"]);
    command.env(URL, &url);
    let daemon = folder.start_by(command).await;
    until("polls", async || outlet.requests("/news").len() > 3 && outlet.requests("/same").len() > 3).await;
    network.cut(true);
    daemon.until("cannot write to the database").await;
    // Polls that had begun may still end.
    sleep(Duration::from_secs(2)).await;
    let before = outlet.paths().len();
    sleep(Duration::from_secs(10)).await;
    assert_eq!(outlet.paths().len(), before, "{}", daemon.log());
    for line in ["could not be read for a poll", "cannot render the feeds", "cannot read the queues"] {
        assert!(daemon.log().matches(line).count() < 2, "{line}: {}", daemon.log());
    }
    network.cut(false);
    until("polls again", async || outlet.paths().len() > before + 4).await;
    daemon.stop().await;
}
