//! Politeness as a server sees it: which requests arrive, when, and with which headers.

mod crontab;
mod hosts;

use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    test_instance::{TestInstance, outcomes},
};
use jiff::{SignedDuration, Timestamp};

const DATE: &str = "2026-11-02T09:30:00Z";
const NEXT: &str = "SELECT next_poll_at FROM feed ORDER BY id";

fn doc() -> FeedDoc {
    FeedDoc::rss("La Ville").entry("1", "Un", "https://ville.invalid/1", "", DATE)
}

fn every(every: &str) -> String {
    format!("[schedule]\ndefault = \"every {every}\"\n")
}

#[tokio::test]
async fn one_unconditional_request_in_a_feeds_life() {
    let outlet = FakeOutlet::start().await;
    let (tag, date) = (&b"W/\"a, \xe9 \\\" z"[..], "vers 9 heures, lundi");
    outlet.set("/feed", Reply::feed(doc()).etag(tag).last_modified(date).header("Set-Cookie", "who=you; Path=/"));
    let mut instance = TestInstance::over(&[("ville", &outlet.url("/feed"))]).await;
    for _ in 0..3 {
        instance.poll().await;
        instance.restart(None).await;
    }
    // A document that cannot be read leaves the validators of the last readable one in place.
    outlet.set("/feed", Reply::page("<html></html>").etag("\"2\"").unconditional());
    instance.poll().await;
    outlet.set("/feed", Reply::feed(doc().entry("2", "Deux", "", "", DATE)).etag("\"3\""));
    instance.poll().await;
    instance.poll().await;
    let requests = outlet.requests("/feed");
    let tags: Vec<_> = requests.iter().map(|r| r.bytes("if-none-match")).collect();
    assert_eq!(tags, [None, Some(tag), Some(tag), Some(tag), Some(tag), Some(&b"\"3\""[..])]);
    let dates: Vec<_> = requests.iter().map(|r| r.header("if-modified-since")).collect();
    assert_eq!(dates, [None, Some(date), Some(date), Some(date), Some(date), None], "stored and replaced together");
    for request in &requests {
        assert_eq!((request.method.as_str(), request.header("cookie"), request.header("referer")), ("GET", None, None));
        assert!(request.header("user-agent").unwrap().starts_with("Warraq/"), "{request:?}");
        assert!(request.header("accept").unwrap().contains("application/atom+xml"), "{request:?}");
        assert!(request.header("accept-encoding").unwrap().contains("gzip"), "{request:?}");
    }
}

#[tokio::test]
async fn retry_after_binds_every_schedule_and_absurd_values_are_clamped() {
    for (status, asks, days) in
        [(503, "172800", 2), (403, "172800", 2), (503, "Wed, 04 Nov 2026 12:00:30 GMT", 2), (429, "9999999999", 31)]
    {
        for schedule in [every("1m"), "[schedule]\ndefault = \"* * * * *\"\n".to_owned(), String::new()] {
            let outlet = FakeOutlet::start().await;
            outlet.script("/feed", [Reply::status(status).header("Retry-After", asks), Reply::feed(doc())]);
            let mut instance = TestInstance::with(&schedule, &[("ville", &outlet.url("/feed"))]).await;
            instance.pass(SignedDuration::from_secs(30));
            instance.run_due().await;
            assert_eq!(instance.sql("SELECT state FROM feed_health").await, ["held"], "{status} {asks}");
            instance.pass(SignedDuration::from_hours(24 * days) - SignedDuration::from_secs(1));
            assert!(instance.run_due().await.is_empty(), "{status} {asks} {schedule}");
            instance.restart(None).await;
            assert!(instance.run_due().await.is_empty(), "{status} {asks} {schedule}");
            instance.pass(SignedDuration::from_secs(150));
            assert_eq!(outcomes(&instance.run_due().await), ["fresh"], "{status} {asks} {schedule}");
        }
    }
}

