//! What subscribers of a merged feed see: who wrote an entry, in which language, about which channel, and what belongs to it.

use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    test_instance::{RunningDaemon, TestInstance},
};
use serde_json::Value;

const DATE: &str = "2026-11-02T09:30:00Z";
const ARABIC: &str = "الحكومة تصادق على مشروع قانون المالية للسنة المقبلة في الرباط.";
const FRENCH: &str = "Le gouvernement adopte le projet de loi de finances de l'année prochaine à Rabat.";

/// Returns the document with more elements in each of its items.
fn with(doc: &FeedDoc, more: &str) -> String {
    doc.to_string().replace("</item>", &format!("{more}</item>")).replace(
        "<rss version=\"2.0\">",
        "<rss version=\"2.0\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:media=\"http://search.yahoo.com/mrss/\">",
    )
}

fn entry(title: &str, link: &str, text: &str) -> FeedDoc {
    FeedDoc::rss("V").entry(link, title, link, text, DATE)
}

/// Polls the feeds of the outlets `a`, `b` and so on, and starts a daemon over what they brought.
async fn served(more: &str, documents: Vec<String>) -> (RunningDaemon, TestInstance) {
    let outlet = FakeOutlet::start().await;
    let slugs = ["a", "b", "c"];
    let mut feeds = Vec::new();
    for (slug, document) in slugs.iter().zip(documents) {
        outlet.set(&format!("/{slug}"), Reply::feed(document));
        feeds.push((*slug, outlet.url(&format!("/{slug}"))));
    }
    let feeds: Vec<_> = feeds.iter().map(|(slug, feed)| (*slug, feed)).collect();
    let mut instance = TestInstance::with(more, &feeds).await;
    instance.poll().await;
    instance.close().await;
    (RunningDaemon::start(&instance).await, instance)
}

#[tokio::test]
async fn an_author_is_named_with_the_outlet() {
    let signed = with(
        &entry("Un", "https://a.invalid/1", "Un texte."),
        "<dc:creator>Huda &lt;b&gt;Mursi&lt;/b&gt;</dc:creator>",
    );
    let itself = with(&entry("Deux", "https://b.invalid/1", "Autre texte."), "<dc:creator>Staff of b</dc:creator>");
    let unsigned = entry("Trois", "https://c.invalid/1", "Encore un texte.").to_string();
    let (daemon, _instance) = served("", vec![signed, itself, unsigned]).await;
    let json: Value = serde_json::from_str(&daemon.get_until("/feed.json", "Trois").await).unwrap();
    let author = |title: &str| {
        let items = json["items"].as_array().unwrap();
        items.iter().find(|item| item["title"] == title).unwrap()["authors"][0]["name"].as_str().unwrap().to_owned()
    };
    assert_eq!([author("Un"), author("Deux"), author("Trois")], ["Huda Mursi, a", "Staff of b", "c"]);
    let atom = daemon.get_until("/feed.atom", "Trois").await;
    let rss = daemon.get_until("/feed.rss", "Trois").await;
    for name in ["Huda Mursi, a", "Staff of b", "c"] {
        assert!(atom.contains(&format!("<name>{name}</name>")), "{name}: {atom}");
        assert!(rss.contains(&format!("<dc:creator>{name}</dc:creator>")), "{name}: {rss}");
    }
    daemon.stop().await.unwrap();
}

