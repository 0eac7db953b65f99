//! How a command fails: the message on standard error, and the exit code for scripts.

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

    /// Writes the failure to standard error. Returns the exit code.
    #[must_use]
    pub fn report(&self) -> ExitCode {
        match self {
            Self::Failed { error, hint } => {
                let mut last = error.to_string();
                eprintln!("error: {last}");
                for cause in error.chain().skip(1).map(ToString::to_string) {
                    // Some error messages already end with the message of their cause.
                    if !last.ends_with(&cause) {
                        eprintln!("caused by: {cause}");
                    }
                    last = cause;
                }
                if let Some(hint) = hint {
                    eprintln!("hint: {hint}");
                }
                ExitCode::from(Self::FAILED)
            }
            Self::Usage(what) => {
                eprintln!("error: {what}");
                ExitCode::from(Self::USAGE)
            }
            Self::Unread => ExitCode::SUCCESS,
            Self::Config(faults) => {
                eprintln!("{faults}");
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
