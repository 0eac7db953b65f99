//! From the text of the files and the variables to a [`Config`].

use super::{
    Config, ConfigFault, ConfigFaults, ConfigLocation, Database, FILE_MAX, Fetch, Log, Metrics, OUTLET, Publish,
    Retention, SYNTAX_MAX, Scheduling, Server, Stories, WebSub, channels, environment,
    include::{self, Included},
    installed, keys,
    outlets::Outlets,
    pieces::FilePieces,
    raw::{ConfigSource, Source},
    reading_now, requests, sections,
};
use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read},
    path::Path,
    sync::Arc,
};
use toml::de::DeTable;

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

    /// Reads what can be read of a configuration with faults, for a command that needs only `[database]` and `[server]`. Other
    /// faulty values are replaced by defaults; outlets and channels are missing if anything is faulty.
    ///
    /// # Errors
    /// Fails if the file, or one that a variable names, cannot be read, or if `[database]` or `[server]` has a fault.
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
        let outlets_file = environment::outlets_file(environment);
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
    reading_now::begins(file);
    fs::File::open(file)?.take(FILE_MAX + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
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
