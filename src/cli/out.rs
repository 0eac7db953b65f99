//! Standard output. A reader that closes the pipe (`warraq feeds | head`) has what it wanted: that is no failure.

use super::Failure;
use std::{
    fmt,
    io::{self, Write as _},
};

/// Writes a line.
///
/// # Errors
/// When standard output cannot be written.
pub(super) fn say(line: impl fmt::Display) -> Result<(), Failure> {
    match writeln!(io::stdout(), "{line}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Failure::Unread),
        written => Ok(written?),
    }
}
