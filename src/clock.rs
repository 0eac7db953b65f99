//! The only place that asks what time it is. Everything else takes time as an argument.

use jiff::{SignedDuration, Timestamp};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What time it is: the system's word, or a test's.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// The machine's clock.
    #[default]
    System,
    /// A clock that moves only when told to.
    Manual(Arc<Mutex<Timestamp>>),
}

impl Clock {
    /// A clock that stands at `start` until it is moved.
    #[must_use]
    pub fn manual(start: Timestamp) -> Self {
        Self::Manual(Arc::new(Mutex::new(start)))
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match self {
            #[expect(clippy::disallowed_methods, reason = "the one legal reading of the clock")]
            Self::System => Timestamp::now(),
            Self::Manual(at) => *at.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// The machine's monotonic clock, which tokio's timers follow: for when a timer is due, and for how long something took. A
    /// test that pauses tokio's time moves it too.
    #[must_use]
    pub fn monotonic() -> tokio::time::Instant {
        tokio::time::Instant::now()
    }

    /// Says, whenever it is asked, whether `patience` has passed since this call. Measured by the machine's monotonic clock: how
    /// long work takes has nothing to do with what day it is.
    pub fn over_after(patience: Duration) -> impl Fn() -> bool + Send + Sync + 'static {
        let start = Instant::now();
        move || start.elapsed() > patience
    }

    /// Moves a manual clock; a negative step is a clock set back. The system's clock is left alone.
    pub fn step(&self, by: SignedDuration) {
        if let Self::Manual(at) = self {
            let mut at = at.lock().unwrap_or_else(PoisonError::into_inner);
            *at = at.saturating_add(by).unwrap_or(*at);
        }
    }
}
