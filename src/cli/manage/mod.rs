//! `warraq add`, `remove`, `enable`, `disable`, `import-opml --write`: changes the configuration file after checking the result,
//! and tells a running daemon to reload it.

mod daemon;
mod file;

pub(super) use daemon::PidFile;

use super::{
    CliError,
    failure::known_slugs,
    opml,
    out::{counted, note, say},
    probe::{self, FoundFeed},
};
use crate::{
    config::{
        Config,
        edit::{self, NewOutlet},
    },
    daemon::limits,
    fetch::Fetcher,
    model::{Fault, FeedUrl, Language, Outlet, ParsedFeed, PlainText, uri::shown_within},
    normalise,
};
use anyhow::{Context as _, anyhow};
use daemon::ReloadSignal;
use file::LockedFile;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::Path,
};

/// What `add` is told.
#[derive(Debug, clap::Args)]
pub(super) struct AddArgs {
    /// Address of a feed, of a news sitemap, or of a page of the outlet's site.
    #[arg(required = true, value_name = "URL")]
    urls: Vec<String>,
    /// Slug of the outlet. By default it is made from the feed's title or host.
    #[arg(long)]
    slug: Option<String>,
    /// Name of the outlet. By default it is the feed's title.
    #[arg(long)]
    name: Option<String>,
    /// Tag of the outlet; may be repeated.
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// Show what was found and the lines that would be written, and write nothing.
    #[arg(long)]
    dry_run: bool,
}

/// A change to an outlet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OutletEdit {
    /// Remove it from the configuration.
    Remove,
    /// Poll it.
    Enable,
    /// Do not poll it.
    Disable,
}

/// Finds the feed behind each address and adds it. An address without a feed is reported, and the others are added anyway.
pub(super) async fn add(named: &Path, environment: &BTreeMap<String, String>, args: &AddArgs) -> Result<(), CliError> {
    if args.urls.len() > 1 && (args.slug.is_some() || args.name.is_some()) {
        return Err(CliError::Usage("--slug and --name need exactly one address".to_owned()));
    }
    let config = load(named, environment)?;
    let fetcher = Fetcher::new(&limits(&config, &config.server.public_url(config.server.listen)))?;
    let mut slugs = slugs(&config);
    let mut known = outlets_of_feeds(&config);
    let (mut outlets, mut missed) = (Vec::new(), 0);
    for given in &args.urls {
        match found(&fetcher, given, &known, named).await {
            Ok(found) => {
                say(described(&found))?;
                let new = outlet(&found, args, &mut slugs);
                known.insert(found.url, new.slug.clone());
                outlets.push(new);
            }
            Err(error) => {
                missed += 1;
                // The exit code is set at the end.
                let _ = error.report();
            }
        }
    }
    if args.dry_run {
        say(edit::add("", &outlets)?)?;
        say("dry run: nothing was written")?;
    } else if !outlets.is_empty() {
        write_added(named, environment, &outlets).await?;
    }
    match missed {
        0 => Ok(()),
        missed => Err(anyhow!("{} not added", counted(missed, "address was", "addresses were")).into()),
    }
}

/// Adds the feeds of an OPML file.
pub(super) async fn import(named: &Path, environment: &BTreeMap<String, String>, list: &Path) -> Result<(), CliError> {
    let config = load(named, environment)?;
    let known: HashSet<FeedUrl> = outlets_of_feeds(&config).into_keys().collect();
    let outlets = opml::new_outlets(list, slugs(&config), &known)?;
    if outlets.is_empty() {
        return say("nothing to add");
    }
    write_added(named, environment, &outlets).await
}

/// Removes, enables or disables an outlet in the file that defines it.
pub(super) async fn change(
    named: &Path,
    environment: &BTreeMap<String, String>,
    slug: &str,
    change: OutletEdit,
) -> Result<(), CliError> {
    let config = Config::load(named, environment).map_err(CliError::Config)?;
    for path in std::iter::once(named.to_owned()).chain(config.included) {
        let file = LockedFile::open(&path, false)?;
        let edited = match change {
            OutletEdit::Remove => edit::remove(file.text(), slug),
            OutletEdit::Enable => edit::set_enabled(file.text(), slug, true),
            OutletEdit::Disable => edit::set_enabled(file.text(), slug, false),
        };
        let Some(text) = edited.with_context(|| path.display().to_string())? else { continue };
        let shown = path.display();
        if text == file.text() {
            return say(format_args!("{shown}: outlet \"{slug}\" is {} already", state(change)));
        }
        let config = written(file, &path, named, environment, &text)?;
        say(format_args!("{shown}: outlet \"{slug}\" is {}", state(change)))?;
        return follow_up(&config, change).await;
    }
    Err(CliError::with_hint(anyhow!("no outlet is called \"{slug}\""), known_slugs(&config.outlets)))
}

