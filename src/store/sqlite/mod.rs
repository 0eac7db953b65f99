//! The store in SQLite: one file, one writer, and readers that never wait for it.

pub(in crate::store) mod backup;
#[cfg(feature = "postgres")]
pub(in crate::store) mod copying;
pub(in crate::store) mod error;
pub(in crate::store) mod open;
pub(in crate::store) mod readers;
mod reading;
pub(in crate::store) mod writing;

pub(in crate::store) use super::row;
