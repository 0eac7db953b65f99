//! The real binary: signals, kills, locks, and files that it must not touch.

mod lifecycle;

use crate::{
    postgres_cluster::{self, cluster},
    test_instance::{Asker, URL, change, config_text, is_over_server},
};
use std::{
    fs,
    path::PathBuf,
    process::{Output, Stdio},
    time::Duration,
};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use warraq::model::FeedUrl;

const DATE: &str = "2026-11-02T09:30:00Z";

/// Starts an HTTP client for a test. reqwest needs a TLS provider even for plain HTTP; the test may be the first to need one.
pub fn http_client() -> reqwest::ClientBuilder {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy()
}

/// A folder with a configuration, in which the binary runs.
pub struct Folder {
    folder: TempDir,
    /// The address of the database, if it is on a server.
    server: Option<String>,
}

impl Folder {
    /// Creates a folder with these lines of configuration and outlets, whose database is in the store that the tests run over.
    /// Without outlets it gets one that never answers.
    pub fn new(more: &str, outlets: &[(&str, &FeedUrl)]) -> Self {
        let server = is_over_server().then(|| cluster().unwrap().database_now());
        Self { server, ..Self::with_file(more, outlets) }
    }

    /// Does the same as [`Folder::new`] with a file of SQLite, whatever the tests run over.
    pub fn with_file(more: &str, outlets: &[(&str, &FeedUrl)]) -> Self {
        let folder = Self { folder: tempfile::tempdir().unwrap(), server: None };
        let nobody = nobody();
        let none = [("nobody", &nobody)];
        folder.configure(&config_text(more, if outlets.is_empty() { &none } else { outlets }));
        folder
    }

    /// Writes the configuration.
    pub fn configure(&self, text: &str) {
        fs::write(self.path("config.toml"), text).unwrap();
    }

    /// Returns the path of a file in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Returns a command of warraq, ready to run in the folder.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_warraq"));
        command.args(arguments).current_dir(self.folder.path()).env_clear().kill_on_drop(true);
        command.envs(self.server.as_ref().map(|url| (URL, url)));
        command
    }

    /// Runs a command to its end.
    pub async fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().await.unwrap()
    }

    /// Runs a command that must succeed. Returns its output.
    pub async fn says(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments).await;
        assert!(ended.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&ended.stderr));
        String::from_utf8(ended.stdout).unwrap()
    }

    /// Runs a command that must fail. Returns its exit code and what it wrote to standard error.
    pub async fn fails(&self, arguments: &[&str]) -> (i32, String) {
        let ended = self.run(arguments).await;
        (ended.status.code().unwrap(), String::from_utf8(ended.stderr).unwrap())
    }

    /// Starts the daemon and waits until it is ready.
    pub async fn start(&self) -> Process {
        self.start_by(self.command(&["run"])).await
    }

    /// Does the same as [`Folder::start`] for a daemon whose files may be limited later, which looks like a full disk to it.
    pub async fn start_limitable(&self) -> Process {
        self.start_in_shell("").await
    }

    /// Does the same as [`Folder::start`] for a daemon none of whose files may grow beyond 50 kB, until that limit is lifted.
    pub async fn start_limited(&self) -> Process {
        self.start_in_shell("ulimit -S -f 50; ").await
    }

    /// Does the same as [`Folder::start`] for a daemon that can write nothing into any file, until that limit is lifted.
    pub async fn start_without_space(&self) -> Process {
        // Its log goes through another process.
        self.start_in_shell("exec 2> >(exec cat >&2); ulimit -S -f 0; ").await
    }

    async fn start_in_shell(&self, first: &str) -> Process {
        let mut shell = Command::new("bash");
        // The signal that ends a process at its limit is ignored, also by the processes it executes.
        let line = format!("trap '' XFSZ; {first}exec \"$0\" run");
        shell.args(["-c", &line, env!("CARGO_BIN_EXE_warraq")]);
        shell.current_dir(self.folder.path()).env_clear().env("PATH", "/usr/bin:/bin").kill_on_drop(true);
        shell.envs(self.server.as_ref().map(|url| (URL, url)));
        self.start_by(shell).await
    }

    pub async fn start_by(&self, mut command: Command) -> Process {
        let log = self.path("log");
        command.stderr(fs::File::create(&log).unwrap()).stdout(Stdio::null());
        let process = Process { child: command.spawn().unwrap(), log };
        process.until("ready").await;
        process
    }

    /// Returns the rows of a query over the database in the folder.
    pub async fn sql(&self, query: &'static str) -> Vec<String> {
        self.asker().sql(query).await
    }

    /// Returns what asks the database in the folder.
    pub fn asker(&self) -> Asker {
        Asker { file: self.path("warraq.db"), server: self.server.clone() }
    }

    /// Returns the rows of a query that each store needs in words of its own.
    pub async fn sql_in(&self, file: &'static str, server: &'static str) -> Vec<String> {
        self.sql(if self.server.is_some() { server } else { file }).await
    }

    /// Returns whether the database is on a server.
    pub fn is_on_server(&self) -> bool {
        self.server.is_some()
    }

    /// Runs statements that change the database.
    pub async fn change(&self, statement: &str) {
        change(&self.path("warraq.db"), self.server.as_deref(), statement).await;
    }

    /// Fails if the database file is damaged. A server looks after its own.
    pub async fn assert_whole(&self) {
        assert_eq!(self.sql_in("PRAGMA integrity_check", "SELECT 'ok'").await, ["ok"]);
    }

    /// Returns whether a process has begun to make the database.
    pub async fn is_begun(&self) -> bool {
        match &self.server {
            Some(url) => {
                postgres_cluster::sql(url, "SELECT 1 FROM pg_tables WHERE schemaname = 'public' LIMIT 1").await == ["1"]
            }
            None => self.path("warraq.db.lock").exists(),
        }
    }

    /// Returns the bytes that the database holds.
    pub async fn stored(&self) -> Vec<u8> {
        let Some(url) = &self.server else {
            let files = ["warraq.db", "warraq.db-wal"].map(|name| fs::read(self.path(name)).unwrap_or_default());
            return files.concat();
        };
        let mut stored = Vec::new();
        for table in postgres_cluster::sql(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'").await {
            let rows = format!("SET bytea_output = 'escape'; SELECT t::text FROM {table} AS t");
            stored.extend(postgres_cluster::sql(url, &rows).await.join("\n").into_bytes());
        }
        assert!(!stored.is_empty());
        stored
    }

    /// Repeats a query until this is its only row.
    pub async fn sql_until(&self, query: &'static str, row: &str) {
        until(query, async || self.sql(query).await == [row]).await;
    }
}

