use super::*;

#[test]
fn what_happens_is_counted_under_its_name() {
    let meters = Meters::new(true, Some(1.0));
    let poll = |outcome| PollMeasurement {
        outlet: "ville",
        outcome,
        took: Duration::from_millis(20),
        late: Duration::from_secs(3),
        bytes: 1000,
        tally: Tally { new: 2, revised: 1, duplicate: 1, dropped: 0, listed: 9, known: 5 },
        gap: true,
    };
    meters.polled(&poll(&Outcome::Fresh));
    meters.polled(&poll(&Outcome::Failed(crate::model::Fault::Empty)));
    meters.joined(Rule::Text);
    meters.feeds([FeedState::Active, FeedState::Active, FeedState::Gone], 7);
    meters.ready(true);
    meters.database(4096);
    meters.answered(200, "edition", Duration::from_micros(100));
    meters.answered(404, "none", Duration::from_millis(2));
    let (mut waits, minute) = (DurationHistogram::default(), Duration::from_mins(1));
    waits.record(Duration::from_millis(400));
    meters.writer(WriterMeasurement {
        queued: 3,
        waits,
        commits: DurationHistogram::default(),
        window: 9,
        search_lag: minute,
    });
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
        "warraq_feeds_overdue 7",
        "warraq_ready 1",
        "warraq_database_bytes 4096",
        "warraq_fetched_bytes_total 2000",
        "warraq_poll_lateness_seconds_bucket{le=\"2.5\"} 0",
        "warraq_poll_lateness_seconds_bucket{le=\"5\"} 2",
        "warraq_poll_duration_seconds_count 2",
        "warraq_http_responses_total{code=\"200\"} 1",
        "warraq_http_responses_total{code=\"4xx\"} 1",
        "warraq_http_request_duration_seconds_bucket{route=\"edition\",le=\"0.0005\"} 1",
        "warraq_http_request_duration_seconds_bucket{route=\"none\",le=\"0.001\"} 0",
        "warraq_http_request_duration_seconds_count{route=\"none\"} 1",
        "warraq_outlet_polls_total{outlet=\"ville\",outcome=\"fresh\"} 1",
        "warraq_outlet_entries_total{outlet=\"ville\"} 4",
        "warraq_outlet_revisions_total{outlet=\"ville\"} 2",
        "warraq_writer_queue 3",
        "warraq_window_entries 9",
        "warraq_search_lag_seconds 60",
        "# TYPE warraq_database_wait_seconds histogram",
        "warraq_database_wait_seconds_bucket{le=\"0.1\"} 0",
        "warraq_database_wait_seconds_bucket{le=\"0.5\"} 1",
        "warraq_database_wait_seconds_bucket{le=\"+Inf\"} 1",
        "warraq_database_wait_seconds_sum 0.4",
        "warraq_database_commit_seconds_count 0",
        "process_start_time_seconds 1",
        "# TYPE warraq_polls_total counter",
    ] {
        assert!(text.lines().any(|l| l == line), "{line} in\n{text}");
    }
}

#[test]
fn the_gauges_of_a_removed_webhook_are_zero() {
    let meters = Meters::default();
    let hook = |id: i64, failures: u32| WebhookState {
        id,
        channel: "all".to_owned(),
        target: String::new(),
        host: "hook.example".to_owned(),
        outlets: 1,
        queued: 9,
        sent: 2,
        dropped: 4,
        failures,
        next_try_at: None,
        last_error: None,
        last_sent_at: None,
    };
    let values = |name: &str| {
        let text = meters.render();
        let value = |id: i64| {
            let line = format!("{name}{{channel=\"all\",host=\"hook.example\",webhook=\"{id}\"}} ");
            text.lines().find_map(|l| l.strip_prefix(&line)).unwrap().to_owned()
        };
        [1, 2].map(value)
    };
    meters.pushing((0, 0), &[hook(1, 3), hook(2, 5)]);
    assert_eq!([values("warraq_webhook_queue"), values("warraq_webhook_failures")], [["7", "7"], ["3", "5"]]);
    for _ in 0..2 {
        meters.pushing((0, 0), &[hook(2, 6)]);
        assert_eq!([values("warraq_webhook_queue"), values("warraq_webhook_failures")], [["0", "7"], ["0", "6"]]);
        assert_eq!(values("warraq_webhook_dropped_total"), ["4", "4"], "counters never fall");
    }
    meters.pushing((0, 0), &[]);
    assert_eq!(values("warraq_webhook_failures"), ["0", "0"]);
}

#[test]
fn outlets_have_no_lines_of_their_own_unasked() {
    let meters = Meters::default();
    let (took, late) = (Duration::ZERO, Duration::ZERO);
    let tally = Tally::default();
    meters.polled(&PollMeasurement {
        outlet: "ville",
        outcome: &Outcome::Fresh,
        took,
        late,
        bytes: 1,
        tally,
        gap: false,
    });
    assert!(!meters.render().contains("ville"));
}
