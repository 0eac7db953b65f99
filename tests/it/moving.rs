//! Identities as outlets really have them: ids and links that are reused, shared or changed. A lost entry is the worst fault.

use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    test_instance::{TestInstance, config_text, sums},
};
use jiff::SignedDuration;

const TITLES: &str = "SELECT title FROM entries ORDER BY entry_id";
const COUNT: &str = "SELECT count(*) FROM entries";

/// Polls these documents of one feed in turn. Returns the instance, and the numbers of new and revised entries of each poll.
async fn polled(documents: impl IntoIterator<Item = Reply>) -> (TestInstance, Vec<[u32; 2]>) {
    let outlet = FakeOutlet::start().await;
    let mut instance = TestInstance::over(&[("o", &outlet.url("/feed"))]).await;
    let mut brought = Vec::new();
    for document in documents {
        outlet.set("/feed", document);
        let [new, revised, _] = sums(&instance.poll().await);
        brought.push([new, revised]);
        instance.pass(SignedDuration::from_mins(40));
    }
    (instance, brought)
}

fn words(seed: &str, n: usize) -> String {
    (0..n)
        .map(|at| format!("{seed}{} ", char::from(b'a' + u8::try_from(at % 26).unwrap())))
        .collect::<Vec<_>>()
        .concat()
}

/// Beginnings of words for texts that have nothing in common.
const SEEDS: [&str; 5] = ["north", "river", "quiet", "stone", "amber"];

fn hour(n: usize) -> String {
    format!("2026-11-01T{:02}:10:07Z", n % 24)
}

#[tokio::test]
async fn equal_text_is_not_equal_entry() {
    let blurb = words("blurb", 20);
    let bulletin = |n: usize| {
        let add = |doc: FeedDoc, i: usize| {
            doc.entry(&format!("ep{i}"), "Newswatch", &format!("https://o.invalid/e/{i}"), &blurb, &hour(i))
        };
        Reply::feed((1..=n).rev().fold(FeedDoc::rss("O"), add))
    };
    let (instance, brought) = polled([bulletin(4), bulletin(5), bulletin(6)]).await;
    assert_eq!(brought, [[4, 0], [1, 0], [1, 0]]);
    assert_eq!(instance.sql("SELECT count(*) FROM latest").await, ["6"]);
}

#[tokio::test]
async fn one_guid_for_several_entries_is_void() {
    let thread = |n: usize, link: fn(usize) -> String| {
        let add = |doc: FeedDoc, i| doc.entry("urn:t", "Due cards", &link(i), &format!("Reply {i}"), &hour(i));
        Reply::feed((1..=n).rev().fold(FeedDoc::atom("O"), add))
    };
    for link in [
        (|i| format!("https://o.invalid/disc#comment_{i}")) as fn(usize) -> String,
        |_| "https://o.invalid/disc".to_owned(),
        |i| format!("https://o.invalid/disc/{i}"),
    ] {
        let (instance, brought) = polled([thread(3, link), thread(4, link), thread(5, link)]).await;
        assert_eq!(brought, [[3, 0], [1, 0], [1, 0]]);
        assert_eq!(instance.sql(COUNT).await, ["5"]);
    }
}

#[tokio::test]
async fn copies_are_one_entry() {
    let doc = || {
        let copy = |doc: FeedDoc| doc.entry("1", "Same", "https://o.invalid/1", "short", &hour(1));
        copy(copy(FeedDoc::rss("O"))).entry("2", "Other", "https://o.invalid/2", "text", &hour(2))
    };
    let edited = doc().to_string().replace("text", "another text");
    let (instance, brought) = polled([Reply::feed(doc()), Reply::feed(edited)]).await;
    assert_eq!(brought, [[2, 0], [0, 1]]);
    assert_eq!(instance.sql("SELECT guids_void FROM feed").await, ["0"]);
}

