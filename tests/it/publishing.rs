//! What is published contains no secrets, nothing executable and nothing unbounded, and is available immediately after a start.

mod secrets;

use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    test_instance::{RunningDaemon, TestInstance, config_text, is_only_for_file},
};
use serde_json::Value;
use std::fmt::Write as _;
use warraq::model::FeedUrl;

const DATE: &str = "2026-11-02T09:30:00Z";
const EDITIONS: [&str; 3] = ["/feed.atom", "/feed.rss", "/feed.json"];

const SECRET: &str = "s3cret-key";

fn doc(title: &str) -> FeedDoc {
    FeedDoc::rss("La Ville").entry("1", title, "https://ville.invalid/1", "<p>Un texte.</p>", DATE)
}

/// Returns a closed instance that has polled this feed.
async fn polled(more: &str, feed: &FeedUrl) -> TestInstance {
    let mut instance = TestInstance::with(more, &[("ville", feed)]).await;
    instance.poll().await;
    instance.close().await;
    instance
}

#[tokio::test]
async fn the_last_editions_are_served_at_once_after_a_start() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed", Reply::feed(doc("Un titre")));
    let feed = outlet.url("/feed");
    let channel = "[[channel]]\nslug = \"une\"\ntitle = \"La une\"\noutlets = [\"ville\"]\n";
    let instance = polled(channel, &feed).await;
    let daemon = RunningDaemon::start(&instance).await;
    daemon.get_until("/feed.json", "Un titre").await;
    daemon.get_until("/channels/une.rss", "Un titre").await;
    daemon.stop().await.unwrap();
    let kept = "SELECT count(*) FROM edition WHERE packed IS NOT NULL AND fingerprint <> ''";
    assert_eq!(instance.sql(kept).await, ["7"], "two channels in three formats, and the list of feeds");

    // Before anything is rendered, a configured channel is available or announced with 503; it is never unknown.
    let daemon = RunningDaemon::start(&instance).await;
    for path in ["/feed.atom", "/channels/une.atom", "/channels/une.json", "/opml", "/", "/channels/une"] {
        let answer = daemon.get(path).await;
        let status = answer.status().as_u16();
        assert!(matches!(status, 200 | 503), "{path}: {status}");
        assert_eq!(status == 503, answer.headers().contains_key("retry-after"), "{path}");
    }
    assert_eq!(daemon.get("/channels/deux.atom").await.status(), 404);
    daemon.get_until("/channels/une.atom", "Un titre").await;
    let strayed = crate::processes::http_client().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let strayed = strayed.get(format!("{}/channels/une.atom?utm=x", daemon.base)).send().await.unwrap();
    assert_eq!(
        (strayed.status().as_u16(), &strayed.headers()["location"]),
        (307, &"/channels/une.atom".parse().unwrap())
    );
    daemon.stop().await.unwrap();
}

#[tokio::test]
async fn the_editions_of_a_removed_channel_are_forgotten_and_come_back_as_they_were() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed", Reply::feed(doc("Un titre")));
    let feed = outlet.url("/feed");
    let channel = "[[channel]]\nslug = \"une\"\ntitle = \"La une\"\noutlets = [\"ville\"]\n";
    let mut instance = polled(channel, &feed).await;
    let daemon = RunningDaemon::start(&instance).await;
    daemon.get_until("/channels/une.atom", "Un titre").await;
    let before = daemon.get("/channels/une.atom").await;
    let (tag, bytes) = (before.headers()["etag"].clone(), before.text().await.unwrap());
    daemon.reload(config_text("", &[("ville", &feed)])).await;
    let kept = "SELECT string_agg(path, ' ') FROM (SELECT path FROM edition ORDER BY path) AS e";
    instance.sql_until(kept, &["/feed.atom /feed.json /feed.rss /opml"]).await;
    assert_eq!(daemon.get("/channels/une.atom").await.status(), 404);
    daemon.reload(config_text(channel, &[("ville", &feed)])).await;
    assert_eq!(daemon.get_until("/channels/une.atom", "Un titre").await, bytes);
    assert_eq!(daemon.get("/channels/une.atom").await.headers()["etag"], tag);
    daemon.stop().await.unwrap();
    // What was removed while no daemon ran is forgotten too.
    instance.restart(Some(config_text("", &[("ville", &feed)]))).await;
    instance.close().await;
    let daemon = RunningDaemon::start(&instance).await;
    instance.sql_until(kept, &["/feed.atom /feed.json /feed.rss /opml"]).await;
    daemon.stop().await.unwrap();
}

