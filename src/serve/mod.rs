//! The HTTP server: feeds, pages and health checks.
//!
//! A request takes one of two paths. Documents that are rendered in advance ([`EditionTable`]) are served from memory without
//! asking the router. Such a response costs a map lookup, a check of the conditional headers and a clone of prepared headers;
//! the body is not copied. Every other request goes to the router.
//!
//! This module contains no SQL. Handlers get their data through the functions in [`Queries`], which are given to [`App`].

mod app;
mod browse;
mod cache;
mod channel_page;
mod channels;
mod copies;
mod diff;
mod edition_table;
mod feed_address;
mod feed_pages;
mod feeds;
mod filter;
mod frames;
pub mod health;
mod host;
mod http;
mod i18n;
mod keys;
mod lanes;
mod links;
mod lists;
mod live;
mod meters;
mod newest_places;
mod notices;
mod nouns;
mod pages;
mod payload;
mod plots;
mod process;
mod push;
mod push_endpoints;
mod queries;
mod reply;
mod routes;
mod search;
mod server;
mod state;

#[cfg(test)]
mod tests;

pub use app::App;
pub use channel_page::ChannelPages;
pub use edition_table::{CachePolicy, EditionTable, ServedEdition, Sharing};
pub use health::{DatabaseState, Health};
pub use host::Hosts;
pub use keys::{AccessControl, KeyRules, hash_of};
pub use meters::{Meters, PollMeasurement, WriterMeasurement};
pub use push_endpoints::PushEndpoints;
pub use queries::{ArchiveAnswer, Queries, QueryError, QueryFuture, answer};
pub use server::{ServerLimits, run, run_with};

/// Addresses for programs that watch the daemon. They need no key (`/metrics` has its own rule), and
/// their requests do not count as those of readers.
const PROBES: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// Content security policy of pages: our own style sheet, forms to this server and the entries' pictures, sound and video, but no
/// scripts.
const PAGE_SECURITY: &str = "default-src 'none'; style-src 'self'; img-src 'self' http: https:; media-src http: https:; \
                             form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Same as [`PAGE_SECURITY`], for pages whose pictures are switched off.
const PLAIN_PAGE_SECURITY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
