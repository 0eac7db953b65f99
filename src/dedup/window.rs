//! The stories of the window, in memory.

/// Index over the entries of the window; filled lazily from the store.
#[derive(Debug, Default)]
pub struct Window {}
