//! The verbs: a thin face over the rooms.

pub mod inspect;
