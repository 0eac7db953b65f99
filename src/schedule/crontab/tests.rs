use super::*;
use proptest::prelude::*;

fn zone(name: &str) -> TimeZone {
    jiff::tz::TimeZoneDatabase::bundled().get(name).unwrap()
}

fn casablanca() -> TimeZone {
    zone("Africa/Casablanca")
}

/// Returns the next `n` times at which `line` fires after `after`, as text in UTC without the year.
fn fires(line: &str, zone: &TimeZone, after: &str, n: usize) -> Vec<String> {
    let crontab = Crontab::parse(line).unwrap();
    let mut at: Timestamp = after.parse().unwrap();
    let mut all = Vec::new();
    for _ in 0..n {
        at = crontab.next_after(at, zone).unwrap();
        all.push(at.strftime("%m-%d %H:%M:%S").to_string());
    }
    all
}

#[test]
fn crontab_5_meanings() {
    let utc = TimeZone::UTC;
    // 2026-11-23 is a Monday.
    let from = "2026-11-23T12:00:00Z";
    let cases: [(&str, &[&str]); 12] = [
        ("*/10 6-23 * * *", &["11-23 12:10:00", "11-23 12:20:00"]),
        ("0 0 * * 0", &["11-29 00:00:00", "12-06 00:00:00"]),
        ("0 0 * * 7", &["11-29 00:00:00", "12-06 00:00:00"]),
        ("0 0 * * 1-5", &["11-24 00:00:00", "11-25 00:00:00", "11-26 00:00:00", "11-27 00:00:00", "11-30 00:00:00"]),
        ("0 0 * * MON,fri", &["11-27 00:00:00", "11-30 00:00:00"]),
        ("0 0 * * sat-sun", &["11-28 00:00:00", "11-29 00:00:00", "12-05 00:00:00"]),
        ("0 0 * * 5-7", &["11-27 00:00:00", "11-28 00:00:00", "11-29 00:00:00", "12-04 00:00:00"]),
        // Both day fields are restricted: either may match.
        ("0 0 25 * tue", &["11-24 00:00:00", "11-25 00:00:00", "12-01 00:00:00"]),
        // One day field begins with `*`: both must match.
        ("0 0 */2 * tue", &["12-01 00:00:00", "12-15 00:00:00"]),
        ("5,35 8-10/2 * dec *", &["12-01 08:05:00", "12-01 08:35:00", "12-01 10:05:00"]),
        ("0 12 29 2 *", &["02-29 12:00:00"]),
        ("  59\t23 31  12 * ", &["12-31 23:59:00"]),
    ];
    for (line, want) in cases {
        assert_eq!(fires(line, &utc, from, want.len()), want, "{line}");
    }
    // The line fires on the 31st or on a Monday, so it is not one that never fires.
    assert_eq!(fires("0 0 31 2 mon", &utc, from, 1), ["02-01 00:00:00"]);
}

#[test]
fn faulty_lines_name_the_place_and_what_is_allowed() {
    let cases = [
        ("* * * *", "five fields"),
        ("0 */10 6-23 * * *", "has 6"),
        ("@hourly", "has 1"),
        ("60 * * * *", "minute field, column 1: 60"),
        ("*  24 * * *", "hour field, column 4: 24"),
        ("0 22-2 * * *", "backwards"),
        ("0 0 * * fri-mon", "backwards"),
        ("0 0 * * 8", "day of week field, column 9: 8: out of range; allowed: 0 to 7, sun to sat"),
        ("0 0 0 * *", "1 to 31"),
        ("*/90 * * * *", "step"),
        ("*/0 * * * *", "step"),
        ("5/15 * * * *", "needs a range"),
        ("1,,2 * * * *", "column 3: : not a value"),
        ("+5 * * * *", "not a value"),
        ("0 0 * foo *", "jan to dec"),
        ("0 0 31 2 *", "never"),
        ("0 0 31 4,6,9,11 *", "never"),
        ("0 0 30-31 feb */2", "never"),
    ];
    for (line, want) in cases {
        let error = Crontab::parse(line).unwrap_err().to_string();
        assert!(error.contains(want), "{line}: {error}");
    }
}

