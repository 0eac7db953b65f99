//! `full_text` over real HTTP: entries wait for their pages, are decided with the articles, and say why they have none.

use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    processes::Folder,
    test_instance::{RunningDaemon, TestInstance, config_text, sums},
};
use jiff::SignedDuration;
use std::{fmt::Write as _, time::Duration};
use warraq::{daemon::RunnerEvent, model::FeedUrl, publish::Format};

const DATE: &str = "2026-11-02T11:30:00Z";
const TITLE: &str = "New harbour opens in the north";
const SHORT: &str = "The new harbour of the north was opened on Monday. Read more";
const STATE: &str = "SELECT entry_id, iif(article IS NULL, '-', 'article'), coalesce(article_missing, '-') FROM texts ORDER BY entry_id";

/// The paragraphs of an article about a harbour, long enough for an extractor and for comparing.
fn paragraphs(place: &str) -> String {
    let lines = [
        "The new harbour of the northern town was opened on Monday, after four years of work, by the minister of transport.",
        "Ships of up to three hundred metres can land there from now on, the ministry said, and the depth was increased twice.",
        "The first ship came from Lisbon and brought grain and machines, which were unloaded within a single morning.",
        "The director of the harbour expects forty ships a month, and hundreds of new places of work in the region.",
        "Fishermen had protested against the building, because it takes a part of the bay in which they used to work.",
        "A road to the harbour is to be finished next spring, and the railway is to follow two years later, he added.",
    ];
    lines.map(|line| format!("<p>{line} {place}</p>")).concat()
}

fn page(body: &str) -> String {
    format!(
        "<!DOCTYPE html><html><head><title>A page</title></head><body><nav><a href='/'>Home</a> <a href='/s'>Sport</a></nav>\
         <main><article><h1>New harbour opens in the north</h1>{body}</article></main><footer>Rights</footer></body></html>"
    )
}

fn feed(outlet: &FakeOutlet, entries: &[(&str, &str)]) -> FeedDoc {
    entries.iter().fold(FeedDoc::rss("Marfa"), |doc, (id, text)| {
        let title = if *id == "1" { TITLE.to_owned() } else { format!("Harbour {id} opens in the south") };
        doc.entry(id, &title, outlet.url(&format!("/{id}")).as_str(), text, DATE)
    })
}

/// Returns a configuration with `full_text` for every outlet.
fn config(outlets: &[(&str, &FeedUrl)], more: &str) -> String {
    let mut text = config_text("", &[]);
    for (slug, feed) in outlets {
        write!(
            text,
            "\n[[outlet]]\nslug = \"{slug}\"\nname = \"{slug}\"\nfull_text = true\nfeeds = [\"{feed}\"]\n{more}\n"
        )
        .unwrap();
    }
    text
}

/// An outlet with one entry whose text is cut, and an instance that asks for its page.
async fn one(robots: Reply, page: Reply) -> (FakeOutlet, TestInstance) {
    let outlet = FakeOutlet::start().await;
    outlet.set("/robots.txt", robots);
    outlet.set("/1", page);
    outlet.set("/feed", Reply::feed(feed(&outlet, &[("1", SHORT)])));
    let instance =
        TestInstance::configured(config(&[("marfa", &outlet.url("/feed"))], "publish_text = \"page\"")).await;
    (outlet, instance)
}