fn state(change: OutletEdit) -> &'static str {
    match change {
        OutletEdit::Remove => "removed; its entries stay",
        OutletEdit::Enable => "enabled",
        OutletEdit::Disable => "disabled",
    }
}

/// Reports the consequences of a change, and tells the daemon.
async fn follow_up(config: &Config, change: OutletEdit) -> Result<(), CliError> {
    if config.outlets.is_empty() && change == OutletEdit::Remove {
        return say(
            "that was the last outlet. A running daemon rejects a configuration without outlets and keeps the old one; a restart \
             would fail. Add one with `warraq add URL`.",
        );
    }
    tell(config).await
}

/// Loads the configuration. A missing file counts as empty.
fn load(named: &Path, environment: &BTreeMap<String, String>) -> Result<Config, CliError> {
    let loaded = if named.exists() { Config::load(named, environment) } else { Config::parse("", named, environment) };
    loaded.map_err(CliError::Config)
}

fn slugs(config: &Config) -> HashSet<String> {
    config.outlets.iter().map(|outlet| outlet.slug.to_string()).collect()
}

/// Returns every address that is configured, with the slug of its outlet.
fn outlets_of_feeds(config: &Config) -> HashMap<FeedUrl, String> {
    let of_outlet = |outlet: &Outlet| {
        let others = outlet.alternatives.iter().flat_map(|(_, others)| others);
        let feeds = outlet.feeds.iter().chain(others);
        feeds.map(|feed| (feed.clone(), outlet.slug.to_string())).collect::<Vec<_>>()
    };
    config.outlets.iter().flat_map(of_outlet).collect()
}

/// Finds the feed behind an address as typed by a user. `known` has the outlets of the configured feeds, `file` the
/// configuration.
async fn found(
    fetcher: &Fetcher,
    given: &str,
    known: &HashMap<FeedUrl, String>,
    file: &Path,
) -> Result<FoundFeed, CliError> {
    let address = if given.contains("://") { given.to_owned() } else { format!("https://{given}") };
    let url =
        FeedUrl::parse(&address).map_err(|error| CliError::Usage(format!("{:?}: {error}", shown_within(given))))?;
    let refused = |url: &FeedUrl| {
        let slug = known.get(url)?;
        Some(CliError::from(anyhow!("{} is already a feed of outlet \"{slug}\"", url.shown())))
    };
    if let Some(refused) = refused(&url) {
        return Err(refused);
    }
    match probe::find(fetcher, &url).await {
        Ok(found) => refused(&found.url).map_or(Ok(found), Err),
        Err(error) => Err(CliError::with_hint(anyhow!("{}: {error}", url.shown()), hint(&error.fault, given, file))),
    }
}

/// What to do about an address that was not added.
fn hint(fault: &Fault, given: &str, file: &Path) -> String {
    let hint = match fault {
        Fault::Address(_) => {
            let example = "allow_networks = [\"127.0.0.0/8\"]";
            return format!("put its network under [fetch] in {}, such as {example}", file.display());
        }
        Fault::Html => {
            "neither the page nor robots.txt nor the usual names lead to a feed; give the feed's own address"
        }
        Fault::Status(401) => "the feed needs credentials: write its [[outlet]] into the configuration with `auth`",
        Fault::Status(403) | Fault::Held { status: 403 } => {
            "the server refuses this program or address; try again later, or ask its operator to admit Warraq"
        }
        Fault::Held { .. } => "try again later; the server asked for a pause",
        Fault::Status(404 | 410) => "check the spelling, or give the address of the site to have its feed found",
        Fault::Status(500..) | Fault::Timeout(_) | Fault::Broken(_) | Fault::Local(_) => "try again later",
        Fault::TooLarge { .. } => "raise [fetch] max_body",
        Fault::Dns(_) => "check the spelling of the host name, and this machine's name server",
        Fault::Connect(_) | Fault::Tls(_) if !given.contains("://") => {
            return format!("https:// was assumed; for a server without TLS write http://{given}");
        }
        Fault::Connect(_) | Fault::Tls(_) => "check scheme (http or https), host and port",
        _ => "give the feed's own address",
    };
    hint.to_owned()
}

