//! Warraq (ورّاق): polls the feeds of news outlets, keeps every report once, republishes them as merged feeds.
//!
//! The rooms in the order in which data moves; nothing points back:
//!
//! ```text
//! schedule -> fetch -> parse -> normalise -> dedup -> store -> publish -> serve
//!   which     one      bytes    entries      what    one        stories    editions
//!   feed is   polite   to       as we        is      writer,    to bytes   to readers
//!   due       GET      feed     keep them    new     one file   and ETag
//! ```

pub mod cli;
pub mod clock;
pub mod dedup;
pub mod model;
pub mod normalise;
pub mod parse;
pub mod publish;
pub mod schedule;
