//! Time limits for work that cannot be cancelled from outside and therefore checks them in its loops.

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
