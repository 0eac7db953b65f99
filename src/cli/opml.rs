//! `warraq import-opml` and `warraq export-opml`: subscription lists of other feed readers.
//!
//! Real exports lack `head`, `version`, `type` or `text`, spell `xmlUrl` in several ways, and contain bare ampersands, HTML
//! entities and unclosed elements. Every outline with an address is imported.

mod outlets;
mod read;

use super::{
    CliError,
    out::{note, written},
};
use crate::{
    config::{
        Config,
        edit::{self, NewOutlet},
    },
    model::FeedUrl,
    publish::opml::{Subscription, render},
};
use anyhow::{Context as _, anyhow};
use outlets::outlets;
pub(super) use outlets::{clean, slug};
use read::{read, text};
use std::{
    collections::HashSet,
    fs::File,
    io::{Read as _, Write as _},
    path::Path,
};

/// Maximum size of a file, in bytes: enough for a hundred thousand feeds.
const FILE_MAX: u64 = 50_000_000;
/// Prints `[[outlet]]` tables for the feeds of a file. Feeds that cannot be polled are reported on standard error.
pub(super) fn import(file: &Path) -> Result<(), CliError> {
    let outlets = new_outlets(file, HashSet::new(), &HashSet::new())?;
    let tables = edit::add("", &outlets)? + "\n";
    written(std::io::stdout().lock().write_all(tables.as_bytes()))
}

/// Returns the feeds of a file as outlets. Feeds that cannot be polled or are `known` already are reported on standard error.
pub(super) fn new_outlets(
    file: &Path,
    slugs: HashSet<String>,
    known: &HashSet<FeedUrl>,
) -> Result<Vec<NewOutlet>, CliError> {
    let mut bytes = Vec::new();
    let open = || format!("{} cannot be read", file.display());
    File::open(file).with_context(open)?.take(FILE_MAX + 1).read_to_end(&mut bytes).with_context(open)?;
    if bytes.len() as u64 > FILE_MAX {
        return Err(anyhow!("{} is larger than {FILE_MAX} bytes", file.display()).into());
    }
    let (listed, fault) = read(&text(&bytes));
    if let Some(fault) = fault {
        note(format_args!("warning: {} is not well formed: {fault}; it is read as far as it can be", file.display()));
    }
    if listed.is_empty() {
        let error = anyhow!("{} contains no feeds", file.display());
        return Err(CliError::with_hint(error, "an OPML file contains <outline> elements with an xmlUrl attribute"));
    }
    let (outlets, refused) = outlets(&listed, slugs, known);
    for why in refused {
        note(format_args!("warning: {why}"));
    }
    Ok(outlets)
}

/// Prints the configured feeds as OPML.
pub(super) fn export(config: &Config) -> Result<(), CliError> {
    let feeds: Vec<_> = config.outlets.iter().flat_map(Subscription::of).collect();
    written(std::io::stdout().lock().write_all(&render("Warraq", &feeds)))
}

#[cfg(test)]
mod tests;
