//! What cleaning one entry's texts may cost, and what had to be cut of them.

use crate::model::{Deadline, Pulse};
use std::cell::RefCell;

/// The limits of one document's texts. Names what was cut, as the reader of documents names its repairs.
#[derive(Debug, Clone, Default)]
pub struct TextLimits {
    deadline: Deadline,
    pulse: Pulse,
    cuts: RefCell<Vec<&'static str>>,
}

impl TextLimits {
    /// Texts that must be clean before this deadline.
    #[must_use]
    pub fn within(deadline: &Deadline) -> Self {
        Self { deadline: deadline.clone(), pulse: Pulse::of(deadline), cuts: RefCell::default() }
    }

    /// What was cut of the texts so far, each name once: `too-many-attributes`, `too-many-tags`, `too-many-marks`,
    /// `misnested-formatting`, `long-texts`, `too-deep`, `long-addresses`.
    #[must_use]
    pub fn cuts(&self) -> Vec<&'static str> {
        self.cuts.borrow().clone()
    }

    /// Adds what was cut to the names of a document's repairs.
    pub fn add_cuts(&self, repairs: &mut Vec<&'static str>) {
        for cut in self.cuts.borrow().iter() {
            if !repairs.contains(cut) {
                repairs.push(cut);
            }
        }
    }

    /// The deadline itself.
    pub(super) fn deadline(&self) -> &Deadline {
        &self.deadline
    }

    /// Whether the time is over.
    pub(super) fn is_over(&self) -> bool {
        self.deadline.is_over()
    }

    /// Counts one small step; whether the time was over at the last look.
    pub(super) fn steps_over(&self) -> bool {
        self.pulse.is_over()
    }

    /// Notes that something was cut.
    pub(super) fn note(&self, name: &'static str) {
        let mut cuts = self.cuts.borrow_mut();
        if !cuts.contains(&name) {
            cuts.push(name);
        }
    }
}
