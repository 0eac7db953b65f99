//! Long documents, full disks, long write-ahead logs, and retention of many entries at once.

use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    processes::{Folder, until},
    test_instance::{TestInstance, config_text, is_only_for_file, sums},
};
use jiff::SignedDuration;
use std::{collections::BTreeSet, time::Duration};
use warraq::store::{RetentionLimits, StoreError};

const DATE: &str = "2026-11-02T09:30:00Z";

/// Returns a feed of this many short reports, numbered from `first`.
fn long_feed(first: usize, entries: usize) -> FeedDoc {
    (first..first + entries).fold(FeedDoc::rss("archive"), |doc, n| {
        doc.entry(&format!("id-{n}"), &format!("report number {n}"), &format!("https://a.invalid/{n}"), "", DATE)
    })
}

#[tokio::test]
async fn a_long_document_is_stored_whole_in_many_short_transactions() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/long", Reply::feed(long_feed(0, 10_000)));
    let text = config_text("", &[("long", &outlet.url("/long"))]).replace("\"1MB\"", "\"10MB\"");
    let mut instance = TestInstance::configured(text).await;
    let asker = instance.asker();
    let watch = tokio::spawn(async move {
        let mut counts = BTreeSet::new();
        loop {
            let count: i64 = asker.sql("SELECT count(*) FROM entry").await[0].parse().unwrap();
            counts.insert(count);
            // The row of the poll is written in the last transaction.
            if asker.sql("SELECT count(*) FROM poll").await != ["0"] {
                return counts;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    });
    assert_eq!(sums(&instance.poll().await), [10_000, 0, 0]);
    let counts = watch.await.unwrap();
    assert!(counts.len() >= 4, "other polls can be written between the strides: {counts:?}");
    assert!(counts.iter().all(|count| count % 500 == 0), "a stride is stored whole or not at all: {counts:?}");
    assert_eq!(instance.sql("SELECT count(DISTINCT title) FROM latest").await, ["10000"]);
    assert_eq!(sums(&instance.poll().await), [0, 0, 0], "nothing comes twice");
}

/// Rows of the index by hash that are missing, that stand for nothing, or that are there twice; and tallies that are wrong.
const WRONG_IN_THE_INDEX: &str = "WITH indexed AS (SELECT * FROM lookup_0 UNION ALL SELECT * FROM lookup_1 UNION ALL SELECT * FROM lookup_2), \
    wanted AS (SELECT key_hash AS hash, 0 AS kind, id AS row_id FROM sighting \
               UNION ALL SELECT link_key, 1, id FROM entry WHERE link_key IS NOT NULL) \
    SELECT (SELECT count(*) FROM (SELECT * FROM wanted EXCEPT SELECT * FROM indexed)) \
        || ' ' || (SELECT count(*) FROM (SELECT * FROM indexed EXCEPT SELECT * FROM wanted)) \
        || ' ' || ((SELECT count(*) FROM indexed) - (SELECT count(*) FROM wanted)) \
        || ' ' || (SELECT entries - (SELECT count(*) FROM entry) FROM tally) \
        || ' ' || (SELECT stories - (SELECT count(*) FROM story) FROM tally)";

#[tokio::test]
async fn known_entries_are_found_wherever_the_index_by_hash_holds_them() {
    if is_only_for_file("the index by hash in three tables") {
        return;
    }
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed", Reply::feed(long_feed(0, 2_200)));
    let text = config_text("", &[("outlet", &outlet.url("/feed"))]).replace("\"1MB\"", "\"10MB\"");
    // No longer than this: a debug build on a loaded machine must read it within its time.
    let mut instance = TestInstance::configured(text).await;
    assert_eq!(sums(&instance.poll().await), [2_200, 0, 0]);
    let levels = "SELECT (SELECT count(*) BETWEEN 1 AND 3999 FROM lookup_0) || (SELECT count(*) > 3000 FROM lookup_1) \
        || (SELECT count(*) > 50 FROM lookup_2)";
    assert_eq!(instance.sql(levels).await, ["111"], "all three levels are in use");
    assert_eq!(instance.sql(WRONG_IN_THE_INDEX).await, ["0 0 0 0 0"]);
    // One in eleven has another title, and one in twenty-two another address.
    let edited = (0..2_200).fold(FeedDoc::rss("archive"), |doc, n| {
        let link = format!("https://a.invalid/{}{n}", if n % 22 == 0 { "moved/" } else { "" });
        doc.entry(
            &format!("id-{n}"),
            &format!("report number {n}{}", if n % 11 == 0 { ", corrected" } else { "" }),
            &link,
            "",
            DATE,
        )
    });
    outlet.set("/feed", Reply::feed(edited));
    let polled = instance.poll().await;
    assert_eq!(
        sums(&polled),
        [0, 200, 0],
        "{:?}",
        instance.sql("SELECT concat(last_outcome, last_error) FROM feed").await
    );
    assert_eq!(instance.sql(WRONG_IN_THE_INDEX).await, ["0 0 0 0 0"]);
    outlet.set("/feed", Reply::feed(long_feed(2_200, 500)));
    assert_eq!(sums(&instance.poll().await), [500, 0, 0]);
    instance.pass(SignedDuration::from_hours(365 * 24));
    let day = Duration::from_hours(24);
    let keep = RetentionLimits::as_of(instance.clock.now(), 90 * day, 30 * day, false);
    assert_eq!(instance.instance().writer.prune(keep).await.unwrap().entries, 2_200);
    assert_eq!(instance.sql(WRONG_IN_THE_INDEX).await, ["0 0 0 0 0"]);
    outlet.set("/feed", Reply::feed(long_feed(0, 1_000)));
    assert_eq!(sums(&instance.poll().await), [0, 0, 0], "what retention has deleted does not return");
}

#[tokio::test]
async fn a_feed_s_row_says_what_it_lists() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed", Reply::feed(long_feed(0, 3)));
    let mut instance = TestInstance::over(&[("outlet", &outlet.url("/feed"))]).await;
    let listed = "SELECT group_concat(id || ' ' || (left_at IS NULL) || ' ' \
        || (instr(hex((SELECT listed FROM feed)), printf('%016X%016X', id, raw)) % 32 = 1), ', ') \
        || ': ' || (SELECT length(listed) / 16 FROM feed) FROM sighting";
    let on_server = "SELECT string_agg(id || ' ' || (left_at IS NULL)::int || ' ' \
        || (position(lpad(to_hex(id), 16, '0') || lpad(to_hex(raw), 16, '0') IN encode((SELECT listed FROM feed), 'hex')) % 32 = 1)::int, \
        ', ' ORDER BY id) || ': ' || (SELECT length(listed) / 16 FROM feed) FROM sighting";
    instance.poll().await;
    assert_eq!(instance.sql_in(listed, on_server).await, ["1 1 1, 2 1 1, 3 1 1: 3"]);
    outlet.set("/feed", Reply::feed(long_feed(1, 3)));
    instance.poll().await;
    assert_eq!(instance.sql_in(listed, on_server).await, ["1 1 1, 2 1 1, 3 0 0, 4 1 1: 3"]);
    outlet.set("/feed", Reply::feed(long_feed(0, 1)));
    assert_eq!(sums(&instance.poll().await), [0, 0, 0]);
    assert_eq!(
        instance.sql_in(listed, on_server).await,
        ["1 0 0, 2 0 0, 3 1 1, 4 0 0: 1"],
        "what comes back is listed again"
    );
}

