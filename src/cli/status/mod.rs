//! `warraq status`: the daemon's state on one screen. Reads files only: it takes no lock and disturbs nobody.

mod holder;
mod push;
mod screen;

use super::{
    CliError,
    feeds::{self, HeldHost, HeldHosts},
    healthcheck,
    out::say,
};
use crate::{
    clock::Clock,
    config::{Config, ConfigFaults},
    model::{DatabasePlace, LargerThanMaxBody, feed_table},
    store::{FeedHealth, LOCK, Reader, ServerFigures, StoreError, WAL, beside},
};
use holder::LockHolder;
use jiff::Timestamp;
use push::FailingPush;
use serde::Serialize;
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

/// Polls shown, newest first.
const LAST_POLLS: usize = 5;

/// Everything that the screen shows, and what `--json` prints.
#[derive(Debug, Serialize)]
struct Status {
    version: &'static str,
    now: Timestamp,
    /// Who holds the database's lock; `null` = nobody.
    running: Option<LockHolder>,
    /// The process that may write to a database on a server: its host and process id.
    writer: Option<String>,
    /// What `/readyz` answers; `null` where nobody runs.
    ready: Option<bool>,
    not_ready_because: Option<String>,
    /// Errors of the configuration file, one line each. A running daemon keeps the configuration that it read before.
    configuration_errors: Vec<String>,
    /// Number of feeds by state, with those of disabled outlets as `disabled`, and `total`.
    feeds: BTreeMap<String, usize>,
    overdue: Overdue,
    /// Hosts that asked for a pause (429); their feeds are not overdue.
    held_hosts: Vec<HeldHost>,
    /// Number of entries that wait for their pages (`full_text`).
    waiting_entries: u64,
    last_polls: Vec<LastPoll>,
    /// Feeds whose last poll failed, with those that are held or gone; `feeds` counts them by their state.
    failing: Vec<FailingFeed>,
    /// Webhooks, hubs and subscribers whose last request failed.
    failing_push: Vec<FailingPush>,
    /// Feeds whose last document was larger than `max_body`.
    truncated: Vec<TruncatedFeed>,
    database: DatabaseSize,
    /// Why the database cannot be read; then nothing is known of feeds and polls.
    database_error: Option<String>,
    disk: Option<Disk>,
    backup: Option<Backup>,
    /// Why the folder of backups cannot be read; `null` if it can be, or is not there.
    backup_error: Option<String>,
    /// `null` on a server, whose backups are made with `pg_dump`.
    backup_folder: Option<PathBuf>,
}

/// Feeds that have been due for five minutes or more and have not been polled yet.
#[derive(Debug, Default, Serialize)]
struct Overdue {
    feeds: usize,
    longest_s: i64,
}

#[derive(Debug, Serialize)]
struct LastPoll {
    outlet: String,
    url: String,
    at: Timestamp,
    outcome: Option<String>,
}

#[derive(Debug, Serialize)]
struct FailingFeed {
    outlet: String,
    url: String,
    failures: i64,
    last_error: Option<String>,
    next_poll_at: String,
}

#[derive(Debug, Serialize)]
struct TruncatedFeed {
    outlet: String,
    url: String,
    max_body: u64,
}

#[derive(Debug, Serialize)]
struct DatabaseSize {
    /// Path of the file, or the address of the server.
    path: PathBuf,
    bytes: u64,
    /// Size of the write-ahead log; `null` on a server.
    wal_bytes: Option<u64>,
}

#[derive(Debug, Serialize)]
struct Disk {
    free_bytes: u64,
    total_bytes: u64,
}

#[derive(Debug, Serialize)]
struct Backup {
    path: PathBuf,
    at: Timestamp,
    bytes: u64,
}

/// What the database says.
#[derive(Default)]
struct DatabaseAnswers {
    feeds: Vec<FeedHealth>,
    waiting_entries: u64,
    failing_push: Vec<FailingPush>,
    server: Option<ServerFigures>,
}

