//! `warraq check`.

use super::{
    CliError,
    out::{counted, note, say},
};
use crate::config::Config;
use std::path::Path;

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
        std::path::absolute(&config.database.path).as_ref().unwrap_or(&config.database.path).display()
    ))?;
    Ok(())
}
