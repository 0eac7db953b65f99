//! Sets up logging to standard error, as text or JSON, with the level from `WARRAQ_LOG`. Each module decides what it logs;
//! secrets and bodies are never logged. If standard error is the journal, each line begins with its priority (sd-daemon(3)), so
//! that `journalctl -p warning` finds it, and has no time of its own.

mod log_queue;

use crate::config::LogFormat;
use log_queue::LogQueue;
use std::{
    backtrace::{Backtrace, BacktraceStatus},
    fmt, fs,
    io::{self, IsTerminal, Write as _},
    os::unix::fs::MetadataExt as _,
    panic::{self, PanicHookInfo},
    sync::{Arc, OnceLock},
    thread,
    time::Duration,
};
use tracing::{Event, Level, Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{
    EnvFilter,
    fmt::{
        FmtContext, FormatEvent, FormatFields, MakeWriter,
        format::{self, JsonFields, Writer},
    },
    registry::LookupSpan,
};

/// The log level if `WARRAQ_LOG` is not set.
pub const DEFAULT_LEVEL: &str = "info";

/// How long the end of the process waits for the last lines to be written.
const LAST_LINES: Duration = Duration::from_millis(200);

/// The lines of a daemon that wait to be written. Commands have no queue: they write their lines themselves.
static QUEUE: OnceLock<Arc<LogQueue>> = OnceLock::new();

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
    start(format, filter, io::stderr)
}

/// Does the same as [`init`] for a daemon, which must not wait for a reader of its log that is slow or has stopped: a thread writes
/// the lines. While too many are waiting, further ones are lost, and their number is logged when all the others are written.
///
/// # Errors
/// See [`init`].
pub fn init_non_blocking(format: LogFormat, filter: Option<&str>) -> Result<(), TelemetryError> {
    let queue = Arc::<LogQueue>::default();
    let writing = Arc::clone(&queue);
    let thread = thread::Builder::new().name("warraq-log".to_owned()).spawn(move || write_lines(&writing));
    if thread.is_err() {
        // A log that may have to be waited for is better than none.
        return init(format, filter);
    }
    start(format, filter, Arc::clone(&queue))?;
    QUEUE.set(queue).map_err(|_| TelemetryError::Twice)?;
    // The standard library's hook would write to standard error itself, and wait for its reader.
    panic::set_hook(Box::new(log_panic));
    Ok(())
}

/// Writes the lines of a queue as they come.
fn write_lines(queue: &LogQueue) {
    loop {
        if let Some(lines) = queue.write_next(&mut io::stderr()) {
            tracing::warn!(lines, "lines of this log were lost: standard error was full or its reader was too slow");
        }
    }
}

fn log_panic(panic: &PanicHookInfo<'_>) {
    let backtrace = Backtrace::capture();
    if backtrace.status() == BacktraceStatus::Captured {
        tracing::error!("{panic}\n{backtrace}");
    } else {
        tracing::error!("{panic}");
    }
    // It may end the process.
    flush();
}

/// Writes text to standard error: after the lines that were logged before it, and without waiting, if logging does not wait. What
/// cannot be written is lost.
pub fn write(text: &str) {
    match QUEUE.get() {
        Some(queue) => queue.push(text.as_bytes()),
        None => drop(io::stderr().write_all(text.as_bytes())),
    }
}

/// Waits until what was logged is written, at most 200 ms.
pub fn flush() {
    if let Some(queue) = QUEUE.get() {
        queue.flush(LAST_LINES);
    }
}

/// Starts logging to this writer, in the form that suits standard error.
fn start<W>(format: LogFormat, filter: Option<&str>, writer: W) -> Result<(), TelemetryError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let destination = if writes_to_journal() {
        Destination::Journal
    } else if io::stderr().is_terminal() {
        Destination::Terminal
    } else {
        Destination::Other
    };
    let subscriber = subscriber(format, filter, destination, writer)?;
    tracing::subscriber::set_global_default(subscriber).map_err(|_| TelemetryError::Twice)
}

/// Checks the value of `WARRAQ_LOG` without starting anything.
///
/// # Errors
/// Fails if it is not a filter.
pub fn check(text: Option<&str>) -> Result<(), TelemetryError> {
    filter(text).map(drop)
}