#[tokio::test]
async fn what_was_rendered_by_other_settings_is_not_served() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed", Reply::feed(doc("Un titre")));
    let feed = outlet.url("/feed");
    let mut instance = polled("", &feed).await;
    let daemon = RunningDaemon::start(&instance).await;
    daemon.get_until("/feed.json", "Un titre").await;
    daemon.stop().await.unwrap();
    let before = instance.sql("SELECT fingerprint FROM edition WHERE path = '/feed.atom'").await;
    instance.restart(Some(config_text("[publish]\nentry_max = \"1kB\"\n", &[("ville", &feed)]))).await;
    instance.close().await;
    let daemon = RunningDaemon::start(&instance).await;
    daemon.get_until("/feed.json", "Un titre").await;
    daemon.stop().await.unwrap();
    assert_ne!(instance.sql("SELECT fingerprint FROM edition WHERE path = '/feed.atom'").await, before);
}

#[tokio::test]
async fn what_a_reload_hides_is_not_served_from_what_was_kept() {
    let outlet = FakeOutlet::start().await;
    let feed = outlet.url("/feed");
    outlet.set("/feed", Reply::feed(doc("Un titre")));
    let named = |public: &str| {
        let table =
            format!("\n[[outlet]]\nslug = \"ville\"\nname = \"ville\"\nfeeds = [{{ url = \"{feed}\"{public} }}]\n");
        config_text("", &[]) + &table
    };
    let shown = format!(", public_url = \"https://ville.invalid/feed?k={SECRET}\"");
    let mut instance = TestInstance::configured(named(&shown)).await;
    instance.poll().await;
    instance.close().await;
    let daemon = RunningDaemon::start(&instance).await;
    daemon.get_until("/opml", SECRET).await;
    daemon.get_until("/feed.atom", "Un titre").await;
    let filtered = ["/feed.atom?outlet=ville", "/feed.rss?outlet=ville", "/search.atom?q=titre", "/stories/1"];
    let paths: Vec<&str> = EDITIONS.into_iter().chain(filtered).chain(["/opml", "/status", "/"]).collect();
    let mut showed = 0;
    for path in &paths {
        showed += usize::from(daemon.get(path).await.text().await.unwrap().contains(SECRET));
    }
    assert!(showed >= 3, "the operator wants it shown: {showed}");
    daemon.reload(named("")).await;
    // From the moment at which one document has changed, none is the old one.
    for _ in 0..200 {
        if !daemon.get("/opml").await.text().await.unwrap().contains(SECRET) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    for _ in 0..3 {
        for path in &paths {
            let answer = daemon.get(path).await;
            let status = answer.status().as_u16();
            assert!(!answer.text().await.unwrap().contains(SECRET), "{path}: {status}");
        }
    }
    daemon.get_until("/feed.atom", "Un titre").await;
    daemon.stop().await.unwrap();
}

#[tokio::test]
async fn texts_and_editions_have_a_budget_and_every_story_stays_listed() {
    let outlet = FakeOutlet::start().await;
    let paragraph = format!("<p>{}</p>", "mot ".repeat(100));
    let mut long = FeedDoc::rss("V");
    for n in 1..=30 {
        let mut text = format!("<p>Début {n}.</p>");
        (0..20).for_each(|_| text.push_str(&paragraph));
        let date = format!("2026-11-02T09:{n:02}:00Z");
        long = long.entry(&n.to_string(), &format!("Titre {n}"), &format!("https://ville.invalid/{n}"), &text, &date);
    }
    outlet.set("/feed", Reply::feed(long));
    let feed = outlet.url("/feed");
    let instance = polled("[publish]\nentry_max = \"4kB\"\nedition_max = \"60kB\"\n", &feed).await;
    let daemon = RunningDaemon::start(&instance).await;
    daemon.get_until("/feed.json", "Titre 30").await;
    for path in EDITIONS {
        let text = daemon.get(path).await.text().await.unwrap();
        assert!(text.len() <= 60_000, "{path}: {}", text.len());
        assert!(
            (1..=30).all(|n| text.contains(&format!("Titre {n}<")) || text.contains(&format!("\"Titre {n}\""))),
            "{path}"
        );
    }
    let feed: Value = serde_json::from_str(&daemon.get("/feed.json").await.text().await.unwrap()).unwrap();
    let texts: Vec<&str> =
        feed["items"].as_array().unwrap().iter().map(|item| item["content_html"].as_str().unwrap()).collect();
    assert!(texts[0].len() <= 4_000 && texts[0].len() > 3_000, "the newest has its whole budget: {}", texts[0].len());
    assert!(texts[29].len() <= 500, "the oldest gives way first: {}", texts[29].len());
    for (text, item) in texts.iter().zip(feed["items"].as_array().unwrap()) {
        assert!(text.contains("</p><p><a href=") && text.contains(item["url"].as_str().unwrap()), "{text}");
    }
    daemon.stop().await.unwrap();
}

#[tokio::test]
async fn a_title_that_looks_like_markup_is_text_in_every_format() {
    let title = "<img src=x onerror=alert(1)> & </x";
    let outlet = FakeOutlet::start().await;
    let escaped = title.replace('&', "&amp;amp;").replace('<', "&amp;lt;").replace('>', "&amp;gt;");
    let item = format!(
        "<item><guid>1</guid><title>{escaped}</title><link>https://ville.invalid/1</link><description>Un texte.</description></item>"
    );
    outlet.set("/feed", Reply::feed(format!("<rss version=\"2.0\"><channel><title>V</title>{item}</channel></rss>")));
    let instance = polled("", &outlet.url("/feed")).await;
    let daemon = RunningDaemon::start(&instance).await;
    let json = daemon.get_until("/feed.json", "onerror").await;
    let feed: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(feed["items"][0]["title"], title);
    let rss = daemon.get("/feed.rss").await.text().await.unwrap();
    let mut twice = String::new();
    for c in title.chars() {
        match c {
            '<' => twice.push_str("&#x26;lt;"),
            '>' => twice.push_str("&#x26;gt;"),
            '&' => twice.push_str("&#x26;amp;"),
            c => write!(twice, "{c}").unwrap(),
        }
    }
    assert!(rss.contains(&format!("<title>{twice}</title>")), "{rss}");
    daemon.stop().await.unwrap();
}

#[tokio::test]
async fn a_guid_that_a_reader_could_run_gets_an_id_of_its_own() {
    let outlet = FakeOutlet::start().await;
    let entry = |doc: FeedDoc, id: &str, n: u32| {
        doc.entry(id, &format!("Titre {n}"), &format!("https://ville.invalid/{n}"), "Un texte.", DATE)
    };
    let mut document = FeedDoc::rss("V");
    for (n, id) in ["javascript:alert(1)", "About:blank", "yt:video:abc", "data:text/html,1"].iter().enumerate() {
        document = entry(document, id, u32::try_from(n).unwrap());
    }
    outlet.set("/feed", Reply::feed(document));
    let instance = polled("", &outlet.url("/feed")).await;
    let iris = instance.sql("SELECT iri FROM entry ORDER BY title").await;
    assert_eq!(iris[2], "yt:video:abc");
    assert!([0, 1, 3].iter().all(|&n: &usize| iris[n].starts_with("urn:uuid:")), "{iris:?}");
}

#[tokio::test]
async fn damage_that_a_page_meets_is_reported_and_the_rest_is_served() {
    if is_only_for_file("the pages of a file") {
        return;
    }
    let outlet = FakeOutlet::start().await;
    outlet.set("/feed", Reply::feed(doc("Un titre")));
    let instance = polled("", &outlet.url("/feed")).await;
    let story = instance.sql("SELECT min(story_id) FROM entries").await.remove(0);
    let pages = instance.sql("SELECT rootpage FROM sqlite_schema WHERE tbl_name = 'revision' AND rootpage > 0").await;
    let size: usize = instance.sql("PRAGMA page_size").await[0].parse().unwrap();
    let mut file = std::fs::read(instance.file()).unwrap();
    for page in pages {
        let start = (page.parse::<usize>().unwrap() - 1) * size;
        file[start..start + size].fill(0xa5);
    }
    std::fs::write(instance.file(), file).unwrap();

    let daemon = RunningDaemon::start(&instance).await;
    daemon.get_until("/readyz", "ok").await;
    assert_eq!(daemon.get(&format!("/stories/{story}")).await.status(), 503);
    let ready = daemon.get("/readyz").await;
    assert_eq!(ready.status(), 200, "the rest is served");
    let words = ready.text().await.unwrap();
    assert!(words.contains("the database is damaged: ") && words.contains("deploy/README.md"), "{words}");
    daemon.get_until("/status", "The database is damaged: what can be read is shown.").await;
    daemon.get_until("/metrics", "warraq_database_damaged 1").await;
    daemon.get_until("/feed.atom", "Un titre").await;
    daemon.stop().await.unwrap();
}
