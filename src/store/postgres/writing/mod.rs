//! Writing: the statements of the writer's transactions.

pub(in crate::store) mod channel_order;
pub(in crate::store) mod load_window;
pub(in crate::store) mod lookup;
pub(in crate::store) mod webhooks;
