//! Estimates from counts how many entries per hour a feed brings, for each hour of its week.
//!
//! One formula is applied at each level, from coarse to fine: `(seen + a) / (expected + a)`. It is the mean of a Gamma posterior
//! whose prior is the level above, with the weight of `a` entries. So the estimate for a new feed starts as an average newsroom
//! and then approaches the feed's own rates.

use super::rhythm::{hour_of_week, local};
use crate::model::{Rhythm, WEEK};
use jiff::{Timestamp, tz::TimeZone};
use std::sync::LazyLock;

/// Entries per day assumed for a new feed.
const USUAL: f64 = 8.0;
/// Weight of each level's prior, in entries: the whole week, an hour of the day, a day of the week, an hour of the week.
/// Halving or doubling any of them moves the mean delay in `benches/freshness.rs` by less than 2 %.
const PRIOR: [f64; 4] = [2.0, 1.0, 8.0, 12.0];
/// Rate of an average newsroom by hour of the day, relative to its mean: nights are quiet.
const DAY: [f64; 24] = [
    0.45, 0.4, 0.3, 0.3, 0.35, 0.5, 0.9, 1.1, 1.3, 1.4, 1.4, 1.4, 1.35, 1.3, 1.3, 1.3, 1.3, 1.3, 1.25, 1.2, 1.2, 1.1,
    0.9, 0.7,
];

/// Entries per hour, for each hour of the local week.
pub(super) struct Profile {
    rates: [f64; WEEK],
}

impl Profile {
    /// Computes the profile of a feed from its rhythm, with the offset of `zone` at `now`.
    pub(super) fn at_home(rhythm: &Rhythm, now: Timestamp, zone: &TimeZone) -> Self {
        Self::of(rhythm, local(now, zone) - now.as_second())
    }

    /// Computes the profile of a feed from its rhythm; `shift` is the zone's offset from UTC in seconds.
    pub(super) fn of(rhythm: &Rhythm, shift: i64) -> Self {
        let exposure = rhythm.exposure(shift);
        let seen = rhythm.bins.counts().map(|count| f64::from(count) / 100.0);
        let mut rates: [f64; WEEK] = std::array::from_fn(|h| DAY.get(h % 24).map_or(1.0, |d| d * USUAL / 24.0));
        let [week, of_day, of_week, of_hour] = PRIOR;
        refine::<1>(&mut rates, &seen, &exposure, week, |_| 0);
        refine::<24>(&mut rates, &seen, &exposure, of_day, |hour| hour % 24);
        refine::<7>(&mut rates, &seen, &exposure, of_week, |hour| hour / 24);
        refine::<WEEK>(&mut rates, &seen, &exposure, of_hour, |hour| hour);
        Self { rates }
    }

    /// Returns the entries per hour at a local second, interpolated between the middles of the hours.
    pub(super) fn at(&self, local: i64) -> f64 {
        let (left, right) = (local - 1_800, local + 1_800);
        let rate = |at| self.rates.get(hour_of_week(at)).copied().unwrap_or(0.0);
        let share = f64::from(i32::try_from(left.rem_euclid(3_600)).unwrap_or(0)) / 3_600.0;
        rate(left) * (1.0 - share) + rate(right) * share
    }

    /// Returns the mean entries per hour over the week.
    pub(super) fn mean(&self) -> f64 {
        self.rates.iter().sum::<f64>() / 168.0
    }

    /// Returns the mean square root of the rate, which is the feed's claim on the budget.
    pub(super) fn pull(&self) -> f64 {
        let roots = (0..2 * WEEK).map(|half| {
            let (left, right) = (self.rates[half / 2], self.rates[half.div_ceil(2) % WEEK]);
            f64::midpoint(left, right).sqrt()
        });
        roots.sum::<f64>() / 336.0
    }
}

/// Applies one level of the formula: the hours of the week in `N` groups. A function for each level, because every poll needs all.
fn refine<const N: usize>(
    rates: &mut [f64; WEEK],
    seen: &[f64; WEEK],
    exposure: &[f64; WEEK],
    prior: f64,
    group: impl Fn(usize) -> usize,
) {
    let (mut have, mut want) = ([prior; N], [prior; N]);
    for hour in 0..WEEK {
        have[group(hour)] += seen[hour];
        want[group(hour)] += exposure[hour] * rates[hour];
    }
    let shares: [f64; N] = std::array::from_fn(|g| have[g] / want[g]);
    for hour in 0..WEEK {
        rates[hour] *= shares[group(hour)];
    }
}

/// Returns the claim of a new feed.
pub(super) fn usual_pull() -> f64 {
    /// Computed once, because every poll of a new feed needs it.
    static USUAL_PULL: LazyLock<f64> = LazyLock::new(|| Profile::of(&Rhythm::default(), 0).pull());
    *USUAL_PULL
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::rhythm::Observation;
    /// 2026-11-23, a Monday, 00:00 UTC.
    const MONDAY: i64 = 1_795_392_000;

    /// Returns the profile after weeks of polls every half hour of a feed that publishes `n` entries in each local hour for
    /// which `when` is true.
    fn taught(weeks: i64, n: usize, when: impl Fn(usize) -> bool) -> Profile {
        let mut rhythm = Rhythm::default();
        for half in 0..weeks * 336 {
            let now = MONDAY + half * 1_800;
            let busy = half % 2 == 1 && when(hour_of_week(now - 1));
            let stamps = vec![Timestamp::from_second(now - 60).unwrap(); if busy { n } else { 0 }];
            let now = Timestamp::from_second(now).unwrap();
            rhythm.learn(&Observation { now, zone: &TimeZone::UTC, stamps: &stamps, new: stamps.len(), gap: false });
        }
        Profile::of(&rhythm, 0)
    }

    #[test]
    fn a_feed_nobody_knows_is_an_average_newsroom() {
        let profile = Profile::of(&Rhythm::default(), 0);
        assert!((profile.mean() * 24.0 - USUAL).abs() < 0.1, "{}", profile.mean());
        assert!(profile.at(MONDAY + 10 * 3_600) > 3.0 * profile.at(MONDAY + 3 * 3_600));
        assert!((profile.pull() - usual_pull()).abs() < 1e-12);
    }

    #[test]
    fn hours_and_days_are_learned() {
        let profile = taught(6, 4, |h| h < 5 * 24 && h % 24 == 7);
        let at = |day: i64, hour: i64| profile.at(MONDAY + day * 86_400 + hour * 3_600 + 1_800);
        assert!((3.0..4.5).contains(&at(1, 7)), "{}", at(1, 7));
        assert!(at(1, 15) < 0.05 && at(6, 7) < 0.8, "{} {}", at(1, 15), at(6, 7));
        assert!((profile.mean() - 20.0 / 168.0).abs() < 0.02, "{}", profile.mean());
    }

    #[test]
    fn one_week_already_shows() {
        let profile = taught(1, 2, |h| (8..20).contains(&(h % 24)));
        assert!(profile.at(MONDAY + 14 * 3_600) > 8.0 * profile.at(MONDAY + 2 * 3_600));
    }

    #[test]
    fn between_hours_the_rate_slides() {
        let profile = taught(6, 6, |h| h % 24 == 12);
        let at = |minute: i64| profile.at(MONDAY + 12 * 3_600 + minute * 60);
        assert!(at(30) > at(15) && at(15) > at(0) && at(0) > at(-15));
    }
}
