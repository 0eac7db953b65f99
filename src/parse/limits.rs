//! Limits on what one document may cost, whatever it contains. Each limit that was reached is listed among the document's
//! repairs.

use super::ParseContext;
use crate::model::{Deadline, Fault, SteppedDeadline};
use std::time::Duration;

/// Maximum time spent on one document. A blocking thread cannot be cancelled, so the loops check the deadline. An honest document
/// of 10 MB takes less than a second on a slow machine.
pub const WORK: Duration = Duration::from_secs(10);

/// Maximum size of a text of an entry, in bytes; the rest is dropped. Longer than any article, inline pictures included.
pub(super) const TEXT: usize = 5 * 1024 * 1024;

/// Maximum number of list members that are kept: authors, contributors, categories and files of an entry or a feed. Two of 187
/// captured feeds have more than a hundred of something in an entry, none has more than this.
pub(super) const LIST: usize = 500;

/// Maximum number of dates of one kind, and of descriptions, among which the best one of an entry is chosen.
pub(super) const CANDIDATES: usize = 20;

/// Maximum size of a text that is taken for a date, in bytes.
pub(super) const DATE: usize = 1_000;

/// Repairs that say that [`ParseContext::max_body`] left no room for more.
pub const LIMITED: [&str; 2] = ["entity-expansion", "entries-too-large"];

/// The limits of one document.
#[derive(Debug)]
pub(super) struct Limits {
    /// Maximum number of bytes that entities declared by the document may expand to.
    pub expanded: usize,
    /// Maximum number of bytes that its entries may take once they are read.
    pub kept: usize,
    deadline: Deadline,
}

/// The error that the deadline has passed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Overtime;

impl From<Overtime> for Fault {
    fn from(Overtime: Overtime) -> Self {
        Self::WorkLimit(WORK)
    }
}

impl Limits {
    /// Returns the limits of `context`.
    pub fn of(context: &ParseContext) -> Self {
        // Twice the size: texts take about as much as in the document, and relative addresses grow.
        Self {
            expanded: context.max_body,
            kept: context.max_body.saturating_mul(2),
            deadline: context.deadline.clone(),
        }
    }

    /// Returns the deadline for loops of many small steps. Whoever ends one early checks the deadline afterwards.
    pub fn stepped(&self) -> SteppedDeadline {
        SteppedDeadline::of(&self.deadline)
    }

    /// Checks the deadline.
    pub fn look(&self) -> Result<(), Overtime> {
        if self.deadline.is_over() { Err(Overtime) } else { Ok(()) }
    }
}