/// Returns an instance whose feed listed 150 reports and now lists five others, with its clock moved forward by a year.
async fn a_year_ahead() -> TestInstance {
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed", Reply::feed(long_feed(0, 150)));
    let mut instance = TestInstance::over(&[("outlet", &outlet.url("/feed"))]).await;
    instance.poll().await;
    outlet.set("/feed", Reply::feed(long_feed(150, 5)));
    instance.poll().await;
    instance.pass(SignedDuration::from_hours(365 * 24));
    instance
}

#[tokio::test]
async fn retention_refuses_to_forget_nearly_everything_at_once() {
    let mut instance = a_year_ahead().await;
    let (now, day) = (instance.clock.now(), Duration::from_hours(24));
    let keep = RetentionLimits::as_of(now, 90 * day, 30 * day, false);
    let refused = instance.instance().writer.prune(keep).await.unwrap_err();
    assert!(matches!(refused, StoreError::NothingLeft { stories: 150, .. }), "{refused}");
    assert_eq!(instance.sql("SELECT count(*) FROM entries").await, ["155"], "{refused}");
    assert_ne!(instance.sql("SELECT count(*) FROM poll").await, ["0"], "nor is the history of polls forgotten");
    let counted = instance.instance().writer.prune(RetentionLimits { dry_run: true, ..keep }).await.unwrap();
    assert_eq!((counted.stories, counted.entries, counted.polls), (150, 150, 2));
    let forced = instance.instance().writer.prune(keep.forced(true)).await.unwrap();
    assert_eq!(forced, counted, "what was counted is what goes");
    assert_eq!(instance.sql("SELECT count(*) FROM entries").await, ["5"]);
    assert_eq!(instance.sql("SELECT count(*) FROM latest").await, ["5"]);
    assert_eq!(instance.sql("SELECT count(*) FROM sighting WHERE entry_id IS NULL").await, ["150"], "tombstones stay");
}

