//! A complete Warraq in a temporary folder: the real configuration, store and HTTP client, and a clock that moves only when told
//! to. A test takes about fifteen lines.

mod running;

pub use self::running::RunningDaemon;
use crate::postgres_cluster::{self, cluster};
use jiff::SignedDuration;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, SqliteConnection, sqlite::SqliteConnectOptions};
use std::fmt::Write as _;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};
use tempfile::TempDir;
use warraq::{
    clock::Clock,
    config::Config,
    daemon::{DaemonError, RunnerEvent, Services},
    fetch::{BodyShare, LargeBodies},
    model::FeedUrl,
    poll::PollResult,
    publish::{self, Format},
    store::{Pruned, RetentionLimits, StoreError},
};

/// Noon of a Monday.
const START: &str = "2026-11-02T12:00:00Z";

/// An instance and what it was created from.
pub struct TestInstance {
    folder: TempDir,
    /// A manual clock.
    pub clock: Clock,
    text: String,
    /// The variables of its configuration.
    environment: BTreeMap<String, String>,
    instance: Option<Services>,
}

/// The store of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestStore {
    /// A file of SQLite.
    File,
    /// A database in the tests' own PostgreSQL cluster.
    Server,
}

/// If this variable is `postgres`, instances whose test does not choose a store are over PostgreSQL, which must be installed.
const STORE: &str = "WARRAQ_TEST_STORE";
/// The variable that names a database server.
pub const URL: &str = "WARRAQ_DATABASE_URL";

/// Returns whether instances whose test does not choose a store are over PostgreSQL.
pub fn is_over_server() -> bool {
    std::env::var(STORE).is_ok_and(|store| store == "postgres")
}

/// Returns whether a test is skipped, which is said aloud, because it is about what only SQLite has.
pub fn is_only_for_file(what: &str) -> bool {
    if is_over_server() {
        eprintln!("SKIPPED: over PostgreSQL: {what} is SQLite's own");
    }
    is_over_server()
}

impl TestInstance {
    /// Creates an instance that polls these outlets, given as slug and feed. The slug is the name too, and `ar-…` is Arabic.
    pub async fn over(outlets: &[(&str, &FeedUrl)]) -> Self {
        Self::with("", outlets).await
    }

    /// Does the same as [`TestInstance::over`], with more lines of configuration.
    pub async fn with(more: &str, outlets: &[(&str, &FeedUrl)]) -> Self {
        Self::configured(config_text(more, outlets)).await
    }

    /// Creates an instance with this complete configuration.
    pub async fn configured(text: String) -> Self {
        let store = if is_over_server() { TestStore::Server } else { TestStore::File };
        Box::pin(Self::in_store(store, text)).await.unwrap()
    }

    /// Creates an instance with this complete configuration in this store. `None` if PostgreSQL is not installed.
    pub async fn in_store(store: TestStore, text: String) -> Option<Self> {
        let mut environment = BTreeMap::new();
        if store == TestStore::Server {
            environment.insert(URL.to_owned(), cluster()?.database().await);
        }
        let clock = Clock::manual(START.parse().unwrap());
        let mut instance = Self { folder: tempfile::tempdir().unwrap(), clock, text, environment, instance: None };
        Box::pin(instance.open()).await;
        Some(instance)
    }

    /// Returns the address of the database, if it is on a server.
    pub fn server(&self) -> Option<&str> {
        self.environment.get(URL).map(String::as_str)
    }

    /// Returns the variables of the configuration, for a command that works on the same database.
    pub fn environment(&self) -> &BTreeMap<String, String> {
        &self.environment
    }