#[tokio::test]
async fn failures_make_pauses_grow_and_never_stop_a_feed() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed", Reply::status(500));
    let mut instance = TestInstance::with(&every("10m"), &[("ville", &outlet.url("/feed"))]).await;
    let mut pauses: Vec<SignedDuration> = Vec::new();
    for _ in 0..20 {
        let before = instance.clock.now();
        instance.run_next().await;
        pauses.push(instance.clock.now().duration_since(before));
    }
    assert_eq!(outlet.requests("/feed").len(), 20);
    assert!(pauses[2..].windows(2).all(|two| two[0] <= two[1]), "{pauses:?}");
    assert!(pauses[19] > SignedDuration::from_hours(24 * 5) && pauses[19] <= SignedDuration::from_hours(24 * 7));
    assert_eq!(instance.sql("SELECT state, failures FROM feed_health").await, ["failing|20"]);
    outlet.set("/feed", Reply::feed(doc()));
    instance.run_next().await;
    let next: Timestamp = instance.sql(NEXT).await[0].parse().unwrap();
    assert!(next.duration_since(instance.clock.now()) <= SignedDuration::from_mins(12));
    assert_eq!(instance.sql("SELECT state, failures FROM feed_health").await, ["active|0"]);
}

#[tokio::test]
async fn a_clock_that_jumps_brings_one_poll_a_feed_and_no_stall() {
    let outlet = FakeOutlet::start().await;
    let paths = ["/a", "/b", "/c", "/d"];
    for path in &paths {
        outlet.set(path, Reply::feed(doc()));
    }
    let feeds = paths.map(|path| outlet.url(path));
    let outlets: Vec<_> = ["a", "b", "c", "d"].into_iter().zip(&feeds).collect();
    let mut instance = TestInstance::with(&every("10m"), &outlets).await;
    instance.pass(SignedDuration::from_secs(30));
    assert_eq!(instance.run_due().await.len(), 4);
    // The machine sleeps.
    instance.pass(SignedDuration::from_hours(8));
    instance.check_clock().await;
    let polled = instance.run_due().await.len();
    instance.pass(SignedDuration::from_secs(31));
    assert_eq!(polled + instance.run_due().await.len(), 4, "each once");
    // The clock was wrong by a year and is set back.
    instance.pass(SignedDuration::from_hours(-24 * 365));
    instance.check_clock().await;
    assert!(instance.run_due().await.is_empty());
    instance.pass(SignedDuration::from_mins(13));
    assert_eq!(instance.run_due().await.len(), 4, "no stall");
    assert_eq!(instance.sql("SELECT count(*) FROM feed_health WHERE next_poll_at > '2025-11-04'").await, ["0"]);
}

#[tokio::test]
async fn an_explicit_schedule_is_bent_by_no_hint_and_an_adaptive_one_is() {
    let hints = "<ttl>300</ttl><skipHours><hour>17</hour><hour>18</hour></skipHours>";
    let document = doc().to_string().replace("<item>", &format!("{hints}<item>"));
    for (schedule, least, most) in [(every("10m"), 10, 12), (String::new(), 420, 600)] {
        let outlet = FakeOutlet::start().await;
        outlet.set("/feed", Reply::feed(document.as_str()).header("Cache-Control", "max-age=7200"));
        let mut instance = TestInstance::with(&schedule, &[("ville", &outlet.url("/feed"))]).await;
        instance.pass(SignedDuration::from_secs(30));
        instance.run_due().await;
        let next: Timestamp = instance.sql(NEXT).await[0].parse().unwrap();
        let minutes = next.duration_since(instance.clock.now()).as_mins();
        assert!((least..=most).contains(&minutes), "{schedule}: {minutes}");
        assert!(instance.sql("SELECT why FROM poll").await[0].contains("\"decided\""));
    }
}

