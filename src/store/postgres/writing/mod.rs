//! Writing: the statements of the writer's transactions.

mod apply;
mod archive;
mod backend;
mod channel_order;
mod configured;
mod dropped;
mod edition;
mod feeds;
mod insert;
mod load_window;
mod lookup;
mod push;
mod retention;
mod sightings;
pub(in crate::store) mod start;
mod waiting;
mod webhooks;