    /// Returns the path of the database file.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("warraq.db")
    }

    /// Returns the parsed configuration.
    pub fn config(&self) -> Config {
        Config::parse(&self.text, &self.folder.path().join("config.toml"), &self.environment).unwrap()
    }

    /// Opens the closed instance.
    pub async fn open(&mut self) {
        let config = self.config();
        let public_url = config.server.public_url(config.server.listen);
        self.instance = Some(patiently(|| Services::open(&config, &public_url, self.clock.clone())).await);
    }

    /// Closes the instance and opens it again, with another configuration if one is given.
    pub async fn restart(&mut self, text: Option<String>) {
        if let Some(open) = self.instance.take() {
            Box::pin(open.close()).await.unwrap();
        }
        self.text = text.unwrap_or_else(|| self.text.clone());
        Box::pin(self.open()).await;
    }

    /// Closes the instance.
    pub async fn close(&mut self) {
        Box::pin(self.instance.take().unwrap().close()).await.unwrap();
    }

    /// Returns the open instance.
    pub fn instance(&mut self) -> &mut Services {
        self.instance.as_mut().unwrap()
    }

    /// Runs retention now. Returns what it deleted.
    pub async fn prune(&mut self) -> Pruned {
        let (now, retention) = (self.clock.now(), self.config().retention);
        self.instance().writer.prune(RetentionLimits::as_of(now, retention.keep, retention.polls, false)).await.unwrap()
    }

    /// Moves the clock forward without polling.
    pub fn pass(&self, time: SignedDuration) {
        self.clock.step(time);
    }

    /// Polls every feed, due or not, a minute later.
    pub async fn poll(&mut self) -> Vec<PollResult> {
        self.clock.step(SignedDuration::from_mins(1));
        let now = self.clock.now();
        self.instance().runner.queue.make_due(now);
        self.run_due().await
    }

    /// Polls one outlet, due or not, a minute later.
    pub async fn poll_only(&mut self, slug: &str) -> Vec<PollResult> {
        self.clock.step(SignedDuration::from_mins(1));
        let now = self.clock.now();
        let queue = &mut self.instance().runner.queue;
        queue.only(|feed| feed.outlet.as_str() == slug);
        queue.make_due(now);
        let reports = self.run_due().await;
        // Puts the other feeds back into the queue.
        self.restart(None).await;
        reports
    }

    /// Checks the clock, as the daemon does each second, so that a leap is noticed.
    pub async fn check_clock(&mut self) {
        let runner = &mut self.instance().runner;
        runner.check_clock();
        runner.settled().await.unwrap();
    }

    /// Polls all feeds that are due.
    pub async fn run_due(&mut self) -> Vec<PollResult> {
        let now = self.clock.now();
        let runner = &mut self.instance().runner;
        let mut reports = Vec::new();
        while runner.queue.due(now) > 0 || runner.running() > 0 {
            if let RunnerEvent::Polled(ended) = runner.event().await {
                assert!(ended.1.is_some(), "a poll of feed {} panicked", ended.0);
                reports.extend(runner.take(*ended, true).unwrap());
            }
        }
        // The update of a poll without news is held back for up to five seconds to be batched. Write it now.
        self.instance().writer.update_feeds(Vec::new()).await.unwrap();
        reports
    }

    /// Moves the clock until the next feed is due, and polls it.
    pub async fn run_next(&mut self) -> Vec<PollResult> {
        let due = self.sql("SELECT min(next_poll_at) FROM feed WHERE removed = 0").await;
        let due: jiff::Timestamp = due[0].parse().unwrap();
        // The file stores milliseconds.
        self.clock.step(due.duration_since(self.clock.now()) + SignedDuration::from_millis(1));
        self.run_due().await
    }

    /// Returns the rows of a query, with columns joined by `|` as the `sqlite3` command line shows them.
    pub async fn sql(&self, query: &'static str) -> Vec<String> {
        self.asker().sql(query).await
    }

    /// Returns what asks the database beside the test.
    pub fn asker(&self) -> Asker {
        Asker { file: self.file(), server: self.server().map(str::to_owned) }
    }

    /// Returns the rows of a query that each store needs in words of its own.
    pub async fn sql_in(&self, file: &'static str, server: &'static str) -> Vec<String> {
        self.sql(if self.server().is_some() { server } else { file }).await
    }

    /// Returns how many entries the index of words has under any of these, given as folded words.
    pub async fn indexed(&self, words: &[&str]) -> i64 {
        let rows = if let Some(url) = self.server() {
            let quoted: Vec<String> = words.iter().map(|word| format!("''{word}''")).collect();
            let query = format!("SELECT count(*) FROM entry_search WHERE words @@ '{}'::tsquery", quoted.join(" | "));
            postgres_cluster::sql(url, &query).await
        } else {
            let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
            let query = format!("SELECT count(*) FROM entry_search WHERE entry_search MATCH '{}'", quoted.join(" OR "));
            sql(&self.file(), &query).await
        };
        rows[0].parse().unwrap()
    }

    /// Runs a statement that changes the database of the closed instance.
    pub async fn change(&self, statement: &str) {
        change(&self.file(), self.server(), statement).await;
    }

    /// Repeats a query until it returns these rows, while time passes for the instance too. Fails after ten seconds.
    pub async fn sql_until(&self, query: &'static str, rows: &[&str]) {
        let mut found = Vec::new();
        for _ in 0..1_200 {
            found = self.sql(query).await;
            if found == rows {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
            self.clock.step(SignedDuration::from_millis(50));
        }
        panic!("{query} never said {rows:?}, but {found:?}");
    }

    /// Returns the current bytes of a channel's edition.
    pub async fn edition(&mut self, channel: &str, format: Format) -> String {
        let config = self.config();
        let public_url = config.server.public_url(config.server.listen);
        let channel = config.channels.iter().find(|c| c.slug.as_str() == channel).unwrap();
        let view = self.instance().reader.channel(channel, &public_url).await.unwrap();
        String::from_utf8(publish::edition(&view, format).unwrap().bytes().to_vec()).unwrap()
    }
}

