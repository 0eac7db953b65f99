//! When each feed is polled next, and why: pure functions of the schedule, the feed's history, the server's wishes,
//! the outcome of the visit and the time.
//!
//! - [`first`] for a feed never visited, [`next`] after each visit, [`reschedule`] at start, after a changed
//!   configuration and after clock trouble. Each gives a [`Due`] with its [`Why`].
//! - `every` and crontab schedules are the operator's word: only `Retry-After`, backoff and `gone` bend them. Hints,
//!   bounds and budget speak to `adaptive`.
//! - Nothing is random: feeds are spread by their id, so a restart decides as before.
//! - [`HostBook`] keeps the peace of hosts, [`permanent`] the quarantine of permanent redirects, [`doubts`] the
//!   suspicion against servers whose 304s may lie.
//!
//! The only room that names the `cron` crate, and `chrono` at that edge.

mod adaptive;
mod crontab;
mod decide;
mod fleet;
mod floor;
mod host;
mod moving;
mod profile;
mod rhythm;
mod spec;
mod spread;
mod trust;
mod why;

pub use crontab::Crontab;
pub use decide::{
    Due, GONE_PAUSE, LONGEST_BACKOFF, LONGEST_HOLD, LONGEST_HOST_HOLD, Standing, Visit, catch_up, first, next,
    reschedule,
};
pub use fleet::Fleet;
pub use floor::LONGEST_HINT;
pub use host::{HostBook, Wait};
pub use moving::{CONFIRMING_SPAN, CONFIRMING_VISITS, Moving, permanent};
pub use spec::{Bounds, Schedule, ScheduleError};
pub use trust::{doubts, host_hold};
pub use why::{Decided, Floor, Hint, Why};
