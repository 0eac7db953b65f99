//! Reads one TOML file and the `WARRAQ_SECTION_KEY` variables into a validated [`Config`], or reports all faults at once
//! ([`ConfigFaults`]).
//!
//! Only [`Config::load`] and [`Config::parse`] create a `Config`, so it need not be checked again. The environment is an
//! argument; this module reads neither the environment nor the clock nor the network. `config.toml` at the top of the repository
//! explains every key and shows its default.

mod channels;
pub mod edit;
mod environment;
mod fault;
mod include;
mod keys;
mod load;
mod outlets;
mod pieces;
mod raw;
mod reading_now;
mod requests;
mod rules;
mod sections;
mod values;
mod webhooks;
mod zone;

#[cfg(test)]
mod tests;

pub use fault::{ConfigFault, ConfigFaults, ConfigLocation};
pub use reading_now::FileBeingRead;
pub use requests::RequestSettings;

/// Variables without `WARRAQ_` that are read.
pub const FOREIGN_VARIABLES: [&str; 9] = {
    let [a, b, c, d, e, f, g, h] = requests::PROXY_VARIABLES;
    [requests::CREDENTIALS_DIRECTORY, a, b, c, d, e, f, g, h]
};
pub use sections::{Database, Fetch, Log, LogFormat, Metrics, Publish, Retention, Scheduling, Server, Stories, WebSub};

use crate::{
    model::{Channel, EnvironmentProxies, FeedUrl, Outlet, STORY_MEMBERS_MAX, Slug, push::Webhook},
    schedule::Schedule,
};
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    time::Duration,
};

/// Largest configuration file, in bytes: enough for about a million feeds. A larger file was probably given by mistake.
pub const FILE_MAX: u64 = 256_000_000;
/// Most syntax errors that are reported, because later ones mostly follow from the first.
const SYNTAX_MAX: usize = 10;
/// Most channels. Each is rendered in three formats whenever one of its stories changes.
pub const CHANNELS_MAX: usize = 1_000;
/// Most values of a list (except feeds): tags, networks, criteria of a channel.
pub const LIST_MAX: usize = 1_000;
/// Largest `min_outlets`: no story has more members.
pub const MIN_OUTLETS_MAX: u32 = STORY_MEMBERS_MAX;
/// A fixed schedule that polls more often than this gets a warning: news feeds are cached for a minute or more, and servers
/// block those who ask more often.
const POLITE: Duration = Duration::from_mins(1);
/// Longest tag, in characters.
pub const TAG_MAX: usize = 64;
/// Longest name of an outlet and title of a channel, in characters.
pub const TITLE_MAX: usize = 200;
/// Default number of stories in an edition.
pub const CHANNEL_LIMIT: u32 = 100;
/// Most stories in an edition. With more, the document would be too large for some feed readers.
pub const CHANNEL_LIMIT_MAX: u32 = 1_000;
/// Default title of the channel `all`.
pub const ALL_TITLE: &str = "Warraq";

/// A minimal `[[outlet]]`, for hints.
const OUTLET: &str = "[[outlet]]\n\
    slug = \"alalam\"\n\
    name = \"العلم\"\n\
    feeds = [\"https://www.alalam.ma/xml/syndication.rss\"]";

/// The validated configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The HTTP server.
    pub server: Server,
    /// The database.
    pub database: Database,
    /// Settings and limits of requests.
    pub fetch: Fetch,
    /// When feeds are polled.
    pub schedule: Scheduling,
    /// How long data is kept.
    pub retention: Retention,
    /// How reports are grouped into stories.
    pub stories: Stories,
    /// Size limits of editions.
    pub publish: Publish,
    /// Pushing between servers.
    pub websub: WebSub,
    /// Content of `/metrics`.
    pub metrics: Metrics,
    /// How the daemon logs.
    pub log: Log,
    /// Outlets in the order of the file. Slugs are unique, and so are feed addresses over all outlets.
    pub outlets: Vec<Outlet>,
    /// Channels: `all` first, then in the order of the file. Slugs are unique; the outlets and tags they name exist.
    pub channels: Vec<Channel>,
    /// Receivers of the channels' new stories, by channel.
    pub webhooks: Vec<Webhook>,
    /// The included files, each once.
    pub included: Vec<PathBuf>,
    /// Patterns of `include` that no file matches.
    unmatched_includes: Vec<PathBuf>,
    /// Schedules of the outlets that have their own.
    own_schedules: HashMap<Slug, Schedule>,
    /// Request settings by outlet, for outlets that have any.
    own_requests: HashMap<Slug, RequestSettings>,
    /// Proxies of the environment, for requests without a configured one.
    environment_proxies: EnvironmentProxies,
    /// Addresses shown in place of those of feeds, if configured.
    public_urls: HashMap<FeedUrl, FeedUrl>,
}

