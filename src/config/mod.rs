//! Reads one TOML file and the `WARRAQ_SECTION_KEY` variables into a validated [`Config`], or reports all faults at once
//! ([`ConfigFaults`]).
//!
//! Only [`Config::load`] and [`Config::parse`] create a `Config`, so it need not be checked again. The environment is an
//! argument; this module reads neither the environment nor the clock nor the network. `config.toml` at the top of the repository
//! explains every key and shows its default.

mod channels;
mod fault;
mod outlets;
mod raw;
mod sections;
mod values;
mod zone;

#[cfg(test)]
mod tests;

pub use fault::{ConfigFault, ConfigFaults, ConfigLocation};
pub use sections::{Database, Fetch, Log, LogFormat, Publish, Retention, Scheduling, Server, Stories};

use crate::{
    model::{Channel, FeedUrl, Outlet, Slug},
    schedule::Schedule,
};
use raw::ConfigSource;
use std::{
    collections::{BTreeMap, HashMap},
    fs,
    io::{self, Read},
    path::Path,
};
use toml::de::DeTable;

/// Largest configuration file, in bytes. This is twice what [`FEEDS_MAX`] outlets with long names need.
pub const FILE_MAX: u64 = 16_000_000;
/// Most syntax errors that are reported, because later ones mostly follow from the first.
const SYNTAX_MAX: usize = 10;
/// Most outlets, and most feeds of all outlets together: measured to work with one writer and one database file.
pub const FEEDS_MAX: usize = 20_000;
/// Most channels. Each is rendered in three formats whenever one of its stories changes.
pub const CHANNELS_MAX: usize = 1_000;
/// Most values of a list (except feeds): tags, networks, criteria of a channel.
pub const LIST_MAX: usize = 1_000;
/// Largest `min_outlets`.
pub const MIN_OUTLETS_MAX: u32 = 1_000;
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
    /// How the daemon logs.
    pub log: Log,
    /// Outlets in the order of the file. Slugs are unique, and so are feed addresses over all outlets.
    pub outlets: Vec<Outlet>,
    /// Channels: `all` first, then in the order of the file. Slugs are unique; the outlets and tags they name exist.
    pub channels: Vec<Channel>,
    /// Schedules of the outlets that have their own.
    own_schedules: HashMap<Slug, Schedule>,
    /// Addresses shown in place of those of feeds, if configured.
    public_urls: HashMap<FeedUrl, FeedUrl>,
}

impl Config {
    /// Reads and validates `file`. `environment` contains the environment variables, of which only those that begin with
    /// `WARRAQ_` matter.
    ///
    /// # Errors
    /// Returns all faulty values at once. If the file does not exist, says where it was expected and how to create one.
    pub fn load(file: &Path, environment: &BTreeMap<String, String>) -> Result<Self, ConfigFaults> {
        let bytes = read(file).map_err(|why| match why.kind() {
            io::ErrorKind::NotFound => missing(file),
            _ => ConfigFaults::whole(file, format!("cannot be read: {why}"), None),
        })?;
        if bytes.len() as u64 > FILE_MAX {
            return Err(ConfigFaults::whole(file, format!("is too large; allowed: {FILE_MAX} bytes"), None));
        }
        match str::from_utf8(&bytes) {
            Ok(text) => Self::parse(text, file, environment),
            Err(why) => {
                let before = String::from_utf8_lossy(&bytes[..why.valid_up_to()]);
                let place = ConfigLocation::Line(before.matches('\n').count() + 1);
                let what = "not UTF-8; allowed: TOML, which is always UTF-8".to_owned();
                Err(ConfigFaults::new(file, vec![ConfigFault { place, key: None, what }]))
            }
        }
    }

    /// Validates `text`, the content of `file`. Relative paths in it are relative to the directory of the file.
    ///
    /// # Errors
    /// Returns all faulty values at once. With TOML syntax errors, returns only those.
    pub fn parse(text: &str, file: &Path, environment: &BTreeMap<String, String>) -> Result<Self, ConfigFaults> {
        let book = ConfigSource::new(text, environment);
        let (root, syntax) = DeTable::parse_recoverable(text);
        if !syntax.is_empty() {
            let fault = |error: toml::de::Error| ConfigFault {
                place: book.line(error.span().map_or(text.len(), |span| span.start)),
                key: None,
                what: format!("not TOML: {}", error.message()),
            };
            return Err(ConfigFaults::new(file, syntax.into_iter().take(SYNTAX_MAX).map(fault).collect()));
        }
        let config = Self::of(&book, root.get_ref(), file.parent().unwrap_or(Path::new("")));
        let faults = book.into_faults();
        if faults.is_empty() { Ok(config) } else { Err(ConfigFaults::new(file, faults)) }
    }

    /// Reads the configuration. Faults are recorded in `book`, and faulty values are replaced by placeholders.
    fn of(book: &ConfigSource<'_>, root: &DeTable<'_>, directory: &Path) -> Self {
        sections::refuse_unknown(book, root);
        let (outlets, own_schedules, public_urls) = outlets::read(book, root);
        let channels = channels::read(book, root, &outlets);
        Self {
            server: Server::read(book, root),
            database: Database::read(book, root, directory),
            fetch: Fetch::read(book, root),
            schedule: Scheduling::read(book, root),
            retention: Retention::read(book, root),
            stories: Stories::read(book, root),
            publish: Publish::read(book, root),
            log: Log::read(book, root),
            outlets,
            channels,
            own_schedules,
            public_urls,
        }
    }

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
            "add one with these lines, or the lines that `warraq import-opml FILE` makes of another reader's list:\n{OUTLET}"
        );
        Err(ConfigFaults::whole(file, format!("{what}: there is nothing to poll"), Some(hint)))
    }

    /// Returns the outlet's schedule: its own, else the default.
    #[must_use]
    pub fn schedule_of(&self, outlet: &Slug) -> &Schedule {
        self.own_schedules.get(outlet).unwrap_or(&self.schedule.default)
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

/// Reads the file, at most one byte more than [`FILE_MAX`].
fn read(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(file)?.take(FILE_MAX + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn missing(file: &Path) -> ConfigFaults {
    let place = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let hint =
        format!("name another file with --config FILE or WARRAQ_CONFIG, or begin one with these lines:\n{OUTLET}");
    ConfigFaults::whole(file, format!("no such file; looked for {}", place.display()), Some(hint))
}
