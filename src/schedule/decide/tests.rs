use super::*;
use crate::model::{Fault, FeedRecord, FeedUrl, Freshness, OutletId, Slug, Tally, Validators};
use jiff::{SignedDuration, ToSpan};
use proptest::prelude::*;

pub(crate) const HOUR: Duration = Duration::from_hours(1);
pub(crate) const DAY: Duration = Duration::from_hours(24);

/// Returns noon of a Monday (UTC).
pub(crate) fn noon() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

pub(crate) fn feed(id: i64) -> FeedRecord {
    let url = FeedUrl::parse("https://news.example/feed").unwrap();
    FeedRecord {
        id: FeedId(id),
        outlet_id: OutletId(1),
        outlet: Slug::parse("news").unwrap(),
        url: url.clone(),
        ask: url,
        validators: Validators::default(),
        body_hash: None,
        state: FeedState::New,
        failures: 0,
        hold_until: None,
        last_poll_at: None,
        last_success_at: None,
        next_poll_at: noon(),
        hints: Hints::default(),
        rhythm: None,
        moving: None,
        guids_void: false,
    }
}

/// The inputs of one poll, with ordinary values until a test changes them.
pub(crate) struct Scene {
    pub(crate) now: Timestamp,
    pub(crate) feed: FeedRecord,
    pub(crate) schedule: Schedule,
    pub(crate) zone: TimeZone,
    pub(crate) bounds: Bounds,
    pub(crate) outcome: Outcome,
    pub(crate) tally: Tally,
    pub(crate) hints: Hints,
    pub(crate) freshness: Freshness,
    pub(crate) stamps: Vec<Timestamp>,
    pub(crate) gap: bool,
}

impl Scene {
    pub(crate) fn new(schedule: &str) -> Self {
        Self {
            now: noon(),
            feed: feed(1),
            schedule: Schedule::parse(schedule).unwrap(),
            zone: jiff::tz::TimeZoneDatabase::bundled().get("Africa/Casablanca").unwrap(),
            bounds: Bounds::default(),
            outcome: Outcome::NotModified,
            tally: Tally::default(),
            hints: Hints::default(),
            freshness: Freshness::default(),
            stamps: Vec::new(),
            gap: false,
        }
    }

    pub(crate) fn failing(schedule: &str, fault: Fault) -> Self {
        Self { outcome: Outcome::Failed(fault), ..Self::new(schedule) }
    }

    pub(crate) fn next(&self) -> Due {
        next(&self.as_poll())
    }

    pub(crate) fn as_poll(&self) -> PolledFeed<'_> {
        PolledFeed {
            now: self.now,
            feed: &self.feed,
            schedule: &self.schedule,
            zone: &self.zone,
            bounds: &self.bounds,
            fleet: Fleet::default(),
            outcome: &self.outcome,
            tally: self.tally,
            hints: &self.hints,
            freshness: &self.freshness,
            stamps: &self.stamps,
            gap: self.gap,
            pushed_until: None,
            older_fault: None,
        }
    }

    /// Polls, updates the feed as the store would, and returns the wait until the next poll.
    pub(crate) fn poll(&mut self) -> Duration {
        let due = self.next();
        self.feed.state = due.state;
        self.feed.failures = due.failures;
        self.feed.hold_until = due.hold_until;
        self.feed.last_poll_at = Some(self.now);
        if self.outcome.is_success() {
            self.feed.last_success_at = Some(self.now);
        }
        self.feed.next_poll_at = due.at;
        self.feed.hints = self.hints.clone();
        self.feed.rhythm = Some(due.rhythm);
        until(self.now, due.at)
    }

    fn reschedule(&self, now: Timestamp) -> Option<Due> {
        reschedule(&ReplanInput {
            now,
            feed: &self.feed,
            schedule: &self.schedule,
            zone: &self.zone,
            bounds: &self.bounds,
            fleet: Fleet::default(),
            crowd: 10,
        })
    }
}

pub(crate) fn wait(scene: &Scene) -> Duration {
    until(scene.now, scene.next().at)
}

mod explicit {
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
            let feed =
                FeedRecord { rhythm: Some(scene.next().rhythm), last_poll_at: Some(noon()), ..scene.feed.clone() };
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
}

mod standing {
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
}

