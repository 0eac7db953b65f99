//! The commands. Each reads its arguments, calls the other modules, and prints text for people or JSON for scripts.

mod backup;
mod check;
mod copy;
mod database;
pub mod demo;
mod document;
mod explain;
mod failure;
mod feeds;
mod healthcheck;
pub mod inspect;
mod manage;
mod opml;
mod out;
mod poll;
mod probe;
mod progress;
mod prune;
mod replay;
mod run;
mod search;
mod status;
mod token;

pub use failure::CliError;

use crate::{
    config::{Config, FOREIGN_VARIABLES, Stories},
    telemetry,
};
use clap::{Parser, Subcommand, ValueHint};
use rustix::process::Signal;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::ExitCode,
};

use tokio::signal::unix::{SignalKind, signal};

/// Polls the feeds of news outlets, stores each entry once, and republishes them as merged feeds.
#[derive(Debug, Parser)]
#[command(name = "warraq", version, max_term_width = 100, subcommand_required = false)]
pub struct Cli {
    /// Configuration file.
    #[arg(long, global = true, env = "WARRAQ_CONFIG", default_value = "config.toml", value_name = "FILE")]
    config: PathBuf,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run the daemon: poll on schedule, store, publish over HTTP. This is the default.
    Run,
    /// Run the daemon with invented outlets that it serves itself. Needs no network and leaves no files behind.
    Demo,
    /// Check the configuration and report all errors.
    Check,
    /// Poll the feeds that are due, print one line for each feed, and exit. Exits with 0 even if polls fail.
    Poll {
        /// Slugs of outlets, or configured feed addresses. These are polled whether they are due or not.
        #[arg(value_name = "FEED")]
        feeds: Vec<String>,
        /// Poll all feeds, due or not, except those whose server asked to wait (Retry-After) or that are gone (410).
        #[arg(long)]
        all: bool,
        /// Print one JSON object for each feed, then one with the totals.
        #[arg(long)]
        json: bool,
    },
    /// List all feeds: state, last outcome, next poll and the reason for its time.
    Feeds {
        /// Only feeds whose last poll failed.
        #[arg(long)]
        failing: bool,
        /// Order of the list: outlet, last (most recently polled first), next (due first), failures (most first), entries (most first).
        #[arg(long, value_enum, default_value_t, value_name = "KEY", hide_possible_values = true)]
        sort: feeds::SortKey,
        /// Print a JSON array of objects with the columns of `feed_health`, and `why`.
        #[arg(long)]
        json: bool,
    },
    /// Show the daemon's state on one screen: whether it runs, the last polls, what fails and why, sizes, free disk
    /// space, the newest backup.
    Status {
        /// Folder of the backups. Default: the database's folder with `-backup` added to its name.
        #[arg(long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
        backups: Option<PathBuf>,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Search stories, like the page /search.
    Search {
        /// Words to search for. A story must contain all of them, in any spelling. Also: "a phrase", -without, this OR that,
        /// begin*, outlet:SLUG, tag:TAG, lang:ar, after:2026-11-01, before:2026-12-01. Put -- before words that begin with -.
        #[arg(required = true)]
        words: Vec<String>,
        /// Print a JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Show what was decided about a feed, an entry or a story, and why.
    Explain {
        #[command(subcommand)]
        subject: explain::Subject,
    },
    /// Run recorded entries through deduplication and print the story of each.
    Replay {
        /// File with one JSON object on each line: id, outlet, feed, lang, title, summary, content, url, guid, published.
        #[arg(value_name = "ITEMS.jsonl")]
        file: PathBuf,
        /// Accepted for consistency; the output is always one JSON object on each line.
        #[arg(long)]
        json: bool,
    },
    /// Show how Warraq reads one document: format, encoding, repairs, hints, entries. Needs no configuration.
    Inspect {
        /// A file, or an http(s) address.
        #[arg(value_name = "FILE-or-URL", value_hint = ValueHint::AnyPath)]
        document: String,
        /// Base of relative addresses in the document.
        #[arg(long, value_name = "URL")]
        base: Option<url::Url>,
        /// Content-Type of the document, as a server would send it.
        #[arg(long, value_name = "CT")]
        content_type: Option<String>,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// List the feeds that a web page announces.
    Discover {
        /// Address of the page.
        url: String,
    },
    /// Find the feed or news sitemap of each address and add it to the configuration as an outlet.
    Add(manage::AddArgs),
    /// Remove an outlet from the configuration. Its entries stay.
    Remove {
        /// Slug of the outlet.
        #[arg(value_name = "OUTLET")]
        slug: String,
    },
    /// Resume polling a disabled outlet.
    Enable {
        /// Slug of the outlet.
        #[arg(value_name = "OUTLET")]
        slug: String,
    },
    /// Stop polling an outlet and keep it in the configuration.
    Disable {
        /// Slug of the outlet.
        #[arg(value_name = "OUTLET")]
        slug: String,
    },
    /// Print the feeds of an OPML file as `[[outlet]]` tables, or add them to the configuration.
    ImportOpml {
        /// OPML file exported from a feed reader.
        file: PathBuf,
        /// Write the outlets into the configuration; feeds that it has already are skipped.
        #[arg(long)]
        write: bool,
    },
    /// Print all configured feeds as OPML.
    ExportOpml,
    /// Write a consistent copy of the database. Works while the daemon runs.
    Backup {
        /// File to write. It must not exist.
        file: PathBuf,
    },
    /// Check a backup and replace the database with it. The daemon must be stopped.
    Restore {
        /// Backup file.
        file: PathBuf,
    },
    /// Copy the whole database from SQLite to PostgreSQL or back, and compare the copy with the original. The daemon must be stopped.
    Copy {
        /// Where to copy to: a new file, or the address of an empty database (postgres://USER@HOST/DATABASE). A password belongs
        /// in PGPASSWORD or ~/.pgpass.
        #[arg(long, value_name = "FILE-or-URL", value_hint = ValueHint::AnyPath)]
        to: String,
    },
    /// Delete what is older than the retention limits. The daemon must be stopped.
    Prune {
        /// Only count what would be deleted.
        #[arg(long)]
        dry_run: bool,
        /// Delete even if nearly everything would be deleted.
        #[arg(long)]
        force: bool,
        /// Also shrink the file. This rewrites the database and needs as much free space again.
        #[arg(long, conflicts_with = "dry_run")]
        compact: bool,
    },
    /// Make keys for readers.
    Token {
        #[command(subcommand)]
        action: token::TokenAction,
    },
    /// Ask a running daemon whether it is ready. Exits with 0 if it is, 1 if not, 78 if the configuration cannot be read.
    Healthcheck,
}

/// Runs the command given on the command line. Returns the exit code.
pub async fn main() -> ExitCode {
    let cli = Cli::parse();
    // A file that must not grow any more is like a full disk, which is told or waited for: the signal must not end the process.
    let _ = signal(SignalKind::from_raw(Signal::XFSZ.as_raw()));
    let done = async { Box::pin(act(cli, &environment()?)).await };
    let code = match done.await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    };
    telemetry::flush();
    code
}

async fn act(cli: Cli, environment: &BTreeMap<String, String>) -> Result<(), CliError> {
    match cli.verb.unwrap_or(Verb::Run) {
        Verb::Run => Box::pin(run::run(&cli.config, environment)).await,
        Verb::Demo => Box::pin(demo::demo(environment)).await,
        Verb::Inspect { document, base, content_type, json } => {
            document::inspect(document::InputArgs { place: document, base, content_type }, json).await
        }
        Verb::Discover { url } => document::discover(url).await,
        Verb::Token { action } => token::token(&action),
        Verb::ImportOpml { file, write: false } => opml::import(&file),
        Verb::ImportOpml { file, write: true } => manage::import(&cli.config, environment, &file).await,
        Verb::Add(args) => manage::add(&cli.config, environment, &args).await,
        Verb::Remove { slug } => manage::change(&cli.config, environment, &slug, manage::OutletEdit::Remove).await,
        Verb::Enable { slug } => manage::change(&cli.config, environment, &slug, manage::OutletEdit::Enable).await,
        Verb::Disable { slug } => manage::change(&cli.config, environment, &slug, manage::OutletEdit::Disable).await,
        Verb::Replay { file, json: _ } => {
            // A configuration is optional here; if there is one, its window applies.
            let window = if cli.config.exists() {
                Config::load(&cli.config, environment).map_err(CliError::Config)?.stories.window
            } else {
                Stories::WINDOW
            };
            replay::replay(&file, window)
        }
        Verb::Status { backups, json } => {
            let (config, faults) = Config::load_readable(&cli.config, environment).map_err(CliError::Config)?;
            let done = status::status(&config, faults.as_ref(), backups, json).await;
            done.map_err(|failure| failure.of_database(&config.database.name()))
        }
        verb => {
            // A secret that only the daemon can read must not stop a backup.
            let needs_all = !matches!(verb, Verb::Backup { .. } | Verb::Restore { .. } | Verb::Healthcheck);
            let (config, faults) = if needs_all {
                (Config::load(&cli.config, environment).map_err(CliError::Config)?, None)
            } else {
                Config::load_readable(&cli.config, environment).map_err(CliError::Config)?
            };
            if faults.is_some() {
                out::note("warning: the configuration has errors, which do not matter here; `warraq check` lists them");
            }
            let done = configured(verb, &config, &cli.config, environment).await;
            done.map_err(|failure| failure.of_database(&config.database.name()))
        }
    }
}

/// Runs the commands that need a configuration.
async fn configured(
    verb: Verb,
    config: &Config,
    file: &Path,
    environment: &BTreeMap<String, String>,
) -> Result<(), CliError> {
    match verb {
        Verb::Check => check::check(config, file, environment),
        Verb::Poll { feeds, all, json } => {
            config.must_poll(file).map_err(CliError::Config)?;
            poll::poll(config, environment, &poll::PollSelection { feeds, all, json }).await
        }
        Verb::Feeds { failing, sort, json } => feeds::feeds(config, feeds::FeedSelection { failing, sort }, json).await,
        Verb::ExportOpml => opml::export(config),
        Verb::Search { words, json } => search::search(config, &words, json).await,
        Verb::Explain { subject } => explain::explain(config, &subject).await,
        Verb::Backup { file } => backup::backup(config, &file).await,
        Verb::Restore { file } => backup::restore(config, &file).await,
        Verb::Copy { to } => Box::pin(copy::copy(config, &to)).await,
        Verb::Prune { dry_run, force, compact } => prune::prune(config, prune::How { dry_run, force, compact }).await,
        Verb::Healthcheck => healthcheck::healthcheck(config).await,
        Verb::Run
        | Verb::Demo
        | Verb::Inspect { .. }
        | Verb::Discover { .. }
        | Verb::Token { .. }
        | Verb::Status { .. }
        | Verb::Add(_)
        | Verb::Remove { .. }
        | Verb::Enable { .. }
        | Verb::Disable { .. }
        | Verb::ImportOpml { .. }
        | Verb::Replay { .. } => Ok(()),
    }
}

/// Returns the environment variables that Warraq reads.
fn environment() -> Result<BTreeMap<String, String>, CliError> {
    let ours = |name: &str| name.starts_with("WARRAQ_") || FOREIGN_VARIABLES.contains(&name);
    let mut variables = BTreeMap::new();
    for (name, value) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        // The command line has read this one.
        if !ours(&name) || name == "WARRAQ_CONFIG" {
            continue;
        }
        // The message does not repeat the value, which may be a secret.
        let Ok(value) = value.into_string() else {
            return Err(CliError::Environment(format!("{name}: the value is not UTF-8; allowed: text in UTF-8")));
        };
        variables.insert(name, value);
    }
    Ok(variables)
}
