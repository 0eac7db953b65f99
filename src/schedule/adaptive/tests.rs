use crate::{
    model::{Fault, Hints, Outcome, Tally},
    schedule::{
        DecidedBy, Fleet, Hint, LONGEST_BACKOFF, LONGEST_HINT, PolledFeed, Why,
        decide::{
            next,
            tests::{DAY, HOUR, Scene, feed, noon, wait},
        },
        spread::later,
    },
};
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use proptest::prelude::*;
use std::time::Duration;

#[test]
fn every_hint_is_a_floor() {
    let mut scene = Scene::new("adaptive");
    scene.outcome = Outcome::Fresh;
    let plain = wait(&scene);
    assert!(plain < HOUR, "{plain:?}");
    scene.freshness.max_age = Some(HOUR * 3);
    assert!((HOUR * 3..HOUR * 4).contains(&wait(&scene)));
    assert_eq!(scene.next().why.floor, Some(crate::schedule::Floor { hint: Hint::MaxAge, seconds: 10_800 }));
    scene.hints.ttl_s = Some(5 * 3_600);
    assert!((HOUR * 5..HOUR * 6).contains(&wait(&scene)));
    scene.hints.update_period_s = Some(7 * 3_600);
    assert!((HOUR * 7..HOUR * 8).contains(&wait(&scene)));
    assert_eq!(scene.next().why.decided, DecidedBy::Hint);
    scene.hints.ttl_s = Some(31_536_000);
    assert!(wait(&scene) <= DAY + DAY / 20);
    scene.hints = Hints { ttl_s: Some(1), ..Hints::default() };
    scene.freshness.max_age = Some(Duration::ZERO);
    assert_eq!(wait(&scene), plain, "a hint is never a hurry");
}

#[test]
fn skipped_hours_and_days_are_left_alone() {
    let mut scene = Scene::new("adaptive");
    scene.hints.skip_hours = vec![12, 13, 14, 15];
    let due = scene.next();
    assert!(due.at >= noon() + 4.hours() && due.at < noon() + 250.minutes(), "{}", due.at);
    assert_eq!(due.why.skipped, Some(Hint::SkipHours));
    scene.hints.skip_days = vec!["Monday".to_owned(), "tuesday".to_owned()];
    let due = scene.next();
    assert!(due.at >= noon() + 36.hours() && due.at < noon() + 37.hours(), "{}", due.at);
    scene.hints = Hints { skip_hours: (0..24).collect(), ..Hints::default() };
    assert!(wait(&scene) < HOUR, "hints that leave no hour mean nothing");
}

#[test]
fn a_304_without_cache_control_keeps_the_last_max_age() {
    let mut scene = Scene::new("adaptive");
    scene.outcome = Outcome::Fresh;
    scene.freshness.max_age = Some(HOUR * 3);
    scene.poll();
    scene.outcome = Outcome::NotModified;
    scene.freshness.max_age = None;
    assert!(scene.poll() >= HOUR * 3);
    scene.outcome = Outcome::Fresh;
    assert!(scene.poll() < HOUR * 2);
}

#[test]
fn failures_back_off() {
    let mut scene = Scene::failing("adaptive", Fault::Timeout(Duration::from_secs(30)));
    let waits: Vec<Duration> = (0..30).map(|_| scene.poll()).collect();
    assert!(waits.windows(2).all(|w| w[0] <= w[1]));
    assert!(waits[0] <= HOUR * 2 && waits[29] > LONGEST_BACKOFF * 4 / 5 && waits[29] <= LONGEST_BACKOFF);
}

#[test]
fn a_gap_makes_it_sooner_for_some_weeks() {
    let mut scene = Scene::new("adaptive");
    scene.bounds.min_interval = Duration::from_mins(1);
    scene.outcome = Outcome::Fresh;
    scene.poll();
    scene.now = scene.feed.next_poll_at;
    let plain = wait(&scene);
    scene.gap = true;
    let sooner = scene.poll();
    assert!(sooner < plain * 2 / 3, "{sooner:?} {plain:?}");
    scene.gap = false;
    scene.now += (24 * 8).hours();
    assert!(scene.next().why.hurry.is_none());
}

#[test]
fn an_unreadable_memory_is_noted() {
    let mut scene = Scene::new("adaptive");
    scene.feed.rhythm = crate::model::Rhythm::read("{broken").map(Box::new);
    let due = scene.next();
    assert!(due.why.notes.iter().any(|n| n.contains("unreadable")), "{}", due.why);
    assert!(due.at > scene.now);
}

