//! What one document may cost, whatever it holds. Each limit that was reached is named among the document's repairs.

use super::ParseContext;
use crate::model::{Deadline, Fault};
use std::time::Duration;

/// Work on one document. A blocking thread cannot be cancelled: the loops ask. An honest document of 10 MB takes less than a
/// second on a slow machine.
pub const WORK: Duration = Duration::from_secs(10);

/// Longest text of an entry that is kept, in bytes; what comes after is left. Longer than any article, pictures inline included.
pub(super) const TEXT: usize = 5 * 1024 * 1024;

/// Members of a list that are kept: authors, contributors, categories and files of an entry or a feed. Two of 187 captured feeds
/// have more of something in an entry.
pub(super) const LIST: usize = 100;

/// Dates of one kind, and descriptions, of one entry that are looked at for the best.
pub(super) const CANDIDATES: usize = 20;

/// The limits of one document.
#[derive(Debug)]
pub(super) struct Limits {
    /// Bytes that entities which the document declares may expand to.
    pub expanded: usize,
    /// Bytes that its entries may take once they are read.
    pub kept: usize,
    deadline: Deadline,
}

/// The deadline has passed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Overtime;

impl From<Overtime> for Fault {
    fn from(Overtime: Overtime) -> Self {
        Self::WorkLimit(WORK)
    }
}

impl Limits {
    /// Those of `context`.
    pub fn of(context: &ParseContext) -> Self {
        // Twice: texts take about what they take in the document, and relative addresses grow.
        Self {
            expanded: context.max_body,
            kept: context.max_body.saturating_mul(2),
            deadline: context.deadline.clone(),
        }
    }

    /// Looks at the deadline.
    pub fn look(&self) -> Result<(), Overtime> {
        if self.deadline.is_over() { Err(Overtime) } else { Ok(()) }
    }
}