/// Describes a feed: `ADDRESS: RSS 2.0 "Title", 20 entries, ar, newest 2026-11-02T09:30:00Z`.
fn described(found: &FoundFeed) -> String {
    let FoundFeed { url, feed } = found;
    let format = super::inspect::format_words(feed.format);
    let mut words = vec![format!("{format} {:?}", title(feed).unwrap_or_default())];
    words.push(counted(feed.listed.len(), "entry", "entries"));
    words.extend(feed.language.clone());
    let entries = feed.listed.iter().filter_map(|listed| listed.entry.as_ref());
    let newest = entries.filter_map(|entry| entry.published.or(entry.updated)).max();
    words.push(newest.map_or_else(|| "without dates".to_owned(), |at| format!("newest {at}")));
    format!("{}: {}", url.shown(), words.join(", "))
}

fn title(feed: &ParsedFeed) -> Option<String> {
    feed.title.as_ref().and_then(normalise::plain).map(PlainText::into_string)
}

fn outlet(found: &FoundFeed, args: &AddArgs, slugs: &mut HashSet<String>) -> NewOutlet {
    let title = title(&found.feed).map(|title| opml::clean(&title, crate::config::TITLE_MAX));
    let title = title.filter(|title| !title.is_empty());
    let name = args.name.clone().or_else(|| title.clone()).unwrap_or_else(|| found.url.host().to_owned());
    let made = || opml::slug(title.as_deref().unwrap_or_default(), found.url.host(), slugs);
    NewOutlet {
        slug: args.slug.clone().unwrap_or_else(made),
        name,
        language: found.feed.language.as_deref().and_then(|tag| Language::parse(tag).ok()).map(|l| l.to_string()),
        tags: args.tags.clone(),
        feeds: vec![found.url.to_string()],
    }
}

/// Adds outlets to the file, checks the result, writes it, and tells the daemon.
async fn write_added(
    named: &Path,
    environment: &BTreeMap<String, String>,
    outlets: &[NewOutlet],
) -> Result<(), CliError> {
    let is_new = !named.exists();
    let file = LockedFile::open(named, true)?;
    let text = edit::add(file.text(), outlets).with_context(|| named.display().to_string())?;
    let config = written(file, named, named, environment, &text)?;
    if is_new {
        say(format_args!("{}: a new configuration file", named.display()))?;
        if let Some(other) = crate::config::installed(named) {
            say(format_args!("the installed service reads {0}; add to it with --config {0}", other.display()))?;
        }
    }
    for outlet in outlets {
        say(format_args!("{}: added outlet \"{}\" ({})", named.display(), outlet.slug, outlet.name))?;
    }
    tell(&config).await
}

/// Checks the whole configuration with a new text for one of its files, and writes that text. `named` is the main configuration
/// file, `path` the edited one.
fn written(
    file: LockedFile,
    path: &Path,
    named: &Path,
    environment: &BTreeMap<String, String>,
    text: &str,
) -> Result<Config, CliError> {
    let checked = if path == named {
        Config::parse(text, named, environment)
    } else {
        Config::load_with(named, environment, Some((path, text)))
    };
    let config = checked.map_err(|faults| {
        CliError::with_hint(
            anyhow!("{} was not changed, because the result would not be valid:\n{faults}", path.display()),
            "line numbers refer to the changed file; first remove the outlet or its tag from the channels that name it",
        )
    })?;
    file.write(text)?;
    Ok(config)
}

/// Tells a running daemon to reload its configuration.
async fn tell(config: &Config) -> Result<(), CliError> {
    let told = match &config.database.server {
        None => daemon::tell(&config.database.path)?,
        Some(_) => match daemon::tell_writer(config.database.place()).await {
            Ok(told) => told,
            Err(error) => {
                note(format_args!(
                    "warning: the database server does not say whether a daemon runs ({error:#}); `systemctl reload warraq`, or \
                     SIGHUP, makes it apply the change"
                ));
                return Ok(());
            }
        },
    };
    match told {
        ReloadSignal::Sent(id) => say(format_args!("the running daemon (process {id}) is reloading its configuration")),
        ReloadSignal::Nobody => say("no daemon is running; the change takes effect at the next `warraq run`"),
        ReloadSignal::Elsewhere => say("a daemon runs elsewhere; send it SIGHUP to apply the change"),
    }
}