#[tokio::test]
async fn a_constant_link_and_living_guids_are_new_entries() {
    let bulletin = |n: usize| {
        let text = words(&format!("h{n}x"), 20);
        let title = format!("News at {n} o'clock");
        Reply::feed(FeedDoc::rss("O").entry(&format!("ep{n}"), &title, "https://o.invalid/now", &text, &hour(n)))
    };
    assert_eq!(polled((6..9).map(bulletin)).await.1, [[1, 0]; 3]);
    // Without dates, other files or a text with nothing in common tell.
    let undated = |n: usize| {
        let text = words(SEEDS[n - 6], 20);
        let title = format!("News at {n} o'clock");
        Reply::feed(FeedDoc::rss("O").entry(&format!("ep{n}"), &title, "https://o.invalid/now", &text, ""))
    };
    assert_eq!(polled((6..9).map(undated)).await.1, [[1, 0]; 3]);
    // A forecast: half a day later, only figures differ.
    let forecast = |n: usize| {
        let (title, text) = (format!("Weather, day {n}"), format!("{} {n} degrees", words("sky", 40)));
        let date = format!("2026-10-{:02}T06:10:07Z", 10 + n);
        Reply::feed(FeedDoc::rss("O").entry(&format!("w{n}"), &title, "https://o.invalid/weather", &text, &date))
    };
    assert_eq!(polled((6..9).map(forecast)).await.1, [[1, 0]; 3]);
    // Without guids: all of it is another, the file too.
    let show = |n: usize| {
        let text = words(SEEDS[n - 6], 20);
        let doc = FeedDoc::rss("O").entry("", &format!("News at {n}"), "https://o.invalid/now", &text, &hour(n));
        let file = format!("<enclosure url=\"https://o.invalid/{n}.mp3\" type=\"audio/mpeg\" length=\"1\"/></item>");
        Reply::feed(doc.to_string().replacen("</item>", &file, 1))
    };
    assert_eq!(polled((6..9).map(show)).await.1, [[1, 0]; 3]);
    // The link followed by a counter is not a guid of the outlet's own.
    let live = |n: usize| {
        let text = words(&format!("h{n}x"), 20);
        let (title, guid) = (format!("Talks, hour {n}"), format!("https://o.invalid/live#{n}"));
        Reply::feed(FeedDoc::rss("O").entry(&guid, &title, "https://o.invalid/live", &text, &hour(n)))
    };
    assert_eq!(polled((6..9).map(live)).await.1, [[1, 0], [0, 1], [0, 1]]);
}

#[tokio::test]
async fn a_guid_used_again_is_a_new_entry() {
    let list = |title: &str, seed: &str, more: &str, date: &str| {
        let text = format!("{}{more}", words(seed, 40));
        Reply::feed(FeedDoc::rss("O").entry("77", title, "https://o.invalid/best", &text, date))
    };
    let (instance, brought) = polled([
        list("The 7 best tools of 2023", "old", "", "2026-08-01T10:00:07Z"),
        list("The 10 best tools in 2026", "new", "", "2026-11-02T08:00:07Z"),
        list("The 10 best tools in 2026", "new", "corrected", "2026-11-02T08:00:07Z"),
        list("The 10 best tools in 2026", "new", "corrected again", "2026-11-02T08:20:07Z"),
    ])
    .await;
    assert_eq!(brought, [[1, 0], [1, 0], [0, 1], [0, 1]]);
    let why = instance.sql("SELECT evidence FROM story_member WHERE entry_id = 2").await;
    assert!(
        why[0].starts_with("new, though it reuses the id of entry 1: another title, other words, dated "),
        "{why:?}"
    );
}

