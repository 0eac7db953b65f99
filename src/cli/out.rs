//! Standard output. A reader that closes the pipe early (`warraq feeds | head`) has read what it wanted; this is not a failure.

use super::CliError;
use crate::telemetry;
use anyhow::Context as _;
use jiff::SignedDuration;
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

/// Writes a line to standard error. If that fails (the disk is full, the reader of the pipe has gone), there is nowhere to report
/// it, and the exit code tells enough. `eprintln!` would panic. A daemon does not wait for the reader of the pipe.
pub(super) fn note(line: impl fmt::Display) {
    telemetry::write(&format!("{line}\n"));
}

/// Formats a number with its noun: `1 entry`, `2 entries`.
pub(super) fn counted<N: fmt::Display + Copy + PartialEq + From<u8>>(count: N, one: &str, many: &str) -> String {
    let noun = if count == N::from(1) { one } else { many };
    format!("{count} {noun}")
}

/// Converts bytes to megabytes, for display.
#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
pub(super) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// A length of time in its largest unit: `12 s`, `4 min`, `5 h`, `3 d`.
pub(super) fn span(time: SignedDuration) -> String {
    let seconds = time.as_secs().max(0);
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds / 60),
        7_200..=172_799 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// Columns of the terminal that standard output is; `None` elsewhere: a file has room for everything.
pub(super) fn columns() -> Option<usize> {
    terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0))
}

/// The line, cut so that it fits.
pub(super) fn fitted(line: &str, columns: Option<usize>) -> String {
    match columns {
        Some(columns) if line.chars().count() > columns => {
            line.chars().take(columns.saturating_sub(1)).chain(['…']).collect()
        }
        _ => line.to_owned(),
    }
}

/// Converts the result of a write to standard output.
///
/// # Errors
/// When the write failed; [`CliError::Unread`] when the reader has closed the pipe.
pub(super) fn written(result: io::Result<()>) -> Result<(), CliError> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(CliError::Unread),
        written => Ok(written.context("standard output cannot be written")?),
    }
}

#[cfg(test)]
mod tests {
    use super::{counted, fitted, span};
    use jiff::SignedDuration;

    #[test]
    fn a_noun_follows_its_number() {
        let said = [0_u64, 1, 2].map(|count| counted(count, "story", "stories"));
        assert_eq!(said, ["0 stories", "1 story", "2 stories"]);
    }

    #[test]
    fn spans_are_told_in_their_largest_unit() {
        let said = [-5, 0, 119, 120, 7_200, 172_800].map(|seconds| span(SignedDuration::from_secs(seconds)));
        assert_eq!(said, ["0 s", "0 s", "119 s", "2 min", "2 h", "2 d"]);
    }

    #[test]
    fn only_a_terminal_cuts_lines() {
        assert_eq!(fitted("العلم abc", None), "العلم abc");
        assert_eq!(fitted("العلم abc", Some(9)), "العلم abc");
        assert_eq!(fitted("العلم abc", Some(6)), "العلم…");
        assert_eq!(fitted("abc", Some(0)), "…");
    }
}
