//! An outlet that publishes more than its feed lists: entries that dropped out between polls are fetched politely from older
//! pages, or a gap is counted.

use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    test_instance::{TestInstance, outcomes, sums},
};
use jiff::SignedDuration;
use std::ops::RangeInclusive;

const KEPT: &str = "SELECT count(*), count(DISTINCT source_id) FROM entries";
const GAPS: &str = "SELECT gaps, last_outcome FROM feed_health";
const LISTED: &str = "SELECT count(*) FROM sighting WHERE left_at IS NULL";

/// Returns a document with these reports, newest first, and `more` after its title.
fn window(doc: FeedDoc, reports: RangeInclusive<u32>, more: &str) -> Reply {
    let add = |doc: FeedDoc, n: u32| {
        let (title, link) = (format!("Report {n}"), format!("https://batch.invalid/{n}"));
        let date = format!("2026-11-02T11:{:02}:00Z", n % 60);
        doc.entry(&format!("urn:batch:{n}"), &title, &link, &format!("The words of report {n}."), &date)
    };
    let doc = reports.rev().fold(doc, add);
    Reply::feed(doc.to_string().replacen("</title>", &format!("</title>{more}"), 1))
}

fn atom(reports: RangeInclusive<u32>, more: &str) -> Reply {
    window(FeedDoc::atom("Batch"), reports, more)
}

fn rss(reports: RangeInclusive<u32>, more: &str) -> Reply {
    window(FeedDoc::rss("Batch"), reports, more)
}

/// Returns RSS as WordPress writes it: it names its generator, but none of its other pages.
fn wordpress(reports: RangeInclusive<u32>) -> Reply {
    rss(reports, "<generator>https://wordpress.org/?v=6.8</generator>")
}

/// Returns a link to another page, for Atom or RSS.
fn link(rel: &str, href: &str) -> String {
    format!("<a:link xmlns:a=\"http://www.w3.org/2005/Atom\" rel=\"{rel}\" href=\"{href}\"/>")
}

/// Returns an instance that has read reports 1 to 10 at `/feed`.
async fn after_the_first_ten(outlet: &FakeOutlet) -> TestInstance {
    outlet.set("/feed", rss(1..=10, ""));
    let mut instance = TestInstance::over(&[("batch", &outlet.url("/feed"))]).await;
    assert_eq!(sums(&instance.poll().await), [10, 0, 0]);
    instance
}

#[tokio::test]
async fn what_a_batch_pushed_out_of_the_window_comes_from_the_page_before() {
    for (document, rel) in [(atom as fn(_, &str) -> _, "prev-archive"), (rss, "next"), (rss, "prev-archive")] {
        let outlet = FakeOutlet::start().await;
        outlet.set("/feed", document(1..=10, &link(rel, "/2025")));
        let mut instance = TestInstance::over(&[("batch", &outlet.url("/feed"))]).await;
        instance.poll().await;
        assert_eq!(outlet.paths(), ["/feed"], "a first poll leaves no gap");

        outlet.set("/feed", document(16..=25, &link(rel, "/2026")).etag("\"b\""));
        outlet.set("/2026", document(6..=15, &link(rel, "/2025")));
        let reports = instance.poll().await;
        assert_eq!((outcomes(&reports), sums(&reports)), (vec!["fresh"], [15, 0, 0]));
        assert_eq!(outlet.paths(), ["/feed", "/feed", "/2026"], "the page that shows a known entry is the last");
        assert_eq!(outlet.requests("/2026")[0].header("if-none-match"), None);
        assert!(!reports[0].written.gap);
        assert_eq!(instance.sql(KEPT).await, ["25|25"]);
        assert_eq!(instance.sql(GAPS).await, ["0|fresh"]);
        let polls = "SELECT listed, new, gap, bytes > 3000 FROM poll ORDER BY id DESC LIMIT 1";
        assert_eq!(instance.sql(polls).await, ["10|15|0|1"]);
        assert_eq!(instance.sql(LISTED).await, ["10"], "the feed itself lists ten");
        let order = instance.sql("SELECT title FROM latest LIMIT 15").await;
        assert_eq!(order, (11..=25).rev().map(|n| format!("Report {n}")).collect::<Vec<_>>());

        // The entries of the page are known from then on, and no page is requested again.
        assert_eq!(outcomes(&instance.poll().await), ["not_modified"]);
        outlet.set("/feed", document(15..=26, &link(rel, "/2026")));
        assert_eq!(sums(&instance.poll().await), [1, 0, 0]);
        assert_eq!(outlet.paths().len(), 5);
        assert_eq!(instance.sql("SELECT count(*) FROM revisions").await, ["0"]);
        assert_eq!(
            (instance.sql(LISTED).await, instance.sql(KEPT).await),
            (vec!["12".to_owned()], vec!["26|26".to_owned()])
        );
    }
}