#[test]
fn morocco_repeats_an_hour_in_february() {
    // 03:00+01 becomes 02:00+00 at 02:00Z: 02:00 to 03:00 happens twice, from 01:00Z and from 02:00Z.
    let zone = casablanca();
    let all = fires("*/30 * * * *", &zone, "2026-02-15T00:40:00Z", 5);
    assert_eq!(all, ["02-15 01:00:00", "02-15 01:30:00", "02-15 02:00:00", "02-15 02:30:00", "02-15 03:00:00"]);
    // In the second pass, the crate alone would go back to the first.
    assert_eq!(fires("*/30 * * * *", &zone, "2026-02-15T02:10:00Z", 1), ["02-15 02:30:00"]);
    assert_eq!(fires("* * * * *", &zone, "2026-02-15T02:00:30Z", 1), ["02-15 02:01:00"]);
    assert_eq!(fires("15 * * * *", &zone, "2026-02-15T00:40:00Z", 2), ["02-15 01:15:00", "02-15 02:15:00"]);
    let all = fires("10 */2 * * *", &zone, "2026-02-15T00:00:00Z", 3);
    assert_eq!(all, ["02-15 01:10:00", "02-15 02:10:00", "02-15 04:10:00"]);
    // Fixed times fire once, in the first pass, even if the call happens in the second.
    assert_eq!(fires("15 2 * * *", &zone, "2026-02-14T12:00:00Z", 2), ["02-15 01:15:00", "02-16 02:15:00"]);
    assert_eq!(fires("15 2 * * *", &zone, "2026-02-15T02:01:00Z", 1), ["02-16 02:15:00"]);
    let all = fires("0,30 1-3 * * *", &zone, "2026-02-15T00:40:00Z", 4);
    assert_eq!(all, ["02-15 01:00:00", "02-15 01:30:00", "02-15 03:00:00", "02-15 03:30:00"]);
}

#[test]
fn morocco_skips_an_hour_in_march() {
    // 02:00+00 becomes 03:00+01 at 02:00Z.
    let zone = casablanca();
    assert_eq!(fires("30 2 * * *", &zone, "2026-03-21T12:00:00Z", 2), ["03-22 02:00:00", "03-23 01:30:00"]);
    let all = fires("*/20 * * * *", &zone, "2026-03-22T01:30:00Z", 3);
    assert_eq!(all, ["03-22 01:40:00", "03-22 02:00:00", "03-22 02:20:00"]);
    // Lines for every hour miss nothing; lines for some hours make up for what was skipped.
    assert_eq!(fires("30 * * * *", &zone, "2026-03-22T01:00:00Z", 2), ["03-22 01:30:00", "03-22 02:30:00"]);
    assert_eq!(fires("*/15 2 * * *", &zone, "2026-03-22T00:00:00Z", 2), ["03-22 02:00:00", "03-23 01:00:00"]);
    assert_eq!(fires("30 */2 * * *", &zone, "2026-03-22T00:40:00Z", 2), ["03-22 02:00:00", "03-22 03:30:00"]);
}

#[test]
fn paris_changes_its_clocks() {
    let zone = zone("Europe/Paris");
    // 03:00+02 becomes 02:00+01 at 01:00Z.
    let all = fires("*/20 * * * *", &zone, "2026-10-24T23:50:00Z", 7);
    let want = ["00:00:00", "00:20:00", "00:40:00", "01:00:00", "01:20:00", "01:40:00", "02:00:00"];
    assert_eq!(all, want.map(|time| format!("10-25 {time}")));
    assert_eq!(fires("30 2 * * *", &zone, "2026-10-24T12:00:00Z", 2), ["10-25 00:30:00", "10-26 01:30:00"]);
    // 02:00+01 becomes 03:00+02 at 01:00Z.
    assert_eq!(fires("30 2 * * *", &zone, "2026-03-28T12:00:00Z", 2), ["03-29 01:00:00", "03-30 00:30:00"]);
    assert_eq!(
        fires("*/30 * * * *", &zone, "2026-03-29T00:10:00Z", 3),
        ["03-29 00:30:00", "03-29 01:00:00", "03-29 01:30:00"]
    );
}

#[test]
fn half_an_hour_is_skipped_on_lord_howe() {
    // 02:00+10:30 becomes 02:30+11 at 15:30Z: the skipped full hour is made up for.
    let zone = zone("Australia/Lord_Howe");
    let all = fires("0 * * * *", &zone, "2026-10-03T14:00:00Z", 3);
    assert_eq!(all, ["10-03 14:30:00", "10-03 15:30:00", "10-03 16:00:00"]);
}