impl Config {
    /// Rejects a configuration without feeds: nothing would be polled, and a reload would remove every feed.
    ///
    /// # Errors
    /// Fails if no outlet has a feed; the error shows the lines that add one.
    pub fn must_poll(&self, file: &Path) -> Result<(), ConfigFaults> {
        if self.outlets.iter().any(|outlet| !outlet.feeds.is_empty()) {
            return Ok(());
        }
        let what = if self.outlets.is_empty() { "no [[outlet]]" } else { "no [[outlet]] has a feed" };
        let hint = format!(
            "`warraq add URL` adds one, `warraq import-opml FILE --write` another reader's list; or write these lines:\n{OUTLET}"
        );
        Err(ConfigFaults::whole(file, format!("{what}: there is nothing to poll"), Some(hint)))
    }

    /// Returns what is valid but probably not meant, one sentence each.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let unmatched = self.unmatched_includes.iter();
        let mut warnings: Vec<String> =
            unmatched.map(|pattern| format!("include: no file matches {:?}", pattern.display().to_string())).collect();
        if !self.outlets.is_empty() && self.outlets.iter().all(|outlet| !outlet.enabled) {
            warnings.push("every outlet has `enabled = false`: nothing is polled".to_owned());
        }
        let hasty = |schedule: &Schedule| matches!(schedule, Schedule::Every(time) if *time < POLITE);
        let advice = "polls more often than most servers accept; use \"every 1m\" or more";
        if hasty(&self.schedule.default) {
            warnings.push(format!("schedule.default: {advice}"));
        }
        let mut outlets = self.outlets.iter().filter(|o| self.own_schedules.get(&o.slug).is_some_and(hasty));
        if let Some(first) = outlets.next() {
            let others = match outlets.count() {
                0 => String::new(),
                1 => " (and 1 other outlet)".to_owned(),
                count => format!(" (and {count} other outlets)"),
            };
            warnings.push(format!("outlet.{}.schedule{others}: {advice}", first.slug));
        }
        warnings.extend(keys::warnings(&self.outlets, self.server.keys.is_some()));
        warnings
    }

    /// Returns the sections in which two configurations differ, in the order of the file.
    #[must_use]
    pub fn changed_sections(&self, other: &Self) -> Vec<&'static str> {
        [
            ("server", self.server != other.server),
            ("database", self.database != other.database),
            ("fetch", self.fetch != other.fetch),
            ("schedule", self.schedule != other.schedule),
            ("retention", self.retention != other.retention),
            ("stories", self.stories != other.stories),
            ("publish", self.publish != other.publish),
            ("websub", self.websub != other.websub),
            ("metrics", self.metrics != other.metrics),
            ("log", self.log != other.log),
            (
                "outlet",
                self.outlets != other.outlets
                    || self.own_schedules != other.own_schedules
                    || self.own_requests != other.own_requests
                    || self.public_urls != other.public_urls,
            ),
            ("channel", self.channels != other.channels || self.webhooks != other.webhooks),
        ]
        .into_iter()
        .filter_map(|(section, differs)| differs.then_some(section))
        .collect()
    }

    /// Returns the outlet's schedule: its own, else the default.
    #[must_use]
    pub fn schedule_of(&self, outlet: &Slug) -> &Schedule {
        self.own_schedules.get(outlet).unwrap_or(&self.schedule.default)
    }

    /// What outlets say of their own requests, for those that say something.
    #[must_use]
    pub fn own_requests(&self) -> &HashMap<Slug, RequestSettings> {
        &self.own_requests
    }

    /// Returns the proxies of the environment.
    #[must_use]
    pub fn environment_proxies(&self) -> &EnvironmentProxies {
        &self.environment_proxies
    }

    /// Returns the addresses shown in place of those of feeds, for the feeds that have one configured.
    #[must_use]
    pub fn public_urls(&self) -> &HashMap<FeedUrl, FeedUrl> {
        &self.public_urls
    }

    /// Returns the User-Agent of all requests: as configured, else name, version and address, so that the operator of an outlet
    /// knows whom to contact. `public_url` is [`Server::public_url`].
    #[must_use]
    pub fn user_agent(&self, public_url: &url::Url) -> String {
        let own = || format!("Warraq/{} (+{public_url})", env!("CARGO_PKG_VERSION"));
        self.fetch.user_agent.clone().unwrap_or_else(own)
    }
}

/// Configuration file of the Debian package and of `deploy/README.md`.
const INSTALLED: &str = "/etc/warraq/config.toml";

/// Returns the configuration file of the installed service, if there is one and it is not `file`.
#[must_use]
pub fn installed(file: &Path) -> Option<&'static Path> {
    let installed = Path::new(INSTALLED);
    (installed != file && installed.exists()).then_some(installed)
}