/// Runs statements that change a database: that on the server, if there is one, else the file.
pub async fn change(file: &Path, server: Option<&str>, statements: &str) {
    let statements = AssertSqlSafe(statements.to_owned());
    if let Some(url) = server {
        let mut connection = PgConnection::connect(url).await.unwrap();
        sqlx::raw_sql(statements).execute(&mut connection).await.unwrap();
        return;
    }
    let options = SqliteConnectOptions::new().filename(file);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql(statements).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// Asks the database of an instance.
pub struct Asker {
    /// Its file, which is asked if there is no server.
    pub file: PathBuf,
    /// The address of the database on a server.
    pub server: Option<String>,
}

impl Asker {
    /// Returns the rows of a query, with columns joined by `|`.
    pub async fn sql(&self, query: &'static str) -> Vec<String> {
        match &self.server {
            Some(url) => postgres_cluster::sql(url, query).await,
            None => sql(&self.file, query).await,
        }
    }
}

/// Opens a file that was closed a moment ago. A process that another test starts inherits our open files, with their locks, from
/// its fork until its exec.
async fn patiently<T, F: Future<Output = Result<T, DaemonError>>>(open: impl Fn() -> F) -> T {
    for _ in 0..100 {
        match open().await {
            Err(DaemonError::Store(StoreError::InUse(_))) => tokio::time::sleep(Duration::from_millis(10)).await,
            opened => return opened.unwrap(),
        }
    }
    panic!("the database's lock was never let go");
}

/// Returns a complete configuration: loopback is allowed, a free port, no pause between polls of one host.
pub fn config_text(more: &str, outlets: &[(&str, &FeedUrl)]) -> String {
    let mut text = String::from(
        "[server]\nlisten = \"127.0.0.1:0\"\npublic_url = \"http://news.invalid/\"\n[fetch]\nallow_networks = [\"127.0.0.0/8\"]\nhost_pause = \"0s\"\n\
         timeout = \"20s\"\nmax_body = \"1MB\"\n",
    );
    text.push_str(more);
    for (slug, feed) in outlets {
        let language = if slug.starts_with("ar-") { "language = \"ar\"\n" } else { "" };
        write!(text, "\n[[outlet]]\nslug = \"{slug}\"\nname = \"{slug}\"\n{language}feeds = [\"{feed}\"]\n").unwrap();
    }
    text
}

/// Returns the rows of a query over a database file, with columns joined by `|`.
pub async fn sql(file: &Path, query: &str) -> Vec<String> {
    let options = SqliteConnectOptions::new().filename(file).read_only(true);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let rows = sqlx::query(AssertSqlSafe(query.to_owned())).fetch_all(&mut connection).await.unwrap();
    let cell = |row: &sqlx::sqlite::SqliteRow, n: usize| {
        row.try_get::<Option<String>, _>(n)
            .map(Option::unwrap_or_default)
            .or_else(|_| row.try_get::<i64, _>(n).map(|n| n.to_string()))
            .or_else(|_| row.try_get::<f64, _>(n).map(|n| n.to_string()))
            .or_else(|_| row.try_get::<Vec<u8>, _>(n).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
            .unwrap()
    };
    rows.iter().map(|row| (0..row.len()).map(|n| cell(row, n)).collect::<Vec<_>>().join("|")).collect()
}

/// Returns how the polls ended, ordered by the addresses of the feeds.
pub fn outcomes(reports: &[PollResult]) -> Vec<&'static str> {
    let mut ended: Vec<_> = reports.iter().map(|r| (r.written.feed.url.as_str(), r.outcome.as_str())).collect();
    ended.sort_unstable();
    ended.into_iter().map(|(_, outcome)| outcome).collect()
}

/// Returns a poll's share of the large bodies, for a test that makes one request after the other.
pub fn share() -> BodyShare {
    LargeBodies::new(Clock::monotonic).share()
}

/// Returns the numbers of new, revised and duplicate entries of these polls.
pub fn sums(reports: &[PollResult]) -> [u32; 3] {
    let tallies = reports.iter().map(|r| r.written.tally);
    tallies.fold([0; 3], |[n, r, d], t| [n + t.new, r + t.revised, d + t.duplicate])
}