#[test]
fn says_why_in_words_and_json() {
    let mut scene = Scene::new("adaptive");
    scene.outcome = Outcome::Fresh;
    scene.stamps = (1..=60).map(|n| noon() - (20 * n).minutes()).collect();
    scene.tally = Tally { new: 60, listed: 60, ..Tally::default() };
    scene.freshness.max_age = Some(Duration::from_mins(10));
    let why = scene.next().why;
    let words = why.to_string();
    for part in ["rate ", "/h at this hour", "next entry expected at 12:", "floor max-age 10m"] {
        assert!(words.contains(part), "{words}");
    }
    assert_eq!(Why::from_json(&why.to_json()), Some(why));
}

/// Returns an adaptive feed that was polled every half hour for three weeks and brought `n` entries in each busy hour.
fn learned(n: usize, busy: impl Fn(i8) -> bool) -> Scene {
    let mut scene = Scene::new("adaptive");
    scene.zone = TimeZone::UTC;
    scene.now -= (24 * 21).hours();
    for half in 0..21 * 48 {
        scene.now += 30.minutes();
        let hour = TimeZone::UTC.to_datetime(scene.now - 1.minute()).hour();
        let new = if half % 2 == 1 && busy(hour) { n } else { 0 };
        scene.stamps = vec![scene.now - 1.minute(); new];
        scene.outcome = if new > 0 { Outcome::Fresh } else { Outcome::NotModified };
        scene.tally = Tally { new: u32::try_from(new).unwrap(), listed: 50, ..Tally::default() };
        scene.poll();
    }
    scene.stamps.clear();
    scene.outcome = Outcome::NotModified;
    scene.tally = Tally::default();
    scene
}

#[test]
fn nights_are_left_in_peace() {
    let mut scene = learned(4, |hour| (7..22).contains(&hour));
    let day = wait(&scene);
    scene.now += 11.hours();
    let night = wait(&scene);
    assert!(night > day * 4, "{day:?} {night:?}");
    assert!(later(scene.now, night) < scene.now + 12.hours());
}

#[test]
fn a_daily_paper_is_polled_when_it_comes_out() {
    let mut scene = learned(15, |hour| hour == 6);
    scene.bounds.budget = 12.0;
    scene.now = noon();
    let mut polls = Vec::new();
    while scene.now < noon() + 24.hours() {
        scene.poll();
        scene.now = scene.feed.next_poll_at;
        polls.push(TimeZone::UTC.to_datetime(scene.now).hour());
    }
    let near = polls.iter().filter(|h| (5..=8).contains(*h)).count();
    assert!(near >= 4 && near * 2 >= polls.len(), "{polls:?}");
}

#[test]
fn the_busy_get_more_of_the_budget_but_not_in_proportion() {
    let (fast, slow) = (learned(16, |_| true), learned(1, |_| true));
    let fleet = Fleet::of([fast.feed.rhythm.as_deref(), slow.feed.rhythm.as_deref()]);
    let share = |scene: &Scene| next(&PolledFeed { fleet, ..scene.as_poll() }).why.share.unwrap();
    let ratio = share(&fast) / share(&slow);
    assert!((3.2..4.8).contains(&ratio), "the root of 16, not {ratio}");
    assert!((share(&fast) + share(&slow) - 96.0).abs() < 8.0);
}

proptest! {
    #![proptest_config(crate::model::testing::cases())]

    #[test]
    fn a_hint_is_a_floor_and_never_a_hurry(
        id in 1i64..500, max_age in 0u64..200_000, ttl in proptest::option::of(0u64..200_000),
        hours in proptest::collection::vec(0u8..24, 0..20), days in proptest::sample::subsequence(vec!["Sunday", "Monday", "Tuesday"], 0..3),
    ) {
        let mut scene = Scene::new("adaptive");
        scene.feed = feed(id);
        scene.outcome = Outcome::Fresh;
        let plain = scene.next().at;
        scene.freshness.max_age = Some(Duration::from_secs(max_age));
        scene.hints = Hints {
            ttl_s: ttl,
            skip_hours: hours,
            skip_days: days.into_iter().map(str::to_owned).collect(),
            ..Hints::default()
        };
        let at = scene.next().at;
        let asked = Duration::from_secs(max_age.max(ttl.unwrap_or(0))).min(LONGEST_HINT);
        prop_assert!(at >= plain && at >= later(noon(), asked));
        let hour = TimeZone::UTC.to_datetime(at);
        prop_assert!(!scene.hints.skip_hours.contains(&hour.hour().unsigned_abs()));
        prop_assert!(!scene.hints.skip_days.contains(&hour.strftime("%A").to_string()));
    }

    #[test]
    fn adaptive_crosses_clock_changes(second in 1_769_900_000i64..1_776_000_000) {
        let mut scene = Scene::new("adaptive");
        scene.now = Timestamp::from_second(second).unwrap();
        for _ in 0..5 {
            let wait = scene.poll();
            prop_assert!(wait >= scene.bounds.min_interval && wait <= scene.bounds.max_interval * 2);
            scene.now = scene.feed.next_poll_at;
        }
    }
}
