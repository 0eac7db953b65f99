//! How long a piece of work may take. Work that cannot be cancelled from outside asks from inside its loops.

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
