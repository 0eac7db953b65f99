//! A whole Warraq in a temporary folder: the real configuration, the real store, the real client, and a clock that stands
//! still until it is told to move. A journey is fifteen lines.

use jiff::SignedDuration;
use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection, sqlite::SqliteConnectOptions};
use std::fmt::Write as _;
use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tempfile::TempDir;
use tokio::{sync::mpsc, task::JoinHandle};
use warraq::{
    clock::Clock,
    config::Config,
    daemon::{ControlCommand, ControlCommands, Daemon, DaemonError, RunnerEvent, Services},
    model::FeedUrl,
    poll::PollResult,
    publish::{self, Format},
    store::{Pruned, RetentionLimits, StoreError},
};

/// Noon of a Monday, in the middle of every schedule.
const START: &str = "2026-11-02T12:00:00Z";

/// An open instance, and what it was made of.
pub struct TestInstance {
    folder: TempDir,
    /// Moves only when told to.
    pub clock: Clock,
    text: String,
    instance: Option<Services>,
}

impl TestInstance {
    /// An instance that polls these outlets: slug (which is its name too, and `ar-…` is Arabic) and feed.
    pub async fn over(outlets: &[(&str, &FeedUrl)]) -> Self {
        Self::with("", outlets).await
    }

    /// As [`TestInstance::over`], with more lines of configuration.
    pub async fn with(more: &str, outlets: &[(&str, &FeedUrl)]) -> Self {
        Self::configured(config_text(more, outlets)).await
    }

    /// An instance with this whole configuration.
    pub async fn configured(text: String) -> Self {
        let clock = Clock::manual(START.parse().unwrap());
        let mut instance = Self { folder: tempfile::tempdir().unwrap(), clock, text, instance: None };
        instance.open().await;
        instance
    }

    /// The database's file.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("warraq.db")
    }

    /// The configuration, parsed.
    pub fn config(&self) -> Config {
        Config::parse(&self.text, &self.folder.path().join("config.toml"), &BTreeMap::new()).unwrap()
    }

    /// Opens the instance that was closed.
    pub async fn open(&mut self) {
        let config = self.config();
        let public_url = config.server.public_url(config.server.listen);
        self.instance = Some(patiently(|| Services::open(&config, &public_url, self.clock.clone())).await);
    }

    /// Closes the instance and opens it again, with another configuration if one is given.
    pub async fn restart(&mut self, text: Option<String>) {
        if let Some(open) = self.instance.take() {
            open.close().await.unwrap();
        }
        self.text = text.unwrap_or_else(|| self.text.clone());
        self.open().await;
    }

    /// Closes the instance.
    pub async fn close(&mut self) {
        self.instance.take().unwrap().close().await.unwrap();
    }

    /// The open instance.
    pub fn instance(&mut self) -> &mut Services {
        self.instance.as_mut().unwrap()
    }

    /// What retention forgets now.
    pub async fn prune(&mut self) -> Pruned {
        let (now, retention) = (self.clock.now(), self.config().retention);
        self.instance().writer.prune(RetentionLimits::as_of(now, retention.keep, retention.polls, false)).await.unwrap()
    }

    /// Lets time pass, and polls nothing.
    pub fn pass(&self, time: SignedDuration) {
        self.clock.step(time);
    }

    /// Polls every feed, due or not, a minute after the last time.
    pub async fn poll(&mut self) -> Vec<PollResult> {
        self.clock.step(SignedDuration::from_mins(1));
        let now = self.clock.now();
        self.instance().runner.queue.make_due(now);
        self.run_due().await
    }

    /// Polls one outlet, due or not, a minute after the last time.
    pub async fn poll_only(&mut self, slug: &str) -> Vec<PollResult> {
        self.clock.step(SignedDuration::from_mins(1));
        let now = self.clock.now();
        let queue = &mut self.instance().runner.queue;
        queue.only(|feed| feed.outlet.as_str() == slug);
        queue.make_due(now);
        let reports = self.run_due().await;
        // The others come back in the queue.
        self.restart(None).await;
        reports
    }

    /// Looks at the clock, as the daemon does each second: what it leapt over is noticed.
    pub async fn check_clock(&mut self) {
        let runner = &mut self.instance().runner;
        runner.check_clock();
        runner.settled().await.unwrap();
    }

    /// Polls what is due by now.
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
        // What a poll that brought nothing leaves waits for company, up to five seconds: not here.
        self.instance().writer.update_feeds(Vec::new()).await.unwrap();
        reports
    }

    /// Lets time pass until the next feed is due, and polls it.
    pub async fn run_next(&mut self) -> Vec<PollResult> {
        let due = self.sql("SELECT min(next_poll_at) FROM feed WHERE removed = 0").await;
        let due: jiff::Timestamp = due[0].parse().unwrap();
        // The file keeps milliseconds.
        self.clock.step(due.duration_since(self.clock.now()) + SignedDuration::from_millis(1));
        self.run_due().await
    }

    /// Rows of a query, columns joined by `|`, as the `sqlite3` command line shows them.
    pub async fn sql(&self, query: &'static str) -> Vec<String> {
        sql(&self.file(), query).await
    }

    /// A connection that may write to the closed instance's file.
    pub async fn write(&self) -> SqliteConnection {
        SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(self.file())).await.unwrap()
    }

    /// Asks until these are the rows, while time passes for the instance too; fails after ten seconds.
    pub async fn sql_until(&self, query: &'static str, rows: &[&str]) {
        let mut found = Vec::new();
        for _ in 0..200 {
            found = self.sql(query).await;
            if found == rows {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
            self.clock.step(SignedDuration::from_millis(50));
        }
        panic!("{query} never said {rows:?}, but {found:?}");
    }

    /// The bytes of a channel's edition now.
    pub async fn edition(&mut self, channel: &str, format: Format) -> String {
        let config = self.config();
        let public_url = config.server.public_url(config.server.listen);
        let channel = config.channels.iter().find(|c| c.slug.as_str() == channel).unwrap();
        let view = self.instance().reader.channel(channel, &public_url).await.unwrap();
        String::from_utf8(publish::edition(&view, format).unwrap().bytes().to_vec()).unwrap()
    }
}

