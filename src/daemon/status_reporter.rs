//! What the loop shows of itself: health for probes, numbers for Prometheus, life for the service manager.

use super::{Services, service_manager::notify};
use crate::{
    poll::PollResult,
    serve::{DatabaseState, Health, Meters, PollMeasurement},
};
use jiff::{SignedDuration, Timestamp};
use std::{path::PathBuf, sync::Arc};

/// Gauges that cost more than an addition are set this often.
const GAUGES_EVERY: SignedDuration = SignedDuration::from_secs(5);

/// Health and numbers, and when the gauges were last set.
pub(super) struct StatusReporter {
    pub health: Arc<Health>,
    pub meters: Arc<Meters>,
    /// The database and its WAL, which holds what is not in the file yet: at first, everything.
    files: [PathBuf; 2],
    gauged: Option<Timestamp>,
    /// The service manager knows that the daemon is ready.
    ready_told: bool,
}

impl StatusReporter {
    pub(super) fn new(database: PathBuf) -> Self {
        let mut wal = database.clone().into_os_string();
        wal.push("-wal");
        Self {
            health: Arc::default(),
            meters: Arc::default(),
            files: [database, wal.into()],
            gauged: None,
            ready_told: false,
        }
    }

    /// Tells the service manager that the daemon is ready; again with each turn while the manager has no room for it.
    pub(super) fn tell_ready(&mut self) {
        if !self.ready_told {
            self.ready_told = notify(sd_notify::NotifyState::Ready);
        }
    }

    /// Counts a poll.
    pub(super) fn polled(&self, report: &PollResult) {
        let PollResult { outcome, took, late, bytes, written, .. } = report;
        let (took, late, bytes) = (*took, *late, *bytes);
        self.meters.polled(&PollMeasurement { outcome, took, late, bytes, tally: written.tally, gap: written.gap });
        written.joined.iter().for_each(|rule| self.meters.joined(*rule));
    }

    /// The loop turned. The watchdog is fed by the loop itself: one that hangs is killed and started anew.
    pub(super) fn turned(&mut self, services: &Services) {
        let now = services.clock.now();
        self.health.turned(now);
        let wal = services.writer.wal();
        self.health.database(match services.writer.trouble() {
            Some(trouble) => DatabaseState::Unwritable(trouble.to_string()),
            None => DatabaseState::Writable { blocked_wal: wal.blocked.then_some(wal.bytes) },
        });
        self.tell_ready();
        notify(sd_notify::NotifyState::Watchdog);
        if self.gauged.is_some_and(|at| now.duration_since(at).abs() < GAUGES_EVERY) {
            return;
        }
        self.gauged = Some(now);
        self.meters.feeds(services.runner.queue.states());
        self.meters.wal(std::fs::metadata(&self.files[1]).map_or(0, |file| file.len()), wal.blocked);
        self.meters.database(self.files.iter().filter_map(|file| Some(std::fs::metadata(file).ok()?.len())).sum());
    }
}
