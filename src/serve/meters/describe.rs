//! The help texts of the metrics, and the buckets of the histograms.

use metrics::{describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusRecorder};

/// Upper bounds of the histogram buckets, in seconds: from a quick 304 to a feed that is hours late.
const BUCKETS: [f64; 14] = [0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 7200.0];

/// Upper bounds of the histogram buckets of HTTP requests, in seconds. A document in memory takes less than a millisecond.
const HTTP_BUCKETS: [f64; 10] = [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0];
pub(super) const HTTP: &str = "warraq_http_request_duration_seconds";

/// Builds the recorder of all metrics.
pub(super) fn recorder() -> PrometheusRecorder {
    // This only fails for an empty list of bounds, and the lists are constants that are not empty.
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS)
        .and_then(|builder| builder.set_buckets_for_metric(Matcher::Full(HTTP.to_owned()), &HTTP_BUCKETS));
    builder.unwrap_or_default().build_recorder()
}

pub(super) fn describe() {
    for (name, help) in [
        ("warraq_polls_total", "Polls by outcome."),
        ("warraq_fetched_bytes_total", "Bytes of documents read, decoded."),
        ("warraq_entries_total", "Entries by decision (new, revised, duplicate)."),
        ("warraq_joins_total", "Entries that joined a story or were recognised as a known entry, by rule."),
        (
            "warraq_gaps_total",
            "Polls whose document had no entry in common with the previous one, so that entries may have been missed.",
        ),
        (
            "warraq_http_responses_total",
            "HTTP responses by status, without those to probes (/healthz, /readyz, /metrics).",
        ),
        ("warraq_webhook_dropped_total", "Stories that did not fit into the queue of a webhook."),
        ("warraq_outlet_polls_total", "Polls of one outlet's feeds, by outcome."),
        ("warraq_outlet_entries_total", "New entries of one outlet."),
        ("warraq_outlet_revisions_total", "Changes that one outlet made to its entries."),
    ] {
        describe_counter!(name, help);
    }
    describe_histogram!("warraq_poll_duration_seconds", "From the start of a request to the decision.");
    describe_histogram!("warraq_poll_lateness_seconds", "Time from when a poll was due to its start.");
    describe_histogram!(HTTP, "Time to the answer of a request, by route.");
    describe_gauge!("warraq_writer_queue", "Finished polls and other work that waits for the database writer.");
    describe_gauge!("warraq_window_entries", "Recent entries in memory that new entries are compared with.");
    describe_gauge!("warraq_search_lag_seconds", "Age of the oldest entry that is not yet searchable.");
    describe_gauge!("warraq_feeds", "Configured feeds by state.");
    describe_gauge!(
        "warraq_feeds_overdue",
        "Feeds due for more than five minutes, without those whose host asked for a pause (429)."
    );
    describe_gauge!("warraq_ready", "1 while the database can be written and the feeds are rendered, as /readyz says.");
    describe_gauge!(
        "warraq_config_last_reload_successful",
        "0 after a reload that found errors in the configuration and changed nothing, else 1."
    );
    describe_gauge!("warraq_database_bytes", "Size of the database, its write-ahead log included.");
    describe_gauge!("warraq_database_damaged", "1 once reading the database has met damage, until the next start.");
    describe_gauge!("warraq_wal_bytes", "Size of the database's write-ahead log.");
    describe_gauge!(
        "warraq_wal_checkpoint_blocked",
        "1 while another program's open read transaction keeps a long write-ahead log from being checkpointed."
    );
    describe_gauge!(
        "warraq_waiting_entries",
        "Entries that wait for their pages (full_text), for two minutes at most."
    );
    describe_gauge!("warraq_http_connections", "Open connections of clients.");
    describe_gauge!("warraq_http_connections_max", "Most connections that may be open; further clients wait.");
    describe_gauge!("warraq_hub_subscribers", "Subscribers of the hub.");
    describe_gauge!("warraq_hub_subscribers_failing", "Subscribers of the hub whose last delivery failed.");
    describe_gauge!("warraq_webhook_queue", "Stories that wait for a webhook.");
    describe_gauge!("warraq_webhook_failures", "Consecutive failed requests of a webhook.");
    describe_gauge!("warraq_build_info", "1; the version is in the label.");
}
