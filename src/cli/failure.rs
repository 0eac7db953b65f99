//! How a command fails: the message on standard error, and the exit code for scripts.

use super::{database, out::note};
use crate::{config::ConfigFaults, model::Outlet, telemetry::writes_to_journal};
use std::process::ExitCode;

/// Most slugs in the hint after a name that no outlet has.
const SLUGS_SHOWN: usize = 12;

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
    /// The command line is wrong.
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

    /// Creates the usage error of a command that names an outlet or feed that is not configured. The hint lists the outlets.
    pub(super) fn unknown(name: &str, outlets: &[Outlet]) -> Self {
        Self::Usage(format!("no outlet or feed is called \"{name}\"\nhint: {}", known_slugs(outlets)))
    }

    /// Creates the failure of a faulty environment variable, which `error` names.
    pub(super) fn environment(error: impl std::fmt::Display) -> Self {
        Self::Environment(error.to_string())
    }

    /// Writes the failure to standard error. Returns the exit code.
    #[must_use]
    pub fn report(&self) -> ExitCode {
        let (code, text) = self.told();
        // As the daemon's own errors, so that `journalctl -p warning` shows why a start failed (sd-daemon(3)).
        let priority = if writes_to_journal() { "<3>" } else { "" };
        for line in text.lines() {
            note(format_args!("{priority}{line}"));
        }
        ExitCode::from(code)
    }

    /// Returns the exit code and the message.
    fn told(&self) -> (u8, String) {
        match self {
            Self::Failed { error, hint } => {
                let mut last = error.to_string();
                let mut text = format!("error: {last}");
                for cause in error.chain().skip(1).map(ToString::to_string) {
                    // Some error messages already end with the message of their cause.
                    if !last.ends_with(&cause) {
                        text.push_str("\ncaused by: ");
                        text.push_str(&cause);
                    }
                    last = cause;
                }
                if let Some(hint) = hint {
                    text.push_str("\nhint: ");
                    text.push_str(hint);
                }
                (if database::is_about_configuration(error) { Self::CONFIG } else { Self::FAILED }, text)
            }
            Self::Usage(what) => (Self::USAGE, format!("error: {what}")),
            Self::Unread => (0, String::new()),
            Self::Config(faults) => (Self::CONFIG, faults.to_string()),
            Self::Environment(what) => (Self::CONFIG, format!("error: {what}")),
        }
    }
}

/// Returns which outlets there are, as a hint of one line.
pub(super) fn known_slugs(outlets: &[Outlet]) -> String {
    if outlets.is_empty() {
        return "the configuration has no outlet".to_owned();
    }
    let slugs: Vec<&str> = outlets.iter().take(SLUGS_SHOWN).map(|outlet| outlet.slug.as_str()).collect();
    let others = outlets.len() - slugs.len();
    let others = if others > 0 { format!(", and {others} more (`warraq feeds` lists all)") } else { String::new() };
    format!("outlets: {}{others}", slugs.join(", "))
}

impl<E: Into<anyhow::Error>> From<E> for CliError {
    fn from(error: E) -> Self {
        Self::Failed { error: error.into(), hint: None }
    }
}