#[tokio::test]
async fn a_guid_that_numbers_the_places_of_a_document_names_a_new_entry_each_time() {
    let list = |seeds: [usize; 2], date: &str| {
        let add = |doc: FeedDoc, (place, seed): (usize, &usize)| {
            let (title, link) = (words(SEEDS[*seed], 5), format!("https://o.invalid/{seed}"));
            doc.entry(&place.to_string(), &title, &link, &words(SEEDS[*seed], 20), date)
        };
        Reply::feed(seeds.iter().enumerate().fold(FeedDoc::rss("O"), add))
    };
    for date in ["", "2026-11-02T08:00:07Z"] {
        // The last document is listed twice: its entries are known by their guids and links.
        let (instance, brought) =
            polled([list([0, 1], date), list([2, 3], date), list([2, 3], date), list([1, 4], date)]).await;
        assert_eq!(brought, [[2, 0], [2, 0], [0, 0], [1, 0]], "dated {date}");
        let why = instance.sql("SELECT evidence FROM story_member WHERE entry_id = 3").await;
        assert_eq!(why, ["new, though it reuses the id of entry 1: another address, another title, other words"]);
        // Usually a new one comes first, and the others move on.
        let (_, brought) = polled([list([0, 1], date), list([2, 0], date), list([3, 2], date)]).await;
        assert_eq!(brought, [[2, 0], [1, 0], [1, 0]], "dated {date}");
    }
}

#[tokio::test]
async fn a_host_that_changes_doubles_nothing() {
    let outlet = FakeOutlet::start().await;
    let mut instance = TestInstance::over(&[("o", &outlet.url("/feed"))]).await;
    let on = |host: &str| {
        let add = |doc: FeedDoc, i: usize| {
            let (guid, link) = (format!("https://{host}/?p={i}"), format!("https://{host}/2026/{i}/"));
            doc.entry(
                &guid,
                &format!("Post {i} of the port"),
                &link,
                &words(&format!("p{i}x"), 20),
                &format!("2026-10-{:02}T10:11:0{i}Z", i + 1),
            )
        };
        let doc = (1..=5).rev().fold(FeedDoc::rss("O"), add).to_string();
        Reply::feed(doc.replacen("</title>", "</title><generator>https://wordpress.org/?v=6.8</generator>", 1))
    };
    outlet.set("/feed", on("old.invalid"));
    instance.poll().await;
    outlet.set("/feed", on("new.invalid"));
    instance.pass(SignedDuration::from_hours(50));
    assert_eq!(sums(&instance.poll().await), [0, 5, 0]);
    assert_eq!(instance.sql("SELECT gaps FROM feed_health").await, ["0"]);
    assert_eq!(outlet.paths(), ["/feed", "/feed"], "no older pages were fetched");
    let why = instance.sql("SELECT evidence FROM sighting WHERE evidence IS NOT NULL AND entry_id = 1").await;
    assert_eq!(why, ["same stated second and title as entry 1"]);
}

#[tokio::test]
async fn guids_that_rotate_leave_no_gap() {
    let doc = |k: u32| {
        let add = |doc: FeedDoc, i: usize| {
            doc.entry(&format!("r{k}-{i}"), &format!("Report {i}"), &format!("https://o.invalid/{i}"), "text", "")
        };
        let doc = (1..=4).rev().fold(FeedDoc::rss("O"), add).to_string();
        Reply::feed(doc.replacen("</title>", "</title><generator>https://wordpress.org/?v=6.8</generator>", 1))
    };
    let (instance, brought) = polled((0..3).map(doc)).await;
    assert_eq!(brought, [[4, 0], [0, 0], [0, 0]]);
    assert_eq!(instance.sql("SELECT gaps FROM feed_health").await, ["0"]);
}

