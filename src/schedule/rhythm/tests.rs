use super::*;
use proptest::prelude::*;

fn lesson(now: i64, stamps: &[i64], new: usize, gap: bool) -> (Vec<Timestamp>, Timestamp, usize, bool) {
    let stamps = stamps.iter().map(|s| Timestamp::from_second(*s).unwrap()).collect();
    (stamps, Timestamp::from_second(now).unwrap(), new, gap)
}

fn learn(rhythm: &mut Rhythm, now: i64, stamps: &[i64], new: usize, gap: bool) {
    let (stamps, now, new, gap) = lesson(now, stamps, new, gap);
    rhythm.learn(&Observation { now, zone: &TimeZone::UTC, stamps: &stamps, new, gap });
}

/// 2026-11-23, a Monday, 12:00 UTC.
const NOON: i64 = 1_795_435_200;

#[test]
fn the_week_begins_on_monday() {
    assert_eq!(hour_of_week(NOON), 12);
    assert_eq!(hour_of_week(NOON - 13 * 3_600), 167);
    assert_eq!(hour_of_week(0), 3 * 24);
}

#[test]
fn a_first_window_tells_how_long_it_took_to_fill() {
    let stamps: Vec<i64> = (0..20).map(|n| NOON - n * 3_600).collect();
    let mut rhythm = Rhythm::default();
    learn(&mut rhythm, NOON, &stamps, 20, false);
    // The three oldest of twenty are left out; the third one begins the observed period.
    assert_eq!((rhythm.since, rhythm.until), (NOON - 17 * 3_600, NOON));
    assert_eq!(rhythm.bins.counts().iter().sum::<u32>(), 1_700);
    let mut undated = Rhythm::default();
    learn(&mut undated, NOON, &[], 20, false);
    assert_eq!((undated.since, undated.bins.counts().iter().sum::<u32>()), (NOON, 0));
}

#[test]
fn late_and_undated_entries_count_between_the_polls_and_archives_do_not() {
    let mut rhythm = Rhythm::default();
    learn(&mut rhythm, NOON, &[], 0, false);
    learn(&mut rhythm, NOON + 4 * 3_600, &[NOON + 60, NOON - 3_600], 4, false);
    assert_eq!(rhythm.bins.counts().iter().sum::<u32>(), 400);
    assert_eq!(rhythm.bins.counts()[11], 0);
    let archive: Vec<i64> = (0..300).map(|n| NOON - 86_400 * (5 + n)).collect();
    learn(&mut rhythm, NOON + 5 * 3_600, &archive, 300, false);
    assert!(rhythm.bins.counts().iter().sum::<u32>() <= 400);
}

#[test]
fn a_gap_is_no_silence() {
    let mut rhythm = Rhythm::default();
    learn(&mut rhythm, NOON, &[], 0, false);
    let later = NOON + 20 * 3_600;
    learn(&mut rhythm, later, &[later - 3_600, later - 60], 2, true);
    assert_eq!(rhythm.since, NOON + 19 * 3_600);
}

#[test]
fn exposure_is_the_observed_time_where_nothing_has_faded() {
    let mut rhythm = Rhythm { since: NOON - 1_800, until: NOON + 5_400, ..Rhythm::default() };
    let exposure = rhythm.exposure(0);
    let want = [(11, 0.5), (12, 1.0), (13, 0.5), (14, 0.0)];
    assert!(want.iter().all(|(hour, hours)| (exposure[*hour] - hours).abs() < 1e-9), "{exposure:?}");
    // For a steady hourly feed over months, the decayed counts and the decayed exposure agree.
    rhythm = Rhythm { since: NOON, until: NOON, ..Rhythm::default() };
    for hour in 1..=12 * 168 {
        let now = NOON + hour * 3_600;
        learn(&mut rhythm, now, &[now - 1_800], 1, false);
    }
    let exposure = rhythm.exposure(0);
    for (bin, hours) in rhythm.bins.counts().iter().zip(exposure) {
        assert!((f64::from(*bin) / 100.0 / hours - 1.0).abs() < 0.05, "{bin} {hours}");
    }
}

proptest! {
    #![proptest_config(crate::model::testing::cases())]

    #[test]
    fn any_times_are_survived(since in any::<i32>(), until in any::<i32>(), now in any::<i32>(),
        stamps in proptest::collection::vec(any::<i32>(), 0..20), new in 0usize..30, gap: bool) {
        let mut rhythm = Rhythm { since: since.into(), until: until.into(), ..Rhythm::default() };
        let stamps: Vec<i64> = stamps.into_iter().map(i64::from).collect();
        learn(&mut rhythm, now.into(), &stamps, new, gap);
        prop_assert!(rhythm.exposure(3_600).iter().all(|h| h.is_finite() && *h >= 0.0));
        let pull = crate::schedule::profile::Profile::of(&rhythm, 0).pull();
        prop_assert!(pull.is_finite() && pull > 0.0);
    }
}