#[tokio::test]
async fn a_channel_says_what_it_is_about_and_may_name_outlets_in_titles() {
    let channels = "[publish]\noutlet_in_title = true\n\
        [[channel]]\nslug = \"named\"\ntitle = \"Named\"\nsubtitle = \"News of the port & more\"\n\
        [[channel]]\nslug = \"bare\"\ntitle = \"Bare\"\noutlet_in_title = false\n";
    let (daemon, _instance) = served(channels, vec![entry("Un", "https://a.invalid/1", "Un").to_string()]).await;
    let named: Value = serde_json::from_str(&daemon.get_until("/channels/named.json", "Un").await).unwrap();
    assert_eq!(
        (&named["items"][0]["title"], &named["description"]),
        (&"a: Un".into(), &"News of the port & more".into())
    );
    let bare: Value = serde_json::from_str(&daemon.get_until("/channels/bare.json", "Un").await).unwrap();
    assert_eq!(bare["items"][0]["title"], "Un");
    for (path, title, subtitle) in [
        ("/channels/named.atom", "<title>a: Un</title>", "<subtitle>News of the port &#x26; more</subtitle>"),
        ("/channels/bare.atom", "<title>Un</title>", "<subtitle>"),
        ("/feed.atom", "<title>a: Un</title>", "<subtitle>"),
        ("/channels/named.rss", "<title>a: Un</title>", "port"),
        ("/channels/bare.rss", "<title>Un</title>", "<description>a</description>"),
    ] {
        let feed = daemon.get_until(path, "Un").await;
        assert!(feed.contains(title) && feed.contains(subtitle), "{path}: {feed}");
    }
    // The icon that all of them name is there.
    let icon = named["icon"].as_str().unwrap();
    assert!(daemon.get_until("/channels/named.atom", "Un").await.contains(&format!("<icon>{icon}</icon>")));
    assert!(daemon.get_until("/channels/named.rss", "Un").await.contains(&format!("<url>{icon}</url>")));
    let path = icon.trim_start_matches("http://").split_once('/').unwrap().1;
    let answer = daemon.get(&format!("/{path}")).await;
    assert_eq!(answer.status(), 200);
    assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("image/"));
    daemon.stop().await.unwrap();
}

#[tokio::test]
async fn an_entry_of_several_outlets_links_to_the_page_of_its_story() {
    let joined = || entry("Un", "https://agence.invalid/1", "Un texte.").to_string();
    let alone = entry("Seul", "https://c.invalid/2", "Un autre texte.").to_string();
    let (daemon, instance) = served("", vec![joined(), joined(), alone]).await;
    assert_eq!(instance.sql("SELECT count(*) FROM latest WHERE outlets = 2").await, ["1"]);
    let id = &instance.sql("SELECT story_id FROM latest WHERE outlets = 2").await[0];
    let page = format!("/stories/{id}\"");
    for (path, item) in [("/feed.atom", "<entry"), ("/feed.rss", "<item>")] {
        let feed = daemon.get_until(path, "Seul").await;
        let of = |title: &str| {
            feed.split(item).find(|entry| entry.contains(&format!("<title>{title}<"))).unwrap().to_owned()
        };
        assert_eq!(of("Un").matches(&page).count(), 2, "as a link and in the text: {}", of("Un"));
        assert!(!of("Seul").contains("/stories/"), "{}", of("Seul"));
    }
    assert_eq!(daemon.get(&format!("/stories/{id}")).await.status(), 200);
    daemon.stop().await.unwrap();
}

