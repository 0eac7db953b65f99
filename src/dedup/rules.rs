//! Every threshold of the decisions, with the reason or the measurement behind it.

/// Members from which on a story is suspected to be a template (the weather of each town under one title); it is logged.
pub const MEMBERS_SUSPECT: u32 = 12;

/// Members a story never exceeds: no report was seen to be carried by so many outlets.
pub const MEMBERS_MAX: u32 = 64;

/// A revision is material when the title is new or when more than this share of the text's words is.
pub const MATERIAL_SHARE: f64 = 0.2;

/// An entry dated this long before its feed's previous successful poll takes its place by its date, not by its arrival:
/// long enough for what an outlet publishes late, short enough that an emptied and refilled feed floods nobody.
pub const BACKDATED: jiff::SignedDuration = jiff::SignedDuration::from_hours(48);
