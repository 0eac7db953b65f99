//! How a command fails: the message on standard error, and the exit code for scripts.

use super::out::note;
use crate::config::ConfigFaults;
use std::process::ExitCode;

/// Why a command failed.
#[derive(Debug)]
pub enum CliError {
    /// The command could not be carried out.
    Failed {
        /// What went wrong, with its causes.
        error: anyhow::Error,
        /// What to do about it.
        hint: Option<String>,
    },
    /// The command line names something that does not exist.
    Usage(String),
    /// The configuration has errors.
    Config(ConfigFaults),
    /// An environment variable has a value that cannot be used.
    Environment(String),
    /// The reader of standard output has gone: nothing is left to do, and this is not an error.
    Unread,
}

impl CliError {
    /// Exit code of a failed command.
    pub const FAILED: u8 = 1;
    /// Exit code for wrong arguments; the same as clap's.
    pub const USAGE: u8 = 2;
    /// Exit code for an invalid configuration: `EX_CONFIG` of sysexits(3).
    pub const CONFIG: u8 = 78;

    /// Creates a failure with a hint on what to do.
    pub fn with_hint(error: impl Into<anyhow::Error>, hint: impl Into<String>) -> Self {
        Self::Failed { error: error.into(), hint: Some(hint.into()) }
    }

    /// Creates the failure of a faulty environment variable, which `error` names.
    pub(super) fn environment(error: impl std::fmt::Display) -> Self {
        Self::Environment(error.to_string())
    }

    /// Writes the failure to standard error. Returns the exit code.
    #[must_use]
    pub fn report(&self) -> ExitCode {
        match self {
            Self::Failed { error, hint } => {
                let mut last = error.to_string();
                note(format_args!("error: {last}"));
                for cause in error.chain().skip(1).map(ToString::to_string) {
                    // Some error messages already end with the message of their cause.
                    if !last.ends_with(&cause) {
                        note(format_args!("caused by: {cause}"));
                    }
                    last = cause;
                }
                if let Some(hint) = hint {
                    note(format_args!("hint: {hint}"));
                }
                ExitCode::from(Self::FAILED)
            }
            Self::Usage(what) => {
                note(format_args!("error: {what}"));
                ExitCode::from(Self::USAGE)
            }
            Self::Unread => ExitCode::SUCCESS,
            Self::Config(faults) => {
                note(faults);
                ExitCode::from(Self::CONFIG)
            }
            Self::Environment(what) => {
                note(format_args!("error: {what}"));
                ExitCode::from(Self::CONFIG)
            }
        }
    }
}

impl<E: Into<anyhow::Error>> From<E> for CliError {
    fn from(error: E) -> Self {
        Self::Failed { error: error.into(), hint: None }
    }
}
