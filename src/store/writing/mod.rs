//! The writer, the same for every store: the order of work, its transactions, and what they hold.

pub(in crate::store) mod transaction;
pub(in crate::store) mod writer_task;
