//! The store in PostgreSQL, for those who outgrow one machine: the same tables as in the SQLite file, in the SQL of that engine.
//!
//! Only what engines of its wire protocol share is used: READ COMMITTED, no triggers, no notifications, no advisory locks but the
//! migrator's. The right to write is a row (`lease.rs`).

pub(in crate::store) mod copying;
pub(in crate::store) mod error;
pub(in crate::store) mod lease;
pub(in crate::store) mod open;
mod process;
pub(in crate::store) mod readers;
mod reading;
pub(in crate::store) mod snapshot;
pub(in crate::store) mod text;
pub(in crate::store) mod writing;
