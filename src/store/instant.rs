//! Instants as every store keeps them: as text (RFC 3339, UTC), whose order is that of time.

use jiff::Timestamp;

/// An instant in whole seconds, as entries hold them: `2026-11-02T09:30:00Z`.
pub(super) fn second(at: Timestamp) -> String {
    format!("{at:.0}")
}

/// An instant in milliseconds, as schedules need them: `2026-11-02T09:30:00.250Z`.
pub(super) fn milli(at: Timestamp) -> String {
    format!("{at:.3}")
}
