//! `warraq check`.

use super::{
    CliError,
    out::{counted, note, say},
};
use crate::config::Config;
use std::path::{Path, PathBuf};

/// Prints warnings and a summary of a configuration without errors. With errors, the command has ended before.
pub(super) fn check(config: &Config, file: &Path) -> Result<(), CliError> {
    config.must_poll(file).map_err(CliError::Config)?;
    for warning in config.warnings() {
        note(format_args!("warning: {}: {warning}", file.display()));
    }
    let feeds: usize = config.outlets.iter().map(|o| o.feeds.len()).sum();
    say(format_args!(
        "{}: no errors; {}, {}, {}; database {}",
        file.display(),
        counted(config.outlets.len(), "outlet", "outlets"),
        counted(feeds, "feed", "feeds"),
        counted(config.channels.len(), "channel", "channels"),
        database(config).display()
    ))?;
    Ok(())
}

/// Returns the absolute path of the database file, or the address of the server.
fn database(config: &Config) -> PathBuf {
    let name = config.database.name();
    if config.database.server.is_some() { name } else { std::path::absolute(&name).unwrap_or(name) }
}
