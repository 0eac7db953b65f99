//! Timestamps as every store keeps them: text (RFC 3339, UTC), which sorts by time.

use jiff::Timestamp;

/// Formats a timestamp in whole seconds, as for entries: `2026-11-02T09:30:00Z`.
pub(super) fn second(at: Timestamp) -> String {
    format!("{at:.0}")
}

/// Formats a timestamp in milliseconds, as for schedules: `2026-11-02T09:30:00.250Z`.
pub(super) fn milli(at: Timestamp) -> String {
    format!("{at:.3}")
}