/// Shows the status. `faults` are those of the configuration file, which a running daemon may have read before they were made.
///
/// # Errors
/// If the database cannot be read, what is known without it is shown before.
pub(super) async fn status(
    config: &Config,
    faults: Option<&ConfigFaults>,
    backups: Option<PathBuf>,
    as_json: bool,
) -> Result<(), CliError> {
    let (answers, error) = match DatabaseAnswers::read(config).await {
        Ok(answers) => (answers, None),
        Err(error) => (DatabaseAnswers::default(), Some(error)),
    };
    let disabled = feeds::disabled(config);
    let is_idle = |feed: &FeedHealth| disabled.contains(feed.outlet.as_str());
    let (idle, polled): (Vec<_>, Vec<_>) = answers.feeds.into_iter().partition(is_idle);
    let now = Clock::System.now();
    let mut status = match (answers.server, config.database.place()) {
        (Some(server), _) => Status::of_server(config.database.name(), server, &polled, now),
        (None, DatabasePlace::Server(_)) => {
            let database = DatabaseSize { path: config.database.name(), bytes: 0, wal_bytes: None };
            Status::of(database, &polled, now)
        }
        (None, DatabasePlace::File(path)) => Status::of_file(&path, &polled, backups, now),
    };
    status.truncated = truncated(config, &polled);
    status.waiting_entries = answers.waiting_entries;
    status.failing_push = answers.failing_push;
    status.feeds.insert("disabled".to_owned(), idle.len());
    *status.feeds.entry("total".to_owned()).or_default() += idle.len();
    // Who writes to a server is only known from the server itself.
    let is_hidden = error.is_some() && status.database.wal_bytes.is_none();
    if is_hidden || status.running.as_ref().is_some_and(LockHolder::is_daemon) {
        let answer = healthcheck::ready(config).await;
        status.ready = Some(answer.is_ok());
        status.not_ready_because = answer.err().map(|why| format!("{why:#}"));
    }
    status.configuration_errors =
        faults.map(ToString::to_string).iter().flat_map(|text| text.lines()).map(str::to_owned).collect();
    let error = error.map(|error| status.unread(error));
    say(if as_json { serde_json::to_string_pretty(&status)? } else { screen::text(&status).trim_end().to_owned() })?;
    error.map_or(Ok(()), Err)
}

impl DatabaseAnswers {
    async fn read(config: &Config) -> Result<Self, StoreError> {
        let reader = Reader::open(config.database.place()).await?;
        let read = async {
            Ok(Self {
                feeds: reader.feed_health().await?,
                waiting_entries: reader.waiting_entries().await?,
                failing_push: push::failing(&reader).await?,
                server: reader.server_figures().await?,
            })
        };
        let answers = read.await;
        reader.close().await;
        answers
    }
}

impl Status {
    /// Notes that the database cannot be read. Returns the failure of the command.
    fn unread(&mut self, error: StoreError) -> CliError {
        let missing = matches!(error, StoreError::Missing(_)) && self.running.is_some();
        let error = anyhow::Error::from(error);
        self.database_error = Some(if missing { "there is no file".to_owned() } else { format!("{error:#}") });
        if missing {
            // A new one would not have what the running process holds.
            let hint =
                "put the file back: the process that runs still has it open, and what it could not write yet waits";
            return CliError::with_hint(anyhow::anyhow!("the database was moved or removed while it was in use"), hint);
        }
        error.into()
    }

    /// The status of a database on a server, whose disk and backups are not Warraq's.
    fn of_server(name: PathBuf, server: ServerFigures, feeds: &[FeedHealth], now: Timestamp) -> Self {
        let database = DatabaseSize { path: name, bytes: server.bytes, wal_bytes: None };
        let running = server.writer.as_ref().and_then(|writer| writer.here).map(LockHolder::of_process);
        Self { running, writer: server.writer.map(|writer| writer.name), ..Self::of(database, feeds, now) }
    }

    fn of_file(file: &Path, feeds: &[FeedHealth], backups: Option<PathBuf>, now: Timestamp) -> Self {
        let absolute = || std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        let real = fs::canonicalize(file).unwrap_or_else(|_| absolute());
        let size = |path: &Path| fs::metadata(path).map_or(0, |file| file.len());
        let backup_folder = backups.unwrap_or_else(|| usual_backups(&real));
        let (backup, backup_error) = match newest_backup(&backup_folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => (None, Some(error.to_string())),
            newest => (newest.ok().flatten(), None),
        };
        let database =
            DatabaseSize { bytes: size(&real), wal_bytes: Some(size(&beside(&real, WAL))), path: real.clone() };
        Self {
            running: LockHolder::of(&beside(&real, LOCK)),
            disk: disk(&real),
            backup,
            backup_error,
            backup_folder: Some(backup_folder),
            ..Self::of(database, feeds, now)
        }
    }