#[tokio::test]
async fn an_id_in_the_path_names_one_article_in_one_language() {
    let uuid = "44f7c1d2-9b0e-4a52-8a47-5d1f0c2b7e31";
    let of = |path: &str, title: &str, text: &str| {
        let link = format!("https://o.invalid{path}");
        Reply::feed(FeedDoc::rss("O").entry(&link, title, &link, text, &hour(8)))
    };
    let slug = [
        of(&format!("/politics/quits-a-{uuid}"), "Minister quits", "He goes."),
        of(&format!("/politics/resigns-a-{uuid}"), "Resignation after a row", "He went after a long row."),
    ];
    let (instance, brought) = polled(slug).await;
    assert_eq!(brought, [[1, 0], [0, 1]]);
    assert_eq!(instance.sql(TITLES).await, ["Resignation after a row"]);
    let section = [
        of("/section-1234567/fish", "Fish prices at the port", &words("fish", 20)),
        of("/section-1234567/roads", "Road works in the north", &words("road", 20)),
    ];
    assert_eq!(polled(section).await.1, [[1, 0], [1, 0]]);
    let languages = [
        of("/1234567/madrasa", "افتتاح مدرسة جديدة", "افتتحت اليوم مدرسة جديدة بالمدينة"),
        of("/1234567/ecole", "Une nouvelle école ouvre", "Une école a ouvert ses portes"),
    ];
    assert_eq!(polled(languages).await.1, [[1, 0], [1, 0]]);
}

#[tokio::test]
async fn a_signed_address_and_a_counter_are_no_revision() {
    let doc = |k: u32| {
        let text = format!("text <img src=\"https://c.invalid/1.jpg?sig={k}\">");
        let title = format!("Comic 5 ({k} comments)");
        Reply::feed(FeedDoc::rss("O").entry("1", &title, "https://o.invalid/1", &text, &hour(3)))
    };
    let (instance, brought) = polled((3..6).map(doc)).await;
    assert_eq!(brought, [[1, 0], [0, 0], [0, 0]]);
    assert_eq!(instance.sql("SELECT count(*) FROM revisions").await, ["0"]);
    let now = instance.sql("SELECT e.title, t.summary FROM entries AS e JOIN entry_text AS t USING (entry_id)").await;
    assert!(now[0].starts_with("Comic 5 (5 comments)|") && now[0].contains("sig=5"), "{now:?}");
    assert_eq!(instance.sql("SELECT count(*) FROM entry WHERE revised_at IS NOT NULL").await, ["0"]);
}

#[tokio::test]
async fn a_page_in_the_place_of_a_feed_is_a_failure() {
    let outlet = FakeOutlet::start().await;
    let doc = |title: &str| FeedDoc::rss("O").entry(title, title, &format!("https://o.invalid/{title}"), "text", "");
    outlet.set("/feed", Reply::feed(doc("Site")));
    outlet.set("/sport", Reply::feed(doc("Sport")));
    let mut instance = TestInstance::over(&[("o", &outlet.url("/sport"))]).await;
    instance.poll().await;
    let page = "<html><head><link rel=\"alternate\" type=\"application/rss+xml\" href=\"/feed\"></head><body>Not found</body></html>";
    outlet.set("/sport", Reply::page(page));
    instance.pass(SignedDuration::from_hours(1));
    instance.poll().await;
    assert_eq!(instance.sql("SELECT last_outcome FROM feed_health").await, ["failed"]);
    outlet.set("/sport", Reply::feed(doc("Sport")));
    instance.pass(SignedDuration::from_hours(30));
    instance.poll().await;
    assert_eq!(outlet.paths(), ["/sport", "/sport", "/sport"]);
    assert_eq!(instance.sql(TITLES).await, ["Sport"]);
}

#[tokio::test]
async fn a_page_that_redirects_replaces_a_known_feed_only_when_that_is_confirmed() {
    let doc = |title: &str| FeedDoc::rss("O").entry(title, title, &format!("https://o.invalid/{title}"), "text", "");
    let refresh = || Reply::page("<html><head><meta http-equiv=\"refresh\" content=\"0;url=/feed\"></head></html>");
    for (target, pages, outcomes, titles) in [
        ("Site", 1, &["fresh", "failed", "same_bytes"][..], &["Sport"][..]),
        ("Site", 2, &["fresh", "failed", "fresh"], &["Site", "Sport"]),
        ("Sport", 1, &["fresh", "fresh", "same_bytes"], &["Sport"]),
    ] {
        let outlet = FakeOutlet::start().await;
        outlet.set("/feed", Reply::feed(doc(target)));
        let feed = || Reply::feed(doc("Sport"));
        outlet.script("/sport", std::iter::once(feed()).chain((0..pages).map(|_| refresh())).chain([feed()]));
        let mut instance = TestInstance::over(&[("o", &outlet.url("/sport"))]).await;
        let mut seen = Vec::new();
        for _ in outcomes {
            instance.poll().await;
            seen.extend(instance.sql("SELECT last_outcome FROM feed_health").await);
            instance.pass(SignedDuration::from_hours(30));
        }
        assert_eq!(seen, outcomes, "{target} {pages}");
        let mut found = instance.sql(TITLES).await;
        found.sort();
        assert_eq!(found, titles, "{target} {pages}");
        let last = outlet.paths().pop();
        assert_eq!(last.as_deref(), Some(if outcomes[1] == "failed" && pages == 1 { "/sport" } else { "/feed" }));
    }
}

