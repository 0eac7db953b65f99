//! What a copy between stores did.

/// What was copied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Copied {
    /// Number of tables.
    pub tables: usize,
    /// Number of rows.
    pub rows: u64,
    /// Number of entries among them.
    pub entries: u64,
}
