//! The statements of reading.

mod feeds;
mod lists;
mod stories;