    fn of(database: DatabaseSize, feeds: &[FeedHealth], now: Timestamp) -> Self {
        let held = HeldHosts::of(feeds, now);
        Self {
            version: env!("CARGO_PKG_VERSION"),
            now,
            running: None,
            writer: None,
            ready: None,
            not_ready_because: None,
            configuration_errors: Vec::new(),
            feeds: states(feeds),
            overdue: overdue(feeds, &held, now),
            held_hosts: held.into_list(),
            waiting_entries: 0,
            last_polls: last_polls(feeds),
            failing: failing(feeds),
            failing_push: Vec::new(),
            truncated: Vec::new(),
            database,
            database_error: None,
            disk: None,
            backup: None,
            backup_error: None,
            backup_folder: None,
        }
    }
}

/// Returns where the timer of `deploy/` puts backups: `/var/lib/warraq-backup` for a database in `/var/lib/warraq`.
fn usual_backups(database: &Path) -> PathBuf {
    beside(database.parent().unwrap_or(Path::new("/")), "-backup")
}

fn states(feeds: &[FeedHealth]) -> BTreeMap<String, usize> {
    let mut states: BTreeMap<String, usize> = BTreeMap::from([("total".to_owned(), feeds.len())]);
    for state in ["new", "active", "failing", "held", "gone"] {
        states.insert(state.to_owned(), feeds.iter().filter(|feed| feed.state == state).count());
    }
    states
}

/// Returns the overdue feeds. Feeds that are gone or whose host asked for a pause are not overdue.
fn overdue(feeds: &[FeedHealth], held: &HeldHosts, now: Timestamp) -> Overdue {
    let waited_for = |feed: &&FeedHealth| feed.state != "gone" && held.host_of(feed).is_none();
    let late = feeds.iter().filter(waited_for).filter_map(|feed| {
        let due: Timestamp = feed.next_poll_at.parse().ok()?;
        let late = feed_table::overdue_by(due, now);
        (late > 0).then_some(late)
    });
    late.fold(Overdue::default(), |sum, late| Overdue { feeds: sum.feeds + 1, longest_s: sum.longest_s.max(late) })
}

fn last_polls(feeds: &[FeedHealth]) -> Vec<LastPoll> {
    let poll = |feed: &FeedHealth| {
        let at = feed.last_poll_at.as_ref()?.parse().ok()?;
        Some(LastPoll { outlet: feed.outlet.clone(), url: feed.url.clone(), at, outcome: feed.last_outcome.clone() })
    };
    let mut polls: Vec<LastPoll> = feeds.iter().filter_map(poll).collect();
    polls.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.url.cmp(&b.url)));
    polls.truncate(LAST_POLLS);
    polls
}

fn truncated(config: &Config, feeds: &[FeedHealth]) -> Vec<TruncatedFeed> {
    let shown = |feed: &FeedHealth| {
        let LargerThanMaxBody(max_body) = feeds::truncation(config, feed)?;
        Some(TruncatedFeed { outlet: feed.outlet.clone(), url: feed.url.clone(), max_body })
    };
    feeds.iter().filter_map(shown).collect()
}

/// Returns the feeds whose last poll failed, those with most failures first.
fn failing(feeds: &[FeedHealth]) -> Vec<FailingFeed> {
    let mut failing: Vec<&FeedHealth> = feeds.iter().filter(|feed| feed.last_poll_failed()).collect();
    failing.sort_by(|a, b| b.failures.cmp(&a.failures).then_with(|| a.url.cmp(&b.url)));
    let shown = |feed: &FeedHealth| FailingFeed {
        outlet: feed.outlet.clone(),
        url: feed.url.clone(),
        failures: feed.failures,
        last_error: feed.last_error.clone(),
        next_poll_at: feed.next_poll_at.clone(),
    };
    failing.into_iter().map(shown).collect()
}

/// Returns the free space on the database's disk that is available to ordinary users.
fn disk(database: &Path) -> Option<Disk> {
    let room = rustix::fs::statvfs(database.parent()?).ok()?;
    Some(Disk {
        free_bytes: room.f_bavail.saturating_mul(room.f_frsize),
        total_bytes: room.f_blocks.saturating_mul(room.f_frsize),
    })
}

/// Returns the newest database in the folder.
fn newest_backup(folder: &Path) -> io::Result<Option<Backup>> {
    let files = fs::read_dir(folder)?.filter_map(|entry| {
        let path = entry.ok()?.path();
        let file = fs::metadata(&path).ok()?;
        let is_backup = file.is_file() && path.extension().is_some_and(|end| end == "db");
        let at = Timestamp::try_from(file.modified().ok()?).ok()?;
        is_backup.then_some(Backup { path, at, bytes: file.len() })
    });
    Ok(files.max_by_key(|backup| backup.at))
}
