//! A whole Warraq in a temporary folder: the real configuration, the real store, the real client, and a clock that stands
//! still until it is told to move. A journey is fifteen lines.

use jiff::{SignedDuration, Timestamp};
use sqlx::{Connection, Row, SqliteConnection, sqlite::SqliteConnectOptions};
use std::{collections::BTreeMap, path::PathBuf};
use tempfile::TempDir;
use tokio::{sync::mpsc, task::JoinHandle};
use warraq::{
    clock::Clock,
    config::Config,
    daemon::{Daemon, DaemonError, Event, House, Order, Orders},
    model::FeedUrl,
    poll::Report,
    publish::{self, Format},
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
        let mut house = Self {
            folder: tempfile::tempdir().unwrap(),
            clock: Clock::manual(START.parse().unwrap()),
            text: config_text(more, outlets),
            house: None,
        };
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

    async fn open(&mut self) {
        let config = self.config();
        let public_url = config.server.public_url(config.server.listen);
        self.house = Some(House::open(&config, &public_url, self.clock.clone()).await.unwrap());
    }

    /// Closes the house and opens it again, with another configuration if one is given.
    pub async fn restart(&mut self, text: Option<String>) {
        self.house.take().unwrap().close().await.unwrap();
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

    /// Polls every feed, due or not, a minute after the last time.
    pub async fn poll(&mut self) -> Vec<Report> {
        self.clock.step(SignedDuration::from_mins(1));
        let now = self.clock.now();
        self.house().rounds.agenda.hurry(now);
        self.run_due().await
    }

    /// Polls what is due by now.
    pub async fn run_due(&mut self) -> Vec<Report> {
        let now = self.clock.now();
        let rounds = &mut self.house().rounds;
        let mut left = rounds.agenda.due(now);
        let mut reports = Vec::new();
        while left > 0 {
            if let Event::Polled(ended) = rounds.event().await {
                reports.extend(rounds.take(*ended, true).unwrap());
                left -= 1;
            }
        }
        reports
    }

    /// Rows of a query, columns joined by `|`, as the `sqlite3` command line shows them.
    pub async fn sql(&self, query: &'static str) -> Vec<String> {
        sql(&self.file(), query).await
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

/// A complete configuration: loopback may be polled, a free port, no pause between starts at one host.
pub fn config_text(more: &str, outlets: &[(&str, &FeedUrl)]) -> String {
    let mut text = String::from(
        "[server]\nlisten = \"127.0.0.1:0\"\n[fetch]\nallow_networks = [\"127.0.0.0/8\"]\nhost_pause = \"0s\"\n\
         timeout = \"2s\"\nmax_body = \"1MB\"\n",
    );
    text.push_str(more);
    for (slug, feed) in outlets {
        let language = if slug.starts_with("ar-") { "language = \"ar\"\n" } else { "" };
        text.push_str(&format!("\n[[outlet]]\nslug = \"{slug}\"\nname = \"{slug}\"\n{language}feeds = [\"{feed}\"]\n"));
    }
    text
}

/// Rows of a query over a database file, columns joined by `|`.
pub async fn sql(file: &std::path::Path, query: &'static str) -> Vec<String> {
    let options = SqliteConnectOptions::new().filename(file).read_only(true);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let rows = sqlx::query(query).fetch_all(&mut connection).await.unwrap();
    let cell = |row: &sqlx::sqlite::SqliteRow, n: usize| {
        row.try_get::<Option<String>, _>(n)
            .map(Option::unwrap_or_default)
            .or_else(|_| row.try_get::<i64, _>(n).map(|n| n.to_string()))
            .or_else(|_| row.try_get::<f64, _>(n).map(|n| n.to_string()))
            .unwrap()
    };
    rows.iter().map(|row| (0..row.len()).map(|n| cell(row, n)).collect::<Vec<_>>().join("|")).collect()
}

/// A daemon in this process, told by a channel instead of signals.
pub struct RunningDaemon {
    /// Where it listens.
    pub base: String,
    orders: mpsc::Sender<Order>,
    task: JoinHandle<Result<(), DaemonError>>,
}

impl RunningDaemon {
    /// Starts it over a configuration; `reread` is what a reload finds.
    pub async fn start(house: &TestHouse, reread: Option<String>) -> Self {
        let config = house.config();
        let (file, text) = (house.folder.path().join("config.toml"), reread.unwrap_or_else(|| house.text.clone()));
        let again = Box::new(move || Config::parse(&text, &file, &BTreeMap::new()));
        let daemon = Daemon::open(config, again, house.clock.clone()).await.unwrap();
        let (orders, inbox) = mpsc::channel(4);
        let (ready, is_ready) = tokio::sync::oneshot::channel();
        let task = tokio::spawn(daemon.run(Orders::Channel(inbox), ready));
        Self { base: format!("http://{}", is_ready.await.unwrap()), orders, task }
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
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("{path} never said {words:?}");
    }
}

/// An instant, for tests that compare.
pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}
