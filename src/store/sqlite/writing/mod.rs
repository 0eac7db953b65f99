//! Writing: the statements of the writer's transactions.

pub(in crate::store) mod apply;
pub(in crate::store) mod archive;
mod backend;
pub(in crate::store) mod channel_order;
pub(in crate::store) mod channel_rules;
pub(in crate::store) mod checkpoint;
pub(in crate::store) mod configured;
pub(in crate::store) mod dropped;
pub(in crate::store) mod edition;
pub(in crate::store) mod feeds;
mod insert;
pub(in crate::store) mod load_window;
pub(in crate::store) mod lookup;
pub(in crate::store) mod push;
pub(in crate::store) mod retention;
pub(in crate::store) mod search_index;
pub(in crate::store) mod sightings;
mod start;
pub(in crate::store) mod waiting;
pub(in crate::store) mod webhooks;