/// Returns a feed at a port where nothing listens.
pub fn nobody() -> FeedUrl {
    FeedUrl::parse("http://127.0.0.1:1/feed").unwrap()
}

/// A daemon in its own process, killed at the end of its test.
pub struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Returns what it has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Returns its process id.
    pub fn id(&self) -> u32 {
        self.child.id().unwrap()
    }

    /// Returns the address it listens on, from its log.
    pub fn address(&self) -> String {
        let log = self.log();
        log.split("address=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned()
    }

    /// Waits until it logs these words.
    pub async fn until(&self, words: &str) {
        until(words, async || self.log().contains(words)).await;
    }

    /// Sends a signal.
    pub async fn signal(&self, name: &str) {
        let line = format!("kill -{name} {}", self.child.id().unwrap());
        assert!(Command::new("sh").args(["-c", &line]).status().await.unwrap().success());
    }

    /// Limits the size of its files to this many bytes from now on, or lifts that limit.
    pub async fn limit_files(&self, bytes: Option<u64>) {
        let limit = bytes.map_or_else(|| "unlimited".to_owned(), |bytes| bytes.to_string());
        let mut command = Command::new("prlimit");
        command.arg(format!("--pid={}", self.child.id().unwrap())).arg(format!("--fsize={limit}:"));
        assert!(command.status().await.unwrap().success());
    }

    /// Returns its base URL, from its log.
    fn base(&self) -> String {
        let log = self.log();
        let address = log.split("address=").nth(1).unwrap().split_whitespace().next().unwrap();
        format!("http://{address}")
    }

    /// Repeats a request until the response contains `words`. Fails after a minute.
    pub async fn get_until(&self, path: &str, words: &str) -> String {
        let (address, client) = (format!("{}{path}", self.base()), http_client().build().unwrap());
        for _ in 0..600 {
            let text = client.get(&address).send().await.unwrap().text().await.unwrap();
            if text.contains(words) {
                return text;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{path} never said {words:?}: {}", self.log());
    }

    /// Kills it with SIGKILL.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Waits until it ends. Returns its exit code.
    pub async fn end(mut self) -> Option<i32> {
        self.child.wait().await.unwrap().code()
    }

    /// Stops it with SIGTERM.
    pub async fn stop(self) {
        self.signal("TERM").await;
        let log = self.log.clone();
        assert_eq!(self.end().await, Some(0), "{}", fs::read_to_string(log).unwrap());
    }
}

/// Waits at most three minutes; a loaded machine is slow.
pub async fn until(what: &str, mut is: impl AsyncFnMut() -> bool) {
    for _ in 0..9_000 {
        if is().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{what}: did not come");
}