#[tokio::test]
async fn undated_entries_stand_in_the_documents_order_and_a_late_one_comes_in_at_the_top() {
    let names = ["zulu", "alpha", "mike", "bravo", "yankee"];
    let add = |doc: FeedDoc, name: &&str| doc.entry("", name, &format!("https://o.invalid/{name}"), "", "");
    let (instance, _) = polled([Reply::feed(names.iter().fold(FeedDoc::rss("O"), add))]).await;
    assert_eq!(instance.sql("SELECT title FROM latest").await, names);
    let magazine = |late: usize| {
        let old = FeedDoc::rss("O");
        let add = |doc: FeedDoc, i: usize| {
            doc.entry(
                &format!("l{i}"),
                &format!("Long read {i}"),
                &format!("https://o.invalid/l{i}"),
                "t",
                &format!("2026-10-2{i}T10:00:07Z"),
            )
        };
        let doc = (0..late).fold(old, add);
        Reply::feed(doc.entry("1", "Before", "https://o.invalid/1", "t", "2026-10-31T10:00:07Z"))
    };
    let (instance, _) = polled([magazine(0), magazine(1)]).await;
    assert_eq!(instance.sql("SELECT title FROM latest").await, ["Long read 0", "Before"]);
    let (instance, _) = polled([magazine(0), magazine(5)]).await;
    assert_eq!(instance.sql("SELECT title FROM latest LIMIT 1").await, ["Before"], "five at once are a flood");
}

#[tokio::test]
async fn an_address_that_an_operator_edits_brings_nothing_twice() {
    let outlet = FakeOutlet::start().await;
    let on = |scheme: &str| {
        let add = |doc: FeedDoc, i: usize| {
            let link = format!("{scheme}.invalid/a/{i}");
            doc.entry(
                &link,
                &format!("Post {i} of the port"),
                &link,
                &words(&format!("p{i}x"), 20),
                &format!("2026-10-{:02}T10:11:0{i}Z", i + 1),
            )
        };
        Reply::feed((1..=4).rev().fold(FeedDoc::rss("O"), add))
    };
    outlet.set("/old", on("http://old"));
    outlet.set("/new", on("https://new"));
    for (slug, more) in [("o", String::new()), ("renamed", format!("was = [\"{}\"]\n", outlet.url("/old")))] {
        let mut instance = TestInstance::over(&[("o", &outlet.url("/old"))]).await;
        assert_eq!(sums(&instance.poll().await)[0], 4);
        instance.pass(SignedDuration::from_hours(50));
        let text = format!("{}{more}", config_text("", &[(slug, &outlet.url("/new"))]));
        instance.restart(Some(text)).await;
        assert_eq!(sums(&instance.poll().await)[0], 0, "{slug}");
        assert_eq!(instance.sql("SELECT count(*), count(DISTINCT outlet) FROM entries").await, ["4|1"]);
        assert_eq!(instance.sql("SELECT link FROM entries WHERE entry_id = 1").await, ["https://new.invalid/a/1"]);
        let first = instance.sql("SELECT old_link FROM revision WHERE entry_id = 1").await;
        assert_eq!(first, ["http://old.invalid/a/1"]);
    }
}