#[tokio::test]
async fn retention_goes_on_beside_polls() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed", Reply::feed(long_feed(0, 2_500)));
    let mut instance = TestInstance::over(&[("outlet", &outlet.url("/feed"))]).await;
    instance.poll().await;
    outlet.set("/feed", Reply::feed(long_feed(2_500, 500)));
    instance.poll().await;
    instance.pass(SignedDuration::from_hours(100 * 24));
    let (keep, writer) = (
        RetentionLimits::as_of(instance.clock.now(), Duration::from_hours(24), Duration::MAX, false),
        instance.instance().writer.clone(),
    );
    let pruning = tokio::spawn(async move { writer.prune(keep).await });
    let mut polls = 0;
    while !pruning.is_finished() {
        outlet.set("/feed", Reply::feed(long_feed(2_500 + polls, 501)));
        polls += instance.poll().await.len();
    }
    let pruned = pruning.await.unwrap().unwrap();
    assert!(polls > 1, "polls are written between the steps");
    assert_eq!((pruned.stories, pruned.entries), (2_500, 2_500));
}

/// Returns an outlet that lists twenty entries, and a folder with a configuration that polls it every second.
async fn twenty_entries() -> (FakeOutlet, Folder) {
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed", Reply::feed(long_feed(0, 20)));
    let folder = Folder::with_file("[schedule]\ndefault = \"every 1s\"\n", &[("outlet", &outlet.url("/feed"))]);
    (outlet, folder)
}

#[tokio::test]
async fn a_full_disk_is_waited_for_and_said() {
    let (outlet, folder) = twenty_entries().await;
    let daemon = folder.start_limitable().await;
    folder.sql_until("SELECT count(*) FROM entry", "20").await;
    let before = daemon.get_until("/feed.atom", "report number 19").await;
    // No file may grow from here on, as on a full disk.
    daemon.limit_files(Some(100_000)).await;
    outlet.set("/feed", Reply::feed(long_feed(10, 400)));
    let said = daemon.get_until("/readyz", "cannot be written").await;
    assert!(said.contains("feeds are served"), "{said}");
    assert_eq!(daemon.get_until("/feed.atom", "report number 19").await, before);
    daemon.until("cannot write to the database").await;
    daemon.limit_files(None).await;
    folder.sql_until("SELECT count(*) FROM entry", "410").await;
    daemon.get_until("/readyz", "ok\n").await;
    assert_eq!(folder.sql("PRAGMA integrity_check").await, ["ok"]);
    let torn = "SELECT (SELECT sum(new) FROM poll) - (SELECT count(*) FROM entry)";
    assert_eq!(folder.sql(torn).await, ["0"], "what was told of a poll is there");
    assert_eq!(daemon.log().matches("cannot write to the database").count(), 1, "{}", daemon.log());
    daemon.signal("TERM").await;
    assert_eq!(daemon.end().await, Some(0));
}

