use super::*;

#[test]
fn new_feeds_are_due_at_once_and_spread() {
    let alone = first(FeedId(7), noon(), 1);
    assert!(until(noon(), alone.at) < Duration::from_millis(100));
    let crowd: Vec<Duration> = (1..=500).map(|id| until(noon(), first(FeedId(id), noon(), 500).at)).collect();
    assert!(crowd.iter().all(|w| *w < CROWD));
    for second in 0..30 {
        let within = crowd.iter().filter(|w| w.as_secs() == second).count();
        assert!((10..=25).contains(&within), "{second}: {within}");
    }
}

#[test]
fn a_restart_keeps_the_due_time() {
    for schedule in ["every 15m", "7 * * * *", "adaptive"] {
        let mut scene = Scene::new(schedule);
        scene.poll();
        assert_eq!(scene.reschedule(noon() + 1.second()), None, "{schedule}");
        assert_eq!(scene.reschedule(noon() + (24 * 3).hours()), None, "{schedule}: overdue is due");
    }
}

#[test]
fn a_first_poll_that_was_missed_is_due() {
    let mut scene = Scene::new("every 1h");
    let due = scene.reschedule(noon()).unwrap();
    assert_eq!(due.why.decided, DecidedBy::First);
    scene.feed.next_poll_at = due.at;
    scene.feed.rhythm = Some(due.rhythm);
    assert_eq!(scene.reschedule(noon()), None);
    assert_eq!(scene.reschedule(noon() + (24 * 3).hours()), None);
    assert!(scene.reschedule(noon() - 24.hours()).is_some(), "the clock was set back");
}

#[test]
fn what_is_overdue_is_caught_up_with_within_half_a_minute() {
    let waits = |crowd: usize| (1..=500).map(move |id| until(noon(), catch_up(FeedId(id), noon(), crowd)));
    assert!(waits(1).all(|wait| wait < Duration::from_millis(100)));
    assert!(waits(10_000).all(|wait| wait < CROWD));
    let [early, late] = [10, 20].map(|s| waits(500).filter(|wait| wait.as_secs() < s).count());
    assert!((120..220).contains(&early) && (280..380).contains(&late), "{early} {late}");
}

#[test]
fn another_schedule_counts_from_the_last_poll() {
    let mut scene = Scene::new("every 6h");
    scene.poll();
    scene.schedule = Schedule::parse("every 15m").unwrap();
    let due = scene.reschedule(noon() + 5.minutes()).unwrap();
    assert!((noon() + 15.minutes()..=noon() + 18.minutes()).contains(&due.at));
    scene.feed.rhythm = Some(due.rhythm.clone());
    scene.feed.next_poll_at = due.at;
    assert_eq!(scene.reschedule(noon() + 5.minutes()), None, "once is enough");
    scene.schedule = Schedule::parse("every 1m").unwrap();
    let due = scene.reschedule(noon() + 5.minutes()).unwrap();
    assert_eq!(due.why.decided, DecidedBy::Overdue);
    assert!((noon() + 1.minute()..=noon() + 72.seconds()).contains(&due.at), "{}", due.at);
}

#[test]
fn a_clock_set_back_neither_stalls_nor_storms() {
    for schedule in ["every 15m", "*/15 * * * *", "adaptive"] {
        let mut scene = Scene::new(schedule);
        scene.poll();
        let back = noon() - (24 * 365).hours();
        let due = scene.reschedule(back).unwrap();
        assert!((Duration::from_mins(5)..=HOUR).contains(&until(back, due.at)), "{schedule}: {}", due.at);
    }
    let mut held = Scene::failing("every 10m", Fault::Held { status: 429 });
    held.freshness.retry_after = Some(noon() + 3.hours());
    held.poll();
    let back = noon() - (24 * 365).hours();
    let due = held.reschedule(back).unwrap();
    assert_eq!((due.at, due.hold_until), (back + 3.hours(), Some(back + 3.hours())));
}

#[test]
fn a_clock_that_ran_ahead_and_came_back_is_mended() {
    let mut scene = Scene::new("every 15m");
    scene.poll();
    scene.feed.next_poll_at = noon() + (24 * 365).hours();
    let due = scene.reschedule(noon() + 1.minute()).unwrap();
    assert!((noon() + 15.minutes()..=noon() + 18.minutes()).contains(&due.at));
}

#[test]
fn a_hold_outlives_a_restart_and_another_schedule() {
    let mut scene = Scene::failing("every 10m", Fault::Held { status: 503 });
    scene.freshness.retry_after = Some(noon() + 36.hours());
    scene.poll();
    assert_eq!(scene.reschedule(noon() + 1.hour()), None);
    scene.schedule = Schedule::parse("every 1m").unwrap();
    assert_eq!(scene.reschedule(noon() + 1.hour()).unwrap().at, noon() + 36.hours());
}
