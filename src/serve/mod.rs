//! HTTP out: editions, pages, health.
//!
//! Two ways in. What is rendered ahead ([`Shelf`]) is answered from memory before any router is asked: a map lookup, the
//! conditional headers, one clone of ready-made headers, no copy of the body. Everything else goes to the router.
//! Nothing here knows SQL: what pages need is asked for through plain functions given to [`App`].

mod app;
mod cache;
mod desk;
mod diff;
mod filter;
pub mod health;
mod host;
mod http;
mod meters;
mod pages;
mod payload;
mod plots;
mod reply;
mod river;
mod routes;
mod server;
mod shelf;
mod words;

#[cfg(test)]
mod tests;

pub use app::App;
pub use desk::{Answer, Archived, Ask, Desk, Trouble, ask};
pub use health::{DatabaseState, Health};
pub use host::Hosts;
pub use meters::{Meters, Polled};
pub use river::Rivers;
pub use server::{Limits, run, run_with};
pub use shelf::{Policy, Shelf, Shelved};

/// What pages may do: our own style sheet, forms to ourselves, and the entries' pictures. No script at all.
const PAGE_SECURITY: &str = "default-src 'none'; style-src 'self'; img-src 'self' http: https:; form-action 'self'; \
                             base-uri 'none'; frame-ancestors 'none'";

/// As [`PAGE_SECURITY`], where pictures are switched off.
const PLAIN_PAGE_SECURITY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