/// Generates clock changes of time zones that change by whole hours.
fn around_a_change() -> impl Strategy<Value = (TimeZone, Timestamp)> {
    let names = ["Africa/Casablanca", "Europe/Paris", "Asia/Beirut", "America/New_York"];
    (proptest::sample::select(names.to_vec()), 0usize..12).prop_map(|(name, n)| {
        let zone = zone(name);
        let start: Timestamp = "2016-01-01T00:00:00Z".parse().unwrap();
        let change = zone.following(start).nth(n).unwrap().timestamp();
        (zone, change)
    })
}

#[test]
fn morocco_leaves_summer_time_for_good_in_september() {
    // 02:00+01 becomes 01:00+00 at 01:00Z; chrono-tz does not know it.
    let zone = casablanca();
    assert_eq!(fires("30 1 * * *", &zone, "2026-09-19T12:00:00Z", 2), ["09-20 00:30:00", "09-21 01:30:00"]);
    assert_eq!(fires("0 8 * * *", &zone, "2026-09-19T12:00:00Z", 2), ["09-20 08:00:00", "09-21 08:00:00"]);
}

proptest! {
    #![proptest_config(crate::model::testing::cases())]

    #[test]
    fn always_after_now_and_always_on_its_minute(
        minute in 0u8..60, hour in 0u8..24, step in 1u8..30,
        second in 1_735_000_000i64..1_800_000_000, which in 0usize..4,
    ) {
        let line = match which {
            0 => format!("{minute} {hour} * * *"),
            1 => format!("*/{step} * * * *"),
            2 => format!("{minute} */{} * * 1-5", step.min(23)),
            _ => format!("{minute} {hour} 1,15 * sun"),
        };
        let crontab = Crontab::parse(&line).unwrap();
        prop_assert_eq!(crontab.to_string(), line);
        let zone = casablanca();
        let after = Timestamp::from_second(second).unwrap();
        let fire = crontab.next_after(after, &zone).unwrap();
        prop_assert!(fire > after);
        prop_assert_eq!(fire.as_second() % 60, 0);
        // Nothing fires in between: an earlier time has the same next fire.
        let before = Timestamp::from_second(i64::midpoint(after.as_second(), fire.as_second())).unwrap();
        if before < fire {
            prop_assert_eq!(crontab.next_after(before, &zone), Some(fire));
        }
    }

    #[test]
    fn lines_of_every_hour_never_wait_longer_than_their_step(
        (zone, change) in around_a_change(), step in 1u8..60, first in 0u8..60, second in 0u8..60, kind in 0usize..3,
    ) {
        let line = match kind {
            0 => format!("*/{step} * * * *"),
            1 => format!("{first} * * * *"),
            _ => format!("{first},{second} * * * *"),
        };
        let crontab = Crontab::parse(&line).unwrap();
        let longest = |zone: &TimeZone, mut at: Timestamp, until: Timestamp| {
            let mut longest = 0;
            while at < until {
                let fire = crontab.next_after(at, zone).unwrap();
                assert!(fire > at, "strictly later");
                longest = longest.max(fire.as_second() - at.as_second());
                at = fire;
            }
            longest
        };
        let hours = |n: i64| jiff::SignedDuration::from_hours(n);
        let begin = crontab.next_after(change - hours(4), &zone).unwrap();
        let usual = longest(&TimeZone::UTC, crontab.next_after(change, &TimeZone::UTC).unwrap(), change + hours(4));
        prop_assert!(longest(&zone, begin, change + hours(4)) <= usual, "{}", line);
    }

    #[test]
    fn fixed_times_fire_once_a_day_through_every_change((zone, change) in around_a_change(), minute in 0u8..60, hour in 0u8..24) {
        let crontab = Crontab::parse(&format!("{minute} {hour} * * *")).unwrap();
        let day = |at: Timestamp| zone.to_datetime(at).date();
        let mut at = change - jiff::SignedDuration::from_hours(72);
        let mut last = None;
        for _ in 0..6 {
            at = crontab.next_after(at, &zone).unwrap();
            // On a day without this time the line fires at the end of the gap, which may be on the next day.
            if let Some(last) = last {
                prop_assert!(day(at) > last, "{at}");
                prop_assert!(day(at).duration_since(last) <= jiff::SignedDuration::from_hours(48));
            }
            last = Some(day(at));
        }
    }

    #[test]
    fn any_text_is_read_or_refused(line in "[-*/,0-9a-z ]{0,24}") {
        let _ = Crontab::parse(&line);
    }
}
