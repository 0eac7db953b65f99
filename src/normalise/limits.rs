//! Limits on what cleaning the texts of a document may cost, and what was cut.

use crate::model::{Deadline, SteppedDeadline};
use std::cell::RefCell;

/// The limits on the texts of one document. Records what was cut under names like those of a document's repairs.
#[derive(Debug, Clone, Default)]
pub struct TextLimits {
    deadline: Deadline,
    stepped: SteppedDeadline,
    cuts: RefCell<Vec<&'static str>>,
}

impl TextLimits {
    /// Creates limits with this deadline.
    #[must_use]
    pub fn within(deadline: &Deadline) -> Self {
        Self { deadline: deadline.clone(), stepped: SteppedDeadline::of(deadline), cuts: RefCell::default() }
    }

    /// Returns what was cut so far, each name once: `too-many-attributes`, `too-many-tags`, `too-many-marks`,
    /// `misnested-formatting`, `long-texts`, `too-deep`, `long-addresses`.
    #[must_use]
    pub fn cuts(&self) -> Vec<&'static str> {
        self.cuts.borrow().clone()
    }

    /// Adds what was cut to a document's repairs.
    pub fn add_cuts(&self, repairs: &mut Vec<&'static str>) {
        for cut in self.cuts.borrow().iter() {
            if !repairs.contains(cut) {
                repairs.push(cut);
            }
        }
    }

    /// Returns the deadline.
    pub(super) fn deadline(&self) -> &Deadline {
        &self.deadline
    }

    /// Returns whether the deadline has passed.
    pub(super) fn is_over(&self) -> bool {
        self.deadline.is_over()
    }

    /// Counts one small step. Returns whether the deadline had passed at the last check.
    pub(super) fn steps_over(&self) -> bool {
        self.stepped.is_over()
    }

    /// Records that something was cut.
    pub(super) fn note(&self, name: &'static str) {
        let mut cuts = self.cuts.borrow_mut();
        if !cuts.contains(&name) {
            cuts.push(name);
        }
    }
}
