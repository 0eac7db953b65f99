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
mod outlets;
mod pieces;
mod raw;
mod requests;
mod rules;
mod sections;
mod values;
mod webhooks;
mod zone;

#[cfg(test)]
mod tests;

pub use fault::{ConfigFault, ConfigFaults, ConfigLocation};
pub use requests::RequestSettings;

/// Variables without `WARRAQ_` that are read.
pub const FOREIGN_VARIABLES: [&str; 9] = {
    let [a, b, c, d, e, f, g, h] = requests::PROXY_VARIABLES;
    [requests::CREDENTIALS_DIRECTORY, a, b, c, d, e, f, g, h]
};
pub use sections::{Database, Fetch, Log, LogFormat, Metrics, Publish, Retention, Scheduling, Server, Stories, WebSub};

use crate::{
    model::{Channel, EnvironmentProxies, FeedUrl, Outlet, Slug, push::Webhook},
    schedule::Schedule,
};
use include::Included;
use outlets::Outlets;
use pieces::FilePieces;
use raw::{ConfigSource, Source};
use std::{
    collections::{BTreeMap, HashMap},
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use toml::de::DeTable;

/// Largest configuration file, in bytes: enough for about a million feeds. A larger file was probably given by mistake.
pub const FILE_MAX: u64 = 256_000_000;
/// Most syntax errors that are reported, because later ones mostly follow from the first.
const SYNTAX_MAX: usize = 10;
/// Most channels. Each is rendered in three formats whenever one of its stories changes.
pub const CHANNELS_MAX: usize = 1_000;
/// Most values of a list (except feeds): tags, networks, criteria of a channel.
pub const LIST_MAX: usize = 1_000;
/// Largest `min_outlets`.
pub const MIN_OUTLETS_MAX: u32 = 1_000;
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
    /// Of the outlets that say something of their requests.
    own_requests: HashMap<Slug, RequestSettings>,
    /// Proxies of the environment, for requests without a configured one.
    environment_proxies: EnvironmentProxies,
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
        Self::load_with(file, environment, None)
    }

    /// Same as [`Config::load`], with a text to use instead of the content of an included file.
    ///
    /// # Errors
    /// Same as [`Config::load`].
    pub fn load_with(
        file: &Path,
        environment: &BTreeMap<String, String>,
        replaced: Option<(&Path, &str)>,
    ) -> Result<Self, ConfigFaults> {
        let bytes = match read(file) {
            Ok(bytes) => bytes,
            // A container may have everything in variables and a file of outlets.
            Err(why) if why.kind() == io::ErrorKind::NotFound && environment.contains_key(environment::OUTLETS) => {
                Vec::new()
            }
            Err(why) if why.kind() == io::ErrorKind::NotFound => return Err(missing(file)),
            Err(why) => return Err(ConfigFaults::whole(file, format!("cannot be read: {why}"), None)),
        };
        if bytes.len() as u64 > FILE_MAX {
            return Err(ConfigFaults::whole(file, format!("is too large; allowed: {FILE_MAX} bytes"), None));
        }
        match str::from_utf8(&bytes) {
            Ok(text) => Self::parse_with(text, file, environment, replaced),
            Err(why) => {
                let before = String::from_utf8_lossy(&bytes[..why.valid_up_to()]);
                let place = ConfigLocation::Line(before.matches('\n').count() + 1);
                let what = "not UTF-8; allowed: TOML, which is always UTF-8".to_owned();
                Err(ConfigFaults::new(file, vec![ConfigFault { place, key: None, what }]))
            }
        }
    }

    /// Reads what can be read of a configuration with faults, for a command that only looks at a running daemon. Faulty values
    /// are replaced by defaults; outlets and channels are missing if anything is faulty.
    ///
    /// # Errors
    /// Fails if the file, or one that a variable names, cannot be read, or if `[database]` or `[server]` has a fault: then the
    /// daemon cannot be found.
    pub fn load_readable(
        file: &Path,
        environment: &BTreeMap<String, String>,
    ) -> Result<(Self, Option<ConfigFaults>), ConfigFaults> {
        let faults = match Self::load(file, environment) {
            Ok(config) => return Ok((config, None)),
            Err(faults) => faults,
        };
        let text = read(file).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let (environment, faults_of_files) = environment::with_values_of_files(environment);
        let Some(text) = text.filter(|_| faults_of_files.is_empty()) else { return Err(faults) };
        let source = ConfigSource::new(&text, None, &environment);
        let pieces = FilePieces::of(&text);
        let (root, _) = DeTable::parse_recoverable(pieces.rest());
        let root = root.into_inner();
        let directory = file.parent().unwrap_or(Path::new(""));
        let config = Self::of(&[(&source, &root)], Outlets::default(), directory);
        let needed = |key: &str| ["database", "server"].iter().any(|section| key.starts_with(section));
        if source.into_faults().iter().any(|fault| fault.key.as_deref().is_some_and(needed)) {
            return Err(faults);
        }
        Ok((config, Some(faults)))
    }

    /// Validates `text`, the content of `file`. Relative paths in it are relative to the directory of the file.
    ///
    /// # Errors
    /// Returns all faulty values at once. With TOML syntax errors, returns only those.
    pub fn parse(text: &str, file: &Path, environment: &BTreeMap<String, String>) -> Result<Self, ConfigFaults> {
        Self::parse_with(text, file, environment, None)
    }

    fn parse_with(
        text: &str,
        file: &Path,
        environment: &BTreeMap<String, String>,
        replaced: Option<(&Path, &str)>,
    ) -> Result<Self, ConfigFaults> {
        let outlets_file = environment.get(environment::OUTLETS).map(String::as_str);
        let (environment, faults_of_files) = environment::with_values_of_files(environment);
        let source = ConfigSource::new(text, None, &environment);
        source.add_faults(faults_of_files);
        let pieces = FilePieces::of(text);
        let Some(root) = table(&source, pieces.rest()) else {
            return Err(ConfigFaults::new(file, source.into_faults()));
        };
        let directory = file.parent().unwrap_or(Path::new(""));
        let Included { files: included, unmatched } = include::read(&source, &root, directory, outlets_file, replaced);
        let no_variables = BTreeMap::new();
        let included_sources: Vec<_> =
            included.iter().map(|f| ConfigSource::new(&f.text, Some(Arc::clone(&f.path)), &no_variables)).collect();
        let included_pieces: Vec<_> = included.iter().map(|f| FilePieces::of(&f.text)).collect();
        let roots: Vec<_> = included_sources
            .iter()
            .zip(&included_pieces)
            .map(|(source, pieces)| table(source, pieces.rest()))
            .collect();
        let mut sources = vec![(&source, &root)];
        sources.extend(included_sources.iter().zip(&roots).filter_map(|(source, root)| Some((source, root.as_ref()?))));
        let files = requests::files(&source, directory);
        let mut outlets = Outlets::default();
        outlets.add_file(&source, &pieces, &root, files);
        for ((source, pieces), root) in included_sources.iter().zip(&included_pieces).zip(&roots) {
            if let Some(root) = root {
                outlets.add_file(source, pieces, root, files);
            }
        }
        let mut config = Self::of(&sources, outlets, directory);
        config.included = included.iter().map(|file| file.path.to_path_buf()).collect();
        config.unmatched_includes = unmatched;
        let faults: Vec<_> =
            std::iter::once(source).chain(included_sources).flat_map(ConfigSource::into_faults).collect();
        if faults.is_empty() { Ok(config) } else { Err(ConfigFaults::new(file, faults)) }
    }

    /// Reads the configuration from its sources, of which the first is the file itself. Faults are recorded in the sources, and
    /// faulty values are replaced by placeholders.
    fn of(sources: &[Source<'_, '_>], mut outlets: Outlets, directory: &Path) -> Self {
        let (source, root) = sources[0];
        sections::refuse_unknown(source, root);
        for (source, root) in &sources[1..] {
            source.refuse_unknown_keys("", root, &sections::REPEATED);
        }
        let files = requests::files(source, directory);
        let public_urls = outlets.end(source);
        let Outlets {
            read: mut outlets,
            schedules: own_schedules,
            requests: own_requests,
            public,
            published_texts,
            ..
        } = outlets;
        let (server, fetch) = (Server::read(source, root, files), Fetch::read(source, root, files));
        let publish = Publish::read(source, root);
        for outlet in &mut outlets {
            outlet.published_text = published_texts.get(&outlet.slug).copied().unwrap_or(publish.text);
        }
        let (channels, webhooks) =
            channels::read(sources, &outlets, publish.outlet_in_title, (server.keys.as_deref(), files));
        keys::mark_private(&mut outlets, (&public, &own_requests), &fetch.requests, &channels);
        Self {
            server,
            database: Database::read(source, root, directory, files),
            fetch,
            schedule: Scheduling::read(source, root),
            retention: Retention::read(source, root),
            stories: Stories::read(source, root),
            publish,
            websub: WebSub::read(source, root),
            metrics: Metrics::read(source, root),
            log: Log::read(source, root),
            outlets,
            channels,
            webhooks,
            included: Vec::new(),
            unmatched_includes: Vec::new(),
            own_schedules,
            own_requests,
            environment_proxies: requests::environment_proxies(source),
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

/// Parses the tables of a file. Syntax errors are reported in `source`; then the result is `None`.
fn table<'a>(source: &ConfigSource<'_>, text: &'a str) -> Option<DeTable<'a>> {
    let (root, syntax) = DeTable::parse_recoverable(text);
    for error in syntax.iter().take(SYNTAX_MAX) {
        let place = source.line(error.span().map_or(text.len(), |span| span.start));
        source.fault_without_key(place, format!("not TOML: {}", error.message()));
    }
    syntax.is_empty().then(|| root.into_inner())
}

/// Reads the file, at most one byte more than [`FILE_MAX`].
fn read(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(file)?.take(FILE_MAX + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Configuration file of the Debian package and of `deploy/README.md`.
const INSTALLED: &str = "/etc/warraq/config.toml";

/// Returns the configuration file of the installed service, if there is one and it is not `file`.
#[must_use]
pub fn installed(file: &Path) -> Option<&'static Path> {
    let installed = Path::new(INSTALLED);
    (installed != file && installed.exists()).then_some(installed)
}

fn missing(file: &Path) -> ConfigFaults {
    let place = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let hint = if let Some(installed) = installed(&place) {
        format!("the installed service reads {0}; name it with --config {0} or WARRAQ_CONFIG", installed.display())
    } else {
        format!(
            "name another file with --config FILE or WARRAQ_CONFIG, let `warraq add URL` make one, or begin it with these lines:\n{OUTLET}"
        )
    };
    ConfigFaults::whole(file, format!("no such file; looked for {}", place.display()), Some(hint))
}
