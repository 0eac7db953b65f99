//! Logs one line per day with the results of all polls, so that nobody has to count single lines.

use crate::{
    model::{FeedState, Outcome},
    poll::PollResult,
};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// Time that a summary covers.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// The counts until the next summary.
#[derive(Debug)]
pub(super) struct DailySummary {
    since: Timestamp,
    counts: Counts,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    polls: u64,
    failed: u64,
    not_modified: u64,
    new: u64,
    revised: u64,
    duplicate: u64,
    gaps: u64,
    max_late: Duration,
}

impl DailySummary {
    pub(super) fn new(now: Timestamp) -> Self {
        Self { since: now, counts: Counts::default() }
    }

    /// Counts a poll.
    pub(super) fn polled(&mut self, report: &PollResult) {
        let (counts, tally) = (&mut self.counts, report.written.tally);
        counts.polls += 1;
        counts.failed += u64::from(matches!(report.outcome, Outcome::Failed(_)));
        counts.not_modified += u64::from(matches!(report.outcome, Outcome::NotModified | Outcome::SameBytes));
        counts.new += u64::from(tally.new);
        counts.revised += u64::from(tally.revised);
        counts.duplicate += u64::from(tally.duplicate);
        counts.gaps += u64::from(report.written.gap);
        counts.max_late = counts.max_late.max(report.late);
    }

    /// Logs the summary when a day is over. If the clock was set back, a new day begins.
    pub(super) fn log(&mut self, now: Timestamp, states: impl IntoIterator<Item = FeedState>, database_bytes: u64) {
        let Some(counts) = self.take(now) else { return };
        let (mut feeds, mut failing, mut gone) = (0_u64, 0_u64, 0_u64);
        for state in states {
            feeds += 1;
            failing += u64::from(state == FeedState::Failing);
            gone += u64::from(state == FeedState::Gone);
        }
        tracing::info!(
            feeds,
            failing,
            gone,
            polls = counts.polls,
            failed = counts.failed,
            not_modified = counts.not_modified,
            new = counts.new,
            revised = counts.revised,
            duplicate = counts.duplicate,
            gaps = counts.gaps,
            max_late_s = counts.max_late.as_secs(),
            database_bytes,
            "daily summary"
        );
    }

    /// Returns the counts if the day is over, and starts a new day.
    fn take(&mut self, now: Timestamp) -> Option<Counts> {
        let passed = now.duration_since(self.since);
        if passed < SignedDuration::ZERO {
            self.since = now;
        }
        if passed < DAY {
            return None;
        }
        self.since = now;
        Some(std::mem::take(&mut self.counts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_summed_up_once() {
        let start: Timestamp = "2026-11-02T09:30:00Z".parse().unwrap();
        let mut summary = DailySummary::new(start);
        summary.counts.polls = 7;
        assert_eq!(summary.take(start + SignedDuration::from_hours(23)), None);
        let counts = summary.take(start + DAY).unwrap();
        assert_eq!(counts.polls, 7);
        assert_eq!(summary.take(start + DAY), None);
        assert_eq!(summary.take(start + DAY + DAY), Some(Counts::default()));
        // After the clock is set back by a year, the next summary comes a day later, not a year later.
        let back = start - SignedDuration::from_hours(24 * 365);
        assert_eq!(summary.take(back), None);
        assert!(summary.take(back + DAY).is_some());
    }
}