proptest! {
    #![proptest_config(crate::model::testing::cases())]

    #[test]
    fn every_is_never_sooner_and_at_most_a_fifth_later(id in 1i64..10_000, ms in 1_000u64..10_000_000, ns in 0i64..1_000_000_000) {
        let mut scene = Scene::new("adaptive");
        let every = Duration::from_millis(ms);
        scene.schedule = Schedule::Every(every);
        scene.feed = feed(id);
        scene.now = noon() + SignedDuration::from_nanos(ns);
        let wait = wait(&scene);
        prop_assert!(wait >= every && wait <= every + every / 5, "{:?} {:?}", every, wait);
    }

    #[test]
    fn later_polls_are_never_due_sooner(
        second in 1_769_900_000i64..1_776_000_000, gap in 0i64..100_000, failures in 0u32..40, schedule in 0usize..2,
    ) {
        // Both of Morocco's clock changes are in February and March.
        let mut scene = Scene::failing(["every 25m", "*/20 2,3 * * *"][schedule], Fault::Empty);
        scene.feed.failures = failures;
        scene.now = Timestamp::from_second(second).unwrap();
        let sooner = scene.next().at;
        scene.now += SignedDuration::from_secs(gap);
        let later = scene.next().at;
        prop_assert!(later >= sooner && later > scene.now);
        scene.feed.failures += 1;
        prop_assert!(scene.next().at >= later, "one failure more is never a hurry");
    }

    #[test]
    fn due_is_after_now_and_a_restart_changes_nothing(
        id in 1i64..500, schedule in 0usize..4, outcomes in proptest::collection::vec((0usize..7, 0u32..40, 0i64..200_000), 1..12),
        max_age in proptest::option::of(0u64..40_000_000), retry in proptest::option::of(-100_000i64..100_000_000),
    ) {
        let line = ["every 1m", "*/7 3-22 * * 1-5", "adaptive", "0 6 1 * *"][schedule];
        let mut scene = Scene::new(line);
        scene.feed = feed(id);
        scene.freshness.max_age = max_age.map(Duration::from_secs);
        for (kind, new, ago) in outcomes {
            scene.outcome = match kind {
                0 | 1 => Outcome::Fresh,
                2 => Outcome::NotModified,
                3 => Outcome::SameBytes,
                4 => Outcome::Gone,
                5 => Outcome::Failed(Fault::Held { status: 429 }),
                _ => Outcome::Failed(Fault::Dns("news.example".to_owned())),
            };
            scene.freshness.retry_after = retry.map(|s| scene.now + SignedDuration::from_secs(s));
            scene.tally = Tally { new, listed: 40, ..Tally::default() };
            scene.stamps = (0..i64::from(new)).map(|n| scene.now - SignedDuration::from_secs(ago * n)).collect();
            scene.gap = kind == 1;
            let wait = scene.poll();
            prop_assert!(wait >= Duration::from_secs(1), "{wait:?}");
            prop_assert!(wait <= LONGEST_HOLD + DAY * 2 || line.starts_with('0'), "{wait:?}");
            let soon = later(scene.now, Duration::from_millis(500));
            prop_assert_eq!(scene.reschedule(soon), None);
            scene.now = scene.feed.next_poll_at;
        }
    }

    #[test]
    fn whatever_the_clock_says_each_feed_is_due_once_and_soon_enough(jump in -1_700_000_000i64..2_000_000_000, schedule in 0usize..3) {
        let line = ["every 15m", "*/15 * * * *", "adaptive"][schedule];
        let mut scene = Scene::new(line);
        scene.poll();
        let now = scene.now + SignedDuration::from_secs(jump);
        let at = match scene.reschedule(now) {
            Some(due) => {
                scene.feed.next_poll_at = due.at;
                scene.feed.rhythm = Some(due.rhythm);
                scene.feed.last_poll_at = scene.feed.last_poll_at.map(|l| l.min(now));
                due.at
            }
            None => scene.feed.next_poll_at,
        };
        prop_assert!(until(now, at) <= Duration::from_hours(12), "{at}");
        if at > now {
            prop_assert_eq!(scene.reschedule(now).map(|d| d.at), None, "decided once");
        }
    }
}

#[test]
fn a_hub_makes_an_adaptive_feed_be_polled_less_often_but_never_never() {
    let scene = Scene::new("adaptive");
    let with =
        |until: Option<Timestamp>, tally: Tally| next(&PolledFeed { pushed_until: until, tally, ..scene.as_poll() });
    let later = Some(scene.now.saturating_add(jiff::SignedDuration::from_hours(1)).unwrap());
    let wait = |due: &Due| due.at.duration_since(scene.now).as_secs();
    let (alone, pushed) = (with(None, Tally::default()), with(later, Tally::default()));
    assert!(wait(&pushed) > wait(&alone) * 2, "{} {}", wait(&pushed), wait(&alone));
    assert!(wait(&pushed) <= i64::try_from(scene.bounds.max_interval.as_secs()).unwrap() * 21 / 20);
    assert_eq!(pushed.why.decided, DecidedBy::Hub);
    // A lease that has ended, and a hub that did not deliver what the poll found.
    for due in [with(Some(scene.now), Tally::default()), with(later, Tally { new: 1, listed: 1, ..Tally::default() })] {
        assert_ne!(due.why.decided, DecidedBy::Hub);
        assert_eq!(due.why.pushed, None);
    }
    let fixed = Scene::new("every 15m");
    let due = next(&PolledFeed { pushed_until: later, ..fixed.as_poll() });
    assert_eq!(due, fixed.next(), "an explicit schedule is the operator's word");
}
