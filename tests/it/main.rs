//! Warraq from outside: journeys over real sockets and real files, with outlets that do what the script says.
#![expect(clippy::unwrap_used, reason = "what cannot be set up fails the test")]

mod backfill;
mod config;
mod copies;
mod daemon;
mod demo;
mod deploy;
mod desk;
mod fake_outlet;
mod feed_doc;
mod fetch;
mod house_rules;
mod identity;
mod instructions;
mod journeys;
mod manners;
mod manual;
mod meters;
mod moving;
mod outcomes;
mod page;
mod processes;
mod proxies;
mod questions;
mod reading;
mod store;
mod stories;
mod test_house;
mod verbs;
mod week;
