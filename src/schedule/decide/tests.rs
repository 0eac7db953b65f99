use super::*;
use crate::model::{Fault, FeedRecord, FeedUrl, Freshness, Hints, OutletId, Slug, Tally, Validators};
use crate::schedule::{Fleet, GONE_PAUSE};
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

mod explicit;

mod standing;

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
