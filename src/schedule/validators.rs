//! Decides from a feed's state whether the server's 304s can be trusted, and whether a hold applies to the whole host.

use super::{LONGEST_HOST_HOLD, input::PolledFeed, profile::Profile, spread::later};
use crate::model::{Fault, FeedRecord, Outcome, Rhythm};
use jiff::Timestamp;
use std::time::Duration;

/// Consecutive 304s, and seconds without a document, before the 304s of a feed are doubted at all.
const PATIENCE: (u32, i64) = (12, 7 * DAY_S);
const DAY_S: i64 = 86_400;
/// The 304s are doubted after this many times the usual interval between entries. For a steady feed, such a long silence has a
/// probability of e⁻¹⁰.
const SILENCE: f64 = 10.0;
/// Longest time without a document, in seconds, after which the 304s of any feed are doubted.
const LONGEST_S: i64 = 90 * DAY_S;
/// Time for which a 429 without `Retry-After` holds its host.
const HOST_PAUSE: Duration = Duration::from_mins(1);

/// Returns whether the next request should be unconditional, because the server has sent 304s for so long that they may be
/// wrong. Once it sends a document, its 304s are trusted again for a while.
#[must_use]
pub fn doubts(feed: &FeedRecord, now: Timestamp) -> bool {
    let Some(rhythm) = feed.rhythm.as_deref() else { return false };
    if rhythm.unchanged < PATIENCE.0 || rhythm.document_at == 0 {
        return false;
    }
    let gap_h = SILENCE / Profile::of(rhythm, 0).mean().max(1e-6);
    let usual = Duration::try_from_secs_f64(gap_h * 3_600.0).map_or(LONGEST_S, |d| d.as_secs().cast_signed());
    let patience = usual.clamp(PATIENCE.1, LONGEST_S) >> rhythm.lies.min(2);
    now.as_second() - rhythm.document_at >= patience
}

/// Returns until when the feed's host wants no requests at all (its server responded with 429). This is for
/// [`super::HostLimiter::hold`], also at start. It is never later than [`LONGEST_HOST_HOLD`] after the feed's last poll,
/// whatever an older version stored.
#[must_use]
pub fn host_hold(feed: &FeedRecord) -> Option<Timestamp> {
    let until = feed.rhythm.as_deref()?.host_hold;
    let until = (until > 0).then(|| Timestamp::from_second(until).ok()).flatten()?;
    Some(feed.last_poll_at.map_or(until, |last| until.min(later(last, LONGEST_HOST_HOLD))))
}

/// Records what a poll showed about the server.
pub(super) fn note(rhythm: &mut Rhythm, poll: &PolledFeed<'_>, hold: Option<Timestamp>) {
    match poll.outcome {
        Outcome::NotModified => rhythm.unchanged = rhythm.unchanged.saturating_add(1),
        Outcome::Fresh | Outcome::SameBytes | Outcome::Moved => {
            // Whether there are new entries dated before a poll whose response was 304.
            let hidden = |last: Timestamp| poll.stamps.iter().any(|s| s.as_second() < last.as_second() - DAY_S);
            if rhythm.unchanged >= PATIENCE.0 && poll.feed.last_success_at.is_some_and(hidden) {
                rhythm.lies = rhythm.lies.saturating_add(1);
            }
            rhythm.document_at = poll.now.as_second();
            rhythm.unchanged = 0;
        }
        Outcome::Gone | Outcome::Failed(_) => {}
    }
    let own = if let Outcome::Failed(fault) = poll.outcome { Some((fault, hold)) } else { None };
    let until = own.or(poll.older_fault).and_then(|(fault, asked)| whole_host(fault, asked, poll.now));
    rhythm.host_hold = until.map_or(0, Timestamp::as_second);
}

/// Returns until when a fault holds the whole host. Only a 429 does, for as long as it asks, but at most a day.
fn whole_host(fault: &Fault, asked: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
    let until = asked.map_or_else(|| later(now, HOST_PAUSE), |at| at.min(later(now, LONGEST_HOST_HOLD)));
    matches!(fault, Fault::Held { status: 429 }).then_some(until)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Tally;
    use crate::schedule::decide::tests::{Scene, noon};
    use jiff::ToSpan;

    /// Returns a feed that brought three entries per hour for a day and then 304s for `days`, and whether its 304s are doubted.
    fn silent(days: i64) -> (Scene, bool) {
        let mut scene = Scene::new("every 1h");
        scene.outcome = Outcome::Fresh;
        scene.stamps = (1..=72).map(|n| noon() - (20 * n).minutes()).collect();
        scene.tally = Tally { new: 72, listed: 72, ..Tally::default() };
        scene.poll();
        scene.outcome = Outcome::NotModified;
        scene.stamps.clear();
        scene.tally = Tally::default();
        for hour in 1..=days * 24 {
            scene.now = noon() + hour.hours();
            scene.poll();
        }
        let doubted = doubts(&scene.feed, scene.now);
        (scene, doubted)
    }

    #[test]
    fn a_busy_feed_silent_for_a_week_is_doubted_once() {
        assert!(!silent(6).1);
        let (mut scene, doubted) = silent(8);
        assert!(doubted);
        scene.outcome = Outcome::SameBytes;
        scene.poll();
        assert!(!doubts(&scene.feed, scene.now), "a document settles it");
    }

    #[test]
    fn a_caught_liar_is_asked_more_often() {
        let mut scene = silent(8).0;
        scene.outcome = Outcome::Fresh;
        scene.stamps = vec![scene.now - 72.hours()];
        scene.tally = Tally { new: 1, listed: 72, ..Tally::default() };
        scene.poll();
        scene.outcome = Outcome::NotModified;
        scene.stamps.clear();
        scene.tally = Tally::default();
        for _ in 0..4 * 24 {
            scene.now += 1.hour();
            scene.poll();
        }
        assert!(doubts(&scene.feed, scene.now));
    }

    #[test]
    fn a_slow_feed_may_be_silent_for_weeks() {
        let mut scene = Scene::new("every 1h");
        scene.outcome = Outcome::Fresh;
        scene.stamps = (1..=10).map(|n| noon() - (48 * n).hours()).collect();
        scene.tally = Tally { new: 10, listed: 10, ..Tally::default() };
        scene.poll();
        scene.outcome = Outcome::NotModified;
        scene.tally = Tally::default();
        for day in 1..=14 {
            scene.now = noon() + (24 * day).hours();
            scene.poll();
        }
        assert!(!doubts(&scene.feed, scene.now));
    }
}
