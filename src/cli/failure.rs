//! How a verb fails: what people read on standard error, and the exit code scripts test.

use crate::config::ConfigFaults;
use std::process::ExitCode;

/// Why a verb did not do its work.
#[derive(Debug)]
pub enum CliError {
    /// It could not be done.
    Failed {
        /// What went wrong, with its causes.
        error: anyhow::Error,
        /// What to do about it.
        hint: Option<String>,
    },
    /// The command line asks for something that does not exist.
    Usage(String),
    /// The configuration is faulty.
    Config(ConfigFaults),
    /// Nobody reads standard output any more: nothing is left to do, and nothing is wrong.
    Unread,
}

impl CliError {
    /// Done, in the shell's words.
    pub const FAILED: u8 = 1;
    /// Wrong arguments; clap's own code.
    pub const USAGE: u8 = 2;
    /// `EX_CONFIG` of sysexits(3).
    pub const CONFIG: u8 = 78;

    /// Failed for this reason, with a word on what to do.
    pub fn with_hint(error: impl Into<anyhow::Error>, hint: impl Into<String>) -> Self {
        Self::Failed { error: error.into(), hint: Some(hint.into()) }
    }

    /// Writes itself to standard error; answers the exit code.
    #[must_use]
    pub fn report(&self) -> ExitCode {
        match self {
            Self::Failed { error, hint } => {
                let mut last = error.to_string();
                eprintln!("error: {last}");
                for cause in error.chain().skip(1).map(ToString::to_string) {
                    // Some errors end in the words of their cause.
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
