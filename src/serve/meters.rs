//! Metrics for Prometheus, served at `/metrics`. There is no global recorder: code that counts holds the [`Meters`].

mod describe;

use super::PROBES;
use super::process;
use crate::model::push::WebhookState;
use crate::model::{DurationHistogram, FeedState, Outcome, Rule, Tally};
use describe::{HTTP, describe, recorder};
use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use metrics_exporter_prometheus::{PrometheusHandle, PrometheusRecorder};
use std::collections::HashSet;
use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Outcomes of a poll, named as in the database.
const OUTCOMES: [&str; 6] = ["fresh", "not_modified", "same_bytes", "moved", "gone", "failed"];
const STATES: [FeedState; 5] =
    [FeedState::New, FeedState::Active, FeedState::Failing, FeedState::Held, FeedState::Gone];
/// Rules by which an entry joins a story: all except the first, which is that of a story's first entry.
const JOINS: [Rule; Rule::ALL.len() - 1] = {
    let [_, joins @ ..] = Rule::ALL;
    joins
};
/// Labels of the responses by status. The most frequent statuses have labels of their own.
const ANSWERS: [&str; 5] = ["200", "304", "3xx", "4xx", "5xx"];

/// The measurements of one poll.
#[derive(Debug, Clone, Copy)]
pub struct PollMeasurement<'a> {
    /// The outlet's slug.
    pub outlet: &'a str,
    /// How the poll ended.
    pub outcome: &'a Outcome,
    /// Time from the start of the request to the decision.
    pub took: Duration,
    /// How long after its due time the poll started.
    pub late: Duration,
    /// Size of the decoded body, in bytes.
    pub bytes: u64,
    /// The writer's counts of new, revised and duplicate entries.
    pub tally: Tally,
    /// Whether the document had no entry in common with the previous one.
    pub gap: bool,
}

/// The work of the database writer since the start, and the length of its queue.
#[derive(Debug, Clone, Copy, Default)]
pub struct WriterMeasurement {
    /// Finished polls and other work in the queue.
    pub queued: usize,
    /// How long the write lock was waited for.
    pub waits: DurationHistogram,
    /// How long commits took.
    pub commits: DurationHistogram,
    /// Number of entries in the window of stories.
    pub window: usize,
    /// How far the search index lags behind.
    pub search_lag: Duration,
}

