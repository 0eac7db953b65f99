//! What the log says about a poll.

use crate::{
    model::{FeedId, LargerThanMaxBody, Outcome, Tally},
    poll::PollResult,
};
use std::{collections::HashMap, fmt};

/// Least number of listed entries of a feed that counts as rewriting itself. Short lists of rates or weather do so for good reason.
const REWRITTEN_LISTED: u32 = 10;
/// Number of changed documents in a row that must be rewritten before the log says so.
const REWRITTEN_POLLS: u32 = 5;

/// Feeds in which nearly every entry differs at each poll.
#[derive(Debug, Default)]
pub(super) struct RewritingFeeds(HashMap<FeedId, u32>);

impl RewritingFeeds {
    /// Counts a poll. Logs once that the feed rewrites itself: each revision is stored, so that the database grows.
    pub(super) fn polled(&mut self, report: &PollResult) {
        let (feed, tally) = (&report.written.feed, report.written.tally);
        match report.outcome {
            Outcome::Fresh if is_rewritten(tally) => {}
            Outcome::Fresh => {
                self.0.remove(&feed.id);
                return;
            }
            _ => return,
        }
        let polls = self.0.entry(feed.id).or_default();
        *polls = polls.saturating_add(1);
        if *polls == REWRITTEN_POLLS {
            tracing::warn!(
                outlet = %feed.outlet,
                feed = %feed.url.shown(),
                revised = tally.revised,
                "the outlet changes nearly all entries at each poll, and their former texts fill the database; poll it less often, or see \
                 what changes with `warraq explain entry`"
            );
        }
    }
}

/// Returns whether nearly all listed entries were revised.
fn is_rewritten(tally: Tally) -> bool {
    tally.listed >= REWRITTEN_LISTED && u64::from(tally.revised) * 10 >= u64::from(tally.listed) * 9
}

/// Logs a poll. Changes are logged at info level, failures as warnings, and every poll at debug level with all its numbers.
/// The poll history in the database has the numbers of every poll too.
pub(super) fn log(report: &PollResult) {
    let PollResult { outcome, status, bytes, took, error, truncated_at, written, .. } = report;
    let (outlet, next) = (&written.feed.outlet, format_args!("{:.0}", written.feed.next_poll_at));
    // Decoding the address costs more than a line that is not logged.
    let feed = fmt::from_fn(|f| f.write_str(&written.feed.url.shown()));
    let (new, revised, duplicate) = (written.tally.new, written.tally.revised, written.tally.duplicate);
    let dropped = written.tally.dropped;
    let changed = new + revised + duplicate + dropped > 0;
    match outcome {
        Outcome::Failed(_) => {
            let error = error.as_deref().unwrap_or_default();
            tracing::warn!(%outlet, %feed, outcome = "failed", status, %error, %next, "poll failed");
        }
        Outcome::Gone => tracing::warn!(%outlet, %feed, outcome = "gone", status, %next, "feed is gone"),
        Outcome::Fresh if changed || written.gap => {
            let gap = written.gap.then_some(true);
            let [new, revised, duplicate, dropped] =
                [new, revised, duplicate, dropped].map(|count| (count > 0).then_some(count));
            tracing::info!(%outlet, %feed, new, revised, duplicate, dropped, gap, "changed");
        }
        Outcome::Moved => tracing::info!(%outlet, %feed, outcome = "moved", status, %next, "feed has moved"),
        Outcome::Fresh | Outcome::NotModified | Outcome::SameBytes => {}
    }
    if let Some(limit) = truncated_at {
        tracing::warn!(%outlet, %feed, "the document is {}", LargerThanMaxBody(*limit));
    }
    let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let outcome = outcome.as_str();
    tracing::debug!(%outlet, %feed, outcome, status, bytes, new, revised, duplicate, dropped, ms, %next, "polled");
}
