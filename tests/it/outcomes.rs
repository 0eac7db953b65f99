//! Every outcome and every fault, produced from outside and read where people look: in `feed_health` and the row of the poll.

use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    test_instance::{TestInstance, TestStore, config_text, outcomes, sums},
};
use jiff::SignedDuration;
use std::time::Duration;
use warraq::model::FeedUrl;

const DATE: &str = "2026-11-02T09:30:00Z";
const HEALTH: &str = "SELECT state, last_outcome, last_error FROM feed_health";
const POLLS: &str = "SELECT outcome, fault, status FROM poll ORDER BY id";

fn doc() -> FeedDoc {
    FeedDoc::rss("La Ville").entry("1", "Un", "https://ville.invalid/1", "", DATE)
}

#[tokio::test]
async fn a_document_is_read_once_and_then_known_by_tag_or_by_its_bytes() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/tagged", Reply::feed(doc()).etag("\"1\""));
    outlet.set("/plain", Reply::feed(doc()));
    let mut instance = TestInstance::over(&[("a", &outlet.url("/tagged")), ("b", &outlet.url("/plain"))]).await;
    assert_eq!(outcomes(&instance.poll().await), ["fresh", "fresh"]);
    assert_eq!(outcomes(&instance.poll().await), ["same_bytes", "not_modified"]);
    assert_eq!(
        instance
            .sql("SELECT outlet, state, last_poll_at, last_outcome, last_error, failures FROM feed_health ORDER BY 1")
            .await,
        ["a|active|2026-11-02T12:02:00Z|not_modified||0", "b|active|2026-11-02T12:02:00Z|same_bytes||0"]
    );
    assert_eq!(instance.sql("SELECT count(*), max(last_listed_at) FROM entries").await, ["2|2026-11-02T12:02:00Z"]);
    assert_eq!(
        instance.sql("SELECT outcome, status, listed, new FROM poll ORDER BY ended_at, outcome").await,
        ["fresh|200|1|1", "fresh|200|1|1", "not_modified|304|0|0", "same_bytes|200|0|0"]
    );
}

/// Returns what a server does, the short name of the fault, and how its message begins.
fn faults(outlet: &FakeOutlet) -> Vec<(Reply, &'static str, &'static str)> {
    let page = "<!DOCTYPE html><html><head><title>La Ville</title></head><body><p>Bonjour</p></body></html>";
    // Without an entry; of a document that has entries, those up to the limit are kept.
    let many = format!("<rss><channel><title>a</title>{}", "<!-- -->".repeat(250_000));
    vec![
        (Reply::status(404), "status", "the server answered 404"),
        (Reply::status(500), "status", "the server answered 500"),
        (Reply::status(503), "status", "the server answered 503"),
        (Reply::status(503).header("Retry-After", "60"), "held", "the server answered 503 and asked to wait"),
        (Reply::status(429), "held", "the server answered 429 and asked to wait"),
        (Reply::page(page), "html", "an HTML page that announces no readable feed"),
        (Reply::feed(""), "empty", "the document is empty"),
        (Reply::feed("   \n"), "empty", "the document is empty"),
        (Reply::feed("Bonjour"), "not_a_feed", "not a feed: "),
        (Reply::feed("{\"a\": 1}"), "not_a_feed", "not a feed: "),
        (Reply::feed("<opml><body/></opml>"), "not_a_feed", "not a feed: "),
        (Reply::feed([0xff, 0x00, 0xfe, 0x80, 0x81].repeat(50)), "not_a_feed", "not a feed: "),
        (Reply::feed(many.as_str()), "too_large", "the document is larger than 1000000 bytes"),
        (Reply::feed(many.as_str()).gzip(), "too_large", "the document is larger than 1000000 bytes"),
        (Reply::feed(&many.as_bytes()[..50_000]).endless(), "too_large", "the document is larger than 1000000 bytes"),
        (Reply::feed(doc()).cut_after(40), "broken", "the response was cut off or is not valid HTTP"),
        (Reply::raw("SSH-2.0-OpenSSH_9.2\r\n"), "broken", "the response was cut off or is not valid HTTP"),
        (
            Reply::redirect(outlet.url("/feed").as_str(), 302),
            "redirects",
            "too many redirects, or redirects in a circle",
        ),
        (Reply::redirect("mailto:x@y.invalid", 301), "bad_redirect", "a redirect that cannot be followed: "),
        (Reply::status(301), "bad_redirect", "a redirect that cannot be followed: no readable Location"),
        (
            Reply::redirect("http://169.254.169.254/latest", 302),
            "address",
            "after a redirect to http://169.254.169.254/latest: address refused: ",
        ),
    ]
}

