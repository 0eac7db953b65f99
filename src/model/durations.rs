//! A histogram of durations: plain counts that one module collects and another publishes.

use std::time::Duration;

/// Counts durations by size.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DurationHistogram {
    /// Counts by the first of [`Self::BOUNDS`] that a duration does not exceed; the last place is for longer ones.
    counts: [u64; Self::BOUNDS.len() + 1],
    sum: Duration,
}

impl DurationHistogram {
    /// Upper bounds in seconds, ascending. A commit takes a millisecond on an SSD and tens of milliseconds on a hard disk.
    pub const BOUNDS: [f64; 10] = [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0];

    /// Counts a duration.
    pub fn record(&mut self, took: Duration) {
        let seconds = took.as_secs_f64();
        let at = Self::BOUNDS.iter().position(|bound| seconds <= *bound).unwrap_or(Self::BOUNDS.len());
        self.counts[at] += 1;
        self.sum = self.sum.saturating_add(took);
    }

    /// Returns how many durations were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Returns the sum of all durations.
    #[must_use]
    pub fn sum(&self) -> Duration {
        self.sum
    }

    /// Returns each bound in seconds with the number of durations that do not exceed it.
    pub fn cumulative(&self) -> impl Iterator<Item = (f64, u64)> {
        Self::BOUNDS.iter().zip(self.counts).scan(0, |sum, (bound, count)| {
            *sum += count;
            Some((*bound, *sum))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_counts_for_its_bound_and_all_above() {
        let mut all = DurationHistogram::default();
        for millis in [0, 1, 2, 700, 60_000] {
            all.record(Duration::from_millis(millis));
        }
        let counts: Vec<u64> = all.cumulative().map(|(_, count)| count).collect();
        assert_eq!(counts, [1, 2, 3, 3, 3, 3, 3, 4, 4, 4]);
        assert_eq!((all.count(), all.sum()), (5, Duration::from_millis(60_703)));
    }
}
