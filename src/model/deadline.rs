//! How long a piece of work may take. Work that cannot be cancelled from outside asks from inside its loops.

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;

/// Says whether the time for a piece of work is over. Once it is over it stays so. Cheap to clone.
#[derive(Clone, Default)]
pub struct Deadline(Option<Arc<dyn Fn() -> bool + Send + Sync>>);

impl Deadline {
    /// Work that may take as long as it needs.
    #[must_use]
    pub fn never() -> Self {
        Self(None)
    }

    /// Work that ends once `is_over` says so: of a monotonic clock, or of a test that counts the questions.
    pub fn when(is_over: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(is_over)))
    }

    /// Whether the time is over.
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

/// Steps between two looks of a [`Pulse`]: a look costs as much as a few steps.
const STEPS: u32 = 64;

/// A deadline for loops of many small steps: looked at once in so many.
#[derive(Debug, Clone, Default)]
pub struct Pulse {
    deadline: Deadline,
    steps: Cell<u32>,
    over: Cell<bool>,
}

impl Pulse {
    /// Of this deadline.
    #[must_use]
    pub fn of(deadline: &Deadline) -> Self {
        Self { deadline: deadline.clone(), ..Self::default() }
    }

    /// Counts one step; whether the time was over at the last look.
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