/// Works until no entry waits. The clock stands still.
async fn settle(instance: &mut TestInstance) {
    let work = async {
        let runner = &mut instance.instance().runner;
        while runner.waiting_pages() > 0 {
            if let RunnerEvent::Settled(updates) = runner.event().await {
                updates.unwrap();
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), work).await.unwrap();
    assert_eq!(instance.sql("SELECT count(*) FROM waiting_entry").await, ["0"]);
    assert_eq!(instance.sql("SELECT count(*) FROM waiting_document").await, ["0"]);
}

#[tokio::test]
async fn a_cut_text_is_replaced_where_that_is_asked_for_and_kept_beside() {
    let (outlet, mut warraq) = one(Reply::status(404), Reply::page(&page(&paragraphs("")))).await;
    assert_eq!(sums(&warraq.poll().await), [1, 0, 0], "it counts as new when it is first seen");
    assert_eq!(warraq.sql("SELECT count(*) FROM entries").await, ["0"], "it waits, and nothing is decided yet");
    assert_eq!(warraq.sql("SELECT url FROM waiting_entry").await, [outlet.url("/1").to_string()]);
    settle(&mut warraq).await;
    let texts = warraq
        .sql(
            "SELECT summary, article LIKE '%railway%', plain LIKE '%railway%', article_url, article_missing FROM texts",
        )
        .await;
    assert_eq!(texts, [format!("{SHORT}|1|1|{}|", outlet.url("/1"))]);
    assert_eq!(
        warraq.sql("SELECT first_seen_at = (SELECT substr(ended_at, 1, 19) || 'Z' FROM poll) FROM entries").await,
        ["1"]
    );
    assert!(warraq.sql("SELECT article FROM texts").await[0].find("Home").is_none(), "navigation is no part of it");
    for format in [Format::Atom, Format::Rss, Format::Json] {
        assert!(warraq.edition("all", format).await.contains("the railway is to follow"), "{format:?}");
    }
    let asked = outlet.requests("/1")[0].header("accept").unwrap_or_default().to_owned();
    assert!(asked.starts_with("text/html"), "{asked}");
    // Words of the article are found, and the feed's own text is published again when that is asked for.
    warraq.instance().writer.index().await.unwrap();
    assert_eq!(warraq.sql("SELECT count(*) FROM entry_search WHERE entry_search MATCH 'railway'").await, ["1"]);
    warraq.restart(Some(config(&[("marfa", &outlet.url("/feed"))], ""))).await;
    assert!(!warraq.edition("all", Format::Atom).await.contains("railway"));
}

#[tokio::test]
async fn robots_decides_and_is_asked_for_once_a_day() {
    let forbids = Reply::labelled("text/plain", "User-agent: Warraq\nDisallow: /1\n");
    let (outlet, mut warraq) = one(forbids, Reply::page(&page(&paragraphs("")))).await;
    warraq.poll().await;
    settle(&mut warraq).await;
    assert_eq!(warraq.sql(STATE).await, ["1|-|robots"]);
    assert!(outlet.requests("/1").is_empty());
    // Another entry is allowed; the rules are known.
    outlet.set("/2", Reply::page(&page(&paragraphs("in the second town"))));
    outlet.set("/feed", Reply::feed(feed(&outlet, &[("2", "The second harbour. Read more"), ("1", SHORT)])));
    warraq.poll().await;
    settle(&mut warraq).await;
    assert_eq!(warraq.sql(STATE).await, ["1|-|robots", "2|article|-"]);
    assert_eq!((outlet.requests("/robots.txt").len(), outlet.requests("/1").len()), (1, 0));
    warraq.pass(SignedDuration::from_hours(24));
    outlet.set("/3", Reply::page(&page(&paragraphs("in the third town"))));
    outlet.set("/feed", Reply::feed(feed(&outlet, &[("3", "The third harbour. Read more")])));
    warraq.poll().await;
    settle(&mut warraq).await;
    assert_eq!(outlet.requests("/robots.txt").len(), 2);
}

#[tokio::test]
async fn unreachable_rules_forbid_and_missing_ones_allow() {
    for (robots, state) in [
        (Reply::status(503), "1|-|robots"),
        (Reply::status(429), "1|-|robots"),
        (Reply::raw("nonsense"), "1|-|robots"),
        (Reply::status(404), "1|article|-"),
        (Reply::status(403), "1|article|-"),
        (Reply::labelled("text/plain", ""), "1|article|-"),
        (Reply::redirect("/elsewhere", 301), "1|article|-"),
    ] {
        let said = format!("{robots:?}");
        let (outlet, mut warraq) = one(robots, Reply::page(&page(&paragraphs("")))).await;
        warraq.poll().await;
        settle(&mut warraq).await;
        assert_eq!(warraq.sql(STATE).await, [state], "{said}");
        assert_eq!(outlet.requests("/1").len(), usize::from(state.ends_with('-')), "{said}");
    }
}

#[tokio::test]
async fn the_target_of_a_redirect_is_asked_for_only_if_its_own_site_allows_it() {
    let other = FakeOutlet::start().await;
    other.set("/robots.txt", Reply::labelled("text/plain", "User-agent: *\nDisallow: /private\n"));
    other.set("/private", Reply::page(&page(&paragraphs(""))));
    other.set("/open", Reply::page(&page(&paragraphs(""))));
    for (path, state) in [("/private", "1|-|robots"), ("/open", "1|article|-")] {
        let (_outlet, mut warraq) = one(Reply::status(404), Reply::redirect(other.url(path).as_str(), 302)).await;
        warraq.poll().await;
        settle(&mut warraq).await;
        assert_eq!(warraq.sql(STATE).await, [state], "{path}");
    }
    assert!(other.requests("/private").is_empty());
}

#[tokio::test]
async fn an_old_arabic_encoding_is_read() {
    let body = "<p>افتتح وزير النقل يوم الاثنين ميناء الشمال الجديد بعد أربع سنوات من الأشغال التي شملت توسيع الأرصفة وتعميق الحوض.</p>\
        <p>وقال مدير الميناء إن أول سفينة وصلت من لشبونة محملة بالحبوب والآلات، وإن الميناء سيستقبل أربعين سفينة في الشهر الواحد.</p>";
    let html = format!(
        "<html dir=rtl><head><meta charset='windows-1256'><title>x</title></head><body><article>{body}</article></body></html>"
    );
    let (bytes, _, unmappable) = encoding_rs::WINDOWS_1256.encode(&html);
    assert!(!unmappable);
    let outlet = FakeOutlet::start().await;
    outlet.set("/1", Reply::labelled("text/html", bytes.into_owned()));
    let doc = FeedDoc::rss("مرفأ").entry("1", "افتتاح ميناء الشمال", outlet.url("/1").as_str(), "", DATE);
    outlet.set("/feed", Reply::feed(doc));
    let mut warraq = TestInstance::configured(config(&[("ar-marfa", &outlet.url("/feed"))], "language = \"ar\"")).await;
    warraq.poll().await;
    settle(&mut warraq).await;
    assert_eq!(warraq.sql("SELECT article LIKE '%محملة بالحبوب%' FROM texts").await, ["1"]);
}

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
    warraq.pass(SignedDuration::from_secs(119));
    let _ = tokio::time::timeout(Duration::from_millis(50), warraq.instance().runner.event()).await;
    assert_eq!(warraq.sql("SELECT count(*) FROM waiting_entry").await, ["1"]);
    warraq.pass(SignedDuration::from_secs(1));
    settle(&mut warraq).await;
    assert_eq!(warraq.sql(STATE).await, ["1|-|timeout"]);
    assert_eq!(warraq.sql("SELECT title FROM latest").await, ["New harbour opens in the north"]);
}

