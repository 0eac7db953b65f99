//! Sets up logging to standard error, as text or JSON, with the level from `WARRAQ_LOG`. Each module decides what it logs;
//! secrets and bodies are never logged.

use crate::config::LogFormat;
use std::io::{self, IsTerminal};
use tracing::{Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

/// The log level if `WARRAQ_LOG` is not set.
pub const DEFAULT_LEVEL: &str = "info";

/// Error of setting up logging.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// `WARRAQ_LOG` is not a valid filter.
    #[error(
        "WARRAQ_LOG: {text:?} is not a log filter ({why}); allowed: error, warn, info, debug, trace, off, or directives such as \"info,warraq::fetch=debug\""
    )]
    Filter {
        /// Its value.
        text: String,
        /// What is wrong with it.
        why: String,
    },
    /// Logging is already set up.
    #[error("logging is already set up")]
    Twice,
}

/// Starts logging to standard error, in colour on a terminal. `filter` is the value of `WARRAQ_LOG`.
///
/// # Errors
/// Fails if the filter is invalid, or if logging is already set up.
pub fn init(format: LogFormat, filter: Option<&str>) -> Result<(), TelemetryError> {
    let subscriber = subscriber(format, filter, io::stderr().is_terminal(), io::stderr)?;
    tracing::subscriber::set_global_default(subscriber).map_err(|_| TelemetryError::Twice)
}

fn subscriber<W>(
    format: LogFormat,
    filter: Option<&str>,
    colour: bool,
    writer: W,
) -> Result<Box<dyn Subscriber + Send + Sync>, TelemetryError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt().with_writer(writer).with_env_filter(self::filter(filter)?);
    Ok(match format {
        LogFormat::Text => Box::new(lines.with_ansi(colour).finish()),
        LogFormat::Json => Box::new(lines.json().flatten_event(true).with_span_list(false).finish()),
    })
}

/// Parses the filter. A bare level applies only to Warraq itself. Of its dependencies, which report every connection and
/// statement, only warnings and errors are logged. Directives are used as they are.
fn filter(text: Option<&str>) -> Result<EnvFilter, TelemetryError> {
    let text = text.map(str::trim).filter(|text| !text.is_empty()).unwrap_or(DEFAULT_LEVEL);
    let fault = |why: &str| TelemetryError::Filter { text: text.to_owned(), why: why.to_owned() };
    let directives = match text.parse::<LevelFilter>() {
        Ok(LevelFilter::OFF) => "off".to_owned(),
        Ok(level) => format!("{},warraq={level}", level.min(LevelFilter::WARN)),
        // As a directive, a bare word would be the name of a crate and silence everything else.
        Err(_) if text.bytes().all(|b| b.is_ascii_alphabetic()) => return Err(fault("no such level")),
        Err(_) => text.to_owned(),
    };
    EnvFilter::builder().parse(&directives).map_err(|why| fault(&why.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Logs at debug and info level, and at info and warning level for another crate; returns the lines that pass the filter.
    fn logged(format: LogFormat, filter: Option<&str>) -> Vec<String> {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = subscriber(format, filter, false, move || writer.clone()).unwrap();
        tracing::subscriber::with_default(subscriber, || {
            tracing::debug!("a detail");
            tracing::info!(feed = "http://a.example/feed", new = 3, "polled\nwell");
            tracing::info!(target: "sqlx::query", "a statement");
            tracing::warn!(target: "sqlx::query", "a slow statement");
        });
        let bytes = lines.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn levels_are_of_warraq_and_warnings_of_all() {
        let begins = |filter| {
            let lines = logged(LogFormat::Json, filter);
            let message = |line: &String| serde_json::from_str::<serde_json::Value>(line).unwrap()["message"].clone();
            lines.iter().map(message).collect::<Vec<_>>()
        };
        assert_eq!(begins(None), ["polled\nwell", "a slow statement"]);
        assert_eq!(begins(Some("debug")), ["a detail", "polled\nwell", "a slow statement"]);
        assert_eq!(begins(Some("error")), [""; 0]);
        assert_eq!(begins(Some("off")), [""; 0]);
        assert_eq!(begins(Some("warn,sqlx=info")), ["a statement", "a slow statement"]);
    }

    #[test]
    fn json_lines_hold_the_fields_and_text_is_plain_without_a_terminal() {
        let line: serde_json::Value = serde_json::from_str(&logged(LogFormat::Json, None)[0]).unwrap();
        assert_eq!((line["level"].as_str(), line["new"].as_i64()), (Some("INFO"), Some(3)));
        let lines = logged(LogFormat::Text, None);
        assert!(lines[0].contains("INFO") && !lines.concat().contains('\u{1b}'), "{lines:?}");
        assert!(lines.concat().contains("new=3"));
    }

    #[test]
    fn a_faulty_filter_is_named() {
        for text in ["warraq=loud", "verbose"] {
            let error = filter(Some(text)).unwrap_err().to_string();
            assert!(error.starts_with(&format!("WARRAQ_LOG: {text:?} is not a log filter (")), "{error}");
        }
    }
}
