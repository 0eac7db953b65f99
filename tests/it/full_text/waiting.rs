//! Entries that wait for their pages.

use super::{DATE, SHORT, STATE, config, feed, one, page, paragraphs, settle};
use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    processes::Folder,
    test_instance::sums,
};
use jiff::SignedDuration;
use std::time::Duration;

#[tokio::test]
async fn a_page_that_does_not_come_is_given_up_after_two_minutes() {
    let (outlet, mut warraq) = one(Reply::status(404), Reply::silence()).await;
    warraq.poll().await;
    // The request is on its way before the clock moves.
    for _ in 0..100 {
        let _ = tokio::time::timeout(Duration::from_millis(50), warraq.instance().runner.event()).await;
        if !outlet.requests("/1").is_empty() {
            break;
        }
    }
    let reader = warraq.instance().reader.clone();
    assert_eq!(reader.waiting_entries().await.unwrap(), 1, "the status page and `warraq status` show it");
    warraq.pass(SignedDuration::from_secs(119));
    let _ = tokio::time::timeout(Duration::from_millis(50), warraq.instance().runner.event()).await;
    assert_eq!(warraq.sql("SELECT count(*) FROM waiting_entry").await, ["1"]);
    warraq.pass(SignedDuration::from_secs(1));
    settle(&mut warraq).await;
    assert_eq!(warraq.sql(STATE).await, ["1|-|timeout"]);
    assert_eq!(warraq.sql("SELECT title FROM latest").await, ["New harbour opens in the north"]);
}

#[tokio::test]
async fn an_unchanged_item_is_not_asked_for_again_and_a_changed_one_is() {
    let (outlet, mut warraq) = one(Reply::status(404), Reply::page(&page(&paragraphs("")))).await;
    warraq.poll().await;
    settle(&mut warraq).await;
    // The document changes, the item does not; then its date does.
    let with_other =
        |text: &str, date: &str| {
            let whole = "Whole text. ".repeat(100);
            FeedDoc::rss("Marfa")
                .entry("1", "New harbour opens in the north", outlet.url("/1").as_str(), text, date)
                .entry("9", "Weather", outlet.url("/9").as_str(), &whole, DATE)
        };
    for date in [DATE, "2026-11-02T11:45:00Z"] {
        outlet.set("/feed", Reply::feed(with_other(SHORT, date)));
        warraq.poll().await;
        settle(&mut warraq).await;
        assert_eq!((outlet.requests("/1").len(), outlet.requests("/9").len()), (1, 0), "{date}");
        assert_eq!(warraq.sql("SELECT count(*) FROM revision").await, ["0"]);
        assert_eq!(
            warraq.sql("SELECT folded_body LIKE '%railway%' FROM entry_text WHERE entry_id = 1").await,
            ["1"],
            "{date}"
        );
    }
    // The outlet edits the item and its page.
    outlet.set("/1", Reply::page(&page(&format!("{}<p>The bay is to be closed for a week.</p>", paragraphs("")))));
    outlet.set(
        "/feed",
        Reply::feed(with_other("The harbour of the north was opened on Monday, says the minister. Read more", DATE)),
    );
    assert_eq!(sums(&warraq.poll().await), [0, 1, 0]);
    settle(&mut warraq).await;
    assert_eq!(outlet.requests("/1").len(), 2);
    assert_eq!(warraq.sql("SELECT article LIKE '%closed for a week%' FROM texts WHERE entry_id = 1").await, ["1"]);
    assert_eq!(warraq.sql("SELECT material FROM revision").await, ["0"], "a sentence of many was added");
    // The page fails at the next edit: the article stays.
    outlet.set("/1", Reply::status(500));
    outlet.set(
        "/feed",
        Reply::feed(with_other("The harbour of the north was opened on Monday, say two ministers. Read more", DATE)),
    );
    warraq.poll().await;
    settle(&mut warraq).await;
    assert_eq!(outlet.requests("/1").len(), 3);
    assert_eq!(
        warraq.sql("SELECT article LIKE '%closed for a week%', article_missing FROM texts WHERE entry_id = 1").await,
        ["1|"]
    );
    assert_eq!(warraq.sql("SELECT folded_body LIKE '%railway%' FROM entry_text WHERE entry_id = 1").await, ["1"]);
}

