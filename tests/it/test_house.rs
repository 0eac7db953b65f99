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
    daemon::{Daemon, DaemonError, Event, House, Order, Orders},
    model::FeedUrl,
    poll::Report,
    publish::{self, Format},
    store::{Keep, Pruned, StoreError},
};

/// Noon of a Monday, in the middle of every schedule.
const START: &str = "2026-11-02T12:00:00Z";

/// An open house, and what it was made of.
pub struct TestHouse {
    folder: TempDir,
    /// Moves only when told to.
    pub clock: Clock,
    text: String,
    house: Option<House>,
}

impl TestHouse {
    /// A house that polls these outlets: slug (which is its name too, and `ar-…` is Arabic) and feed.
    pub async fn over(outlets: &[(&str, &FeedUrl)]) -> Self {
        Self::with("", outlets).await
    }

    /// As [`TestHouse::over`], with more lines of configuration.
    pub async fn with(more: &str, outlets: &[(&str, &FeedUrl)]) -> Self {
        Self::configured(config_text(more, outlets)).await
    }

    /// A house with this whole configuration.
    pub async fn configured(text: String) -> Self {
        let clock = Clock::manual(START.parse().unwrap());
        let mut house = Self { folder: tempfile::tempdir().unwrap(), clock, text, house: None };
        house.open().await;
        house
    }

    /// The database's file.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("warraq.db")
    }

    /// The configuration, parsed.
    pub fn config(&self) -> Config {
        Config::parse(&self.text, &self.folder.path().join("config.toml"), &BTreeMap::new()).unwrap()
    }

    /// Opens the house that was closed.
    pub async fn open(&mut self) {
        let config = self.config();
        let public_url = config.server.public_url(config.server.listen);
        self.house = Some(patiently(|| House::open(&config, &public_url, self.clock.clone())).await);
    }

    /// Closes the house and opens it again, with another configuration if one is given.
    pub async fn restart(&mut self, text: Option<String>) {
        if let Some(open) = self.house.take() {
            open.close().await.unwrap();
        }
        self.text = text.unwrap_or_else(|| self.text.clone());
        self.open().await;
    }

    /// Closes the house.
    pub async fn close(&mut self) {
        self.house.take().unwrap().close().await.unwrap();
    }

    /// The open house.
    pub fn house(&mut self) -> &mut House {
        self.house.as_mut().unwrap()
    }

    /// What retention forgets now.
    pub async fn prune(&mut self) -> Pruned {
        let (now, retention) = (self.clock.now(), self.config().retention);
        self.house().writer.prune(Keep::as_of(now, retention.keep, retention.polls, false)).await.unwrap()
    }

    /// Lets time pass, and polls nothing.
    pub fn pass(&self, time: SignedDuration) {
        self.clock.step(time);
    }

    /// Polls every feed, due or not, a minute after the last time.
    pub async fn poll(&mut self) -> Vec<Report> {
        self.clock.step(SignedDuration::from_mins(1));
        let now = self.clock.now();
        self.house().rounds.agenda.hurry(now);
        self.run_due().await
    }

    /// Polls one outlet, due or not, a minute after the last time.
    pub async fn poll_only(&mut self, slug: &str) -> Vec<Report> {
        self.clock.step(SignedDuration::from_mins(1));
        let now = self.clock.now();
        let agenda = &mut self.house().rounds.agenda;
        agenda.only(|feed| feed.outlet.as_str() == slug);
        agenda.hurry(now);
        let reports = self.run_due().await;
        // The others come back on the agenda.
        self.restart(None).await;
        reports
    }

    /// Looks at the clock, as the daemon does each second: what it leapt over is noticed.
    pub async fn mind_clock(&mut self) {
        let rounds = &mut self.house().rounds;
        rounds.mind_clock();
        rounds.settled().await.unwrap();
    }

    /// Polls what is due by now.
    pub async fn run_due(&mut self) -> Vec<Report> {
        let now = self.clock.now();
        let rounds = &mut self.house().rounds;
        let mut reports = Vec::new();
        while rounds.agenda.due(now) > 0 || rounds.running() > 0 {
            if let Event::Polled(ended) = rounds.event().await {
                reports.extend(rounds.take(*ended, true).unwrap());
            }
        }
        // What a visit that brought nothing leaves waits for company, up to five seconds: not here.
        self.house().writer.settle(Vec::new()).await.unwrap();
        reports
    }

    /// Lets time pass until the next feed is due, and polls it.
    pub async fn run_next(&mut self) -> Vec<Report> {
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

    /// A connection that may write to the closed house's file.
    pub async fn write(&self) -> SqliteConnection {
        SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(self.file())).await.unwrap()
    }

    /// Asks until these are the rows, while time passes for the house too; fails after ten seconds.
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
        let view = self.house().reader.channel(channel, &public_url).await.unwrap();
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
    orders: mpsc::Sender<Order>,
    text: Arc<Mutex<String>>,
    /// How often the configuration was read again.
    reread: Arc<AtomicUsize>,
    task: JoinHandle<Result<(), DaemonError>>,
}

impl RunningDaemon {
    /// Starts it over the file and the configuration of a house that is closed.
    pub async fn start(house: &TestHouse) -> Self {
        let (file, text) = (house.folder.path().join("config.toml"), Arc::new(Mutex::new(house.text.clone())));
        let reread = Arc::new(AtomicUsize::new(0));
        let (shared, count) = (Arc::clone(&text), Arc::clone(&reread));
        let again = move || {
            let config = Config::parse(&shared.lock().unwrap(), &file, &BTreeMap::new());
            count.fetch_add(1, Ordering::SeqCst);
            config
        };
        let daemon = patiently(|| Daemon::open(house.config(), Box::new(again.clone()), house.clock.clone())).await;
        let (orders, inbox) = mpsc::channel(4);
        let (ready, is_ready) = tokio::sync::oneshot::channel();
        let task = tokio::spawn(daemon.run(Orders::Channel(inbox), ready));
        Self { base: format!("http://{}", is_ready.await.unwrap()), orders, text, reread, task }
    }

    /// Writes another configuration and tells it to read it.
    pub async fn reload(&self, text: String) {
        let before = self.reread.load(Ordering::SeqCst);
        *self.text.lock().unwrap() = text;
        self.order(Order::Reload).await;
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
    pub async fn order(&self, order: Order) {
        self.orders.send(order).await.unwrap();
    }

    /// Tells it to stop and waits for its end.
    pub async fn stop(self) -> Result<(), DaemonError> {
        self.order(Order::Stop).await;
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
pub fn outcomes(reports: &[Report]) -> Vec<&'static str> {
    let mut ended: Vec<_> = reports.iter().map(|r| (r.written.feed.url.as_str(), r.outcome.as_str())).collect();
    ended.sort_unstable();
    ended.into_iter().map(|(_, outcome)| outcome).collect()
}

/// New, revised and duplicate entries of these polls.
pub fn sums(reports: &[Report]) -> [u32; 3] {
    let tallies = reports.iter().map(|r| r.written.tally);
    tallies.fold([0; 3], |[n, r, d], t| [n + t.new, r + t.revised, d + t.duplicate])
}
