//! The sections that stand once, each with its keys, defaults and bounds.

use super::{
    raw::{ConfigSource, Section, listed},
    values,
};
use crate::{model::Network, schedule::Schedule};
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    ops::RangeInclusive,
    path::{Path, PathBuf},
    time::Duration,
};
use toml::de::DeTable;
use url::Url;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// The sections that stand once, and their keys.
pub(super) const SECTIONS: [(&str, &[&str]); 8] = [
    ("server", &Server::KEYS),
    ("database", &Database::KEYS),
    ("fetch", &Fetch::KEYS),
    ("schedule", &Scheduling::KEYS),
    ("retention", &Retention::KEYS),
    ("stories", &Stories::KEYS),
    ("publish", &Publish::KEYS),
    ("log", &Log::KEYS),
];
/// The sections that repeat.
const REPEATED: [&str; 2] = ["outlet", "channel"];

/// Notes unknown sections and unknown variables.
pub(super) fn refuse_unknown(book: &ConfigSource<'_>, root: &DeTable<'_>) {
    let known: Vec<&str> = SECTIONS.iter().map(|(name, _)| *name).chain(REPEATED).collect();
    book.refuse_unknown_keys("", root, &known);
    book.refuse_unknown_variables(&SECTIONS, &REPEATED);
}

/// `[server]`: HTTP out.
#[derive(Debug, Clone, PartialEq)]
pub struct Server {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Base of all own addresses as configured, with a slash at its end; ask [`Server::public_url`].
    pub configured_url: Option<Url>,
    /// Who may read `/metrics`.
    pub metrics_allow: Vec<Network>,
    /// Names that a `Host` header may hold, in lower case; empty = those of `public_url` and of loopback.
    pub hosts: Vec<String>,
    /// Whether pages show the entries' own pictures, which readers' browsers load from the outlets.
    pub images: bool,
}