/// Checks one fault of an outlet: it is reported in words, and no entry is lost, there or elsewhere.
async fn fails(limit: &str, fault: impl FnOnce(&FakeOutlet) -> (Reply, &'static str, &'static str)) {
    let outlet = FakeOutlet::start().await;
    let other = FakeOutlet::start_on("127.0.0.2").await;
    outlet.set("/feed", Reply::feed(doc()));
    other.set("/feed", Reply::feed(doc().entry("2", "Deux", "", "", DATE)));
    let (feed, well) = (outlet.url("/feed"), other.url("/feed"));
    let text = config_text("", &[("ville", &feed), ("autre", &well)]).replace("\"20s\"", limit);
    let mut instance = TestInstance::configured(text).await;
    instance.poll().await;
    let (reply, fault, words) = fault(&outlet);
    outlet.set("/feed", reply);
    other.set("/feed", Reply::feed(doc().entry("3", "Trois", "", "", DATE)));
    assert_eq!(sums(&instance.poll().await), [1, 0, 0], "{fault}: the other outlet is read");
    let health = instance.sql(
        "SELECT last_outcome, failures, next_poll_at > last_poll_at, last_error FROM feed_health WHERE outlet = 'ville'",
    );
    let health = health.await;
    assert!(health[0].starts_with(&format!("failed|1|1|{words}")), "{fault}: {health:?}");
    let row = instance.sql("SELECT fault, error <> '' FROM poll WHERE outcome = 'failed'").await;
    assert_eq!(row, [format!("{fault}|1")], "{health:?}");
    let kept = instance.sql("SELECT title, last_listed_at FROM entries WHERE outlet = 'ville'").await;
    assert_eq!(kept, ["Un|2026-11-02T12:01:00Z"], "{fault}");
    assert_eq!(instance.sql("SELECT count(*) FROM sighting WHERE left_at IS NULL AND feed_id = 1").await, ["1"]);

    // The feed recovers: its bytes are known, and nothing is new.
    outlet.set("/feed", Reply::feed(doc()));
    assert_eq!(sums(&instance.poll().await), [0, 0, 0]);
    let well = instance.sql("SELECT state, last_outcome, last_error, failures FROM feed_health WHERE outlet = 'ville'");
    assert_eq!(well.await, ["active|same_bytes||0"], "{fault}");
}

#[tokio::test]
async fn every_fault_is_told_in_words_and_costs_nobody_an_entry() {
    let count = faults(&FakeOutlet::start().await).len();
    futures_util::future::join_all((0..count).map(|n| fails("\"20s\"", move |o| faults(o).swap_remove(n)))).await;
}

#[tokio::test]
async fn whoever_takes_too_long_is_left() {
    let words = "timed out after";
    let slow =
        [Reply::silence(), Reply::feed(doc()).stall_after(40), Reply::feed(doc()).drip(1, Duration::from_millis(50))];
    futures_util::future::join_all(slow.map(|reply| fails("\"2s\"", move |_| (reply, "timeout", words)))).await;
}

