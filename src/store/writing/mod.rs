//! The writer, the same for every store: the order of work, its transactions, and what they hold. The statements are traits, which
//! each store implements for its connection in its own SQL.

pub(in crate::store) mod archive;
pub(in crate::store) mod channel_order;
pub(in crate::store) mod configured;
pub(in crate::store) mod dropped;
pub(in crate::store) mod edition;
pub(in crate::store) mod feeds;
pub(in crate::store) mod load_window;
pub(in crate::store) mod lookup;
pub(in crate::store) mod push;
pub(in crate::store) mod retention;
pub(in crate::store) mod sightings;
pub(in crate::store) mod transaction;
pub(in crate::store) mod waiting;
pub(in crate::store) mod webhooks;
pub(in crate::store) mod writer_task;