impl Server {
    const KEYS: [&'static str; 5] = ["listen", "public_url", "metrics_allow", "hosts", "images"];
    /// Loopback only: facing the net is a decision, best taken with a proxy in front.
    pub const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
    /// Pictures are a part of the news.
    pub const IMAGES: bool = true;
    /// This machine.
    pub const METRICS_ALLOW: [&'static str; 2] = ["127.0.0.0/8", "::1/128"];

    pub(super) fn read(book: &ConfigSource<'_>, root: &DeTable<'_>) -> Self {
        let section = Section::of(book, root, "server", &Self::KEYS);
        let default = || Self::METRICS_ALLOW.iter().filter_map(|text| Network::parse(text).ok()).collect();
        let given = section.has("metrics_allow").then(|| listed(&section, "metrics_allow", values::network));
        Self {
            listen: section.text("listen", values::listen).unwrap_or(Self::LISTEN),
            configured_url: section.text("public_url", values::public_url),
            metrics_allow: given.unwrap_or_else(default),
            hosts: listed(&section, "hosts", values::host_name),
            images: section.flag("images").unwrap_or(Self::IMAGES),
        }
    }

    /// Base of all own addresses: as configured, else `http://BOUND/`, where `bound` is what the listener really has
    /// (`listen` where nothing is bound). Nobody can ask for an unspecified address (`0.0.0.0`, `::`): loopback stands in for it.
    #[must_use]
    #[expect(clippy::expect_used, clippy::missing_panics_doc, reason = "an IP address and a port always make a URL")]
    pub fn public_url(&self, bound: SocketAddr) -> Url {
        let ip = match bound.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        let own =
            || Url::parse(&format!("http://{}/", SocketAddr::new(ip, bound.port()))).expect("an address is a host");
        self.configured_url.clone().unwrap_or_else(own)
    }
}

/// `[database]`: where everything is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// The file; relative paths are already joined to the configuration file's directory.
    pub path: PathBuf,
}

impl Database {
    const KEYS: [&'static str; 1] = ["path"];
    /// Beside the configuration file.
    pub const PATH: &'static str = "warraq.db";

    pub(super) fn read(book: &ConfigSource<'_>, root: &DeTable<'_>, directory: &Path) -> Self {
        let section = Section::of(book, root, "database", &Self::KEYS);
        let path = section.text("path", values::path).unwrap_or_else(|| Self::PATH.into());
        Self { path: directory.join(path) }
    }
}

/// `[fetch]`: limits of requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetch {
    /// As configured; ask [`super::Config::user_agent`].
    pub user_agent: Option<String>,
    /// For a whole request, redirects and body included.
    pub timeout: Duration,
    /// Largest body, in bytes after decompression.
    pub max_body: u64,
    /// Polls at once.
    pub concurrency: usize,
    /// Polls at once to one host.
    pub per_host: usize,
    /// Between starts at one host.
    pub host_pause: Duration,
    /// Networks that are not public and may be polled all the same.
    pub allow_networks: Vec<Network>,
}

impl Fetch {
    const KEYS: [&'static str; 7] =
        ["user_agent", "timeout", "max_body", "concurrency", "per_host", "host_pause", "allow_networks"];
    /// Slow newsrooms answer within ten seconds; three times that is trouble.
    pub const TIMEOUT: Duration = Duration::from_secs(30);
    const TIMEOUT_BOUNDS: RangeInclusive<Duration> = SECOND..=Duration::from_mins(10);
    /// Decimal megabytes; the largest of 187 captured feeds has a tenth of it.
    pub const MAX_BODY: u64 = 10_000_000;
    const MAX_BODY_BOUNDS: RangeInclusive<u64> = 1_000..=100_000_000;
    /// Polls spend their time waiting; 32 keep a core busy.
    pub const CONCURRENCY: u32 = 32;
    /// What a browser would do at most, a third of it.
    pub const PER_HOST: u32 = 2;
    /// Two requests a second to one host at most.
    pub const HOST_PAUSE: Duration = Duration::from_millis(500);
    const HOST_PAUSE_BOUNDS: RangeInclusive<Duration> = Duration::ZERO..=MINUTE;

    pub(super) fn read(book: &ConfigSource<'_>, root: &DeTable<'_>) -> Self {
        let section = Section::of(book, root, "fetch", &Self::KEYS);
        let duration =
            |key, bounds, default| section.text(key, |text| values::duration(text, bounds)).unwrap_or(default);
        Self {
            user_agent: section.text("user_agent", values::user_agent),
            timeout: duration("timeout", Self::TIMEOUT_BOUNDS, Self::TIMEOUT),
            max_body: section
                .text("max_body", |text| values::size(text, Self::MAX_BODY_BOUNDS))
                .unwrap_or(Self::MAX_BODY),
            concurrency: section.number("concurrency", 1..=1_024).unwrap_or(Self::CONCURRENCY) as usize,
            per_host: section.number("per_host", 1..=64).unwrap_or(Self::PER_HOST) as usize,
            host_pause: duration("host_pause", Self::HOST_PAUSE_BOUNDS, Self::HOST_PAUSE),
            allow_networks: listed(&section, "allow_networks", values::network),
        }
    }
}

/// `[schedule]`: when feeds are asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Scheduling {
    /// Of outlets that state none.
    pub default: Schedule,
    /// Adaptive: polls a feed and day, on average over all feeds.
    pub budget: u32,
    /// Adaptive: least time between two polls of a feed.
    pub min_interval: Duration,
    /// Adaptive: most time between two polls of a feed.
    pub max_interval: Duration,
}

impl Scheduling {
    const KEYS: [&'static str; 4] = ["default", "budget", "min_interval", "max_interval"];
    /// Every half hour, were it spent evenly.
    pub const BUDGET: u32 = 48;
    /// Sooner gains minutes and costs goodwill.
    pub const MIN_INTERVAL: Duration = Duration::from_mins(10);
    /// The quietest feed is still asked twice a day.
    pub const MAX_INTERVAL: Duration = Duration::from_hours(12);
    const INTERVAL_BOUNDS: RangeInclusive<Duration> = SECOND..=Duration::from_hours(24 * 31);

    pub(super) fn read(book: &ConfigSource<'_>, root: &DeTable<'_>) -> Self {
        let section = Section::of(book, root, "schedule", &Self::KEYS);
        let duration =
            |key, default| section.text(key, |text| values::duration(text, Self::INTERVAL_BOUNDS)).unwrap_or(default);
        let read = Self {
            default: section.text("default", values::schedule).unwrap_or(Schedule::Adaptive),
            budget: section.number("budget", 1..=1_440).unwrap_or(Self::BUDGET),
            min_interval: duration("min_interval", Self::MIN_INTERVAL),
            max_interval: duration("max_interval", Self::MAX_INTERVAL),
        };
        if read.max_interval < read.min_interval {
            let least = humantime::format_duration(read.min_interval);
            let key = if section.has("max_interval") { "max_interval" } else { "min_interval" };
            section.fault(
                key,
                format!("max_interval is less than min_interval; allowed: max_interval of at least {least}"),
            );
        }
        read
    }
}

/// `[retention]`: how long things are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// Entries, from when a feed last listed them.
    pub keep: Duration,
    /// Rows of poll history.
    pub polls: Duration,
}

impl Retention {
    const KEYS: [&'static str; 2] = ["keep", "polls"];
    /// A season: long enough for search, and a thousand feeds stay within a few gigabytes.
    pub const KEEP: Duration = Duration::from_hours(24 * 90);
    /// A month of poll history explains any schedule.
    pub const POLLS: Duration = Duration::from_hours(24 * 30);
    const BOUNDS: RangeInclusive<Duration> = HOUR..=Duration::from_hours(24 * 36_500);

    pub(super) fn read(book: &ConfigSource<'_>, root: &DeTable<'_>) -> Self {
        let section = Section::of(book, root, "retention", &Self::KEYS);
        let duration = |key, default| section.text(key, |text| values::duration(text, Self::BOUNDS)).unwrap_or(default);
        Self { keep: duration("keep", Self::KEEP), polls: duration("polls", Self::POLLS) }
    }
}

/// `[stories]`: how reports are joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stories {
    /// How far apart two reports of one story can be.
    pub window: Duration,
}

impl Stories {
    const KEYS: [&'static str; 1] = ["window"];
    /// An agency's report is in tomorrow's papers.
    pub const WINDOW: Duration = Duration::from_hours(36);
    /// The window is held in memory.
    const BOUNDS: RangeInclusive<Duration> = MINUTE..=DAY.saturating_mul(14);

    pub(super) fn read(book: &ConfigSource<'_>, root: &DeTable<'_>) -> Self {
        let section = Section::of(book, root, "stories", &Self::KEYS);
        let window = section.text("window", |text| values::duration(text, Self::BOUNDS));
        Self { window: window.unwrap_or(Self::WINDOW) }
    }
}

/// `[publish]`: how large editions may be, and what they show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Publish {
    /// Largest text of an entry, in bytes of HTML; a longer one is cut, with a link to the rest.
    pub entry_max: usize,
    /// Largest edition, in bytes; where its texts are too much, the oldest shrink.
    pub edition_max: usize,
    /// Whether feeds name the outlet before each title, where a channel does not say it itself.
    pub outlet_in_title: bool,
}

impl Publish {
    const KEYS: [&'static str; 3] = ["entry_max", "edition_max", "outlet_in_title"];
    /// Some ten thousand words: longer than any report, and a hundred of them are not much more than an edition may hold.
    pub const ENTRY_MAX: u64 = 64_000;
    const ENTRY_BOUNDS: RangeInclusive<u64> = 1_000..=1_000_000;
    /// Readers give up on larger documents.
    pub const EDITION_MAX: u64 = 4_000_000;
    const EDITION_BOUNDS: RangeInclusive<u64> = 10_000..=100_000_000;

    pub(super) fn read(book: &ConfigSource<'_>, root: &DeTable<'_>) -> Self {
        let section = Section::of(book, root, "publish", &Self::KEYS);
        let size = |key, bounds, default| {
            let bytes = section.text(key, |text| values::size(text, bounds)).unwrap_or(default);
            usize::try_from(bytes).unwrap_or(usize::MAX)
        };
        let read = Self {
            entry_max: size("entry_max", Self::ENTRY_BOUNDS, Self::ENTRY_MAX),
            edition_max: size("edition_max", Self::EDITION_BOUNDS, Self::EDITION_MAX),
            outlet_in_title: section.flag("outlet_in_title").unwrap_or(false),
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

/// `[log]`: how the daemon logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// Form of a line.
    pub format: LogFormat,
}

/// Form of a log line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl Log {
    const KEYS: [&'static str; 1] = ["format"];

    pub(super) fn read(book: &ConfigSource<'_>, root: &DeTable<'_>) -> Self {
        let section = Section::of(book, root, "log", &Self::KEYS);
        let format = section.text("format", |text| match text {
            "text" => Ok(LogFormat::Text),
            "json" => Ok(LogFormat::Json),
            other => Err(format!("{} is not a format; allowed: \"text\" or \"json\"", values::quoted(other))),
        });
        Self { format: format.unwrap_or_default() }
    }
}
