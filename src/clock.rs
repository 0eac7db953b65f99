//! The only place that reads the clock. Everything else takes the time as an argument.

use jiff::{SignedDuration, Timestamp};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The system's clock, or a manual one for tests.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// The machine's clock.
    #[default]
    System,
    /// A clock that moves only by [`Clock::step`].
    Manual(Arc<Mutex<Timestamp>>),
}

impl Clock {
    /// Creates a manual clock that is set to `start`.
    #[must_use]
    pub fn manual(start: Timestamp) -> Self {
        Self::Manual(Arc::new(Mutex::new(start)))
    }

    /// Returns the current time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match self {
            #[expect(clippy::disallowed_methods, reason = "the one legal reading of the clock")]
            Self::System => Timestamp::now(),
            Self::Manual(at) => *at.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Returns the time of the monotonic clock, which tokio's timers follow. It is for when a timer is due, and for how long
    /// something took. A test that pauses tokio's time moves it too.
    #[must_use]
    pub fn monotonic() -> tokio::time::Instant {
        tokio::time::Instant::now()
    }

    /// Returns a function that tells whether the calling thread has worked longer than `work` since this call. Time in which the
    /// thread waited for a processor does not count: on a busy machine it is most of the time that passes. Call both on the
    /// thread that works.
    pub fn over_after(work: Duration) -> impl Fn() -> bool + Send + Sync + 'static {
        let (start, worked) = (Instant::now(), worked());
        // No thread works longer than time passes, and the monotonic clock is read without a system call.
        move || start.elapsed() > work && self::worked().saturating_sub(worked) > work
    }

    /// Moves a manual clock; a negative step sets it back. Has no effect on the system's clock.
    pub fn step(&self, by: SignedDuration) {
        if let Self::Manual(at) = self {
            let mut at = at.lock().unwrap_or_else(PoisonError::into_inner);
            *at = at.saturating_add(by).unwrap_or(*at);
        }
    }
}

/// Returns the processor time that this thread has used.
fn worked() -> Duration {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(used.tv_sec.try_into().unwrap_or_default(), used.tv_nsec.try_into().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_is_no_work() {
        let limit = Duration::from_millis(20);
        let is_over = Clock::over_after(limit);
        std::thread::sleep(limit * 3);
        assert!(!is_over(), "the thread only slept");
        while !is_over() {
            std::hint::spin_loop();
        }
        assert!(worked() > limit);
    }
}
