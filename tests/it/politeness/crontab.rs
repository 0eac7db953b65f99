//! Crontab lines: the outlet's zone, and the two nights when clocks change.

use super::doc;
use crate::{
    fake_outlet::{FakeOutlet, Reply},
    test_instance::{TestInstance, config_text},
};
use jiff::{SignedDuration, Timestamp};

#[tokio::test]
async fn a_crontab_line_is_read_in_the_outlets_zone() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed", Reply::feed(doc()));
    let zone = "time_zone = \"Asia/Riyadh\"\nschedule = \"30 16 * * 1-5\"\n";
    let text = config_text("", &[("ville", &outlet.url("/feed"))]).replace("name =", &format!("{zone}name ="));
    let mut instance = TestInstance::configured(text).await;
    instance.pass(SignedDuration::from_secs(30));
    instance.run_due().await;
    let mut due = Vec::new();
    for _ in 0..6 {
        due.extend(instance.sql("SELECT substr(next_poll_at, 1, 16) FROM feed").await);
        assert_eq!(instance.run_next().await.len(), 1);
    }
    let days = ["02", "03", "04", "05", "06", "09"];
    assert_eq!(due, days.map(|day| format!("2026-11-{day}T13:30")));
}

#[tokio::test]
async fn a_crontab_line_fires_once_when_clocks_go_forward_and_once_when_they_go_back() {
    // Paris skips 02:00 to 03:00 on 28 March 2027 (what would fire then fires at its end), and has that hour twice on 31 October.
    for (days, fires) in [
        (145, ["2027-03-27T01:30", "2027-03-28T01:00", "2027-03-29T00:30"]),
        (362, ["2027-10-30T00:30", "2027-10-31T00:30", "2027-11-01T01:30"]),
    ] {
        let outlet = FakeOutlet::start().await;
        outlet.set("/feed", Reply::feed(doc()));
        let zone = "time_zone = \"Europe/Paris\"\nschedule = \"30 2 * * *\"\n";
        let text = config_text("", &[("ville", &outlet.url("/feed"))]).replace("name =", &format!("{zone}name ="));
        let mut instance = TestInstance::configured(text).await;
        instance.pass(SignedDuration::from_hours(24 * days - 18));
        instance.check_clock().await;
        instance.pass(SignedDuration::from_secs(31));
        assert_eq!(instance.run_due().await.len(), 1, "the first poll");
        let start = instance.clock.now();
        let mut polled = Vec::new();
        // The daemon checks its clock each second; a minute is enough here.
        while instance.clock.now().duration_since(start) < SignedDuration::from_hours(71) {
            instance.pass(SignedDuration::from_secs(60));
            instance.check_clock().await;
            let clock = instance.clock.now();
            if instance.instance().runner.queue.due(clock) > 0 {
                let now = clock.to_string();
                polled.extend(instance.run_due().await.iter().map(|_| now[..16].to_owned()));
            }
        }
        assert_eq!(polled.len(), 3, "{polled:?}");
        for (polled, fire) in polled.iter().zip(fires) {
            let at = |text: &str| format!("{text}:00Z").parse::<Timestamp>().unwrap();
            let late = at(polled).duration_since(at(fire)).as_mins();
            assert!((0..=1).contains(&late), "{polled} for {fire}");
        }
        assert_eq!(outlet.requests("/feed").len(), 4);
    }
}
