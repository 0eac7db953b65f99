//! Warraq (ورّاق): polls the feeds of news outlets, stores each entry once, and republishes them as merged feeds.
//!
//! The path of a poll, in one direction only:
//!
//! ```text
//! schedule -> fetch -> parse -> normalise -> dedup -> store -> publish -> serve
//! ```
//!
//! The modules, each of which may use only those above it:
//!
//! - [`model`] - the types that all modules share: outlets, feeds, entries, stories, polls.
//! - [`clock`] - the system's clock, or a manual one in tests.
//! - [`schedule`] - when each feed is polled next, and why. Pure functions.
//! - [`fetch`] - one HTTP request with its redirects, limits and checks.
//! - [`parse`] - parses the bytes of a document into entries. Pure functions.
//! - [`discover`] - finds the news sitemaps of a site.
//! - [`normalise`] - turns an entry as stated into an entry as stored: clean HTML, canonical links, folded text. Pure functions.
//! - [`article`] - finds the article in a web page. Pure functions.
//! - [`rules`] - which entries the rules of outlets and channels leave out. Pure functions.
//! - [`dedup`] - decides whether an entry is new, revised, or a report of a known story. Pure functions.
//! - [`store`] - the database: one writer, any number of readers.
//! - [`publish`] - renders stories as Atom, RSS, JSON Feed and OPML. Pure functions.
//! - [`config`] - the configuration file, checked as a whole.
//! - [`poll`] - one poll from the request to the commit.
//! - [`push`] - the WebSub hub and subscriber, and webhooks.
//! - [`serve`] - the HTTP server: feeds, pages, health, metrics.
//! - [`telemetry`] - logging.
//! - [`daemon`] - the poll queue, publishing, retention, reload and shutdown.
//! - [`cli`] - the commands.

// `eprintln!` panics if standard error cannot be written, and a full disk must not end a daemon: `cli::out::note`.
#![cfg_attr(not(test), deny(clippy::print_stderr))]

pub mod article;
pub mod cli;
pub mod clock;
pub mod config;
pub mod daemon;
pub mod dedup;
pub mod discover;
pub mod fetch;
pub mod model;
pub mod normalise;
pub mod parse;
pub mod poll;
pub mod publish;
pub mod push;
pub mod rules;
pub mod schedule;
pub mod serve;
pub mod store;
pub mod telemetry;
