//! The sections that occur once, each with its keys, defaults and bounds.

use super::{
    keys,
    raw::{ConfigSource, Section, listed},
    requests::{RequestSettings, SecretFiles},
    values,
};
use crate::{
    model::{DatabasePlace, DatabaseServer, Network, PublishedText, ReaderKey, push::HubChoice},
    schedule::Schedule,
};
use jiff::tz::TimeZone;
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

/// `[server]`: the HTTP server.
#[derive(Debug, Clone, PartialEq)]
pub struct Server {
    /// Address to listen on; port 0 selects a free port.
    pub listen: SocketAddr,
    /// Base of all addresses of this server as configured, with a slash at its end; use [`Server::public_url`].
    pub configured_url: Option<Url>,
    /// Networks whose clients may read `/metrics`.
    pub metrics_allow: Vec<Network>,
    /// Names that a `Host` header may contain, in lower case; empty for the loopback names. The host of `public_url` is always
    /// allowed.
    pub hosts: Vec<String>,
    /// Whether pages show the entries' pictures, which browsers load from the outlets.
    pub images: bool,
    /// Whether pages that stay open ask for new stories and say how many there are.
    pub live: bool,
    /// Keys for readers; `None` if everybody may read without one.
    pub keys: Option<Vec<ReaderKey>>,
    /// Time zone of the days and times on pages.
    pub time_zone: TimeZone,
}

impl Server {
    const KEYS: [&'static str; 8] =
        ["listen", "public_url", "metrics_allow", "hosts", "images", "live", "token_file", "time_zone"];
    /// Default `listen`: loopback only. Serving the internet is a deliberate decision, best done behind a proxy.
    pub const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
    /// Default `images`: pictures are part of the news.
    pub const IMAGES: bool = true;
    /// Default `live`: a page that stays open says when there is something new.
    pub const LIVE: bool = true;
    /// Default `metrics_allow`: this machine.
    pub const METRICS_ALLOW: [&'static str; 2] = ["127.0.0.0/8", "::1/128"];

    pub(super) fn read(source: &ConfigSource<'_>, root: &DeTable<'_>, files: SecretFiles<'_>) -> Self {
        let section = Section::of(source, root, "server", &Self::KEYS);
        let default = || Self::METRICS_ALLOW.iter().filter_map(|text| Network::parse(text).ok()).collect();
        let given = section.has("metrics_allow").then(|| listed(&section, "metrics_allow", values::network));
        Self {
            listen: section.text("listen", values::listen).unwrap_or(Self::LISTEN),
            configured_url: section.text("public_url", values::public_url),
            metrics_allow: given.unwrap_or_else(default),
            hosts: listed(&section, "hosts", values::host_name),
            images: section.flag("images").unwrap_or(Self::IMAGES),
            live: section.flag("live").unwrap_or(Self::LIVE),
            keys: keys::read(&section, files),
            time_zone: section.text("time_zone", values::time_zone).unwrap_or(TimeZone::UTC),
        }
    }

    /// Returns the base of all addresses of this server: as configured, else `http://BOUND/`. `bound` is the address that the
    /// listener has bound, or `listen` if nothing is bound. An unspecified address (`0.0.0.0`, `::`) is replaced by loopback,
    /// because no client can use it.
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
        if section.has("url") && section.has("path") {
            section.fault("url", "stands beside path; allowed: one of them");
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

/// `[fetch]`: settings and limits of requests.
#[derive(Debug, Clone, PartialEq)]
pub struct Fetch {
    /// The User-Agent as configured; use [`super::Config::user_agent`].
    pub user_agent: Option<String>,
    /// Time limit of a whole request, including redirects and body.
    pub timeout: Duration,
    /// Largest body, in bytes after decompression.
    pub max_body: u64,
    /// Most concurrent polls.
    pub concurrency: usize,
    /// Most concurrent polls of one host.
    pub per_host: usize,
    /// Pause between the starts of two polls of one host.
    pub host_pause: Duration,
    /// Networks that are not public but may be polled nevertheless.
    pub allow_networks: Vec<Network>,
    /// Proxy, headers and credentials.
    pub requests: RequestSettings,
}

impl Fetch {
    const KEYS: [&'static str; 12] = [
        "user_agent",
        "timeout",
        "max_body",
        "concurrency",
        "per_host",
        "host_pause",
        "allow_networks",
        "proxy",
        "proxy_dns",
        "ca_file",
        "headers",
        "auth",
    ];
    /// Default `timeout`. Slow newsrooms respond within ten seconds; this is three times as long.
    pub const TIMEOUT: Duration = Duration::from_secs(30);
    pub(super) const TIMEOUT_BOUNDS: RangeInclusive<Duration> = SECOND..=Duration::from_mins(10);
    /// Default `max_body`, in bytes. The largest of 187 captured feeds has a tenth of this.
    pub const MAX_BODY: u64 = 10_000_000;
    pub(super) const MAX_BODY_BOUNDS: RangeInclusive<u64> = 1_000..=100_000_000;
    /// Default `concurrency`. Polls mostly wait; 32 of them keep a core busy.
    pub const CONCURRENCY: u32 = 32;
    /// Default `per_host`: a third of what a browser would use at most.
    pub const PER_HOST: u32 = 2;
    /// Default `host_pause`: at most two requests per second to one host.
    pub const HOST_PAUSE: Duration = Duration::from_millis(500);
    const HOST_PAUSE_BOUNDS: RangeInclusive<Duration> = Duration::ZERO..=MINUTE;

    pub(super) fn read(source: &ConfigSource<'_>, root: &DeTable<'_>, files: SecretFiles<'_>) -> Self {
        let section = Section::of(source, root, "fetch", &Self::KEYS);
        let host_pause = section.text("host_pause", |text| values::duration(text, Self::HOST_PAUSE_BOUNDS));
        let mut requests = RequestSettings::read(&section, files);
        Self {
            user_agent: requests.user_agent.take(),
            timeout: requests.timeout.take().unwrap_or(Self::TIMEOUT),
            max_body: requests.max_body.take().unwrap_or(Self::MAX_BODY),
            concurrency: section.number("concurrency", 1..=1_024).unwrap_or(Self::CONCURRENCY) as usize,
            per_host: section.number("per_host", 1..=64).unwrap_or(Self::PER_HOST) as usize,
            host_pause: host_pause.unwrap_or(Self::HOST_PAUSE),
            allow_networks: listed(&section, "allow_networks", values::network),
            requests,
        }
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
