//! The claims of all adaptive feeds, among which the budget is shared.
//!
//! The expected delay over all entries is least if each feed is polled in proportion to the square root of its rate
//! (Sia, Cho and Cho, "Efficient Monitoring Algorithm for Fast News Alerts", 2007).

use super::spec::Bounds;
use crate::model::Rhythm;
use serde::{Serialize, Serializer};
use std::time::Duration;

/// Number of classes of claims, four per doubling. This is enough to find a common pace within a few percent.
const CLASSES: usize = 64;
/// Class of the claim 1 (one entry per hour, day and night).
const MIDDLE: f64 = 40.0;

/// Counts of adaptive feeds by the size of their claims. It is small and cheap to copy, and updated with every poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Fleet {
    #[serde(serialize_with = "as_list")]
    classes: [u32; CLASSES],
}

/// Serialises the counts as a list, because serde does not support arrays of this length.
fn as_list<S: Serializer>(classes: &[u32; CLASSES], to: S) -> Result<S::Ok, S::Error> {
    classes.as_slice().serialize(to)
}

impl Default for Fleet {
    fn default() -> Self {
        Self { classes: [0; CLASSES] }
    }
}

impl Fleet {
    /// Creates a fleet from the stored states ([`crate::model::FeedRecord::rhythm`]) of adaptive feeds.
    #[must_use]
    pub fn of<'a>(rhythms: impl IntoIterator<Item = Option<&'a Rhythm>>) -> Self {
        let mut fleet = Self::default();
        rhythms.into_iter().for_each(|r| fleet.join(r));
        fleet
    }

    /// Adds a feed with this state.
    pub fn join(&mut self, rhythm: Option<&Rhythm>) {
        if let Some(count) = self.classes.get_mut(class(rhythm)) {
            *count = count.saturating_add(1);
        }
    }

    /// Removes a feed with this state.
    pub fn leave(&mut self, rhythm: Option<&Rhythm>) {
        if let Some(count) = self.classes.get_mut(class(rhythm)) {
            *count = count.saturating_sub(1);
        }
    }

    /// Replaces the state of a feed after a poll.
    pub fn replace(&mut self, before: Option<&Rhythm>, after: Option<&Rhythm>) {
        self.leave(before);
        self.join(after);
    }

    /// Returns the number of feeds.
    #[must_use]
    pub fn feeds(&self) -> u32 {
        self.classes.iter().fold(0, |sum, n| sum.saturating_add(*n))
    }

    /// Returns the polls per hour for each unit of claim with which all feeds, within their bounds, use exactly the budget.
    /// If the fleet is empty, one feed with the claim `own` is assumed.
    pub(super) fn pace(&self, bounds: &Bounds, own: f64) -> f64 {
        let classes = self.classes.iter().zip(0..).filter(|(feeds, _)| **feeds > 0);
        let mut claims: Vec<(f64, f64)> = classes.map(|(feeds, class)| (f64::from(*feeds), claim(class))).collect();
        if claims.is_empty() {
            claims.push((1.0, own));
        }
        let feeds: f64 = claims.iter().map(|(feeds, _)| feeds).sum();
        let most = 1.0 / hours(bounds.min_interval);
        let least = (1.0 / hours(bounds.max_interval)).min(most);
        let spent =
            |pace: f64| -> f64 { claims.iter().map(|(feeds, claim)| feeds * (pace * claim).clamp(least, most)).sum() };
        let budget = feeds * bounds.budget / 24.0;
        let (mut low, mut high) = (-20.0f64, 20.0f64);
        for _ in 0..24 {
            let middle = f64::midpoint(low, high);
            if spent(middle.exp2()) < budget { low = middle } else { high = middle }
        }
        low.exp2()
    }
}

/// Converts a duration to hours, at least one second.
pub(super) fn hours(span: Duration) -> f64 {
    (span.as_secs_f64() / 3_600.0).max(1.0 / 3_600.0)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the classes first")]
fn class(rhythm: Option<&Rhythm>) -> usize {
    let pull = match rhythm.map_or(0, |rhythm| rhythm.pull) {
        0 => super::profile::usual_pull(),
        pull => f64::from(pull) / 10_000.0,
    };
    (4.0 * pull.log2() + MIDDLE).clamp(0.0, 63.0).round() as usize
}

fn claim(class: u32) -> f64 {
    ((f64::from(class) - MIDDLE) / 4.0).exp2()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(pull: f64) -> Rhythm {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small in tests")]
        Rhythm { pull: (pull * 10_000.0) as u32, ..Rhythm::default() }
    }

    const WIDE: Bounds =
        Bounds { budget: 48.0, min_interval: Duration::from_secs(1), max_interval: Duration::from_hours(24 * 365) };

    #[test]
    fn alone_a_feed_gets_the_budget() {
        for own in [0.05, 1.0, 7.0] {
            assert!((Fleet::default().pace(&WIDE, own) * own - 2.0).abs() < 0.01);
        }
    }

    #[test]
    fn claims_share_the_budget() {
        let memories: Vec<Rhythm> = (0..90).map(|n| memory(if n < 60 { 0.25 } else { 4.0 })).collect();
        let pace = Fleet::of(memories.iter().map(Some)).pace(&WIDE, 0.25);
        let spent = pace * (60.0 * 0.25 + 30.0 * 4.0);
        assert!((spent / 90.0 - 2.0).abs() < 0.01, "{spent}");
    }

    #[test]
    fn what_bounded_feeds_leave_goes_to_the_others() {
        let memories: Vec<Rhythm> = (0..20).map(|n| memory(if n < 10 { 0.5 } else { 8.0 })).collect();
        let bounds = Bounds { min_interval: Duration::from_mins(20), ..WIDE };
        let pace = Fleet::of(memories.iter().map(Some)).pace(&bounds, 0.5);
        // The fast ones are limited to 3 per hour, so 1 per hour is left for each slow one.
        assert!((pace * 0.5 - 1.0).abs() < 0.01, "{pace}");
    }

    #[test]
    fn impossible_budgets_end_at_the_bounds() {
        let fleet = Fleet::of([Some(&memory(1.0))]);
        for (budget, low, high) in [(1e9, 6.0, f64::INFINITY), (1e-9, 0.0, 1.0 / 12.0)] {
            let pace = fleet.pace(&Bounds { budget, ..Bounds::default() }, 1.0);
            assert!((low..=high).contains(&pace), "{budget}: {pace}");
        }
    }

    #[test]
    fn who_joins_and_leaves_is_counted() {
        let broken = Rhythm::read("{broken");
        let mut fleet = Fleet::of([None, broken.as_ref(), Some(&memory(3.0))]);
        assert_eq!(fleet.feeds(), 3);
        fleet.replace(None, Some(&memory(2.0)));
        fleet.leave(Some(&memory(3.0)));
        assert_eq!(fleet, Fleet::of([broken.as_ref(), Some(&memory(2.0))]));
        fleet.leave(Some(&memory(100.0)));
        assert_eq!(fleet.feeds(), 2, "a feed that was never there does not leave");
    }
}
