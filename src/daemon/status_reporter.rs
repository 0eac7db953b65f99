//! Reports the state of the loop: health for probes, metrics for Prometheus, notifications to the service manager, and a daily
//! summary in the log.

use super::{Services, push::Pushing, service_manager::notify, summary::DailySummary};
use crate::{
    poll::PollResult,
    serve::{DatabaseState, Health, Meters, PollMeasurement, WriterMeasurement},
    store::{WAL, beside},
};
use jiff::{SignedDuration, Timestamp};
use std::{path::PathBuf, sync::Arc};

/// Interval at which the gauges are set that cost more than an addition.
const GAUGES_EVERY: SignedDuration = SignedDuration::from_secs(5);

/// Least interval between two notifications of the watchdog, which waits for minutes: each is a datagram.
const WATCHDOG_EVERY: SignedDuration = SignedDuration::from_secs(1);

/// Health and metrics, and when the gauges were last set.
pub(super) struct StatusReporter {
    pub health: Arc<Health>,
    pub meters: Arc<Meters>,
    /// The database file and its WAL, which contains what is not in the file yet (at first, everything).
    files: [PathBuf; 2],
    gauged: Option<Timestamp>,
    /// When the service manager was last told that the loop runs.
    watchdog_at: Option<Timestamp>,
    /// Whether the service manager knows that the daemon is ready.
    ready_told: bool,
    summary: DailySummary,
}

impl StatusReporter {
    /// Creates a reporter. `outlets` says whether each outlet has its own metrics.
    pub(super) fn new(database: PathBuf, outlets: bool, now: Timestamp) -> Self {
        let wal = beside(&database, WAL);
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of this age are exact")]
        let start = now.as_millisecond() as f64 / 1000.0;
        Self {
            health: Arc::default(),
            meters: Arc::new(Meters::new(outlets, Some(start))),
            files: [database, wal],
            gauged: None,
            watchdog_at: None,
            ready_told: false,
            summary: DailySummary::new(now),
        }
    }

    /// Tells the service manager that the daemon is ready. Called again with each turn of the loop, until there was room for it.
    pub(super) fn tell_ready(&mut self) {
        if !self.ready_told {
            self.ready_told = notify(&sd_notify::NotifyState::Ready);
        }
    }

    /// Adds a document that a hub delivered to the metrics: what it brought, but no poll.
    pub(super) fn pushed(&mut self, report: &PollResult) {
        self.meters.pushed(report.written.tally);
        report.written.joined.iter().for_each(|rule| self.meters.joined(*rule));
    }

    /// Adds a poll to the metrics.
    pub(super) fn polled(&mut self, report: &PollResult) {
        let PollResult { outcome, took, late, bytes, written, .. } = report;
        let (took, late, bytes) = (*took, *late, *bytes);
        let (outlet, tally, gap) = (written.feed.outlet.as_str(), written.tally, written.gap);
        self.meters.polled(&PollMeasurement { outlet, outcome, took, late, bytes, tally, gap });
        self.summary.polled(report);
        written.joined.iter().for_each(|rule| self.meters.joined(*rule));
    }

    /// Records an iteration of the loop. The loop itself notifies the watchdog, so a loop that hangs is killed and restarted.
    pub(super) fn loop_ran(&mut self, services: &Services, pushing: &Pushing) {
        let now = services.clock.now();
        self.health.loop_ran(now);
        let wal = services.writer.wal();
        self.health.database(match services.writer.trouble() {
            Some(trouble) => DatabaseState::Unwritable(trouble.to_string()),
            None => DatabaseState::Writable { blocked_wal: wal.blocked.then_some(wal.bytes) },
        });
        self.tell_ready();
        if self.watchdog_at.is_none_or(|at| now.duration_since(at).abs() >= WATCHDOG_EVERY) {
            self.watchdog_at = Some(now);
            notify(&sd_notify::NotifyState::Watchdog);
        }
        if self.gauged.is_some_and(|at| now.duration_since(at).abs() < GAUGES_EVERY) {
            return;
        }
        self.gauged = Some(now);
        self.meters.ready(self.health.ready().is_ok());
        self.meters.damaged(self.health.is_damaged());
        self.meters.feeds(services.runner.queue.states(), services.runner.queue.overdue(now));
        self.meters.wal(std::fs::metadata(&self.files[1]).map_or(0, |file| file.len()), wal.blocked);
        let database = self.files.iter().filter_map(|file| Some(std::fs::metadata(file).ok()?.len())).sum();
        self.meters.database(database);
        self.meters.writer(measured(services));
        self.meters.waiting(services.runner.waiting_pages());
        self.meters.pushing(pushing.subscribers(), &pushing.webhooks());
        self.summary.log(now, services.runner.queue.states(), database);
    }
}

/// Converts the writer's figures to a measurement for the metrics.
fn measured(services: &Services) -> WriterMeasurement {
    let figures = services.writer.figures();
    WriterMeasurement {
        queued: services.writer.queued(),
        waits: figures.waits,
        commits: figures.commits,
        window: figures.window,
        search_lag: figures.search_lag(),
    }
}
