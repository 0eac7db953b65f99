//! Metrics for Prometheus, served at `/metrics`. There is no global recorder: code that counts holds the [`Meters`].

use crate::model::{FeedState, Outcome, Rule, Tally};
use metrics::{
    Counter, Gauge, Histogram, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::fmt;
use std::time::Duration;

/// Upper bounds of the histogram buckets, in seconds: from a quick 304 to a feed that is hours late.
const BUCKETS: [f64; 14] = [0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 7200.0];

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

/// All metrics. Each is registered once, so that counting is a mere addition.
pub struct Meters {
    handle: PrometheusHandle,
    polls: Vec<Counter>,
    took: Histogram,
    late: Histogram,
    bytes: Counter,
    entries: [Counter; 3],
    joins: Vec<Counter>,
    gaps: Counter,
    feeds: Vec<Gauge>,
    database: Gauge,
    wal: Gauge,
    wal_blocked: Gauge,
    answers: Vec<Counter>,
}

impl Default for Meters {
    fn default() -> Self {
        let builder = PrometheusBuilder::new();
        // This only fails for an empty list of bounds, and the list is a constant that is not empty.
        let recorder = match builder.set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS) {
            Ok(builder) => builder.build_recorder(),
            Err(_) => PrometheusBuilder::new().build_recorder(),
        };
        let handle = recorder.handle();
        metrics::with_local_recorder(&recorder, || {
            describe();
            gauge!("warraq_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1);
            Self {
                handle,
                polls: OUTCOMES.map(|o| counter!("warraq_polls_total", "outcome" => o)).into(),
                took: histogram!("warraq_poll_duration_seconds"),
                late: histogram!("warraq_poll_lateness_seconds"),
                bytes: counter!("warraq_fetched_bytes_total"),
                entries: ["new", "revised", "duplicate"].map(|c| counter!("warraq_entries_total", "change" => c)),
                joins: JOINS.map(|r| counter!("warraq_joins_total", "rule" => r.as_str())).into(),
                gaps: counter!("warraq_gaps_total"),
                feeds: STATES.map(|s| gauge!("warraq_feeds", "state" => s.as_str())).into(),
                database: gauge!("warraq_database_bytes"),
                wal: gauge!("warraq_wal_bytes"),
                wal_blocked: gauge!("warraq_wal_checkpoint_blocked"),
                answers: ANSWERS.map(|code| counter!("warraq_http_responses_total", "code" => code)).into(),
            }
        })
    }
}

fn describe() {
    for (name, help) in [
        ("warraq_polls_total", "Polls by outcome."),
        ("warraq_fetched_bytes_total", "Bytes of documents read, decoded."),
        ("warraq_entries_total", "Entries by what was decided about them."),
        ("warraq_joins_total", "Entries that joined a story or another sighting, by the rule that proved it."),
        ("warraq_gaps_total", "Polls that found nothing of the last document: entries may have been missed."),
        ("warraq_http_responses_total", "Answers to readers by status."),
    ] {
        describe_counter!(name, help);
    }
    describe_histogram!("warraq_poll_duration_seconds", "From the start of a request to the decision.");
    describe_histogram!("warraq_poll_lateness_seconds", "From when a poll was due to its start.");
    describe_gauge!("warraq_feeds", "Configured feeds by state.");
    describe_gauge!("warraq_database_bytes", "Size of the database, its write-ahead log included.");
    describe_gauge!("warraq_wal_bytes", "Size of the database's write-ahead log.");
    describe_gauge!(
        "warraq_wal_checkpoint_blocked",
        "1 while another program's open read transaction keeps a long write-ahead log from being checkpointed."
    );
    describe_gauge!("warraq_build_info", "1; the version is in the label.");
}

impl Meters {
    /// Records a finished poll.
    pub fn polled(&self, poll: &PollMeasurement<'_>) {
        count(&self.polls, &OUTCOMES, poll.outcome.as_str());
        self.took.record(poll.took);
        self.late.record(poll.late);
        self.bytes.increment(poll.bytes);
        let Tally { new, revised, duplicate, .. } = poll.tally;
        for (counter, n) in self.entries.iter().zip([new, revised, duplicate]) {
            counter.increment(n.into());
        }
        self.gaps.increment(poll.gap.into());
    }

    /// Records that an entry joined a story, or was recognised, by this rule.
    pub fn joined(&self, rule: Rule) {
        count(&self.joins, &JOINS, rule);
    }

    /// Sets the number of feeds in each state, given the state of every feed.
    pub fn feeds(&self, states: impl IntoIterator<Item = FeedState>) {
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

    /// Sets the size of the database in bytes, including its write-ahead log.
    pub fn database(&self, bytes: u64) {
        #[expect(clippy::cast_precision_loss, reason = "Prometheus counts in floats; exact up to nine petabytes")]
        self.database.set(bytes as f64);
    }

    /// Counts a response by its status.
    pub(super) fn answered(&self, status: u16) {
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
        self.handle.render()
    }

    /// Aggregates the samples that the histograms collected since the last call. Without it, they would grow until the next
    /// request for `/metrics`.
    pub(super) fn upkeep(&self) {
        self.handle.run_upkeep();
    }
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
mod tests {
    use super::*;

    #[test]
    fn what_happens_is_counted_under_its_name() {
        let meters = Meters::default();
        let poll = |outcome| PollMeasurement {
            outcome,
            took: Duration::from_millis(20),
            late: Duration::from_secs(3),
            bytes: 1000,
            tally: Tally { new: 2, revised: 1, duplicate: 1, listed: 9, known: 5 },
            gap: true,
        };
        meters.polled(&poll(&Outcome::Fresh));
        meters.polled(&poll(&Outcome::Failed(crate::model::Fault::Empty)));
        meters.joined(Rule::Text);
        meters.feeds([FeedState::Active, FeedState::Active, FeedState::Gone]);
        meters.database(4096);
        meters.answered(200);
        meters.answered(404);
        meters.upkeep();
        let text = meters.render();
        for line in [
            "warraq_polls_total{outcome=\"fresh\"} 1",
            "warraq_polls_total{outcome=\"failed\"} 1",
            "warraq_entries_total{change=\"new\"} 4",
            "warraq_joins_total{rule=\"text\"} 1",
            "warraq_joins_total{rule=\"link\"} 0",
            "warraq_gaps_total 2",
            "warraq_feeds{state=\"active\"} 2",
            "warraq_feeds{state=\"held\"} 0",
            "warraq_database_bytes 4096",
            "warraq_fetched_bytes_total 2000",
            "warraq_poll_lateness_seconds_bucket{le=\"2.5\"} 0",
            "warraq_poll_lateness_seconds_bucket{le=\"5\"} 2",
            "warraq_poll_duration_seconds_count 2",
            "warraq_http_responses_total{code=\"200\"} 1",
            "warraq_http_responses_total{code=\"4xx\"} 1",
            "# TYPE warraq_polls_total counter",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} in\n{text}");
        }
    }
}
