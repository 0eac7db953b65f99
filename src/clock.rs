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

    /// Returns a function that tells whether `patience` has passed since this call. It uses the monotonic clock, because changes
    /// of the wall clock must not affect how long work may take.
    pub fn over_after(patience: Duration) -> impl Fn() -> bool + Send + Sync + 'static {
        let start = Instant::now();
        move || start.elapsed() > patience
    }

    /// Moves a manual clock; a negative step sets it back. Has no effect on the system's clock.
    pub fn step(&self, by: SignedDuration) {
        if let Self::Manual(at) = self {
            let mut at = at.lock().unwrap_or_else(PoisonError::into_inner);
            *at = at.saturating_add(by).unwrap_or(*at);
        }
    }
}
