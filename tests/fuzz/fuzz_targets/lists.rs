//! What a person hands over: lists of feeds (OPML), and the configuration. Faults are told, never panics.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::{collections::BTreeMap, path::Path};
use warraq::{config::Config, parse::outlines};

fuzz_target!(|text: &str| {
    let _ = outlines(text);
    if let Err(faults) = Config::parse(text, Path::new("config.toml"), &BTreeMap::new()) {
        assert!(!faults.to_string().is_empty());
    }
});
