//! The schedule's state for a feed: a few hundred bytes of JSON in the feed's row, which only this module reads.
//!
//! Its main part is a count of entries for each hour of the outlet's week, which is halved about every three weeks, with the
//! period over which it was observed. A state that cannot be read is replaced by a new one and a note; it is never an error.

use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// Hours in a week. Hour 0 is the first hour of Monday.
pub(super) const WEEK: usize = 168;
const HOUR_S: i64 = 3_600;
const WEEK_S: i64 = 604_800;
/// Factor by which a count shrinks in a week. This gives a memory of about five weeks: newsrooms keep their habits that long,
/// and Ramadan ends them.
pub(super) const FADE: f64 = 0.8;
/// Publication times older than this (in seconds) say nothing about the present rate.
const HORIZON_S: i64 = 4 * WEEK_S;
/// Entries dated more than this (in seconds) before the last successful poll come from an archive and are not counted.
const ARCHIVE_S: i64 = 2 * 86_400;
/// Most entries of one poll that are counted; more would teach nothing.
const LESSONS: usize = 1_000;
/// Range of valid times: 1970 to 9999.
const YEARS: std::ops::Range<i64> = 0..253_402_200_000;
/// Version of the stored format.
const VERSION: u32 = 1;

/// The state of one feed. Times are Unix seconds; 0 if there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Rhythm {
    /// Version of the format. A text with another version, or none, is replaced by a new state.
    #[serde(default)]
    pub(super) v: u32,
    /// The schedule by which the stored due time was decided. If the schedule differs, the time is decided again.
    pub(super) plan: String,
    /// Start of the observed period.
    pub(super) since: i64,
    /// End of the observed period: the last successful poll.
    pub(super) until: i64,
    /// Entries by hour of the local week, in hundredths, decayed over time.
    #[serde(with = "bins")]
    pub(super) bins: [u32; WEEK],
    /// The feed's claim on the budget ([`super::profile::Profile::pull`]), in ten-thousandths.
    pub(super) pull: u32,
    /// Number of entries the document lists, which is how many may be published before some are lost.
    pub(super) window: u32,
    /// `max-age` of the last response, in seconds.
    pub(super) max_age: u64,
    /// When the last gap was seen.
    pub(super) gap_at: i64,
    /// When the server last sent a document.
    pub(super) document_at: i64,
    /// Number of 304 responses since then.
    pub(super) unchanged: u32,
    /// How many times an unconditional request found news that the 304s had hidden.
    pub(super) lies: u32,
    /// Until when the server (429) wants no requests for any feed of the host.
    pub(super) host_hold: i64,
}

