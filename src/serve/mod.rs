//! HTTP out: editions, pages, health.
//!
//! Two ways in. What is rendered ahead ([`EditionTable`]) is answered from memory before any router is asked: a map lookup, the
//! conditional headers, one clone of ready-made headers, no copy of the body. Everything else goes to the router.
//! Nothing here knows SQL: what pages need is asked for through plain functions given to [`App`].

mod app;
mod browse;
mod cache;
mod channel_page;
mod diff;
mod edition_table;
mod filter;
pub mod health;
mod host;
mod http;
mod i18n;
mod meters;
mod pages;
mod payload;
mod plots;
mod process;
mod queries;
mod reply;
mod routes;
mod server;
mod state;

#[cfg(test)]
mod tests;

pub use app::App;
pub use channel_page::ChannelPages;
pub use edition_table::{CachePolicy, EditionTable, ServedEdition};
pub use health::{DatabaseState, Health};
pub use host::Hosts;
pub use meters::{Meters, PollMeasurement, WriterMeasurement};
pub use queries::{ArchiveAnswer, Queries, QueryError, QueryFuture, answer};
pub use server::{ServerLimits, run, run_with};

/// What pages may do: our own style sheet, forms to ourselves, and the entries' pictures. No script at all.
const PAGE_SECURITY: &str = "default-src 'none'; style-src 'self'; img-src 'self' http: https:; form-action 'self'; \
                             base-uri 'none'; frame-ancestors 'none'";

/// As [`PAGE_SECURITY`], where pictures are switched off.
const PLAIN_PAGE_SECURITY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