#[tokio::test]
async fn a_title_and_its_text_each_have_their_own_language_and_direction() {
    let arabic_title = entry(ARABIC, "https://a.invalid/1", &FRENCH.repeat(8)).to_string();
    let french_title = entry(FRENCH, "https://b.invalid/1", &ARABIC.repeat(8)).to_string();
    let (daemon, instance) = served("", vec![arabic_title, french_title]).await;
    let json: Value = serde_json::from_str(&daemon.get_until("/feed.json", "gouvernement").await).unwrap();
    let item = |title: &str| json["items"].as_array().unwrap().iter().find(|item| item["title"] == title).unwrap();
    let (first, second) = (item(ARABIC), item(FRENCH));
    assert_eq!((&first["language"], &first["_warraq"]["title_language"]), (&"fr".into(), &"ar".into()));
    assert_eq!((&second["language"], &second["_warraq"]["title_language"]), (&"ar".into(), &"fr".into()));
    let html = |item: &Value| item["content_html"].as_str().unwrap().to_owned();
    assert!(html(first).starts_with("<div dir=\"ltr\" lang=\"fr\">"), "{first}");
    assert!(html(second).starts_with("<div dir=\"rtl\" lang=\"ar\">"), "{second}");
    let atom = daemon.get_until("/feed.atom", "gouvernement").await;
    let title = |text: &str| atom.lines().find(|line| line.starts_with("<title") && line.contains(text)).unwrap();
    assert!(title(ARABIC).contains("xml:lang=\"ar\"") && title("gouvernement").contains("xml:lang=\"fr\""), "{atom}");
    let rss = daemon.get_until("/feed.rss", "gouvernement").await;
    for feed in [&atom, &rss] {
        assert!(
            feed.contains("<div dir=\"ltr\" lang=\"fr\">") && feed.contains("<div dir=\"rtl\" lang=\"ar\">"),
            "{feed}"
        );
    }
    let page = daemon.get_until("/", "gouvernement").await;
    let before = |words: &str| {
        page[..page.find(words).unwrap()].rsplit('<').find(|tag| tag.contains("lang=")).unwrap().to_owned()
    };
    assert!(before(ARABIC).contains("lang=\"ar\"") && before(ARABIC).contains("dir=\"rtl\""), "{}", before(ARABIC));
    assert!(before("gouvernement").contains("lang=\"fr\""), "{}", before("gouvernement"));
    for (title, text) in
        [("dir=\"rtl\" lang=\"ar\"", "dir=\"ltr\" lang=\"fr\""), ("dir=\"ltr\" lang=\"fr\"", "dir=\"rtl\" lang=\"ar\"")]
    {
        let which = if title.contains("ar") { ARABIC } else { FRENCH };
        let rows = instance.sql("SELECT story_id || '|' || title FROM latest").await;
        let id = rows.iter().filter_map(|row| row.split_once('|')).find(|(_, title)| *title == which).unwrap().0;
        let story = daemon.get(&format!("/stories/{id}")).await.text().await.unwrap();
        assert!(story.contains(&format!("<div class=\"text\" {text}>\n<h3 {title}>")), "{story}");
    }
    daemon.stop().await.unwrap();
}

#[tokio::test]
async fn what_an_outlet_says_of_a_picture_is_kept_and_published() {
    let pictures = "<media:content url=\"https://a.invalid/1.jpg\" medium=\"image\" type=\"image/jpeg\">\
        <media:description>Le port &amp;amp; la ville</media:description></media:content>\
        <media:content url=\"https://a.invalid/2.jpg\" medium=\"image\" type=\"image/jpeg\">\
        <media:title>قارب &lt; سفينة</media:title></media:content>\
        <media:group><media:title>Un film</media:title><media:content url=\"https://a.invalid/3.mp4\" type=\"video/mp4\"/>\
        </media:group>";
    let (daemon, instance) = served("", vec![with(&entry("Un", "https://a.invalid/1", "Un texte."), pictures)]).await;
    let told = ["1.jpg|Le port & la ville", "2.jpg|قارب < سفينة", "3.mp4|Un film"];
    assert_eq!(instance.sql("SELECT substr(url, 19) || '|' || text FROM enclosures ORDER BY 1").await, told);
    let json: Value = serde_json::from_str(&daemon.get_until("/feed.json", "Un").await).unwrap();
    let titles: Vec<_> = json["items"][0]["attachments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["title"].as_str().unwrap())
        .collect();
    assert_eq!(titles, ["Le port & la ville", "قارب < سفينة", "Un film"]);
    let atom = daemon.get_until("/feed.atom", "Un").await;
    assert!(atom.contains("title=\"Le port &#x26; la ville\"") && atom.contains("title=\"Un film\""), "{atom}");
    daemon.stop().await.unwrap();
}