#[tokio::test]
async fn who_cannot_be_reached_is_told_apart() {
    let nobody = {
        let gone = FakeOutlet::start().await;
        gone.url("/feed")
    };
    tokio::task::yield_now().await;
    let name = FeedUrl::parse(&format!("http://{}.invalid/feed", "a".repeat(64))).unwrap();
    let inside = FeedUrl::parse("http://10.0.0.1/feed").unwrap();
    let mut instance = TestInstance::over(&[("a", &nobody), ("b", &name), ("c", &inside)]).await;
    instance.poll().await;
    assert_eq!(
        instance.sql("SELECT fault FROM poll JOIN feed ON feed.id = feed_id ORDER BY outlet_id").await,
        ["connect", "dns", "address"]
    );
    assert_eq!(
        instance.sql("SELECT count(*) FROM feed_health WHERE state = 'failing' AND last_error <> ''").await,
        ["3"]
    );
}

#[tokio::test]
async fn gone_is_left_alone_for_thirty_days_and_asked_again() {
    let outlet = FakeOutlet::start().await;
    outlet.script("/feed", [Reply::feed(doc()), Reply::status(410), Reply::feed(doc())]);
    let mut instance = TestInstance::over(&[("ville", &outlet.url("/feed"))]).await;
    instance.poll().await;
    assert_eq!(outcomes(&instance.poll().await), ["gone"]);
    assert_eq!(instance.sql(HEALTH).await, ["gone|gone|"]);
    instance.pass(SignedDuration::from_hours(24 * 29));
    assert!(instance.run_due().await.is_empty());
    instance.restart(None).await;
    assert!(instance.run_due().await.is_empty(), "a restart asks nobody who is gone");
    instance.pass(SignedDuration::from_hours(24 * 3));
    assert_eq!(outcomes(&instance.run_due().await), ["same_bytes"]);
    assert_eq!(instance.sql(HEALTH).await, ["active|same_bytes|"]);
    assert_eq!(instance.sql("SELECT title FROM entries").await, ["Un"]);
}

#[tokio::test]
async fn a_permanent_redirect_is_adopted_after_three_polls_over_two_days() {
    let (old, new) = (FakeOutlet::start().await, FakeOutlet::start_on("127.0.0.2").await);
    old.set("/feed", Reply::redirect(new.url("/new").as_str(), 301));
    new.set("/new", Reply::feed(doc()).etag("\"n\""));
    let mut instance = TestInstance::over(&[("ville", &old.url("/feed"))]).await;
    let mut ended = Vec::new();
    for _ in 0..5 {
        ended.extend(outcomes(&instance.poll().await));
        instance.restart(None).await;
        instance.pass(SignedDuration::from_hours(20));
    }
    assert_eq!(ended[..3], ["fresh", "not_modified", "not_modified"], "followed at once, not adopted before two days");
    assert_eq!((old.requests("/feed").len(), new.requests("/new").len()), (4, 5), "the fifth goes there directly");
    let moved = instance.sql("SELECT outcome FROM poll ORDER BY id LIMIT 1 OFFSET 3").await;
    assert_eq!(moved, ["moved"]);
    let row = instance.sql("SELECT url = ask_url, last_outcome FROM feed").await;
    assert_eq!(row, ["0|not_modified"]);
    let name = instance.sql("SELECT url FROM feed_health").await;
    assert_eq!(name, [old.url("/feed").as_str()], "the configured address stays the feed's name");
    assert_eq!(instance.sql("SELECT count(*) FROM entries").await, ["1"]);
}

#[tokio::test]
async fn a_temporary_redirect_is_followed_and_never_adopted() {
    for status in [302, 303, 307] {
        let outlet = FakeOutlet::start().await;
        outlet.set("/feed", Reply::redirect("/now-here", status));
        outlet.set("/now-here", Reply::feed(doc()));
        let mut instance = TestInstance::over(&[("ville", &outlet.url("/feed"))]).await;
        for _ in 0..4 {
            instance.poll().await;
            instance.pass(SignedDuration::from_hours(25));
        }
        assert_eq!((outlet.requests("/feed").len(), outlet.requests("/now-here").len()), (4, 4));
        assert_eq!(instance.sql("SELECT url = ask_url FROM feed").await, ["1"]);
    }
}

