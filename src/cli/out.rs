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

/// A number with its noun: `1 entry`, `2 entries`.
pub(super) fn counted<N: fmt::Display + Copy + PartialEq + From<u8>>(count: N, one: &str, many: &str) -> String {
    let noun = if count == N::from(1) { one } else { many };
    format!("{count} {noun}")
}

/// Bytes for people.
#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
pub(super) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
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

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn a_noun_follows_its_number() {
        let said = [0_u64, 1, 2].map(|count| counted(count, "story", "stories"));
        assert_eq!(said, ["0 stories", "1 story", "2 stories"]);
    }
}
