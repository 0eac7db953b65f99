//! Standard output. A reader that closes the pipe (`warraq feeds | head`) has what it wanted: that is no failure.

use super::CliError;
use std::{
    fmt,
    io::{self, Write as _},
};

/// Writes a line.
///
/// # Errors
/// When standard output cannot be written.
pub(super) fn say(line: impl fmt::Display) -> Result<(), CliError> {
    written(writeln!(io::stdout(), "{line}"))
}

/// What became of a writing to standard output.
///
/// # Errors
/// When it failed, or nobody reads any more.
pub(super) fn written(result: io::Result<()>) -> Result<(), CliError> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(CliError::Unread),
        written => Ok(written?),
    }
}