#[tokio::test]
async fn each_hint_of_a_server_keeps_an_adaptive_schedule_away() {
    let sy = "<sy:updatePeriod xmlns:sy=\"http://purl.org/rss/1.0/modules/syndication/\">hourly</sy:updatePeriod>\
              <sy:updateFrequency xmlns:sy=\"http://purl.org/rss/1.0/modules/syndication/\">2</sy:updateFrequency>";
    let skip_hours = "<skipHours><hour>12</hour><hour>13</hour><hour>14</hour></skipHours>";
    let noon = "2026-11-02T12:00:30Z";
    for (header, element, until) in [
        (("Cache-Control", "public, max-age=7200"), "", "2026-11-02T14:00:30Z"),
        (("Expires", "Mon, 02 Nov 2026 14:00:30 GMT"), "", "2026-11-02T14:00:30Z"),
        (("Cache-Control", "max-age=31536000"), "", "2026-11-03T12:00:30Z"),
        (("X-Nothing", ""), "<ttl>120</ttl>", "2026-11-02T14:00:30Z"),
        (("X-Nothing", ""), sy, "2026-11-02T12:30:30Z"),
        (("X-Nothing", ""), skip_hours, "2026-11-02T15:00:00Z"),
        (("X-Nothing", ""), "<skipDays><day>Monday</day><day>Tuesday</day></skipDays>", "2026-11-04T00:00:00Z"),
    ] {
        let outlet = FakeOutlet::start().await;
        let document = doc().to_string().replace("<item>", &format!("{element}<item>"));
        outlet.set("/feed", Reply::feed(document).header(header.0, header.1));
        // Without hints such a feed would be polled every ten minutes.
        let eager = "[schedule]\nbudget = 144\nmin_interval = \"10m\"\nmax_interval = \"10m\"\n";
        let mut instance = TestInstance::with(eager, &[("ville", &outlet.url("/feed"))]).await;
        instance.pass(SignedDuration::from_secs(30));
        assert_eq!((instance.clock.now().to_string().as_str(), instance.run_due().await.len()), (noon, 1));
        let until: Timestamp = until.parse().unwrap();
        while instance.clock.now() < until {
            let rest = until.duration_since(instance.clock.now());
            instance.pass(rest.min(SignedDuration::from_mins(5)) - SignedDuration::from_millis(1));
            assert!(instance.run_due().await.is_empty(), "{header:?} {element}: early, at {}", instance.clock.now());
            instance.pass(SignedDuration::from_millis(1));
        }
        // The spread is a twentieth of the wait, or five minutes after skipped hours.
        instance.pass(SignedDuration::from_mins(75));
        assert_eq!(instance.run_due().await.len(), 1, "{header:?} {element}");
        assert_eq!(outlet.requests("/feed").len(), 2);
        assert_eq!(
            instance
                .sql_in(
                    "SELECT why ->> 'decided' FROM poll ORDER BY id LIMIT 1",
                    "SELECT why::json ->> 'decided' FROM poll ORDER BY id LIMIT 1"
                )
                .await,
            ["hint"]
        );
    }
}

#[tokio::test]
async fn a_server_whose_validators_lie_gets_one_clean_request_in_a_while() {
    let outlet = FakeOutlet::start().await;
    let busy = |n: i64| {
        (0..n).fold(FeedDoc::rss("La Ville"), |doc, k| {
            let date = "2026-11-02T11:00:00Z".parse::<Timestamp>().unwrap() - SignedDuration::from_mins(20 * (40 - k));
            doc.entry(
                &k.to_string(),
                &format!("Titre {k}"),
                &format!("https://ville.invalid/{k}"),
                "",
                &date.to_string(),
            )
        })
    };
    outlet.set("/feed", Reply::feed(busy(40)).etag("\"always\""));
    let mut instance = TestInstance::with(&every("6h"), &[("ville", &outlet.url("/feed"))]).await;
    instance.poll().await;
    // From now on there are new entries, but the tag does not change.
    outlet.set("/feed", Reply::feed(busy(41)).etag("\"always\""));
    for _ in 0..29 {
        instance.run_next().await;
    }
    let clean = |outlet: &FakeOutlet| -> Vec<usize> {
        let requests = outlet.requests("/feed");
        requests.iter().enumerate().filter(|(_, r)| r.header("if-none-match").is_none()).map(|(n, _)| n).collect()
    };
    let found = clean(&outlet);
    assert_eq!((found.len(), found[0]), (2, 0), "the first, and one more: {found:?}");
    // 6 h and up to a fifth of spread make 24 to 28 polls in a week.
    assert!((24..=29).contains(&found[1]), "{found:?}");
    assert_eq!(instance.sql("SELECT title FROM entries ORDER BY entry_id DESC LIMIT 1").await, ["Titre 40"]);
    // The server was caught, so it is checked again after half that time, not at each poll.
    for _ in 0..16 {
        instance.run_next().await;
    }
    assert_eq!(clean(&outlet).len(), 3);
}
