//! What the log says while the database cannot be used: a line when trouble begins or becomes another, not one for each attempt.

use super::error::{StoreError, TransientError};
use jiff::{SignedDuration, Timestamp};
use std::mem::discriminant;

/// Time without trouble after which it is logged again, whether or not anything succeeded in between. It is longer than any pause
/// between two attempts.
const QUIET: SignedDuration = SignedDuration::from_mins(15);

/// The trouble that was logged last.
#[derive(Debug, Default)]
pub struct TroubleLog {
    last: Option<(TransientError, Timestamp)>,
}

impl TroubleLog {
    /// Records that an attempt failed. Returns whether to log it: whether the trouble is of another kind than that of the attempt
    /// before. An error that does not pass is always logged.
    pub fn is_new(&mut self, error: &StoreError, now: Timestamp) -> bool {
        let Some(trouble) = TransientError::of(error) else { return true };
        let before = self.last.replace((trouble.clone(), now));
        before.is_none_or(|(last, at)| {
            discriminant(&last) != discriminant(&trouble) || now.duration_since(at).abs() > QUIET
        })
    }

    /// Records that an attempt succeeded. Returns whether there was trouble before.
    pub fn passed(&mut self) -> bool {
        self.last.take().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{DatabaseError, StoreErrorKind};

    fn error(kind: StoreErrorKind, message: &str) -> StoreError {
        let cause = Box::new(std::io::Error::other("cause"));
        let message = message.to_owned();
        let source = DatabaseError { kind, is_rejection: false, message, said_by_server: None, cause };
        StoreError::Sql { doing: "testing", source }
    }

    #[test]
    fn trouble_is_logged_when_it_begins_and_when_it_becomes_another() {
        let noon: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
        let mut log = TroubleLog::default();
        assert!(!log.passed());
        for (minute, kind, message, is_new) in [
            (0, StoreErrorKind::Unreachable, "refused", true),
            (1, StoreErrorKind::Unreachable, "reset", false),
            (9, StoreErrorKind::Unreachable, "refused", false),
            (10, StoreErrorKind::Full, "", true),
            (11, StoreErrorKind::Damaged, "", true),
            (12, StoreErrorKind::Full, "", false),
            (28, StoreErrorKind::Full, "", true),
        ] {
            let at = noon + SignedDuration::from_mins(minute);
            assert_eq!(log.is_new(&error(kind, message), at), is_new, "{minute} {kind:?}");
        }
        assert!(log.passed() && !log.passed());
        assert!(log.is_new(&error(StoreErrorKind::Full, ""), noon));
    }
}