#[tokio::test]
async fn a_page_that_announces_a_feed_is_followed_and_remembered() {
    let outlet = FakeOutlet::start().await;
    let page =
        "<!DOCTYPE html><html><head><link rel=alternate type=\"application/rss+xml\" href=\"/rss\"></head></html>";
    outlet.set("/", Reply::page(page));
    outlet.set("/rss", Reply::feed(doc()).etag("\"1\""));
    let mut instance = TestInstance::over(&[("ville", &outlet.url("/"))]).await;
    assert_eq!(outcomes(&instance.poll().await), ["fresh"]);
    instance.restart(None).await;
    assert_eq!(outcomes(&instance.poll().await), ["not_modified"]);
    assert_eq!((outlet.requests("/").len(), outlet.requests("/rss").len()), (1, 2));
    assert_eq!(instance.sql("SELECT url FROM feed_health").await, [outlet.url("/").as_str()]);

    // The announced feed disappears. After three failures the page is requested again, and announces another.
    outlet.set("/rss", Reply::status(404));
    let page = page.replace("/rss\"", "/atom\"");
    outlet.set("/", Reply::page(&page));
    outlet.set("/atom", Reply::feed(doc()));
    let mut ended = Vec::new();
    for _ in 0..4 {
        ended.extend(outcomes(&instance.poll().await));
    }
    assert_eq!(ended, ["failed", "failed", "failed", "fresh"]);
    assert_eq!(instance.sql("SELECT count(*) FROM entries").await, ["1"]);

    // An announced feed that is gone says nothing about the page, which is requested at the next poll.
    outlet.set("/atom", Reply::status(410));
    outlet.set("/", Reply::page(&page.replace("/atom\"", "/new\"")));
    outlet.set("/new", Reply::feed(doc()));
    assert_eq!(outcomes(&instance.poll().await), ["failed"]);
    assert_eq!(instance.sql(HEALTH).await, ["failing|failed|the server answered 410"]);
    assert_eq!(outcomes(&instance.poll().await), ["fresh"]);
    // The page itself is gone.
    outlet.set("/new", Reply::status(410));
    outlet.set("/", Reply::status(410));
    assert_eq!(outcomes(&[instance.poll().await, instance.poll().await].concat()), ["failed", "gone"]);
}

#[tokio::test]
async fn documents_that_are_not_utf8_or_not_well_formed_are_read() {
    let outlet = FakeOutlet::start().await;
    let text = doc().to_string().replace("<title>Un</title>", "<title>\u{c9}t\u{e9} & co</title>");
    let latin: Vec<u8> = text.replace("utf-8", "iso-8859-1").chars().map(|c| u8::try_from(c).unwrap()).collect();
    outlet.set("/latin", Reply::labelled("text/xml", latin));
    let mut instance = TestInstance::over(&[("ville", &outlet.url("/latin"))]).await;
    assert_eq!(outcomes(&instance.poll().await), ["fresh"]);
    assert_eq!(instance.sql("SELECT title FROM entries").await, ["\u{c9}t\u{e9} & co"]);
    let repairs = instance.sql("SELECT repairs FROM feed_health").await;
    assert!(repairs[0].contains("ampersand"), "{repairs:?}");
    assert_eq!(instance.sql(POLLS).await, ["fresh||200"]);
}