#[tokio::test]
async fn wordpress_pages_are_asked_for_one_after_the_other() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/?feed=rss2", wordpress(1..=10));
    let mut instance = TestInstance::over(&[("batch", &outlet.url("/?feed=rss2"))]).await;
    instance.poll().await;
    outlet.set("/?feed=rss2", wordpress(36..=45));
    // Another report is published while pages are read, so each page begins with the last entry of the previous one.
    for (page, last) in [(2, 36), (3, 26), (4, 16), (5, 6)] {
        outlet.set(&format!("/?feed=rss2&paged={page}"), wordpress(last.max(10) - 9..=last));
    }
    let reports = instance.poll().await;
    assert_eq!(sums(&reports), [35, 0, 0]);
    let asked = outlet.paths();
    assert_eq!(asked[1..], ["/?feed=rss2", "/?feed=rss2&paged=2", "/?feed=rss2&paged=3", "/?feed=rss2&paged=4"]);
    assert_eq!(outlet.most_at_once(), 1);
    assert_eq!(
        (instance.sql(KEPT).await, instance.sql(GAPS).await),
        (vec!["45|45".to_owned()], vec!["0|fresh".to_owned()])
    );
    assert_eq!(instance.sql("SELECT count(*) FROM revisions").await, ["0"]);
}

#[tokio::test]
async fn a_gap_that_nothing_closes_is_counted_once() {
    let outlet = FakeOutlet::start().await;
    let mut instance = after_the_first_ten(&outlet).await;
    outlet.set("/feed", rss(16..=25, ""));
    let reports = instance.poll().await;
    assert_eq!((outcomes(&reports), sums(&reports)), (vec!["fresh"], [10, 0, 0]));
    assert!(reports[0].written.gap, "told to the log, the metrics and the schedule");
    instance.poll().await;
    outlet.set("/feed", rss(17..=26, ""));
    assert_eq!(sums(&instance.poll().await), [1, 0, 0]);
    assert_eq!(instance.sql(GAPS).await, ["1|fresh"]);
    assert_eq!(instance.sql("SELECT gap FROM poll ORDER BY id").await, ["0", "1", "0", "0"]);
    assert_eq!(outlet.paths(), ["/feed"; 4], "nobody said that there are older pages");
}

#[tokio::test]
async fn a_page_that_fails_leaves_the_poll_fresh_and_the_gap_open() {
    let elsewhere = FakeOutlet::start_on("127.0.0.2").await;
    elsewhere.set("/older", rss(6..=15, ""));
    let failing = [
        Reply::status(404),
        Reply::status(429).header("Retry-After", "60"),
        Reply::status(410),
        Reply::page("<!DOCTYPE html><title>Not here</title>"),
        rss(6..=15, "").cut_after(40),
        Reply::raw("SSH-2.0-OpenSSH_9.2\r\n"),
        Reply::redirect(elsewhere.url("/older").as_str(), 302),
    ];
    futures_util::future::join_all(failing.map(|reply| async move {
        let outlet = FakeOutlet::start().await;
        let mut instance = after_the_first_ten(&outlet).await;
        outlet.set("/feed", rss(16..=25, &link("next", "/older")));
        outlet.set("/older", reply.clone());
        let reports = instance.poll().await;
        assert_eq!((outcomes(&reports), sums(&reports)), (vec!["fresh"], [10, 0, 0]), "{reply:?}");
        assert_eq!(outlet.paths(), ["/feed", "/feed", "/older"]);
        assert_eq!(instance.sql(GAPS).await, ["1|fresh"], "{reply:?}");
        assert_eq!(instance.sql("SELECT status, error FROM poll ORDER BY id").await, ["200|", "200|"]);
        // The feed itself works, and older pages are not requested again.
        assert_eq!(outcomes(&instance.poll().await), ["same_bytes"]);
        assert_eq!(outlet.requests("/older").len(), 1);
    }))
    .await;
}

#[tokio::test]
async fn a_429_on_an_older_page_holds_the_whole_host() {
    let outlet = FakeOutlet::start().await;
    let (batch, other) = (outlet.url("/feed"), outlet.url("/other"));
    outlet.set("/feed", rss(1..=10, ""));
    outlet.set("/other", rss(901..=910, ""));
    let every = "[schedule]\ndefault = \"every 10m\"\n";
    let mut instance = TestInstance::with(every, &[("batch", &batch), ("other", &other)]).await;
    instance.poll().await;
    outlet.set("/feed", rss(16..=25, &link("next", "/older")));
    outlet.set("/older", Reply::status(429).header("Retry-After", "3600"));
    instance.poll_only("batch").await;
    assert_eq!(instance.sql("SELECT state FROM feed_health").await, ["active", "active"]);
    // The instance was closed and opened in between: the hold is stored in the file.
    for _ in 0..4 {
        instance.pass(SignedDuration::from_mins(13));
        assert!(instance.run_due().await.is_empty());
    }
    instance.pass(SignedDuration::from_mins(13));
    assert_eq!(instance.run_due().await.len(), 2);
    assert_eq!(outlet.paths().len(), 6);
}

