//! The sections that occur once, each with its keys, defaults and bounds.

mod fetch;
mod server;

pub use fetch::Fetch;
pub use server::Server;

use super::{
    raw::{ConfigSource, Section},
    requests::SecretFiles,
    values,
};
use crate::{
    model::{DatabasePlace, DatabaseServer, PublishedText, WrittenDuration, push::HubChoice},
    schedule::Schedule,
};
use std::{
    ops::RangeInclusive,
    path::{Path, PathBuf},
    time::Duration,
};
use toml::de::DeTable;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// The sections that occur once, and their keys.
pub(super) const SECTIONS: [(&str, &[&str]); 10] = [
    ("server", &Server::KEYS),
    ("database", &Database::KEYS),
    ("fetch", &Fetch::KEYS),
    ("schedule", &Scheduling::KEYS),
    ("retention", &Retention::KEYS),
    ("stories", &Stories::KEYS),
    ("publish", &Publish::KEYS),
    ("websub", &WebSub::KEYS),
    ("metrics", &Metrics::KEYS),
    ("log", &Log::KEYS),
];
/// The sections that may be repeated.
pub(super) const REPEATED: [&str; 2] = ["outlet", "channel"];

/// Reports unknown sections and unknown environment variables.
pub(super) fn refuse_unknown(source: &ConfigSource<'_>, root: &DeTable<'_>) {
    let known: Vec<&str> = SECTIONS.iter().map(|(name, _)| *name).chain(REPEATED).chain(["include"]).collect();
    source.refuse_unknown_keys("", root, &known);
    source.refuse_unknown_variables(&SECTIONS, &REPEATED);
}

/// `[database]`: the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// The database file. A relative path is already joined to the directory of the configuration file. If the database is on a
    /// server, no file is used, and only what belongs to a file has this path.
    pub path: PathBuf,
    /// The database server, if one is configured instead of the file.
    pub server: Option<DatabaseServer>,
}

