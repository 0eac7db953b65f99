//! From counts to rates: how many entries an hour a feed brings, by hour of its week.
//!
//! One formula at each level, coarse to fine: `(seen + a) / (expected + a)`, the mean of a Gamma posterior whose prior
//! is the level above with the weight of `a` entries. A new feed starts as an average newsroom and becomes itself.

use super::rhythm::{Rhythm, WEEK, hour_of_week};

/// Entries a day of a feed nobody knows yet.
const USUAL: f64 = 8.0;
/// Weight of each level's prior, in entries: the whole, an hour of the day, a day of the week, an hour of the week.
const PRIOR: [f64; 4] = [1.0, 1.0, 8.0, 6.0];
/// How an average newsroom's day goes, relative to its mean: nights are quiet.
const DAY: [f64; 24] = [
    0.45, 0.35, 0.3, 0.3, 0.35, 0.5, 0.8, 1.1, 1.3, 1.4, 1.4, 1.4, 1.35, 1.3, 1.3, 1.3, 1.3, 1.3, 1.25, 1.2, 1.1, 1.0,
    0.8, 0.6,
];

/// Entries an hour by hour of the local week.
pub(super) struct Profile {
    rates: [f64; WEEK],
}

impl Profile {
    /// What the memory says; `shift` is the zone's offset from UTC in seconds.
    pub(super) fn of(rhythm: &Rhythm, shift: i64) -> Self {
        let exposure = rhythm.exposure(shift);
        let seen: [f64; WEEK] = std::array::from_fn(|h| rhythm.bins.get(h).map_or(0.0, |b| f64::from(*b) / 100.0));
        let mut rates: [f64; WEEK] = std::array::from_fn(|h| DAY.get(h % 24).map_or(1.0, |d| d * USUAL / 24.0));
        let groups: [fn(usize) -> usize; 4] = [|_| 0, |h| h % 24, |h| h / 24, |h| h];
        for (group, prior) in groups.iter().zip(PRIOR) {
            let (mut have, mut want) = ([prior; WEEK], [prior; WEEK]);
            for hour in 0..WEEK {
                have[group(hour)] += seen[hour];
                want[group(hour)] += exposure[hour] * rates[hour];
            }
            for hour in 0..WEEK {
                rates[hour] *= have[group(hour)] / want[group(hour)];
            }
        }
        Self { rates }
    }

    /// Entries an hour at a local second, going from the middle of one hour to the middle of the next.
    pub(super) fn at(&self, local: i64) -> f64 {
        let (left, right) = (local - 1_800, local + 1_800);
        let rate = |at| self.rates.get(hour_of_week(at)).copied().unwrap_or(0.0);
        let share = f64::from(i32::try_from(left.rem_euclid(3_600)).unwrap_or(0)) / 3_600.0;
        rate(left) * (1.0 - share) + rate(right) * share
    }

    /// Entries an hour over the week.
    pub(super) fn mean(&self) -> f64 {
        self.rates.iter().sum::<f64>() / 168.0
    }

    /// Mean square root of the rate: what the feed claims of the budget.
    pub(super) fn pull(&self) -> f64 {
        self.rates.iter().map(|r| r.sqrt()).sum::<f64>() / 168.0
    }
}

/// The claim of a feed nobody knows yet.
pub(super) fn usual_pull() -> f64 {
    Profile::of(&Rhythm::default(), 0).pull()
}