#[tokio::test]
async fn a_daemon_that_starts_on_a_full_disk_serves_what_it_has() {
    let (outlet, folder) = twenty_entries().await;
    let daemon = folder.start().await;
    let before = daemon.get_until("/feed.atom", "report number 19").await;
    daemon.kill().await;
    outlet.set("/feed", Reply::feed(long_feed(10, 400)));
    let daemon = folder.start_limited().await;
    assert_eq!(daemon.get_until("/feed.atom", "report number 19").await, before);
    daemon.get_until("/readyz", "cannot be written").await;
    daemon.get_until("/healthz", "ok").await;
    daemon.limit_files(None).await;
    folder.sql_until("SELECT count(*) FROM entry", "410").await;
    daemon.get_until("/readyz", "ok\n").await;
    daemon.kill().await;
    // An outlet that became private meanwhile is not shown as it was.
    let text = std::fs::read_to_string(folder.path("config.toml")).unwrap();
    let said = folder.says(&["token", "new", "amal"]).await;
    std::fs::write(folder.path("tokens"), said.lines().find(|line| line.starts_with("amal sha256:")).unwrap()).unwrap();
    folder.configure(&(text.replace("[fetch]\n", "token_file = \"tokens\"\n[fetch]\n") + "private = true\n"));
    let hidden = tokio::time::timeout(Duration::from_secs(5), folder.start_limited()).await;
    assert!(hidden.is_err(), "nothing is served until the outlet is known to be private");
}

#[tokio::test]
async fn the_log_gives_its_space_back_before_the_disk_counts_as_full() {
    let (outlet, folder) = twenty_entries().await;
    let daemon = folder.start_limitable().await;
    folder.sql_until("SELECT count(*) FROM entry", "20").await;
    // The log may not grow further; the database, which is smaller, may.
    let log = || std::fs::metadata(folder.path("warraq.db-wal")).unwrap().len();
    let limit = log() + 400_000;
    daemon.limit_files(Some(limit)).await;
    for round in 1..=16 {
        let listed = (0..20).fold(FeedDoc::rss("V"), |doc, n| {
            doc.entry(&format!("id-{n}"), &format!("Round {round} of {n}"), &format!("https://a.invalid/{n}"), "", DATE)
        });
        outlet.set("/feed", Reply::feed(listed));
        let revised = async || folder.sql("SELECT count(*) FROM revisions").await[0].parse::<usize>().unwrap();
        until("the round", async || revised().await >= 20 * round).await;
        assert!(log() <= limit, "{} bytes", log());
    }
    daemon.get_until("/readyz", "ok\n").await;
    daemon.kill().await;
    assert_eq!(folder.sql("PRAGMA integrity_check").await, ["ok"]);
}

#[tokio::test]
async fn a_daemon_on_a_full_disk_stops_when_it_is_told() {
    let (outlet, folder) = twenty_entries().await;
    let daemon = folder.start_limitable().await;
    folder.sql_until("SELECT count(*) FROM entry", "20").await;
    daemon.limit_files(Some(100_000)).await;
    outlet.set("/feed", Reply::feed(long_feed(10, 400)));
    daemon.until("cannot write to the database").await;
    daemon.signal("TERM").await;
    assert_eq!(daemon.end().await, Some(0), "what waited is read again");
    let daemon = folder.start().await;
    folder.sql_until("SELECT count(*) FROM entry", "410").await;
    daemon.kill().await;
}