impl Database {
    const KEYS: [&'static str; 3] = ["path", "url", "password_file"];
    /// Default `path`: beside the configuration file.
    pub const PATH: &'static str = "warraq.db";

    pub(super) fn read(
        source: &ConfigSource<'_>,
        root: &DeTable<'_>,
        directory: &Path,
        files: SecretFiles<'_>,
    ) -> Self {
        let section = Section::of(source, root, "database", &Self::KEYS);
        let path = section.text("path", values::path).unwrap_or_else(|| Self::PATH.into());
        let server = section.text("url", values::database_server);
        // A container's image sets the path by a variable, and the file that it is given may have one too.
        if section.has("url") && section.has("path") && !section.is_variable("url") {
            section
                .fault("url", "stands beside path; allowed: one of them, or WARRAQ_DATABASE_URL, which replaces path");
        }
        let password = section.text("password_file", |text| files.secret(text));
        if section.has("password_file") && !section.has("url") {
            section.fault("password_file", "needs url; a file has no password");
        }
        let server = match (server, password) {
            (Some(server), Some(password)) => Some(server.with_password(password)),
            (server, _) => server,
        };
        Self { path: directory.join(path), server }
    }

    /// Returns the name of the database for people: the path of the file, or the address of the server without its password.
    #[must_use]
    pub fn name(&self) -> PathBuf {
        self.place().to_string().into()
    }

    /// Returns where the database is.
    #[must_use]
    pub fn place(&self) -> DatabasePlace {
        self.server.clone().map_or_else(|| DatabasePlace::File(self.path.clone()), DatabasePlace::Server)
    }
}

/// `[schedule]`: when feeds are polled.
#[derive(Debug, Clone, PartialEq)]
pub struct Scheduling {
    /// Schedule of outlets that have none of their own.
    pub default: Schedule,
    /// Adaptive: polls per feed and day, on average over all feeds.
    pub budget: u32,
    /// Adaptive: shortest time between two polls of a feed.
    pub min_interval: Duration,
    /// Adaptive: longest time between two polls of a feed.
    pub max_interval: Duration,
}

impl Scheduling {
    const KEYS: [&'static str; 4] = ["default", "budget", "min_interval", "max_interval"];
    /// Default `budget`: a poll every half hour, if spread evenly.
    pub const BUDGET: u32 = 48;
    /// Default `min_interval`. A shorter one gains a few minutes and annoys outlets.
    pub const MIN_INTERVAL: Duration = Duration::from_mins(10);
    /// Default `max_interval`: even the quietest feed is polled twice a day.
    pub const MAX_INTERVAL: Duration = Duration::from_hours(12);
    const INTERVAL_BOUNDS: RangeInclusive<Duration> = SECOND..=Duration::from_hours(24 * 31);

    pub(super) fn read(source: &ConfigSource<'_>, root: &DeTable<'_>) -> Self {
        let section = Section::of(source, root, "schedule", &Self::KEYS);
        let duration =
            |key, default| section.text(key, |text| values::duration(text, Self::INTERVAL_BOUNDS)).unwrap_or(default);
        let read = Self {
            default: section.text("default", values::schedule).unwrap_or(Schedule::Adaptive),
            budget: section.number("budget", 1..=1_440).unwrap_or(Self::BUDGET),
            min_interval: duration("min_interval", Self::MIN_INTERVAL),
            max_interval: duration("max_interval", Self::MAX_INTERVAL),
        };
        if read.max_interval < read.min_interval {
            let least = WrittenDuration(read.min_interval);
            let key = if section.has("max_interval") { "max_interval" } else { "min_interval" };
            section.fault(
                key,
                format!("max_interval is less than min_interval; allowed: max_interval of at least {least}"),
            );
        }
        read
    }
}

/// `[retention]`: how long data is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// How long entries are kept after a feed last listed them.
    pub keep: Duration,
    /// How long the rows of the poll history are kept.
    pub polls: Duration,
}

impl Retention {
    const KEYS: [&'static str; 2] = ["keep", "polls"];
    /// Default `keep`: three months. This is long enough for search, and a thousand feeds stay within a few gigabytes.
    pub const KEEP: Duration = Duration::from_hours(24 * 90);
    /// Default `polls`: a month of poll history explains any schedule.
    pub const POLLS: Duration = Duration::from_hours(24 * 30);
    const BOUNDS: RangeInclusive<Duration> = HOUR..=Duration::from_hours(24 * 36_500);

    pub(super) fn read(source: &ConfigSource<'_>, root: &DeTable<'_>) -> Self {
        let section = Section::of(source, root, "retention", &Self::KEYS);
        let duration = |key, default| section.text(key, |text| values::duration(text, Self::BOUNDS)).unwrap_or(default);
        Self { keep: duration("keep", Self::KEEP), polls: duration("polls", Self::POLLS) }
    }
}

/// `[stories]`: how reports are grouped into stories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stories {
    /// Longest time between two reports of one story.
    pub window: Duration,
}

impl Stories {
    const KEYS: [&'static str; 1] = ["window"];
    /// Default `window`: an agency's report is still in the newspapers of the next day.
    pub const WINDOW: Duration = Duration::from_hours(36);
    /// Bounds of `window`. They are limited because the window is kept in memory.
    const BOUNDS: RangeInclusive<Duration> = MINUTE..=DAY.saturating_mul(14);

    pub(super) fn read(source: &ConfigSource<'_>, root: &DeTable<'_>) -> Self {
        let section = Section::of(source, root, "stories", &Self::KEYS);
        let window = section.text("window", |text| values::duration(text, Self::BOUNDS));
        Self { window: window.unwrap_or(Self::WINDOW) }
    }
}

/// `[publish]`: size limits of editions, and what they show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Publish {
    /// Largest text of an entry, in bytes of HTML. A longer one is cut and gets a link to the rest.
    pub entry_max: usize,
    /// Largest edition, in bytes. If its texts are too long, those of the oldest stories are shortened.
    pub edition_max: usize,
    /// Whether feeds name the outlet before each title, where a channel does not say it itself.
    pub outlet_in_title: bool,
    /// Which text of an entry is published, where its outlet does not say it itself.
    pub text: PublishedText,
}

impl Publish {
    const KEYS: [&'static str; 4] = ["entry_max", "edition_max", "outlet_in_title", "text"];
    /// Default `entry_max`, in bytes: some ten thousand words. This is longer than any report, and a hundred such texts are not
    /// much more than an edition may contain.
    pub const ENTRY_MAX: u64 = 64_000;
    const ENTRY_BOUNDS: RangeInclusive<u64> = 1_000..=1_000_000;
    /// Default `edition_max`, in bytes. Feed readers fail on larger documents.
    pub const EDITION_MAX: u64 = 4_000_000;
    const EDITION_BOUNDS: RangeInclusive<u64> = 10_000..=100_000_000;

    pub(super) fn read(source: &ConfigSource<'_>, root: &DeTable<'_>) -> Self {
        let section = Section::of(source, root, "publish", &Self::KEYS);
        let size = |key, bounds, default| {
            let bytes = section.text(key, |text| values::size(text, bounds)).unwrap_or(default);
            usize::try_from(bytes).unwrap_or(usize::MAX)
        };
        let read = Self {
            entry_max: size("entry_max", Self::ENTRY_BOUNDS, Self::ENTRY_MAX),
            edition_max: size("edition_max", Self::EDITION_BOUNDS, Self::EDITION_MAX),
            outlet_in_title: section.flag("outlet_in_title").unwrap_or(false),
            text: section.text("text", values::published_text).unwrap_or_default(),
        };
        if read.edition_max < read.entry_max {
            let key = if section.has("edition_max") { "edition_max" } else { "entry_max" };
            section.fault(
                key,
                format!("edition_max is less than entry_max; allowed: edition_max of at least {} B", read.entry_max),
            );
        }
        read
    }
}

/// `[websub]`: pushing between servers (W3C WebSub).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebSub {
    /// Whether feeds that name a hub are subscribed to there.
    pub subscribe: bool,
    /// The hub that editions name.
    pub hub: HubChoice,
}

impl WebSub {
    const KEYS: [&'static str; 2] = ["subscribe", "hub"];

    pub(super) fn read(source: &ConfigSource<'_>, root: &DeTable<'_>) -> Self {
        let section = Section::of(source, root, "websub", &Self::KEYS);
        Self {
            subscribe: section.flag("subscribe").unwrap_or(true),
            hub: section.text("hub", values::hub).unwrap_or_default(),
        }
    }
}

/// `[metrics]`: the content of `/metrics`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Metrics {
    /// Whether each outlet has its own metrics, which are some ten more lines per outlet.
    pub outlets: bool,
}

impl Metrics {
    const KEYS: [&'static str; 1] = ["outlets"];

    pub(super) fn read(source: &ConfigSource<'_>, root: &DeTable<'_>) -> Self {
        let section = Section::of(source, root, "metrics", &Self::KEYS);
        Self { outlets: section.flag("outlets").unwrap_or_default() }
    }
}

/// `[log]`: how the daemon logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// Format of a log line.
    pub format: LogFormat,
}

/// Format of a log line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// Text for people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

impl Log {
    const KEYS: [&'static str; 1] = ["format"];

    pub(super) fn read(source: &ConfigSource<'_>, root: &DeTable<'_>) -> Self {
        let section = Section::of(source, root, "log", &Self::KEYS);
        let format = section.text("format", |text| match text {
            "text" => Ok(LogFormat::Text),
            "json" => Ok(LogFormat::Json),
            other => Err(format!("{} is not a format; allowed: \"text\" or \"json\"", values::quoted(other))),
        });
        Self { format: format.unwrap_or_default() }
    }
}
