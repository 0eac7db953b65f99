//! `full_text` over real HTTP: entries wait for their pages, are decided with the articles, and say why they have none.

mod robots;
mod waiting;

use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    test_instance::{RunningDaemon, TestInstance, config_text, sums},
};
use std::{fmt::Write as _, time::Duration};
use warraq::{daemon::RunnerEvent, model::FeedUrl, publish::Format};

const DATE: &str = "2026-11-02T11:30:00Z";
const TITLE: &str = "New harbour opens in the north";
const SHORT: &str = "The new harbour of the north was opened on Monday. Read more";
const STATE: &str = "SELECT entry_id, CASE WHEN article IS NULL THEN '-' ELSE 'article' END, coalesce(article_missing, '-') FROM texts ORDER BY entry_id";

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
    assert_eq!(warraq.indexed(&["railway"]).await, 1);
    warraq.restart(Some(config(&[("marfa", &outlet.url("/feed"))], ""))).await;
    assert!(!warraq.edition("all", Format::Atom).await.contains("railway"));
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
async fn reasons_why_there_is_no_article() {
    for (reply, state) in [
        (Reply::status(404), "1|-|status"),
        (Reply::status(410), "1|-|status"),
        (Reply::status(500), "1|-|status"),
        (Reply::page(&page("<p>Soon.</p>")), "1|-|too_short"),
        (Reply::labelled("application/pdf", "%PDF-1.4 harbour"), "1|-|not_a_page"),
        (Reply::raw("nonsense"), "1|-|unreachable"),
        (Reply::redirect("http://10.0.0.1/", 302), "1|-|unreachable"),
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
async fn a_redirect_to_another_host_keeps_that_host_s_places() {
    let target = FakeOutlet::start_on("127.0.0.9").await;
    let mut outlets = Vec::new();
    for n in 2..8 {
        let outlet = FakeOutlet::start_on(&format!("127.0.0.{n}")).await;
        target.set(
            &format!("/{n}"),
            Reply::page(&page(&paragraphs(&format!("in town {n}")))).drip(500, Duration::from_millis(60)),
        );
        outlet.set("/1", Reply::redirect(target.url(&format!("/{n}")).as_str(), 302));
        outlet.set("/feed", Reply::feed(feed(&outlet, &[("1", SHORT)])));
        outlets.push((format!("marfa-{n}"), outlet.url("/feed"), outlet));
    }
    let named: Vec<(&str, &FeedUrl)> = outlets.iter().map(|(slug, url, _)| (slug.as_str(), url)).collect();
    let mut warraq = TestInstance::configured(config(&named, "")).await;
    warraq.poll().await;
    settle(&mut warraq).await;
    assert_eq!(warraq.sql("SELECT count(*) FROM texts WHERE article IS NOT NULL").await, ["6"]);
    assert!(target.most_at_once() <= 2, "[fetch] per_host holds after a redirect, too: {}", target.most_at_once());
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
