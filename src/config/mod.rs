//! One TOML file and `WARRAQ_SECTION_KEY` variables to a validated [`Config`], or every fault at once ([`ConfigFaults`]).
//!
//! A `Config` comes only from [`Config::load`] and [`Config::parse`]: whoever holds one need not check it again. The
//! environment is an argument; nothing here reads it, the clock or the network. `config.toml` at the top of the
//! repository explains every key at its default.

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

/// Largest configuration file, in bytes: twice what [`FEEDS_MAX`] outlets with long names need.
pub const FILE_MAX: u64 = 16_000_000;
/// Most faults of syntax that are reported: later ones mostly follow from the first.
const SYNTAX_MAX: usize = 10;
/// Most outlets, and most feeds over all of them: what one writer and one file were measured to carry.
pub const FEEDS_MAX: usize = 20_000;
/// Most channels: each is rendered in three formats whenever one of its stories changes.
pub const CHANNELS_MAX: usize = 1_000;
/// Most values of one list (but of feeds): tags, networks, a channel's criteria.
pub const LIST_MAX: usize = 1_000;
/// Most that `min_outlets` can ask for.
pub const MIN_OUTLETS_MAX: u32 = 1_000;
/// Longest tag, in characters.
pub const TAG_MAX: usize = 64;
/// Longest name of an outlet and title of a channel, in characters.
pub const TITLE_MAX: usize = 200;
/// Stories that an edition lists unless the channel says otherwise.
pub const CHANNEL_LIMIT: u32 = 100;
/// Most stories that an edition may list: more make a document that readers give up on.
pub const CHANNEL_LIMIT_MAX: u32 = 1_000;
/// Title of channel `all` unless it is configured.
pub const ALL_TITLE: &str = "Warraq";

/// The smallest `[[outlet]]`, for hints.
const OUTLET: &str = "[[outlet]]\n\
    slug = \"alalam\"\n\
    name = \"العلم\"\n\
    feeds = [\"https://www.alalam.ma/xml/syndication.rss\"]";

/// What the operator asked for, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// HTTP out.
    pub server: Server,
    /// Where everything is kept.
    pub database: Database,
    /// Manners and limits of requests.
    pub fetch: Fetch,
    /// When feeds are asked.
    pub schedule: Scheduling,
    /// How long things are kept.
    pub retention: Retention,
    /// How reports are joined.
    pub stories: Stories,
    /// How large editions may be.
    pub publish: Publish,
    /// How the daemon logs.
    pub log: Log,
    /// In the order of the file. Slugs are unique, and so are feed addresses over all outlets.
    pub outlets: Vec<Outlet>,
    /// `all` first, then in the order of the file. Slugs are unique; named outlets and tags exist.
    pub channels: Vec<Channel>,
    /// Schedules of the outlets that state one.
    own_schedules: HashMap<Slug, Schedule>,
    /// What is shown in place of a feed's address, where the file says so.
    public_urls: HashMap<FeedUrl, FeedUrl>,
}

impl Config {
    /// Reads and checks `file`; `environment` holds the process's variables, of which those that begin with `WARRAQ_` matter.
    ///
    /// # Errors
    /// Every faulty value at once; or that there is no such file, where it was looked for and how to make one.
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

    /// Checks `text`, which stands in `file`; relative paths in it are relative to the file's directory.
    ///
    /// # Errors
    /// Every faulty value at once; a fault of TOML's syntax ends the reading.
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

    /// The configuration with a stand-in for every fault noted in `book`.
    fn of(book: &ConfigSource<'_>, root: &DeTable<'_>, directory: &Path) -> Self {
        sections::refuse_unknown(book, root);
        let (outlets, own_schedules, public_urls) = outlets::read(book, root);
        let publish = Publish::read(book, root);
        let channels = channels::read(book, root, &outlets, publish.outlet_in_title);
        Self {
            server: Server::read(book, root),
            database: Database::read(book, root, directory),
            fetch: Fetch::read(book, root),
            schedule: Scheduling::read(book, root),
            retention: Retention::read(book, root),
            stories: Stories::read(book, root),
            publish,
            log: Log::read(book, root),
            outlets,
            channels,
            own_schedules,
            public_urls,
        }
    }

    /// Refuses a configuration that names no feed: nothing would be polled, and a reload would drop every feed.
    ///
    /// # Errors
    /// When no outlet has a feed; with the lines that add one.
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

    /// The outlet's schedule: its own, else the default.
    #[must_use]
    pub fn schedule_of(&self, outlet: &Slug) -> &Schedule {
        self.own_schedules.get(outlet).unwrap_or(&self.schedule.default)
    }

    /// What is shown in place of a feed's address, for the feeds of which the file says so.
    #[must_use]
    pub fn public_urls(&self) -> &HashMap<FeedUrl, FeedUrl> {
        &self.public_urls
    }

    /// The User-Agent of every request: as configured, else name, version and address, so that an outlet's operator
    /// knows whom to ask. `public_url` is [`Server::public_url`].
    #[must_use]
    pub fn user_agent(&self, public_url: &url::Url) -> String {
        let own = || format!("Warraq/{} (+{public_url})", env!("CARGO_PKG_VERSION"));
        self.fetch.user_agent.clone().unwrap_or_else(own)
    }
}

/// The file's bytes, or the first of them that are too many.
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