impl Default for Rhythm {
    fn default() -> Self {
        Self {
            v: VERSION,
            plan: String::new(),
            since: 0,
            until: 0,
            bins: [0; WEEK],
            pull: 0,
            window: 0,
            max_age: 0,
            gap_at: 0,
            document_at: 0,
            unchanged: 0,
            lies: 0,
            host_hold: 0,
        }
    }
}

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
    /// Reads a stored state. If it cannot be used, returns a new one and a note that says why.
    pub(super) fn read(text: &str) -> (Self, Option<String>) {
        if text.is_empty() {
            return (Self::default(), None);
        }
        match serde_json::from_str::<Self>(text) {
            Ok(rhythm) if rhythm.v != VERSION => {
                (Self::default(), Some(format!("memory of version {} set aside", rhythm.v)))
            }
            Ok(rhythm) if !rhythm.times().iter().all(|t| YEARS.contains(t)) => {
                (Self::default(), Some("impossible memory set aside".to_owned()))
            }
            Ok(rhythm) => (rhythm, None),
            Err(e) => (Self::default(), Some(format!("unreadable memory set aside ({e})"))),
        }
    }

    fn times(&self) -> [i64; 5] {
        [self.since, self.until, self.gap_at, self.document_at, self.host_hold]
    }

    /// Returns the state as text for storage.
    pub(super) fn write(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Counts the new entries of a successful poll.
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

    /// Handles the first poll. The publication times in the document show how long it took to fill. The oldest tenth is left out:
    /// the time before the first entry is unknown, and pinned entries or odd dates are found there.
    fn begin(&mut self, now: i64, stamps: &[i64]) -> Vec<i64> {
        let recent: Vec<i64> = stamps.iter().copied().filter(|s| *s > now - HORIZON_S).collect();
        let skip = 1 + recent.len() / 10;
        self.since = recent.get(skip - 1).copied().unwrap_or(now);
        recent.get(skip..).unwrap_or_default().to_vec()
    }

    /// Handles a later poll. Entries dated before the last poll, or without a date, arrived between the two polls.
    fn go_on(&mut self, now: i64, stamps: &[i64], lesson: &Observation<'_>) -> Vec<i64> {
        let mut from = self.until.min(now);
        if lesson.gap {
            // The time between the last poll and the oldest entry now listed was not observed.
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

    /// Decays the count of each hour of the week when that hour begins again.
    fn fade(&mut self, from: i64, now: i64, shift: i64) {
        let mut start = (from + shift).div_euclid(HOUR_S) + 1;
        let end = (now + shift).div_euclid(HOUR_S);
        // After twenty weeks, too little is left to matter.
        start = start.max(end - 20 * 168);
        for hour in start..=end {
            if let Some(bin) = self.bins.get_mut(hour_of_week(hour * HOUR_S)) {
                *bin = hundredths(f64::from(*bin) * FADE);
            }
        }
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
                older = FADE * (1.0 - FADE.powi(weeks)) / (1.0 - FADE);
            }
            if let Some(hour) = hours.get_mut(hour_of_week(start)) {
                *hour = f64::from(i32::try_from(last).unwrap_or(0)) / 3_600.0 + older;
            }
        }
        hours
    }
}

/// Converts a decayed count in hundredths to an integer. It is rounded down, so that it finally reaches zero.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the type's range first")]
fn hundredths(value: f64) -> u32 {
    value.clamp(0.0, f64::from(u32::MAX)) as u32
}

/// Serialises the counts as text: five bits per character, lowest first, and a sixth bit if more follow. Most take one or two
/// characters.
mod bins {
    use super::WEEK;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    const DIGITS: &[u8; 64] = b"0123456789abcdefghijklmnopqrstuvABCDEFGHIJKLMNOPQRSTUVWXYZwxyz-_";

    pub(super) fn serialize<S: Serializer>(counts: &[u32; WEEK], to: S) -> Result<S::Ok, S::Error> {
        let mut text = String::with_capacity(2 * WEEK);
        for count in counts {
            let mut rest = *count;
            loop {
                let more = rest > 31;
                let digit = (rest & 31) | if more { 32 } else { 0 };
                text.push(DIGITS.get(digit as usize).map_or('0', |d| char::from(*d)));
                rest >>= 5;
                if !more {
                    break;
                }
            }
        }
        let end = text.trim_end_matches('0').len();
        // Only the number 0 ends in the digit 0, so only empty hours are cut off.
        to.serialize_str(text.get(..end).unwrap_or(&text))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<[u32; WEEK], D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        let mut counts = [0u32; WEEK];
        let (mut index, mut shift) = (0, 0);
        for byte in text.bytes() {
            let digit = DIGITS.iter().position(|d| *d == byte).ok_or_else(|| D::Error::custom("not a count"))?;
            let count = counts.get_mut(index).ok_or_else(|| D::Error::custom("more than a week"))?;
            let bits = u32::try_from(digit & 31).unwrap_or(0);
            *count |= bits.checked_shl(shift).filter(|_| shift < 32).ok_or_else(|| D::Error::custom("too large"))?;
            shift = if digit > 31 { shift + 5 } else { 0 };
            index += usize::from(digit < 32);
        }
        Ok(counts)
    }
}

#[cfg(test)]
mod tests;
