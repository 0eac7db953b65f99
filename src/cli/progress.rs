//! Progress of a long task, on standard error: on a terminal one line that is redrawn and cleared at the end, otherwise a line
//! every few seconds.

use super::out::megabytes;
use crate::clock::Clock;
use crate::store::{Progress, ProgressSender, ProgressUnit};
use std::{
    io::{self, IsTerminal as _, Write as _},
    time::Duration,
};
use tokio::{sync::watch, time::Instant};

/// Time between two updates on a terminal.
const TERMINAL: Duration = Duration::from_millis(200);
/// Time between two lines in a log.
const LOG: Duration = Duration::from_secs(10);

/// Runs a task that reports its progress, and shows the progress meanwhile.
pub(super) async fn shown<T>(work: impl AsyncFnOnce(ProgressSender) -> T) -> T {
    let (progress_sender, told) = watch::channel(Progress::default());
    let mut line = ProgressLine::new();
    let mut work = std::pin::pin!(work(progress_sender));
    let mut ticks = tokio::time::interval(line.every());
    let ended = loop {
        tokio::select! {
            ended = &mut work => break ended,
            _ = ticks.tick() => line.show(*told.borrow()),
        }
    };
    // A short task ends between two updates: show its last progress once.
    if line.terminal {
        line.draw(*told.borrow());
    }
    line.wipe();
    ended
}

/// The line that shows progress.
pub(super) struct ProgressLine {
    terminal: bool,
    started: Instant,
    drawn: Option<Instant>,
}

impl ProgressLine {
    pub(super) fn new() -> Self {
        Self { terminal: io::stderr().is_terminal(), started: Clock::monotonic(), drawn: None }
    }

    fn every(&self) -> Duration {
        if self.terminal { TERMINAL } else { LOG }
    }

    /// Shows progress if the last update is long enough ago. A terminal shows it at once, a log only when the task takes long.
    pub(super) fn show(&mut self, progress: Progress) {
        let since = self.drawn.or_else(|| (!self.terminal).then_some(self.started));
        if since.is_none_or(|at| Clock::monotonic().duration_since(at) >= self.every()) {
            self.draw(progress);
        }
    }

    fn draw(&mut self, progress: Progress) {
        if progress.doing.is_empty() {
            return;
        }
        self.drawn = Some(Clock::monotonic());
        let words = words(progress, Clock::monotonic().duration_since(self.started));
        // Progress that cannot be shown is no reason to stop the task.
        let _ = if self.terminal { write!(io::stderr(), "\r\x1b[K{words}") } else { writeln!(io::stderr(), "{words}") };
    }

    /// Clears the line on a terminal.
    pub(super) fn wipe(&self) {
        if self.terminal {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

fn words(progress: Progress, elapsed: Duration) -> String {
    let Progress { doing, done, total, unit } = progress;
    if total == 0 {
        return format!("{doing}: {} s", elapsed.as_secs());
    }
    // The done part can exceed a total measured earlier.
    let done = done.min(total);
    let percent = u128::from(done) * 100 / u128::from(total);
    match unit {
        ProgressUnit::Bytes => format!("{doing}: {percent} %, {:.1} of {:.1} MB", megabytes(done), megabytes(total)),
        ProgressUnit::Stories => format!("{doing}: {percent} %, {done} of {total} stories"),
        ProgressUnit::Entries => format!("{doing}: {percent} %, {done} of {total} entries"),
        ProgressUnit::Rows => format!("{doing}: {percent} %, {done} of {total} rows"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_where_the_whole_is_known_and_the_time_where_it_is_not() {
        let progress = |done, total, unit| Progress { doing: "copying", done, total, unit };
        let said = |progress| words(progress, Duration::from_secs(12));
        assert_eq!(said(progress(12_340_000, 100_000_000, ProgressUnit::Bytes)), "copying: 12 %, 12.3 of 100.0 MB");
        assert_eq!(said(progress(120, 100, ProgressUnit::Stories)), "copying: 100 %, 100 of 100 stories");
        assert_eq!(said(progress(7, 0, ProgressUnit::Entries)), "copying: 12 s");
        assert_eq!(said(progress(u64::MAX, u64::MAX, ProgressUnit::Entries)).split(',').next(), Some("copying: 100 %"));
    }
}
