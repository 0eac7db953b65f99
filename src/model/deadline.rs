//! Time limits for work that cannot be cancelled from outside and therefore checks them in its loops.

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;

/// Tells whether the time for a piece of work is over. Once it is over, it stays over. Cheap to clone.
#[derive(Clone, Default)]
pub struct Deadline(Option<Arc<dyn Fn() -> bool + Send + Sync>>);

impl Deadline {
    /// Creates a deadline that never passes.
    #[must_use]
    pub fn never() -> Self {
        Self(None)
    }

    /// Creates a deadline that passes once `is_over` returns true. It reads a monotonic clock, or counts the calls in a test.
    pub fn when(is_over: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(is_over)))
    }

    /// Returns whether the time is over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.0.as_ref().is_some_and(|is_over| is_over())
    }
}

impl fmt::Debug for Deadline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Deadline(set)" } else { "Deadline(never)" })
    }
}

/// Number of steps between two checks of a [`SteppedDeadline`]: a check costs as much as a few steps.
const STEPS: u32 = 64;

/// A deadline for loops of many small steps: it is checked once in 64 steps.
#[derive(Debug, Clone, Default)]
pub struct SteppedDeadline {
    deadline: Deadline,
    steps: Cell<u32>,
    over: Cell<bool>,
}

impl SteppedDeadline {
    /// Creates one that checks this deadline.
    #[must_use]
    pub fn of(deadline: &Deadline) -> Self {
        Self { deadline: deadline.clone(), ..Self::default() }
    }

    /// Counts one step. Returns whether the deadline had passed at the last check.
    #[must_use]
    pub fn is_over(&self) -> bool {
        let steps = self.steps.get();
        self.steps.set(steps.wrapping_add(1));
        if steps.is_multiple_of(STEPS) && !self.over.get() {
            self.over.set(self.deadline.is_over());
        }
        self.over.get()
    }
}