#[tokio::test]
async fn a_channel_is_laid_over_much_without_holding_polls_up() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed", Reply::feed(long_feed(0, 3_000)));
    let feed = outlet.url("/feed");
    let mut instance = TestInstance::over(&[("outlet", &feed)]).await;
    instance.poll().await;
    outlet.set("/feed", Reply::feed(long_feed(2_990, 20)));
    let channels = "[[channel]]\nslug = \"collapsed\"\ntitle = \"C\"\noutlets = [\"outlet\"]\n\
                    [[channel]]\nslug = \"each\"\ntitle = \"E\"\ncollapse = false\n";
    instance.restart(Some(config_text(channels, &[("outlet", &feed)]))).await;
    assert_ne!(
        instance.sql("SELECT count(*) FROM place WHERE channel_id > 1").await,
        ["6000"],
        "it is not done at once"
    );
    // An interrupted run starts again, and entries polled in the meantime are placed too.
    instance.restart(None).await;
    assert_eq!(sums(&instance.poll().await), [10, 0, 0]);
    let placed = "SELECT c.slug, count(*), count(DISTINCT p.story_id) FROM place AS p JOIN channel AS c ON c.id = p.channel_id \
                  WHERE c.definition <> '' GROUP BY 1 ORDER BY 1";
    instance.sql_until(placed, &["all|3010|3010", "collapsed|3010|3010", "each|3010|3010"]).await;
    let newest = "SELECT max(entry_id) FROM place WHERE channel_id = 2";
    assert_eq!(instance.sql(newest).await, instance.sql("SELECT max(entry_id) FROM entries").await);
}

#[tokio::test]
async fn new_entries_are_found_by_their_words_while_channels_are_laid_over_much() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed", Reply::feed(long_feed(0, 3_000)));
    let feed = outlet.url("/feed");
    let mut instance = TestInstance::over(&[("outlet", &feed)]).await;
    instance.poll().await;
    outlet.set("/feed", Reply::feed(long_feed(2_990, 10).entry("new", "Zellige", "https://a.invalid/new", "", DATE)));
    // More than a thousand steps.
    let channels = (0..60).fold(String::new(), |text, n| {
        text + &format!("[[channel]]\nslug = \"c{n}\"\ntitle = \"C\"\ndrop = [\"horoscope\"]\n")
    });
    instance.restart(Some(config_text(&channels, &[("outlet", &feed)]))).await;
    assert_eq!(sums(&instance.poll().await), [1, 0, 0]);
    until("the word", async || instance.indexed(&["zellige"]).await == 1).await;
    let unfinished = instance.sql("SELECT count(*) FROM channel WHERE definition = ''").await;
    assert_eq!(unfinished, ["60"], "the entry waited for the channels");
}

#[tokio::test]
async fn daily_totals_of_feeds_are_kept_for_more_than_a_year() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed", Reply::feed(long_feed(0, 3)));
    let mut instance = TestInstance::over(&[("outlet", &outlet.url("/feed"))]).await;
    instance.poll().await;
    instance.pass(SignedDuration::from_hours(400 * 24));
    instance.poll().await;
    instance.prune().await;
    let days = "SELECT string_agg(day, ' ') FROM (SELECT day FROM feed_day ORDER BY day) AS d";
    assert_eq!(instance.sql(days).await, ["2026-11-02 2027-12-07"]);
    instance.pass(SignedDuration::from_hours(24));
    instance.prune().await;
    assert_eq!(instance.sql(days).await, ["2027-12-07"]);
}

#[tokio::test]
async fn a_long_document_without_dates_keeps_its_order() {
    let outlet = FakeOutlet::start().await;
    let doc = (0..2_500).fold(FeedDoc::rss("archive"), |doc, n| {
        doc.entry(&format!("id-{n}"), &format!("report {n:04}"), &format!("https://a.invalid/{n}"), "", "")
    });
    outlet.set("/long", Reply::feed(doc));
    let mut instance = TestInstance::over(&[("long", &outlet.url("/long"))]).await;
    assert_eq!(sums(&instance.poll().await), [2_500, 0, 0]);
    let order = "SELECT string_agg(title, ',') FROM (SELECT title FROM latest) AS l";
    let expected: Vec<String> = (0..2_500).map(|n| format!("report {n:04}")).collect();
    assert_eq!(instance.sql(order).await, [expected.join(",")], "the first listed is the newest, across the steps");
}
