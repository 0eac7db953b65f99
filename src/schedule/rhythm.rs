//! Updates a feed's state after a poll: counts of entries for each hour of the outlet's week, which are halved about every three
//! weeks, and the period over which they were observed.

use crate::model::{HourCounts, Rhythm, WEEK};
use jiff::{Timestamp, tz::TimeZone};

const HOUR_S: i64 = 3_600;
const WEEK_S: i64 = 604_800;
/// Factor by which a count shrinks in a week. This gives a memory of about five weeks: newsrooms keep their habits that long,
/// and Ramadan ends them.
pub(super) const DECAY: f64 = 0.8;
/// Publication times older than this (in seconds) say nothing about the present rate.
const HORIZON_S: i64 = 4 * WEEK_S;
/// Entries dated more than this (in seconds) before the last successful poll come from an archive and are not counted.
const ARCHIVE_S: i64 = 2 * 86_400;
/// Most entries of one poll that are counted; more would teach nothing.
const OBSERVED_MAX: usize = 1_000;
/// What one successful poll observed.
pub(super) struct Observation<'a> {
    /// When the poll ended.
    pub(super) now: Timestamp,
    /// The outlet's time zone.
    pub(super) zone: &'a TimeZone,
    /// Publication times of the new entries that have a plausible one.
    pub(super) stamps: &'a [Timestamp],
    /// Number of new entries, with or without a time.
    pub(super) new: usize,
    /// Whether entries between the last poll and this one may have been missed.
    pub(super) gap: bool,
}

/// Converts a time to local seconds, by which hours of the week are counted.
pub(super) fn local(at: Timestamp, zone: &TimeZone) -> i64 {
    at.as_second() + i64::from(zone.to_offset(at).seconds())
}

/// Returns the hour of the week of a local second. 1970-01-01 was a Thursday.
pub(super) fn hour_of_week(local: i64) -> usize {
    usize::try_from((local + 3 * 86_400).rem_euclid(WEEK_S) / HOUR_S).unwrap_or(0)
}

impl Rhythm {
    /// Counts the new entries of a successful poll.
    pub(super) fn learn(&mut self, observed: &Observation<'_>) {
        let now = observed.now.as_second();
        let shift = local(observed.now, observed.zone) - now;
        let mut stamps: Vec<i64> = observed.stamps.iter().map(|s| s.as_second().min(now)).collect();
        stamps.sort_unstable();
        let mut counts = self.bins.counts();
        let seconds =
            if self.until == 0 { self.begin(now, &stamps) } else { self.go_on(now, &stamps, observed, &mut counts) };
        for second in seconds.iter().rev().take(OBSERVED_MAX) {
            let weeks = (now - second) / WEEK_S;
            let weight = 100.0 * DECAY.powi(i32::try_from(weeks).unwrap_or(i32::MAX));
            let hour = hour_of_week(second + shift);
            if let Some(count) = counts.get_mut(hour) {
                *count = count.saturating_add(hundredths(weight));
            }
        }
        self.bins = HourCounts::of(&counts);
        self.until = now;
    }

    /// Handles the first poll. The publication times in the document show how long it took to fill. The oldest tenth is left out:
    /// the time before the first entry is unknown, and pinned entries or odd dates are found there.
    fn begin(&mut self, now: i64, stamps: &[i64]) -> Vec<i64> {
        let recent: Vec<i64> = stamps.iter().copied().filter(|s| *s > now - HORIZON_S).collect();
        let skip = 1 + recent.len() / 10;
        self.since = recent.get(skip - 1).copied().unwrap_or(now);
        recent.get(skip..).unwrap_or_default().to_vec()
    }

    /// Handles a later poll. Entries dated before the last poll, or without a date, arrived between the two polls.
    fn go_on(&mut self, now: i64, stamps: &[i64], observed: &Observation<'_>, counts: &mut [u32; WEEK]) -> Vec<i64> {
        let mut from = self.until.min(now);
        if observed.gap {
            // The time between the last poll and the oldest entry now listed was not observed.
            let seen = stamps.iter().copied().find(|s| *s > from).unwrap_or(now);
            self.since += seen - from;
        }
        decay(counts, from, now, local(observed.now, observed.zone) - now);
        let fresh: Vec<i64> = stamps.iter().copied().filter(|s| *s > from).collect();
        let archive = stamps.iter().filter(|s| **s < from - ARCHIVE_S).count();
        let late = observed.new.saturating_sub(fresh.len()).saturating_sub(archive).min(OBSERVED_MAX);
        let step = (now - from) / i64::try_from(late + 1).unwrap_or(1);
        let mut seconds = fresh;
        for _ in 0..late {
            from += step;
            seconds.push(from);
        }
        seconds
    }

    /// Returns for how many hours each hour of the week was observed, decayed like the counts.
    pub(super) fn exposure(&self, shift: i64) -> [f64; WEEK] {
        let mut hours = [0.0; WEEK];
        let (since, until) = (self.since + shift, self.until + shift);
        let current = until.div_euclid(HOUR_S) * HOUR_S;
        let (mut known, mut older) = (0, 0.0);
        for back in 0..WEEK {
            let start = current - i64::try_from(back).unwrap_or(0) * HOUR_S;
            let last = (until.min(start + HOUR_S) - since.max(start)).clamp(0, HOUR_S);
            let weeks = i32::try_from((start - since).div_euclid(WEEK_S).clamp(0, 52)).unwrap_or(0);
            if weeks != known {
                known = weeks;
                older = DECAY * (1.0 - DECAY.powi(weeks)) / (1.0 - DECAY);
            }
            if let Some(hour) = hours.get_mut(hour_of_week(start)) {
                *hour = f64::from(i32::try_from(last).unwrap_or(0)) / 3_600.0 + older;
            }
        }
        hours
    }
}

/// Decays the count of each hour of the week when that hour begins again.
fn decay(counts: &mut [u32; WEEK], from: i64, now: i64, shift: i64) {
    let mut start = (from + shift).div_euclid(HOUR_S) + 1;
    let end = (now + shift).div_euclid(HOUR_S);
    // After twenty weeks, too little is left to matter.
    start = start.max(end - 20 * 168);
    for hour in start..=end {
        if let Some(count) = counts.get_mut(hour_of_week(hour * HOUR_S)) {
            *count = hundredths(f64::from(*count) * DECAY);
        }
    }
}

/// Converts a decayed count in hundredths to an integer. It is rounded down, so that it finally reaches zero.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the type's range first")]
fn hundredths(value: f64) -> u32 {
    value.clamp(0.0, f64::from(u32::MAX)) as u32
}

#[cfg(test)]
mod tests;
