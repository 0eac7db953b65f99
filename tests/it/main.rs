//! Warraq from outside: journeys over real sockets and real files, with outlets that do what the script says.
#![expect(clippy::unwrap_used, reason = "what cannot be set up fails the test")]

mod backfill;
mod config;
mod copies;
mod daemon;
mod demo;
mod deploy;
mod descriptors;
mod desk;
mod envelopes;
mod fake_outlet;
mod feed_doc;
mod fetch;
mod hostile;
mod house_rules;
mod instructions;
mod journeys;
mod locked;
mod manners;
mod manual;
mod meters;
mod outcomes;
mod overdue;
mod page;
mod processes;
mod proxies;
mod publishing;
mod questions;
mod reading;
mod size;
mod store;
mod stories;
mod test_house;
mod verbs;
mod week;
