//! What a poll teaches the schedule of a feed: entries for each hour of the outlet's week, halved about every three weeks,
//! and the stretch of time they were observed over.

use crate::model::{Rhythm, WEEK};
use jiff::{Timestamp, tz::TimeZone};

const HOUR_S: i64 = 3_600;
const WEEK_S: i64 = 604_800;
/// What a count is worth a week later: a memory of about five weeks, since newsrooms keep their habits that long and
/// Ramadan ends them.
pub(super) const FADE: f64 = 0.8;
/// Older publication times say nothing about the present rate.
const HORIZON_S: i64 = 4 * WEEK_S;
/// Entries dated further before the last successful poll are an archive, not news: they do not count.
const ARCHIVE_S: i64 = 2 * 86_400;
/// Entries of one poll that count; a flood teaches nothing more.
const LESSONS: usize = 1_000;
/// What one successful poll taught.
pub(super) struct Observation<'a> {
    /// When it ended.
    pub(super) now: Timestamp,
    /// The outlet's zone.
    pub(super) zone: &'a TimeZone,
    /// Believed publication times of the new entries that have one.
    pub(super) stamps: &'a [Timestamp],
    /// New entries, with or without a time.
    pub(super) new: usize,
    /// Whether entries between the last poll and this one were missed.
    pub(super) gap: bool,
}

/// Seconds of local time: the axis on which hours of the week are counted.
pub(super) fn local(at: Timestamp, zone: &TimeZone) -> i64 {
    at.as_second() + i64::from(zone.to_offset(at).seconds())
}

/// The hour of the week that a local second falls in. 1970-01-01 was a Thursday.
pub(super) fn hour_of_week(local: i64) -> usize {
    usize::try_from((local + 3 * 86_400).rem_euclid(WEEK_S) / HOUR_S).unwrap_or(0)
}

impl Rhythm {
    /// Counts what a successful poll brought.
    pub(super) fn learn(&mut self, lesson: &Observation<'_>) {
        let now = lesson.now.as_second();
        let shift = local(lesson.now, lesson.zone) - now;
        let mut stamps: Vec<i64> = lesson.stamps.iter().map(|s| s.as_second().min(now)).collect();
        stamps.sort_unstable();
        let seconds = if self.until == 0 { self.begin(now, &stamps) } else { self.go_on(now, &stamps, lesson) };
        for second in seconds.iter().rev().take(LESSONS) {
            let weeks = (now - second) / WEEK_S;
            let weight = 100.0 * FADE.powi(i32::try_from(weeks).unwrap_or(i32::MAX));
            let hour = hour_of_week(second + shift);
            if let Some(bin) = self.bins.get_mut(hour) {
                *bin = bin.saturating_add(hundredths(weight));
            }
        }
        self.until = now;
    }

    /// The first poll: the window's own times say how long it took to fill. A tenth of them, the oldest, are left
    /// out: the first has nothing before it, and pinned or odd dates lie there.
    fn begin(&mut self, now: i64, stamps: &[i64]) -> Vec<i64> {
        let recent: Vec<i64> = stamps.iter().copied().filter(|s| *s > now - HORIZON_S).collect();
        let skip = 1 + recent.len() / 10;
        self.since = recent.get(skip - 1).copied().unwrap_or(now);
        recent.get(skip..).unwrap_or_default().to_vec()
    }

    /// A later poll: what is dated before the last one, or not at all, came in between.
    fn go_on(&mut self, now: i64, stamps: &[i64], lesson: &Observation<'_>) -> Vec<i64> {
        let mut from = self.until.min(now);
        if lesson.gap {
            // Nothing is known of the time between the last poll and the oldest entry now listed.
            let seen = stamps.iter().copied().find(|s| *s > from).unwrap_or(now);
            self.since += seen - from;
        }
        self.fade(from, now, local(lesson.now, lesson.zone) - now);
        let fresh: Vec<i64> = stamps.iter().copied().filter(|s| *s > from).collect();
        let archive = stamps.iter().filter(|s| **s < from - ARCHIVE_S).count();
        let late = lesson.new.saturating_sub(fresh.len()).saturating_sub(archive).min(LESSONS);
        let step = (now - from) / i64::try_from(late + 1).unwrap_or(1);
        let mut seconds = fresh;
        for _ in 0..late {
            from += step;
            seconds.push(from);
        }
        seconds
    }

    /// Each hour fades when it begins anew.
    fn fade(&mut self, from: i64, now: i64, shift: i64) {
        let mut start = (from + shift).div_euclid(HOUR_S) + 1;
        let end = (now + shift).div_euclid(HOUR_S);
        // After twenty weeks nothing is left worth fading.
        start = start.max(end - 20 * 168);
        for hour in start..=end {
            if let Some(bin) = self.bins.get_mut(hour_of_week(hour * HOUR_S)) {
                *bin = hundredths(f64::from(*bin) * FADE);
            }
        }
    }

    /// Hours that each hour of the week was observed for, faded as the counts are.
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
                older = FADE * (1.0 - FADE.powi(weeks)) / (1.0 - FADE);
            }
            if let Some(hour) = hours.get_mut(hour_of_week(start)) {
                *hour = f64::from(i32::try_from(last).unwrap_or(0)) / 3_600.0 + older;
            }
        }
        hours
    }
}

/// A faded count in hundredths, rounded down so that it ends at nothing.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the type's range first")]
fn hundredths(value: f64) -> u32 {
    value.clamp(0.0, f64::from(u32::MAX)) as u32
}

#[cfg(test)]
mod tests;