#[tokio::test]
async fn what_was_read_before_a_page_failed_is_kept() {
    let outlet = FakeOutlet::start().await;
    let mut instance = after_the_first_ten(&outlet).await;
    outlet.set("/feed", wordpress(36..=45));
    outlet.set("/feed?paged=2", wordpress(26..=35));
    outlet.set("/feed?paged=3", Reply::status(500));
    assert_eq!(sums(&instance.poll().await), [20, 0, 0]);
    assert_eq!(outlet.paths().len(), 4);
    assert_eq!(
        (instance.sql(KEPT).await, instance.sql(GAPS).await),
        (vec!["30|30".to_owned()], vec!["1|fresh".to_owned()])
    );
}

/// A name, the pages as they are set, and the pages that are requested.
type Circle = (&'static str, Vec<(&'static str, Reply)>, &'static [&'static str]);

#[tokio::test]
async fn pages_that_lead_in_circles_or_nowhere_come_to_an_end() {
    let (own, a, b) = (link("next", "/feed"), link("next", "/a"), link("next", "/b"));
    let circles: [Circle; 5] = [
        ("itself", vec![("/feed", rss(91..=99, &own))], &[]),
        ("a page and itself", vec![("/feed", rss(91..=99, &a)), ("/a", rss(81..=90, &a))], &["/a"]),
        (
            "two pages and each other",
            vec![("/feed", rss(91..=99, &a)), ("/a", rss(81..=90, &b)), ("/b", rss(71..=80, &a))],
            &["/a", "/b"],
        ),
        ("the same again", vec![("/feed", rss(91..=99, &a)), ("/a", rss(92..=99, &b))], &["/a"]),
        ("nothing", vec![("/feed", atom(91..=99, &a)), ("/a", Reply::feed("<rss><channel/></rss>"))], &["/a"]),
    ];
    futures_util::future::join_all(circles.map(|(name, replies, asked)| async move {
        let outlet = FakeOutlet::start().await;
        let mut instance = after_the_first_ten(&outlet).await;
        for (path, reply) in replies {
            outlet.set(path, reply);
        }
        assert_eq!(outcomes(&instance.poll().await), ["fresh"]);
        assert_eq!(outlet.paths()[2..], *asked, "{name}");
        assert_eq!(instance.sql(GAPS).await, ["1|fresh"], "{name}");
    }))
    .await;
}

#[tokio::test]
async fn pages_without_end_are_read_up_to_the_fifth() {
    let outlet = FakeOutlet::start().await;
    let mut instance = after_the_first_ten(&outlet).await;
    outlet.set("/feed", wordpress(500..=509));
    for page in 2..=9 {
        outlet.set(&format!("/feed?paged={page}"), wordpress(510 - page * 10..=519 - page * 10));
    }
    assert_eq!(sums(&instance.poll().await), [60, 0, 0]);
    assert_eq!(outlet.paths().last().unwrap(), "/feed?paged=6");
    assert_eq!((outlet.paths().len(), instance.sql(GAPS).await), (7, vec!["1|fresh".to_owned()]));
}

#[tokio::test]
async fn another_host_is_not_asked_for_older_pages() {
    let (outlet, other) = (FakeOutlet::start().await, FakeOutlet::start_on("127.0.0.2").await);
    let mut instance = after_the_first_ten(&outlet).await;
    for href in [other.url("/older").as_str(), "file:///etc/passwd", "http://u:p@127.0.0.1/older"] {
        outlet.set("/feed", rss(16..=25, &link("next", href)));
        instance.poll().await;
    }
    assert_eq!((outlet.paths().len(), other.paths().len()), (4, 0));
}

#[tokio::test]
async fn entries_whose_bytes_change_at_every_poll_leave_no_gap() {
    let outlet = FakeOutlet::start().await;
    let mut instance = after_the_first_ten(&outlet).await;
    for poll in 0..3 {
        let doc = FeedDoc::rss("Batch").entry(
            "urn:batch:9",
            "Report 9",
            &format!("https://batch.invalid/9?v={poll}"),
            "",
            "",
        );
        let text = doc.to_string().replacen("</title>", "</title><generator>https://wordpress.org/</generator>", 1);
        outlet.set("/feed", Reply::feed(text));
        instance.poll().await;
    }
    assert_eq!(outlet.paths(), ["/feed"; 4]);
    assert_eq!(instance.sql(GAPS).await, ["0|fresh"]);
}