#[tokio::test]
async fn reasons_why_there_is_no_article() {
    for (reply, state) in [
        (Reply::status(404), "1|-|status"),
        (Reply::status(410), "1|-|status"),
        (Reply::status(500), "1|-|status"),
        (Reply::page(&page("<p>Soon.</p>")), "1|-|too_short"),
        (Reply::labelled("application/pdf", "%PDF-1.4 harbour"), "1|-|not_a_page"),
        (Reply::raw("nonsense"), "1|-|unreachable"),
        (Reply::redirect("http://10.0.0.1/", 302), "1|-|robots"),
    ] {
        let said = format!("{reply:?}");
        let (_outlet, mut warraq) = one(Reply::status(404), reply).await;
        warraq.poll().await;
        settle(&mut warraq).await;
        assert_eq!(warraq.sql(STATE).await, [state], "{said}");
        assert_eq!(warraq.sql("SELECT plain FROM texts").await, [SHORT], "{said}");
    }
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
        warraq.sql("SELECT count(*), count(DISTINCT read_at), sum(seen_at < read_at) FROM waiting_entry").await,
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
async fn two_outlets_whose_pages_tell_the_same_article_join() {
    let (a, b) = (FakeOutlet::start().await, FakeOutlet::start().await);
    a.set("/1", Reply::page(&page(&paragraphs(""))));
    b.set("/1", Reply::page(&page(&paragraphs(""))));
    a.set("/feed", Reply::feed(feed(&a, &[("1", SHORT)])));
    let doc = FeedDoc::rss("B").entry(
        "x",
        "Minister inaugurates port: harbour ready",
        b.url("/1").as_str(),
        "A port is ready.",
        DATE,
    );
    b.set("/feed", Reply::feed(doc));
    for full_text in [true, false] {
        let outlets = [("a", &a.url("/feed")), ("b", &b.url("/feed"))];
        let text = config(&outlets, "");
        let text = if full_text { text } else { text.replace("full_text = true", "full_text = false") };
        let mut warraq = TestInstance::configured(text).await;
        warraq.poll().await;
        settle(&mut warraq).await;
        let stories = if full_text { "1" } else { "2" };
        assert_eq!(
            warraq.sql("SELECT count(DISTINCT story_id) FROM entries").await,
            [stories],
            "full_text = {full_text}"
        );
    }
    assert_eq!((a.requests("/1").len(), b.requests("/1").len()), (1, 1), "without full_text no page is asked for");
}

#[tokio::test]
async fn a_notice_in_place_of_the_articles_makes_no_entries_alike() {
    let outlet = FakeOutlet::start().await;
    let notice = "We and our partners store and access information on a device, such as cookies. ".repeat(12);
    let titles =
        ["Election results are delayed again", "Football champions return home", "Prices of bread rise sharply"];
    let mut doc = FeedDoc::rss("Marfa");
    for (n, title) in titles.iter().enumerate() {
        outlet.set(&format!("/{n}"), Reply::page(&page(&format!("<p>{notice}</p>"))));
        doc = doc.entry(&n.to_string(), title, outlet.url(&format!("/{n}")).as_str(), "", DATE);
    }
    outlet.set("/feed", Reply::feed(doc));
    let mut warraq = TestInstance::configured(config(&[("marfa", &outlet.url("/feed"))], "")).await;
    warraq.poll().await;
    settle(&mut warraq).await;
    assert_eq!(warraq.sql("SELECT count(*), count(DISTINCT story_id) FROM entries").await, ["3|3"]);
    assert_eq!(warraq.sql("SELECT DISTINCT article_missing FROM texts").await, ["too_short"]);
}

#[tokio::test]
async fn pages_of_one_host_keep_its_pause_and_its_places() {
    let outlet = FakeOutlet::start().await;
    let mut doc = FeedDoc::rss("Marfa");
    for n in 0..250 {
        doc =
            doc.entry(&n.to_string(), &format!("Harbour number {n}"), outlet.url(&format!("/{n}")).as_str(), "", DATE);
    }
    outlet.set("/feed", Reply::feed(doc));
    let mut warraq = TestInstance::configured(config(&[("marfa", &outlet.url("/feed"))], "")).await;
    warraq.poll().await;
    assert_eq!(warraq.sql("SELECT count(*) FROM waiting_entry").await, ["100"], "the first hundred of a document");
    assert_eq!(warraq.sql("SELECT count(*) FROM entries").await, ["150"]);
    settle(&mut warraq).await;
    assert_eq!(warraq.sql("SELECT count(*) FROM entries").await, ["250"]);
    assert!(outlet.most_at_once() <= 2, "[fetch] per_host holds for pages too");
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
        said.contains("its text is the feed's; its page")
            && said.contains("robots (robots.txt of 127.0.0.1 forbids it"),
        "{said}"
    );
    let said = folder.says(&["explain", "entry", "1", "--json"]).await;
    assert!(said.contains("\"page_missing\": \"robots\""), "{said}");
}

