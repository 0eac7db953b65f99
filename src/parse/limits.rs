//! What one document may cost, whatever it holds. Each limit that was reached is named among the document's repairs.

use super::{ParseContext, tree};
use crate::model::{Deadline, Fault, Pulse};
use std::time::Duration;

/// Work on one document. A blocking thread cannot be cancelled: the loops ask. An honest document of 10 MB takes less than a
/// second on a slow machine.
pub const WORK: Duration = Duration::from_secs(10);

/// Longest text of an entry that is kept, in bytes; what comes after is left. Longer than any article, pictures inline included.
pub(super) const TEXT: usize = 5 * 1024 * 1024;

/// Members of a list that are kept: authors, contributors, categories and files of an entry or a feed. Two of 187 captured feeds
/// have more than a hundred of something in an entry, none has more than this.
pub(super) const LIST: usize = 500;

/// Dates of one kind, and descriptions, of one entry that are looked at for the best.
pub(super) const CANDIDATES: usize = 20;

/// Repairs that say that [`ParseContext::max_body`] left no room for more.
pub const LIMITED: [&str; 2] = ["entity-expansion", "entries-too-large"];

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

    /// The deadline, for loops of many small steps; whoever ends one early looks at the deadline afterwards.
    pub fn pulse(&self) -> Pulse {
        Pulse::of(&self.deadline)
    }

    /// Looks at the deadline.
    pub fn look(&self) -> Result<(), Overtime> {
        if self.deadline.is_over() { Err(Overtime) } else { Ok(()) }
    }
}

/// Copies of a document's bytes that are alive at once: the body, its text, what its entries say, and that cleaned.
const COPIES: usize = 5;

/// Memory that an element of a text takes while it is cleaned, in bytes: html5ever's node, its children and its attributes.
const ELEMENT: usize = 300;

/// Memory that reading a document takes at most, in bytes: by its size, and by the tags it has, escaped ones included.
#[must_use]
pub fn cost(bytes: &[u8]) -> usize {
    let tags = memchr::memchr3_iter(b'<', b'&', b'\\', bytes).count();
    bytes.len().saturating_mul(COPIES) + tags.min(tree::NODES).saturating_mul(ELEMENT)
}