/// Opens a file that was closed a moment ago. A program that another test starts has our files from its fork to its exec,
/// their locks too.
async fn patiently<T, F: Future<Output = Result<T, DaemonError>>>(open: impl Fn() -> F) -> T {
    for _ in 0..100 {
        match open().await {
            Err(DaemonError::Store(StoreError::InUse(_))) => tokio::time::sleep(Duration::from_millis(10)).await,
            opened => return opened.unwrap(),
        }
    }
    panic!("the database's lock was never let go");
}

/// A complete configuration: loopback may be polled, a free port, no pause between starts at one host.
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

/// Rows of a query over a database file, columns joined by `|`.
pub async fn sql(file: &std::path::Path, query: &str) -> Vec<String> {
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

/// A daemon in this process, told by a channel instead of signals.
pub struct RunningDaemon {
    /// Where it listens.
    pub base: String,
    orders: mpsc::Sender<ControlCommand>,
    text: Arc<Mutex<String>>,
    /// How often the configuration was read again.
    reread: Arc<AtomicUsize>,
    task: JoinHandle<Result<(), DaemonError>>,
}

impl RunningDaemon {
    /// Starts it over the file and the configuration of an instance that is closed.
    pub async fn start(instance: &TestInstance) -> Self {
        let (file, text) = (instance.folder.path().join("config.toml"), Arc::new(Mutex::new(instance.text.clone())));
        let reread = Arc::new(AtomicUsize::new(0));
        let (shared, count) = (Arc::clone(&text), Arc::clone(&reread));
        let again = move || {
            let config = Config::parse(&shared.lock().unwrap(), &file, &BTreeMap::new());
            count.fetch_add(1, Ordering::SeqCst);
            config
        };
        let daemon =
            patiently(|| Daemon::open(instance.config(), Box::new(again.clone()), instance.clock.clone())).await;
        let (orders, inbox) = mpsc::channel(4);
        let (ready, is_ready) = tokio::sync::oneshot::channel();
        let task = tokio::spawn(daemon.run(ControlCommands::Channel(inbox), ready));
        Self { base: format!("http://{}", is_ready.await.unwrap()), orders, text, reread, task }
    }

    /// Writes another configuration and tells it to read it.
    pub async fn reload(&self, text: String) {
        let before = self.reread.load(Ordering::SeqCst);
        *self.text.lock().unwrap() = text;
        self.order(ControlCommand::Reload).await;
        // The next text must not take the place of one that was never read.
        for _ in 0..200 {
            if self.reread.load(Ordering::SeqCst) > before {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the daemon never read its configuration again");
    }

    /// Tells it something.
    pub async fn order(&self, order: ControlCommand) {
        self.orders.send(order).await.unwrap();
    }

    /// Tells it to stop and waits for its end.
    pub async fn stop(self) -> Result<(), DaemonError> {
        self.order(ControlCommand::Stop).await;
        self.task.await.unwrap()
    }

    /// Asks it for a path.
    pub async fn get(&self, path: &str) -> reqwest::Response {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        client.get(format!("{}{path}", self.base)).send().await.unwrap()
    }

    /// Asks until the answer holds `words`; fails after ten seconds.
    pub async fn get_until(&self, path: &str, words: &str) -> String {
        for _ in 0..200 {
            let text = self.get(path).await.text().await.unwrap();
            if text.contains(words) {
                return text;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{path} never said {words:?}");
    }
}

/// How the polls ended, feed by feed in the order of their addresses.
pub fn outcomes(reports: &[PollResult]) -> Vec<&'static str> {
    let mut ended: Vec<_> = reports.iter().map(|r| (r.written.feed.url.as_str(), r.outcome.as_str())).collect();
    ended.sort_unstable();
    ended.into_iter().map(|(_, outcome)| outcome).collect()
}

/// New, revised and duplicate entries of these polls.
pub fn sums(reports: &[PollResult]) -> [u32; 3] {
    let tallies = reports.iter().map(|r| r.written.tally);
    tallies.fold([0; 3], |[n, r, d], t| [n + t.new, r + t.revised, d + t.duplicate])
}
