//! How far a long work has come, on standard error: on a terminal one line that is written over and wiped at the end,
//! elsewhere a line every several seconds.

use super::out::megabytes;
use crate::clock::Clock;
use crate::store::{Progress, ProgressSender, ProgressUnit};
use std::{
    io::{self, IsTerminal as _, Write as _},
    time::Duration,
};
use tokio::{sync::watch, time::Instant};

/// Between two looks on a terminal.
const TERMINAL: Duration = Duration::from_millis(200);
/// Between two lines in a log.
const LOG: Duration = Duration::from_secs(10);

/// Does a work that tells of its progress, and shows it meanwhile.
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
    // A short work has come to its end between two looks: what it did last is worth one.
    if line.terminal {
        line.draw(*told.borrow());
    }
    line.wipe();
    ended
}

/// The place where progress is shown.
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

    /// Shows it, when the last time is long enough ago: a terminal sees the first at once, a log what takes long only.
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
        // Progress that cannot be shown is no reason to stop the work.
        let _ = if self.terminal { write!(io::stderr(), "\r\x1b[K{words}") } else { writeln!(io::stderr(), "{words}") };
    }

    /// Leaves the terminal to what is said next.
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
    // What grows meanwhile is not more than everything.
    let done = done.min(total);
    let percent = u128::from(done) * 100 / u128::from(total);
    match unit {
        ProgressUnit::Bytes => format!("{doing}: {percent} %, {:.1} of {:.1} MB", megabytes(done), megabytes(total)),
        ProgressUnit::Stories => format!("{doing}: {percent} %, {done} of {total} stories"),
        ProgressUnit::Entries => format!("{doing}: {percent} %, {done} of {total} entries"),
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
