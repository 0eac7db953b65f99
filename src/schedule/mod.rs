//! Decides when each feed is polled next, and why. These are pure functions of the schedule, the feed's history, the server's
//! hints, the outcome of the poll and the time.
//!
//! - [`first`] is for a feed that was never polled, [`next`] is called after each poll, and [`reschedule`] at start, after a
//!   change of the configuration and after the clock jumped. Each returns a [`Due`] with its [`Why`].
//! - `every` and crontab schedules are set by the operator; only `Retry-After`, backoff and `gone` override them. Hints, bounds
//!   and budget apply only to `adaptive`.
//! - Nothing is random: feeds are spread by their id, so a restart gives the same results.
//! - [`HostLimiter`] enforces per-host limits, [`permanent`] decides when a permanent redirect is adopted, and [`doubts`]
//!   finds servers whose 304s may be wrong.
//!
//! This is the only module that uses the `cron` crate, and `chrono` for its interface.

mod adaptive;
mod crontab;
mod decide;
mod due_time;
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
pub use decide::{Due, LONGEST_HOLD, LONGEST_HOST_HOLD, catch_up, first, next, reschedule};
pub use due_time::LONGEST_BACKOFF;
pub use fleet::Fleet;
pub use floor::LONGEST_HINT;
pub use host::{HostLimiter, HostWait};
pub use input::{PolledFeed, ReplanInput};
pub use redirect::{CONFIRMING_SPAN, CONFIRMING_VISITS, RedirectDecision, permanent};
pub use spec::{Bounds, Schedule, ScheduleError};
pub use validators::{doubts, host_hold};
pub use why::{DecidedBy, Floor, GONE_PAUSE, Hint, Why};
