//! What the log says about a poll.

use crate::{
    model::{LargerThanMaxBody, Outcome},
    poll::PollResult,
};
use std::fmt;

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
