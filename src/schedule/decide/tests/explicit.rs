use super::*;

#[test]
fn hints_bounds_and_budget_do_not_speak_to_the_operator() {
    let mut scene = Scene::new("every 5m");
    scene.outcome = Outcome::Fresh;
    scene.hints = Hints {
        ttl_s: Some(7_200),
        update_period_s: Some(86_400),
        skip_hours: (0..23).collect(),
        skip_days: vec!["Monday".to_owned()],
    };
    scene.freshness.max_age = Some(DAY);
    assert!(wait(&scene) <= Duration::from_mins(6), "{:?}", wait(&scene));
    scene.schedule = Schedule::parse("*/10 * * * *").unwrap();
    assert!((Duration::from_mins(10)..Duration::from_mins(11)).contains(&wait(&scene)), "{:?}", wait(&scene));
}

#[test]
fn failures_double_the_pause_up_to_seven_days_and_success_ends_it() {
    let mut scene = Scene::failing("every 10m", Fault::Status(500));
    let mut last = Duration::ZERO;
    for failures in 1..=40 {
        let wait = scene.poll();
        assert_eq!((scene.feed.failures, scene.feed.state), (failures, FeedState::Failing));
        assert!(wait >= last && wait <= LONGEST_BACKOFF, "{failures}: {wait:?}");
        last = wait;
    }
    assert!(last > LONGEST_BACKOFF * 4 / 5);
    scene.outcome = Outcome::SameBytes;
    assert!(scene.poll() <= Duration::from_mins(12));
    assert_eq!((scene.feed.failures, scene.feed.state), (0, FeedState::Active));
}

#[test]
fn a_long_interval_is_never_shortened_by_failures() {
    let mut scene = Scene::failing("every 20days", Fault::Status(500));
    assert!(scene.poll() >= DAY * 20 && scene.poll() >= DAY * 20);
}

#[test]
fn a_failing_crontab_feed_skips_fires_but_keeps_its_minute() {
    let mut scene = Scene::failing("30 * * * *", Fault::Status(500));
    let waits: Vec<u64> = (0..4).map(|_| scene.poll().as_secs() / 60).collect();
    assert_eq!(waits, [30, 30, 90, 90]);
    assert_eq!(scene.poll().as_secs() / 60, 210);
}

#[test]
fn retry_after_binds_every_schedule_and_absurd_values_are_clamped() {
    for schedule in ["every 10m", "*/10 * * * *", "adaptive"] {
        let mut scene = Scene::failing(schedule, Fault::Held { status: 503 });
        scene.freshness.retry_after = Some(noon() + 36.hours());
        let due = scene.next();
        assert_eq!((due.at, due.state), (noon() + 36.hours(), FeedState::Held));
        assert_eq!((due.hold_until, due.why.decided), (Some(due.at), DecidedBy::Hold));
        scene.freshness.retry_after = Some(noon() + (24 * 365 * 90).hours());
        assert_eq!(wait(&scene), LONGEST_HOLD, "{schedule}");
        scene.freshness.retry_after = Some(noon() - 1.hour());
        let due = scene.next();
        assert!(due.hold_until.is_none() && due.state == FeedState::Failing && due.at > noon());
    }
}

#[test]
fn gone_is_asked_again_after_thirty_days() {
    let mut scene = Scene::new("every 10m");
    scene.outcome = Outcome::Gone;
    let wait = scene.poll();
    assert!((GONE_PAUSE..=GONE_PAUSE + DAY).contains(&wait));
    assert_eq!(scene.feed.state, FeedState::Gone);
    assert!(scene.reschedule(noon() + 24.hours()).is_none(), "a restart does not ask it");
}

#[test]
fn only_429_holds_the_host() {
    let mut scene = Scene::failing("every 10m", Fault::Held { status: 429 });
    let hold = |scene: &Scene| {
        let feed = FeedRecord { rhythm: Some(scene.next().rhythm), last_poll_at: Some(noon()), ..scene.feed.clone() };
        crate::schedule::host_hold(&feed)
    };
    assert_eq!(hold(&scene), Some(noon() + 1.minute()));
    scene.freshness.retry_after = Some(noon() + 2.hours());
    assert_eq!(hold(&scene), Some(noon() + 2.hours()));
    scene.freshness.retry_after = Some(noon() + (24 * 365 * 5).hours());
    assert_eq!(hold(&scene), Some(noon() + 24.hours()), "the host waits for a day at most");
    assert_eq!(wait(&scene), LONGEST_HOLD, "the feed itself for a month");
    scene.outcome = Outcome::Failed(Fault::Held { status: 503 });
    assert_eq!(hold(&scene), None);
}

#[test]
fn a_long_hold_of_a_host_from_an_older_version_ends_a_day_after_its_poll() {
    let mut scene = Scene::failing("every 10m", Fault::Held { status: 429 });
    scene.freshness.retry_after = Some(noon() + 10.hours());
    scene.poll();
    let month = (noon() + (24 * 31).hours()).as_second();
    let rhythm = scene.feed.rhythm.as_mut().unwrap();
    assert_eq!(rhythm.host_hold, (noon() + 10.hours()).as_second());
    rhythm.host_hold = month;
    assert_eq!(crate::schedule::host_hold(&scene.feed), Some(noon() + 24.hours()));
}
