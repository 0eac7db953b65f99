//! `warraq check`.

use super::{
    CliError,
    out::{counted, note, say},
};
use crate::{
    config::{Config, ConfigFaults},
    store::{self, StoreError},
    telemetry,
};
use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

/// Prints warnings and a summary of a configuration without errors. With errors, the command has ended before.
pub(super) fn check(config: &Config, file: &Path, environment: &BTreeMap<String, String>) -> Result<(), CliError> {
    config.must_poll(file).map_err(CliError::Config)?;
    telemetry::check(environment.get("WARRAQ_LOG").map(String::as_str)).map_err(CliError::environment)?;
    let mut warnings = config.warnings();
    warnings.extend(warning_of_place(config, file)?);
    for warning in warnings {
        note(format_args!("warning: {}: {warning}", file.display()));
    }
    // Without a file, everything comes from the file that this variable names, and from other variables.
    let read = if file.exists() { file.display().to_string() } else { "WARRAQ_OUTLETS_FILE".to_owned() };
    let feeds: usize = config.outlets.iter().map(|o| o.feeds.len()).sum();
    // The channel `all` exists without being configured.
    let only_all = if config.channels.len() == 1 { " (all)" } else { "" };
    say(format_args!(
        "{read}: no errors; {}, {}, {}{only_all}; database {}",
        counted(config.outlets.len(), "outlet", "outlets"),
        counted(feeds, "feed", "feeds"),
        counted(config.channels.len(), "channel", "channels"),
        database(config).display()
    ))?;
    Ok(())
}

/// Returns what is wrong with the path of the database now. It is only a warning: the folder may be made before the daemon starts.
///
/// # Errors
/// Fails if the address of a server has a parameter that cannot be read.
fn warning_of_place(config: &Config, file: &Path) -> Result<Option<String>, CliError> {
    match store::check_place(&config.database.place()) {
        Ok(()) => Ok(None),
        // The daemon may run as another user, who can read more.
        Err(StoreError::Place { source, .. }) if source.kind() == io::ErrorKind::PermissionDenied => Ok(None),
        Err(StoreError::Place { path, source }) => {
            Ok(Some(format!("database.path: the database cannot be at {}: {source}", path.display())))
        }
        // The error names the key.
        Err(error) => Err(CliError::Config(ConfigFaults::whole(file, error.to_string(), None))),
    }
}

/// Returns the absolute path of the database file, or the address of the server.
fn database(config: &Config) -> PathBuf {
    let name = config.database.name();
    if config.database.server.is_some() { name } else { std::path::absolute(&name).unwrap_or(name) }
}
