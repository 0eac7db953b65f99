//! When each feed is polled next, and why: pure functions of the schedule, the feed's history, the server's wishes,
//! the outcome of the poll and the time.
//!
//! - [`first`] for a feed never polled, [`next`] after each poll, [`reschedule`] at start, after a changed
//!   configuration and after clock trouble. Each gives a [`Due`] with its [`Why`].
//! - `every` and crontab schedules are the operator's word: only `Retry-After`, backoff and `gone` bend them. Hints,
//!   bounds and budget speak to `adaptive`.
//! - Nothing is random: feeds are spread by their id, so a restart decides as before.
//! - [`HostLimiter`] keeps per-host limits, [`permanent`] the quarantine of permanent redirects, [`doubts`] the
//!   suspicion against servers whose 304s may lie.
//!
//! The only module that uses the `cron` crate, and `chrono` at that edge.

mod adaptive;
mod crontab;
mod decide;
mod fleet;
mod floor;
mod host;
mod input;
mod profile;
mod redirect;
mod rhythm;
mod spec;
mod spread;
mod validators;
mod why;

pub use crontab::Crontab;
pub use decide::{Due, LONGEST_BACKOFF, LONGEST_HOLD, LONGEST_HOST_HOLD, catch_up, first, next, reschedule};
pub use fleet::Fleet;
pub use floor::LONGEST_HINT;
pub use host::{HostLimiter, HostWait};
pub use input::{PolledFeed, ReplanInput};
pub use redirect::{CONFIRMING_SPAN, CONFIRMING_VISITS, RedirectDecision, permanent};
pub use spec::{Bounds, Schedule, ScheduleError};
pub use validators::{doubts, host_hold};
pub use why::{DecidedBy, Floor, GONE_PAUSE, Hint, Why};
