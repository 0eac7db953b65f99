//! The verbs: a thin face. Each reads its arguments, calls the rooms, and prints for people, or JSON for scripts.

mod backup;
mod check;
mod database;
pub mod demo;
mod document;
mod explain;
mod failure;
mod feeds;
mod healthcheck;
pub mod inspect;
mod opml;
mod out;
mod poll;
mod progress;
mod prune;
mod replay;
mod run;
mod search;

pub use failure::CliError;

use crate::config::{Config, Stories};
use clap::{Parser, Subcommand, ValueHint};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Polls the feeds of news outlets, keeps every report once, and republishes them as merged feeds.
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
    /// The daemon: poll on schedule, store, publish over HTTP (what `warraq` alone does).
    Run,
    /// The daemon over invented outlets that it serves itself: works with no network, leaves nothing behind.
    Demo,
    /// Read the configuration, report everything that is wrong with it, start nothing.
    Check,
    /// Poll the feeds that are due, print one line a feed, and exit.
    Poll {
        /// Outlets' slugs or configured addresses; these are asked whether they are due or not.
        #[arg(value_name = "FEED")]
        feeds: Vec<String>,
        /// Every feed, whatever is due, but none that asked for time or is gone.
        #[arg(long)]
        all: bool,
        /// One JSON object a feed, then one with the sums.
        #[arg(long)]
        json: bool,
    },
    /// Every feed: its state, its last outcome, when it is polled next and why.
    Feeds {
        /// An array of objects with the columns of `feed_health`, and `why`.
        #[arg(long)]
        json: bool,
    },
    /// The stories that hold these words, as /search finds them.
    Search {
        /// Words; all must be there, in whatever spelling.
        #[arg(required = true)]
        words: Vec<String>,
        /// An array of objects.
        #[arg(long)]
        json: bool,
    },
    /// Why: what was decided of a feed, an entry or a story, and for what reason.
    Explain {
        #[command(subcommand)]
        subject: explain::Subject,
    },
    /// Run recorded entries through the real decisions; prints the story of each.
    Replay {
        /// One JSON object a line: id, outlet, feed, lang, title, summary, content, url, guid, published.
        #[arg(value_name = "ITEMS.jsonl")]
        file: PathBuf,
        /// For uniformity: the output is JSON, one object a line, anyway.
        #[arg(long)]
        json: bool,
    },
    /// How Warraq reads one document: format, encoding, repairs, hints, entries. Needs no configuration.
    Inspect {
        /// A file, or an http(s) address.
        #[arg(value_name = "FILE-or-URL", value_hint = ValueHint::AnyPath)]
        document: String,
        /// What relative addresses in it are relative to.
        #[arg(long, value_name = "URL")]
        base: Option<url::Url>,
        /// The value of its Content-Type header.
        #[arg(long, value_name = "CT")]
        content_type: Option<String>,
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
    /// The feeds that a site announces.
    Discover {
        /// Address of a page.
        url: String,
    },
    /// Print the feeds of an OPML file as `[[outlet]]` tables, to add to the configuration.
    ImportOpml {
        /// The file, as another reader exported it.
        file: PathBuf,
    },
    /// Print every configured feed as OPML.
    ExportOpml,
    /// Write a consistent copy of the database, also while the daemon runs.
    Backup {
        /// The file to write; it must not exist.
        file: PathBuf,
    },
    /// Put a backup in the place of the database, after checking it, while the daemon is stopped.
    Restore {
        /// The backup.
        file: PathBuf,
    },
    /// Forget what retention no longer keeps, now, while the daemon is stopped.
    Prune {
        /// Count only.
        #[arg(long)]
        dry_run: bool,
        /// Forget even when nearly everything would go.
        #[arg(long)]
        force: bool,
        /// Give the freed space back to the file system; rewrites the database, which needs as much free space again.
        #[arg(long, conflicts_with = "dry_run")]
        compact: bool,
    },
    /// Ask a running daemon whether it is ready: exit 0 or 1.
    Healthcheck,
}

/// Runs the verb of the command line; the answer is the exit code.
pub async fn main() -> ExitCode {
    let cli = Cli::parse();
    let environment = environment();
    match act(cli, &environment).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

async fn act(cli: Cli, environment: &BTreeMap<String, String>) -> Result<(), CliError> {
    match cli.verb.unwrap_or(Verb::Run) {
        Verb::Run => run::run(&cli.config, environment).await,
        Verb::Demo => demo::demo(environment).await,
        Verb::Inspect { document, base, content_type, json } => {
            document::inspect(document::InputArgs { place: document, base, content_type }, json).await
        }
        Verb::Discover { url } => document::discover(url).await,
        Verb::ImportOpml { file } => opml::import(&file),
        Verb::Replay { file, json: _ } => {
            // A record can be tried without a house; where there is one, its window counts.
            let window = if cli.config.exists() {
                Config::load(&cli.config, environment).map_err(CliError::Config)?.stories.window
            } else {
                Stories::WINDOW
            };
            replay::replay(&file, window)
        }
        verb => {
            let config = Config::load(&cli.config, environment).map_err(CliError::Config)?;
            let done = configured(verb, &config, &cli.config, environment).await;
            done.map_err(|failure| failure.of_database(&config.database.path))
        }
    }
}

/// The verbs that work on what is configured.
async fn configured(
    verb: Verb,
    config: &Config,
    file: &Path,
    environment: &BTreeMap<String, String>,
) -> Result<(), CliError> {
    match verb {
        Verb::Check => check::check(config, file),
        Verb::Poll { feeds, all, json } => {
            config.must_poll(file).map_err(CliError::Config)?;
            poll::poll(config, environment, &poll::PollSelection { feeds, all, json }).await
        }
        Verb::Feeds { json } => feeds::feeds(config, json).await,
        Verb::ExportOpml => opml::export(config),
        Verb::Search { words, json } => search::search(config, &words, json).await,
        Verb::Explain { subject } => explain::explain(config, &subject).await,
        Verb::Backup { file } => backup::backup(config, &file).await,
        Verb::Restore { file } => backup::restore(config, &file).await,
        Verb::Prune { dry_run, force, compact } => prune::prune(config, prune::How { dry_run, force, compact }).await,
        Verb::Healthcheck => healthcheck::healthcheck(config).await,
        Verb::Run
        | Verb::Demo
        | Verb::Inspect { .. }
        | Verb::Discover { .. }
        | Verb::ImportOpml { .. }
        | Verb::Replay { .. } => Ok(()),
    }
}

/// The variables that can be ours; names and values that are no text cannot be.
fn environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with("WARRAQ_"))
        .collect()
}
