//! The lines that wait for the thread that writes them to standard error. A pipe is full after 64 kB if its reader is slow or
//! stopped (a pager, a container's log driver, a journal that hangs), and whoever logs must not wait for it.

use std::{
    collections::VecDeque,
    io::{self, Write},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Bytes of waiting lines from which on further lines are lost: about two thousand lines.
const FULL: usize = 256 * 1024;

/// Lines in the order in which they were logged. Adding one never waits.
#[derive(Debug, Default)]
pub(super) struct LogQueue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    lines: VecDeque<Vec<u8>>,
    /// Bytes of the lines that are not written yet, including the one that is being written.
    bytes: usize,
    /// Number of lines that were lost since this was last reported.
    lost: u64,
}

impl LogQueue {
    /// Adds a line, or counts it as lost if too many are waiting.
    pub(super) fn push(&self, line: &[u8]) {
        let mut state = self.state();
        if state.bytes >= FULL {
            state.lost += 1;
            return;
        }
        state.bytes += line.len();
        state.lines.push_back(line.to_vec());
        self.changed.notify_all();
    }

    /// Waits for the next line and writes it. Returns the number of lost lines once it is time to report them: when writing works
    /// again and no line is waiting.
    pub(super) fn write_next(&self, to: &mut impl Write) -> Option<u64> {
        let mut state = self.state();
        let line = loop {
            match state.lines.pop_front() {
                Some(line) => break line,
                None => state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        };
        drop(state);
        let is_written = to.write_all(&line).is_ok();
        let mut state = self.state();
        state.bytes -= line.len();
        state.lost += u64::from(!is_written);
        self.changed.notify_all();
        let is_time = is_written && state.lines.is_empty() && state.lost > 0;
        is_time.then(|| std::mem::take(&mut state.lost))
    }

    /// Waits until all lines are written, at most for `patience`.
    pub(super) fn flush(&self, patience: Duration) {
        let state = self.state();
        // Whether they are written makes no difference to the caller.
        drop(self.changed.wait_timeout_while(state, patience, |state| state.bytes > 0));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The subscriber writes each line as a whole.
impl Write for &LogQueue {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{sync::Arc, thread};

    /// A writer that always fails.
    struct Unwritable;

    impl Write for Unwritable {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_are_written_in_order_and_lost_ones_counted_once_at_the_end() {
        let (queue, line) = (LogQueue::default(), |n: usize| format!("{n:0999}\n"));
        (0..1_000).for_each(|n| queue.push(line(n).as_bytes()));
        let kept = FULL.div_ceil(1_000);
        let (mut written, mut reports) = (Vec::new(), Vec::new());
        for n in 0..kept {
            reports.extend(queue.write_next(&mut written).map(|lost| (n, lost)));
        }
        assert_eq!(reports, [(kept - 1, u64::try_from(1_000 - kept).unwrap())]);
        assert_eq!(String::from_utf8(written).unwrap(), (0..kept).map(line).collect::<String>());
        queue.push(b"next\n");
        assert_eq!(queue.write_next(&mut Vec::new()), None, "nothing was lost since");
    }

    #[test]
    fn lines_that_cannot_be_written_are_reported_after_one_that_can() {
        let queue = LogQueue::default();
        for _ in 0..3 {
            queue.push(b"a line\n");
            assert_eq!(queue.write_next(&mut Unwritable), None);
        }
        queue.push(b"a line\n");
        assert_eq!(queue.write_next(&mut Vec::new()), Some(3));
    }

    #[test]
    fn a_flush_waits_for_the_last_line_but_not_without_end() {
        let queue = Arc::<LogQueue>::default();
        queue.flush(Duration::from_hours(1));
        queue.push(b"a line\n");
        queue.flush(Duration::from_millis(10));
        let writing = Arc::clone(&queue);
        let written = thread::spawn(move || {
            let mut written = Vec::new();
            thread::sleep(Duration::from_millis(50));
            writing.write_next(&mut written);
            written
        });
        queue.flush(Duration::from_hours(1));
        assert_eq!(written.join().unwrap(), b"a line\n");
    }
}
