//! `warraq check`.

use super::{
    CliError,
    out::{counted, say},
};
use crate::config::Config;
use std::path::Path;

/// Prints a summary of a configuration without errors. With errors, the command has ended before.
pub(super) fn check(config: &Config, file: &Path) -> Result<(), CliError> {
    config.must_poll(file).map_err(CliError::Config)?;
    let feeds: usize = config.outlets.iter().map(|o| o.feeds.len()).sum();
    say(format_args!(
        "{}: no errors; {}, {}, {}; database {}",
        file.display(),
        counted(config.outlets.len(), "outlet", "outlets"),
        counted(feeds, "feed", "feeds"),
        counted(config.channels.len(), "channel", "channels"),
        config.database.path.display()
    ))?;
    Ok(())
}