#[tokio::test]
async fn articles_of_private_outlets_are_for_key_holders_only() {
    let (outlet, mut warraq) = one(Reply::status(404), Reply::page(&page(&paragraphs("")))).await;
    warraq.restart(Some(config(&[("marfa", &outlet.url("/feed"))], "publish_text = \"page\"\npublic = false"))).await;
    warraq.poll().await;
    settle(&mut warraq).await;
    assert_eq!(warraq.sql(STATE).await, ["1|article|-"]);
    warraq.close().await;
    let daemon = RunningDaemon::start(&warraq).await;
    daemon.get_until("/readyz", "").await;
    for path in [
        "/",
        "/feed.atom",
        "/feed.rss",
        "/feed.json",
        "/stories/1",
        "/search?q=railway",
        "/search.atom?q=railway",
        "/outlets/marfa",
    ] {
        let text = daemon.get(path).await.text().await.unwrap();
        assert!(!text.contains("railway is to follow") && !text.contains("New harbour"), "{path}");
    }
    daemon.stop().await.unwrap();
}

#[tokio::test]
async fn credentials_go_to_pages_of_their_own_origin_only() {
    let (own, other) = (FakeOutlet::start().await, FakeOutlet::start().await);
    for outlet in [&own, &other] {
        outlet.set("/1", Reply::page(&page(&paragraphs(""))));
    }
    let doc = FeedDoc::rss("Marfa")
        .entry("1", "New harbour opens in the north", own.url("/1").as_str(), SHORT, DATE)
        .entry("2", "Second harbour opens in the south", other.url("/1").as_str(), "Another one. Read more", DATE);
    own.set("/feed", Reply::feed(doc));
    let more = "user_agent = \"Marfa reader\"\nheaders = { \"X-Key\" = \"s3cret\" }";
    let mut warraq = TestInstance::configured(config(&[("marfa", &own.url("/feed"))], more)).await;
    warraq.poll().await;
    settle(&mut warraq).await;
    for (outlet, key) in [(&own, Some("s3cret")), (&other, None)] {
        for path in ["/1", "/robots.txt"] {
            let seen = &outlet.requests(path)[0];
            assert_eq!((seen.header("x-key"), seen.header("user-agent")), (key, Some("Marfa reader")), "{path}");
        }
    }
}
