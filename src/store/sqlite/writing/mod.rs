//! Writing: the statements of the writer's transactions.

mod apply;
mod archive;
pub(in crate::store) mod backend;
mod channel_order;
mod checkpoint;
mod configured;
mod dropped;
mod edition;
mod feeds;
mod insert;
mod load_window;
mod lookup;
mod push;
mod retention;
mod search_index;
mod sightings;
pub(in crate::store) mod start;
mod waiting;
mod webhooks;

#[cfg(feature = "postgres")]
pub(in crate::store) use {search_index::index, sightings::merge_lookup};