/// The labels of a webhook's metrics.
type WebhookLabels = [(&'static str, String); 3];

/// All metrics. Each is registered once, so that counting is a mere addition.
pub struct Meters {
    handle: PrometheusHandle,
    /// Recorder for metrics whose labels are not known in advance.
    recorder: Arc<PrometheusRecorder>,
    /// Whether each outlet has its own metrics.
    outlets: bool,
    /// When the process started, in Unix seconds.
    start: Option<f64>,
    writer: Mutex<WriterMeasurement>,
    /// The webhooks that have gauges.
    webhooks: Mutex<HashSet<WebhookLabels>>,
    queued: Gauge,
    window: Gauge,
    search_lag: Gauge,
    polls: Vec<Counter>,
    took: Histogram,
    late: Histogram,
    bytes: Counter,
    entries: [Counter; 3],
    joins: Vec<Counter>,
    gaps: Counter,
    feeds: Vec<Gauge>,
    overdue: Gauge,
    ready: Gauge,
    reloaded: Gauge,
    database: Gauge,
    damaged: Gauge,
    wal: Gauge,
    wal_blocked: Gauge,
    waiting: Gauge,
    connections: Gauge,
    most_connections: Gauge,
    answers: Vec<Counter>,
}

impl Default for Meters {
    fn default() -> Self {
        Self::new(false, None)
    }
}

impl Meters {
    /// Creates the metrics. `outlets` says whether each outlet has its own; `start` is when the process started, in Unix seconds.
    #[must_use]
    pub fn new(outlets: bool, start: Option<f64>) -> Self {
        let recorder = Arc::new(recorder());
        let handle = recorder.handle();
        metrics::with_local_recorder(&*recorder, || {
            describe();
            gauge!("warraq_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1);
            Self {
                handle,
                recorder: Arc::clone(&recorder),
                outlets,
                start,
                writer: Mutex::default(),
                webhooks: Mutex::default(),
                queued: gauge!("warraq_writer_queue"),
                window: gauge!("warraq_window_entries"),
                search_lag: gauge!("warraq_search_lag_seconds"),
                polls: OUTCOMES.map(|o| counter!("warraq_polls_total", "outcome" => o)).into(),
                took: histogram!("warraq_poll_duration_seconds"),
                late: histogram!("warraq_poll_lateness_seconds"),
                bytes: counter!("warraq_fetched_bytes_total"),
                entries: ["new", "revised", "duplicate"].map(|c| counter!("warraq_entries_total", "change" => c)),
                joins: JOINS.map(|r| counter!("warraq_joins_total", "rule" => r.as_str())).into(),
                gaps: counter!("warraq_gaps_total"),
                feeds: STATES.map(|s| gauge!("warraq_feeds", "state" => s.as_str())).into(),
                overdue: gauge!("warraq_feeds_overdue"),
                ready: gauge!("warraq_ready"),
                reloaded: {
                    let reloaded = gauge!("warraq_config_last_reload_successful");
                    reloaded.set(1);
                    reloaded
                },
                database: gauge!("warraq_database_bytes"),
                damaged: gauge!("warraq_database_damaged"),
                wal: gauge!("warraq_wal_bytes"),
                wal_blocked: gauge!("warraq_wal_checkpoint_blocked"),
                waiting: gauge!("warraq_waiting_entries"),
                connections: gauge!("warraq_http_connections"),
                most_connections: gauge!("warraq_http_connections_max"),
                answers: ANSWERS.map(|code| counter!("warraq_http_responses_total", "code" => code)).into(),
            }
        })
    }
}

impl Meters {
    /// Sets the number of subscribers of the hub, how many of them deliveries do not reach, and the state of each webhook.
    pub fn pushing(&self, (subscribers, failing): (usize, usize), webhooks: &[WebhookState]) {
        metrics::with_local_recorder(&*self.recorder, || {
            let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
            gauge!("warraq_hub_subscribers").set(number(subscribers));
            gauge!("warraq_hub_subscribers_failing").set(number(failing));
            let mut shown = HashSet::with_capacity(webhooks.len());
            for hook in webhooks {
                let labels = labels(hook);
                // The queue is bounded, so the number fits.
                let waiting = u32::try_from(hook.waiting()).unwrap_or(u32::MAX);
                gauge!("warraq_webhook_queue", &labels).set(waiting);
                gauge!("warraq_webhook_failures", &labels).set(hook.failures);
                counter!("warraq_webhook_dropped_total", &labels).absolute(hook.dropped);
                shown.insert(labels);
            }
            let mut before = self.webhooks.lock().unwrap_or_else(PoisonError::into_inner);
            // The recorder cannot remove the gauges of removed webhooks, and their last values would keep an alert firing.
            for labels in before.difference(&shown) {
                gauge!("warraq_webhook_queue", labels).set(0);
                gauge!("warraq_webhook_failures", labels).set(0);
            }
            *before = shown;
        });
    }

    /// Records a document that a hub delivered.
    pub fn pushed(&self, tally: Tally) {
        self.count_entries(tally);
    }

    fn count_entries(&self, tally: Tally) {
        let Tally { new, revised, duplicate, .. } = tally;
        for (counter, n) in self.entries.iter().zip([new, revised, duplicate]) {
            counter.increment(n.into());
        }
    }

    /// Records a finished poll.
    pub fn polled(&self, poll: &PollMeasurement<'_>) {
        count(&self.polls, &OUTCOMES, poll.outcome.as_str());
        self.took.record(poll.took);
        self.late.record(poll.late);
        self.bytes.increment(poll.bytes);
        self.count_entries(poll.tally);
        self.gaps.increment(poll.gap.into());
        if self.outlets {
            let (outlet, outcome) = (poll.outlet.to_owned(), poll.outcome.as_str());
            metrics::with_local_recorder(&*self.recorder, || {
                counter!("warraq_outlet_polls_total", "outlet" => outlet.clone(), "outcome" => outcome).increment(1);
                counter!("warraq_outlet_entries_total", "outlet" => outlet.clone()).increment(poll.tally.new.into());
                counter!("warraq_outlet_revisions_total", "outlet" => outlet).increment(poll.tally.revised.into());
            });
        }
    }

    /// Sets the current figures of the writer.
    pub fn writer(&self, measured: WriterMeasurement) {
        #[expect(clippy::cast_precision_loss, reason = "counts of what is in memory")]
        let (queued, window) = (measured.queued as f64, measured.window as f64);
        self.queued.set(queued);
        self.window.set(window);
        self.search_lag.set(measured.search_lag);
        *self.writer.lock().unwrap_or_else(PoisonError::into_inner) = measured;
    }

    /// Records that an entry joined a story, or was recognised, by this rule.
    pub fn joined(&self, rule: Rule) {
        count(&self.joins, &JOINS, rule);
    }

    /// Sets whether `/readyz` answers 200.
    pub fn ready(&self, is_ready: bool) {
        self.ready.set(u8::from(is_ready));
    }

    /// Sets whether the configuration was free of errors when it was last read.
    pub fn reloaded(&self, is_valid: bool) {
        self.reloaded.set(u8::from(is_valid));
    }

    /// Sets the number of feeds in each state, given the state of every feed, and the number of those that are overdue.
    pub fn feeds(&self, states: impl IntoIterator<Item = FeedState>, overdue: usize) {
        self.overdue.set(u32::try_from(overdue).unwrap_or(u32::MAX));
        let mut counts = [0_u32; STATES.len()];
        for state in states {
            if let Some(at) = STATES.iter().position(|s| *s == state) {
                counts[at] += 1;
            }
        }
        for (gauge, count) in self.feeds.iter().zip(counts) {
            gauge.set(count);
        }
    }

    /// Sets the size of the write-ahead log in bytes, and whether a reader keeps it from being checkpointed.
    pub fn wal(&self, bytes: u64, blocked: bool) {
        #[expect(clippy::cast_precision_loss, reason = "a log of 2^53 bytes fits on no disk")]
        self.wal.set(bytes as f64);
        self.wal_blocked.set(u8::from(blocked));
    }

    /// Sets the number of entries that wait for their pages.
    pub fn waiting(&self, entries: usize) {
        self.waiting.set(u32::try_from(entries).unwrap_or(u32::MAX));
    }

    /// Sets whether reading the database met damage.
    pub fn damaged(&self, damaged: bool) {
        self.damaged.set(u8::from(damaged));
    }

    /// Sets the size of the database in bytes, including its write-ahead log.
    pub fn database(&self, bytes: u64) {
        #[expect(clippy::cast_precision_loss, reason = "Prometheus counts in floats; exact up to nine petabytes")]
        self.database.set(bytes as f64);
    }

    /// Records the duration of a response under the label `route`, and counts it by its status unless a probe asked.
    pub(super) fn answered(&self, status: u16, route: &str, took: Duration) {
        metrics::with_local_recorder(&*self.recorder, || histogram!(HTTP, "route" => route.to_owned()).record(took));
        if PROBES.contains(&route) {
            return;
        }
        let at = match status {
            304 => 1,
            300..=399 => 2,
            400..=499 => 3,
            500.. => 4,
            _ => 0,
        };
        self.answers[at].increment(1);
    }

    /// Renders all metrics in the Prometheus text format.
    pub(super) fn render(&self) -> String {
        let mut text = self.handle.render();
        let writer = *self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, help, times) in [
            ("warraq_database_wait_seconds", "Time spent waiting for the database's write lock.", writer.waits),
            ("warraq_database_commit_seconds", "Duration of commits: mostly disk time.", writer.commits),
        ] {
            text += &histogram_text(name, help, &times);
        }
        text + &process::exposition(self.start)
    }

    /// Sets the number of open connections, and the most that may be open.
    pub(super) fn connections(&self, open: usize, most: usize) {
        let gauges = [&self.connections, &self.most_connections];
        for (gauge, count) in gauges.into_iter().zip([open, most]) {
            gauge.set(u32::try_from(count).unwrap_or(u32::MAX));
        }
    }

    /// Aggregates the samples that the histograms collected since the last call. Without it, they would grow until the next
    /// request for `/metrics`.
    pub(super) fn upkeep(&self) {
        self.handle.run_upkeep();
    }
}

/// Returns the labels of a webhook. Several webhooks of a channel may be at one host.
fn labels(hook: &WebhookState) -> WebhookLabels {
    [("channel", hook.channel.clone()), ("host", hook.host.clone()), ("webhook", hook.id.to_string())]
}

/// Renders a histogram in the Prometheus text format.
fn histogram_text(name: &str, help: &str, times: &DurationHistogram) -> String {
    let mut text = format!("# HELP {name} {help}\n# TYPE {name} histogram\n");
    for (bound, count) in times.cumulative() {
        let _ = writeln!(text, "{name}_bucket{{le=\"{bound}\"}} {count}");
    }
    let (sum, count) = (times.sum().as_secs_f64(), times.count());
    let _ = write!(text, "{name}_bucket{{le=\"+Inf\"}} {count}\n{name}_sum {sum}\n{name}_count {count}\n\n");
    text
}

fn count<T: PartialEq + Copy>(counters: &[Counter], labels: &[T], label: T) {
    if let Some(at) = labels.iter().position(|l| *l == label) {
        counters[at].increment(1);
    }
}

impl fmt::Debug for Meters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meters").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
