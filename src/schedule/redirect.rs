//! Permanent redirects (301, 308). They are followed at once, but the new address is adopted only when three polls over two
//! days found a feed there. Outlets sometimes redirect everything to a maintenance page or a shop for a day, and an address that
//! was overwritten is lost.

use crate::model::{FeedUrl, PendingRedirect};
use jiff::Timestamp;
use serde::Serialize;
use std::time::Duration;

/// Number of polls that must find a feed at the same target.
pub const CONFIRMING_VISITS: u32 = 3;
/// Least time between the first and the last of these polls.
pub const CONFIRMING_SPAN: Duration = Duration::from_hours(48);

/// What to do about a permanent redirect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum RedirectDecision {
    /// There is no permanent redirect: the address stays.
    Stay,
    /// The redirect is not confirmed yet. These values are stored in [`crate::model::FeedRecord::moving`].
    Quarantine(PendingRedirect),
    /// The redirect is confirmed: this address is polled from now on.
    Adopt(FeedUrl),
}

/// Decides after a successful poll; a failed one decides nothing. `target` is the address to which permanent redirects alone
/// (only 301 and 308 in the chain) led, if any; `before` is the stored [`crate::model::FeedRecord::moving`].
#[must_use]
pub fn permanent(before: Option<&PendingRedirect>, target: Option<&FeedUrl>, now: Timestamp) -> RedirectDecision {
    let Some(target) = target else { return RedirectDecision::Stay };
    let pending = |polls, since| RedirectDecision::Quarantine(PendingRedirect { to: target.clone(), polls, since });
    let Some(before) = before.filter(|before| before.to == *target) else { return pending(1, now) };
    let polls = before.polls.saturating_add(1);
    // If the clock was set back, the wait starts again.
    let since = before.since.min(now);
    if polls >= CONFIRMING_VISITS && super::spread::until(since, now) >= CONFIRMING_SPAN {
        RedirectDecision::Adopt(target.clone())
    } else {
        pending(polls, since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::ToSpan;

    fn url(text: &str) -> FeedUrl {
        FeedUrl::parse(text).unwrap()
    }

    #[test]
    fn three_polls_over_two_days() {
        let start: Timestamp = "2026-11-02T09:30:00Z".parse().unwrap();
        let target = url("https://new.example/feed");
        let mut before = None;
        let mut adopted = Vec::new();
        for hours in [0, 1, 2, 47, 48] {
            let now = start + hours.hours();
            match permanent(before.as_ref(), Some(&target), now) {
                RedirectDecision::Quarantine(pending) => before = Some(pending),
                RedirectDecision::Adopt(url) => adopted.push((hours, url)),
                RedirectDecision::Stay => unreachable!(),
            }
        }
        assert_eq!(adopted, [(48, target)]);
    }

    #[test]
    fn two_polls_are_not_enough_and_another_target_begins_anew() {
        let now: Timestamp = "2026-11-09T09:30:00Z".parse().unwrap();
        let (one, other) = (url("https://one.example/"), url("https://other.example/"));
        let long_ago = now - (24 * 6).hours();
        let pending = |to: &FeedUrl, polls, since| PendingRedirect { to: to.clone(), polls, since };
        let before = pending(&one, 1, long_ago);
        let found = |before, target| permanent(Some(before), Some(target), now);
        assert_eq!(found(&before, &one), RedirectDecision::Quarantine(pending(&one, 2, long_ago)));
        assert_eq!(found(&before, &other), RedirectDecision::Quarantine(pending(&other, 1, now)));
        assert_eq!(permanent(Some(&before), None, now), RedirectDecision::Stay);
        let future = pending(&one, 7, now + 240.hours());
        assert_eq!(found(&future, &one), RedirectDecision::Quarantine(pending(&one, 8, now)));
    }
}
