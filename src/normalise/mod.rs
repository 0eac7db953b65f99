//! `ParsedEntry` to `Entry`: folded text, canonical link, believed dates, safe HTML.

pub mod fold;