#[tokio::test]
async fn an_item_that_changes_while_it_waits_is_decided_once_as_it_is_then() {
    let (outlet, mut warraq) = one(Reply::status(404), Reply::silence()).await;
    warraq.poll().await;
    // The item is edited, and another comes that needs no page.
    let whole = "Whole. ".repeat(200);
    let edited = "The harbour was opened by two ministers. Read more";
    outlet.set("/feed", Reply::feed(feed(&outlet, &[("1", edited), ("2", &whole)])));
    warraq.poll().await;
    assert_eq!(
        warraq.sql("SELECT count(*), count(DISTINCT read_at), sum(CASE WHEN seen_at < read_at THEN 1 ELSE 0 END) FROM waiting_entry").await,
        ["1|1|1"]
    );
    warraq.pass(SignedDuration::from_mins(2));
    settle(&mut warraq).await;
    assert_eq!(
        warraq
            .sql("SELECT summary LIKE '%two ministers%', article_missing FROM texts WHERE summary NOT LIKE 'Whole%'")
            .await,
        ["1|timeout"]
    );
    assert_eq!(warraq.sql("SELECT count(*) FROM entries").await, ["2"]);
    assert_eq!(warraq.sql("SELECT count(*) FROM revision").await, ["0"]);
    // What is whole when it comes again waits no longer, and is not overwritten by what had waited.
    outlet.set("/3", Reply::silence());
    outlet.set("/feed", Reply::feed(feed(&outlet, &[("3", SHORT)])));
    warraq.poll().await;
    outlet.set("/feed", Reply::feed(feed(&outlet, &[("3", &"Whole now. ".repeat(200))])));
    warraq.poll().await;
    assert_eq!(warraq.sql("SELECT count(*) FROM waiting_entry").await, ["0"]);
    warraq.pass(SignedDuration::from_mins(2));
    settle(&mut warraq).await;
    assert_eq!(warraq.sql("SELECT count(*) FROM texts WHERE summary LIKE 'Whole now%'").await, ["1"]);
}

#[tokio::test]
async fn entries_wait_on_over_a_restart() {
    let (outlet, mut warraq) = one(Reply::status(404), Reply::silence()).await;
    warraq.poll().await;
    outlet.set("/1", Reply::page(&page(&paragraphs(""))));
    warraq.restart(None).await;
    settle(&mut warraq).await;
    assert_eq!(warraq.sql(STATE).await, ["1|article|-"]);
    // Past its time, and after full_text was taken away.
    for (n, (time, more)) in [(3, true), (0, false)].into_iter().enumerate() {
        let id = (n + 2).to_string();
        outlet.set(&format!("/{id}"), Reply::silence());
        outlet.set("/feed", Reply::feed(feed(&outlet, &[(&id, &format!("Harbour {n}. Read more"))])));
        warraq.poll().await;
        warraq.pass(SignedDuration::from_mins(time));
        let text = config(&[("marfa", &outlet.url("/feed"))], "");
        warraq.restart(Some(if more { text } else { text.replace("full_text = true", "") })).await;
        settle(&mut warraq).await;
    }
    assert_eq!(warraq.sql(STATE).await, ["1|article|-", "2|-|timeout", "3|-|off"]);
}

#[tokio::test]
async fn a_killed_daemon_loses_no_entry_that_waits() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/1", Reply::silence());
    outlet.set("/feed", Reply::feed(feed(&outlet, &[("1", SHORT)])));
    let folder = Folder::new("", &[]);
    folder.configure(&config(&[("marfa", &outlet.url("/feed"))], "schedule = \"every 1h\"\npublish_text = \"page\""));
    let daemon = folder.start().await;
    folder.sql_until("SELECT count(*) FROM waiting_entry", "1").await;
    daemon.kill().await;
    assert_eq!(folder.sql("SELECT count(*) FROM entries").await, ["0"]);
    outlet.set("/1", Reply::page(&page(&paragraphs(""))));
    let daemon = folder.start().await;
    folder.sql_until("SELECT count(*) FROM entries", "1").await;
    assert_eq!(folder.sql("SELECT article IS NOT NULL FROM texts").await, ["1"]);
    assert_eq!(folder.sql("SELECT count(*) FROM waiting_entry").await, ["0"]);
    assert_eq!(outlet.requests("/feed").len(), 1, "the poll was complete");
    daemon.get_until("/feed.atom", "the railway is to follow").await;
    daemon.get_until("/stories/1", "Text from the article").await;
    let said = folder.says(&["explain", "entry", "1"]).await;
    assert!(said.contains(&format!("its text is the article of {}", outlet.url("/1"))), "{said}");
}

#[tokio::test]
async fn poll_waits_for_pages_and_explain_says_why_there_is_none() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/robots.txt", Reply::labelled("text/plain", "User-agent: *\nDisallow: /\n"));
    outlet.set("/feed", Reply::feed(feed(&outlet, &[("1", SHORT)])));
    let folder = Folder::new("", &[]);
    folder.configure(&config(&[("marfa", &outlet.url("/feed"))], ""));
    folder.says(&["poll"]).await;
    assert_eq!(folder.sql("SELECT count(*) FROM entries").await, ["1"]);
    let said = folder.says(&["explain", "entry", "1"]).await;
    assert!(
        said.contains("its text is from the feed; the page")
            && said.contains("robots (robots.txt of 127.0.0.1 forbids it"),
        "{said}"
    );
    let said = folder.says(&["explain", "entry", "1", "--json"]).await;
    assert!(said.contains("\"page_missing\": \"robots\""), "{said}");
}