#[tokio::test]
async fn a_failure_after_a_redirect_names_the_address_that_failed() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed", Reply::redirect("/moved?token=secret", 302));
    outlet.set("/moved?token=secret", Reply::status(404));
    outlet.set("/page", Reply::redirect("/shop", 301));
    outlet.set("/shop", Reply::page("<p>no feed"));
    let mut instance = TestInstance::over(&[("a", &outlet.url("/feed")), ("b", &outlet.url("/page"))]).await;
    let ended = instance.poll().await;
    let errors = instance.sql("SELECT last_error FROM feed_health ORDER BY outlet").await;
    let moved = outlet.url("/moved").to_string();
    assert_eq!(errors[0], format!("after a redirect to {moved}: the server answered 404"));
    assert!(errors[1].starts_with(&format!("after a redirect to {}: an HTML page", outlet.url("/shop"))), "{errors:?}");
    let reported: Vec<_> = ended.iter().filter_map(|report| report.error.clone()).collect();
    assert!(errors.iter().all(|error| reported.contains(error)), "{reported:?}");
    assert_eq!(instance.sql("SELECT count(*) FROM poll WHERE error LIKE 'after a redirect to %'").await, ["2"]);
}

#[tokio::test]
async fn a_long_address_of_a_redirect_is_refused_or_cut_where_it_is_told() {
    let outlet = FakeOutlet::start().await;
    let mut instance = TestInstance::over(&[("ville", &outlet.url("/feed"))]).await;
    for (length, told) in [(100_000, "an address of more than 8000 bytes"), (7_000, "…: the server answered 404")] {
        outlet.set("/feed", Reply::redirect(format!("/{}", "a".repeat(length)), 301));
        instance.poll().await;
        let error = instance.sql("SELECT last_error FROM feed_health").await.remove(0);
        assert!(error.contains(told) && error.len() < 450, "{} {error}", error.len());
        let shown = instance.sql("SELECT max(length(error)) < 450 FROM poll").await;
        assert_eq!(shown, ["1"]);
    }
}

/// Makes the database reject entries with this title, whatever it is.
async fn refuse_poison(instance: &mut TestInstance) {
    instance.close().await;
    let file =
        "CREATE TRIGGER refuse BEFORE INSERT ON entry WHEN new.title = 'Poison' BEGIN SELECT RAISE(ABORT, 'no'); END";
    let server = "ALTER TABLE entry ADD CONSTRAINT refuse CHECK (title <> 'Poison')";
    instance.change(if instance.server().is_some() { server } else { file }).await;
    instance.open().await;
}

#[tokio::test]
async fn a_document_that_the_database_rejects_fails_alone_and_others_are_stored() {
    for store in [TestStore::File, TestStore::Server] {
        let outlet = FakeOutlet::start().await;
        outlet.set("/bad", Reply::feed(doc().entry("2", "Poison", "https://ville.invalid/2", "", DATE)).etag("\"1\""));
        outlet.set("/good", Reply::feed(FeedDoc::rss("G").entry("g", "Bon", "https://g.invalid/1", "", DATE)));
        let text = config_text("", &[("a-bad", &outlet.url("/bad")), ("b-good", &outlet.url("/good"))]);
        let Some(mut instance) = TestInstance::in_store(store, text).await else { continue };
        refuse_poison(&mut instance).await;
        let reports = instance.poll().await;
        assert_eq!(outcomes(&reports), ["failed", "fresh"], "{store:?}");
        let health =
            "SELECT outlet, state, failures, last_error LIKE '%(a bug in Warraq)%' FROM feed_health ORDER BY 1";
        let health = instance.sql(health).await;
        assert!(health[0].starts_with("a-bad|failing|1|"), "{health:?}");
        assert!(health[1].starts_with("b-good|active|0|"), "{health:?}");
        let faults = instance.sql("SELECT outcome, fault FROM poll ORDER BY outcome").await;
        assert_eq!(faults, ["failed|storing", "fresh|"], "{store:?}");
        // The document is read again, whole, and what is not at fault any more is stored.
        outlet.set("/bad", Reply::feed(doc()).etag("\"2\""));
        assert_eq!(sums(&instance.poll().await), [1, 0, 0], "{store:?}");
        assert_eq!(instance.sql("SELECT title FROM latest ORDER BY title").await, ["Bon", "Un"], "{store:?}");
    }
}