/// What standard error is connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Destination {
    /// A terminal, which shows colours.
    Terminal,
    /// The journal, which reads a priority before each line and adds the time.
    Journal,
    /// A file or a pipe.
    Other,
}

/// Returns whether standard error is systemd's journal, which reads a priority before each line.
#[must_use]
pub fn writes_to_journal() -> bool {
    is_journal(std::env::var("JOURNAL_STREAM").ok().as_deref())
}

/// Returns whether standard error is the stream that `JOURNAL_STREAM` names by device and inode (systemd.exec(5)). The variable
/// alone is not enough, because a child process whose output goes elsewhere inherits it too.
fn is_journal(stream: Option<&str>) -> bool {
    let Ok(error) = fs::metadata("/proc/self/fd/2") else { return false };
    stream.is_some_and(|stream| stream == format!("{}:{}", error.dev(), error.ino()))
}

/// Writes the priority before each line.
struct JournalFormat<F>(F);

impl<S, N, F> FormatEvent<S, N> for JournalFormat<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut text = String::new();
        self.0.format_event(context, Writer::new(&mut text), event)?;
        let priority = priority(*event.metadata().level());
        text.lines().try_for_each(|line| writeln!(writer, "<{priority}>{line}"))
    }
}

/// Returns the priority of a level, as numbered by syslog(3).
fn priority(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        _ => 7,
    }
}

fn subscriber<W>(
    format: LogFormat,
    filter: Option<&str>,
    destination: Destination,
    writer: W,
) -> Result<Box<dyn Subscriber + Send + Sync>, TelemetryError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    // A line that cannot be written (the disk is full, the reader of the pipe has gone) is lost. By default the subscriber reports
    // that on standard error, and panics if it cannot.
    let lines = tracing_subscriber::fmt().log_internal_errors(false);
    let lines = lines.with_writer(writer).with_env_filter(self::filter(filter)?);
    Ok(match (format, destination) {
        (LogFormat::Text, Destination::Journal) => {
            let text = format::format().without_time().with_target(false).with_ansi(false);
            Box::new(lines.with_ansi(false).event_format(JournalFormat(text)).finish())
        }
        (LogFormat::Json, Destination::Journal) => {
            let json = format::format().json().flatten_event(true).with_span_list(false);
            Box::new(lines.fmt_fields(JsonFields::new()).event_format(JournalFormat(json)).finish())
        }
        (LogFormat::Text, _) => Box::new(lines.with_ansi(destination == Destination::Terminal).finish()),
        (LogFormat::Json, _) => Box::new(lines.json().flatten_event(true).with_span_list(false).finish()),
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
        logged_to(Destination::Other, format, filter)
    }

    fn logged_to(destination: Destination, format: LogFormat, filter: Option<&str>) -> Vec<String> {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = subscriber(format, filter, destination, move || writer.clone()).unwrap();
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
    fn the_journal_gets_a_priority_before_every_line() {
        let text = logged_to(Destination::Journal, LogFormat::Text, Some("debug"));
        let begins: Vec<&str> = text.iter().map(|line| &line[..3]).collect();
        assert_eq!(begins, ["<7>", "<6>", "<6>", "<4>"], "{text:?}");
        assert!(text[1].starts_with("<6> INFO polled"), "no time, no module: {text:?}");
        let json = logged_to(Destination::Journal, LogFormat::Json, None);
        let line: serde_json::Value = serde_json::from_str(json[0].strip_prefix("<6>").unwrap()).unwrap();
        assert_eq!((line["message"].as_str(), line["new"].as_i64()), (Some("polled\nwell"), Some(3)));
    }

    #[test]
    fn a_variable_that_names_another_stream_is_no_journal() {
        assert!(!is_journal(None) && !is_journal(Some("")) && !is_journal(Some("8:1")));
        let error = fs::metadata("/proc/self/fd/2").unwrap();
        assert!(is_journal(Some(&format!("{}:{}", error.dev(), error.ino()))));
    }

    #[test]
    fn a_faulty_filter_is_named() {
        for text in ["warraq=loud", "verbose"] {
            let error = filter(Some(text)).unwrap_err().to_string();
            assert!(error.starts_with(&format!("WARRAQ_LOG: {text:?} is not a log filter (")), "{error}");
        }
    }
}
