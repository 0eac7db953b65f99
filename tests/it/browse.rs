//! Lists of stories as a reader walks through them: pages, filters, feeds, languages and error pages.

use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    processes::http_client,
    test_instance::{RunningDaemon, TestInstance, config_text},
};
use std::collections::HashSet;

/// Articles of the larger outlet: more than two pages.
const ARTICLES: usize = 140;

/// A large French outlet and a small Arabic one, both polled, with a daemon. The outlets must stay alive.
async fn library() -> (FakeOutlet, TestInstance, RunningDaemon) {
    let outlet = FakeOutlet::start().await;
    let newest: jiff::Timestamp = "2026-11-02T09:00:00Z".parse().unwrap();
    let mut large = FeedDoc::rss("La Ville");
    for n in 0..ARTICLES {
        let at = newest - jiff::SignedDuration::from_mins(40 * i64::try_from(n).unwrap());
        let (title, link) = (format!("Titre-{n}-fin"), format!("https://ville.invalid/{n}"));
        large = large.entry(&n.to_string(), &title, &link, &format!("Texte{n} mot{n} phrase{n}."), &at.to_string());
    }
    outlet.set("/ville", Reply::feed(large));
    let small =
        FeedDoc::rss("المدينة").entry("1", "خبر المدينة", "https://madina.invalid/1", "نص", "2026-11-02T08:30:00Z");
    outlet.set("/madina", Reply::feed(small));
    let table = |slug: &str, language: &str, tag: &str| {
        format!(
            "\n[[outlet]]\nslug = \"{slug}\"\nname = \"{slug}\"\nlanguage = \"{language}\"\ntags = [\"{tag}\", \"presse\"]\nfeeds = [\"{}\"]\n",
            outlet.url(&format!("/{slug}"))
        )
    };
    let channel = "[[channel]]\nslug = \"une\"\ntitle = \"La une\"\n";
    let text = config_text(channel, &[]) + &table("ville", "fr", "le sud") + &table("madina", "ar", "nord");
    let mut instance = TestInstance::configured(text).await;
    instance.poll().await;
    instance.close().await;
    let daemon = RunningDaemon::start(&instance).await;
    daemon.get_until("/", "Titre-0-fin").await;
    daemon.get_until("/channels/une", "Titre-0-fin").await;
    (outlet, instance, daemon)
}

async fn page(daemon: &RunningDaemon, path: &str) -> String {
    let answer = daemon.get(path).await;
    assert_eq!(answer.status(), 200, "{path}");
    answer.text().await.unwrap()
}

/// Returns the numbers of the large outlet's articles on a page, in order.
fn articles(page: &str) -> Vec<usize> {
    let titles = page.split(">Titre-").skip(1);
    titles.map(|rest| rest.split('-').next().unwrap().parse().unwrap()).collect()
}

/// Returns the address behind the page's link to the older or newer page.
fn link(page: &str, rel: &str) -> Option<String> {
    let rest = page.split(&format!("<link rel=\"{rel}\" href=\"")).nth(1)?;
    Some(rest.split('"').next().unwrap().replace("&#38;", "&"))
}

#[tokio::test]
async fn every_story_is_on_one_page_on_the_way_down_and_up() {
    let (_outlet, _instance, daemon) = library().await;
    for start in ["/", "/channels/une", "/outlets/ville", "/tags/le%20sud", "/tags/presse", "/languages/fr"] {
        let (mut seen, mut address, mut pages) = (Vec::new(), start.to_owned(), 0);
        loop {
            let shown = page(&daemon, &address).await;
            seen.extend(articles(&shown));
            pages += 1;
            match link(&shown, "next") {
                Some(older) => address = older,
                None => break,
            }
        }
        assert_eq!((seen.len(), pages), (ARTICLES, 3), "{start}");
        assert_eq!(seen.iter().collect::<HashSet<_>>().len(), ARTICLES, "{start} repeats none");
        let mut back = articles(&page(&daemon, &address).await);
        while let Some(newer) = link(&page(&daemon, &address).await, "prev") {
            address = newer;
            back.extend(articles(&page(&daemon, &address).await));
        }
        assert_eq!(back.iter().collect::<HashSet<_>>().len(), ARTICLES, "{start} back");
    }
    daemon.stop().await.unwrap();
}

#[tokio::test]
async fn a_list_leads_to_narrower_lists_and_to_its_feeds() {
    let (_outlet, _instance, daemon) = library().await;
    let front = page(&daemon, "/").await;
    for href in ["/outlets/ville", "/tags/le%20sud", "/languages/ar", "/days/2026-11-02", "/?min_outlets=2"] {
        assert!(front.contains(&format!("href=\"{href}\"")), "{href} in {front}");
    }
    for (list, feed) in [
        ("/outlets/ville", "/outlets/ville.rss"),
        ("/tags/nord", "/tags/nord.json"),
        ("/languages/ar", "/languages/ar.atom"),
        ("/channels/une?lang=ar", "/channels/une.atom?lang=ar"),
        ("/days/2026-11-01", "/days/2026-11-01.json"),
        ("/days/2026-11-01?lang=fr", "/days/2026-11-01.rss?lang=fr"),
    ] {
        assert!(page(&daemon, list).await.contains(&format!("href=\"{feed}\"")), "{list}");
        assert_eq!(daemon.get(feed).await.status(), 200, "{feed}");
    }
    let arabic = page(&daemon, "/channels/une.atom?lang=ar").await;
    assert!(arabic.contains("خبر المدينة") && !arabic.contains("Titre-"), "{arabic}");
    let day = page(&daemon, "/days/2026-11-01").await;
    let expected: Vec<usize> = (0..ARTICLES).filter(|n| (14..50).contains(n)).collect();
    assert_eq!(articles(&day), expected, "from 23:40 to 00:20");
    assert_eq!(articles(&page(&daemon, "/days/2026-11-01.atom").await), expected, "the feed of the day");
    daemon.stop().await.unwrap();
}

#[tokio::test]
async fn outlets_tags_and_languages_have_a_page_that_lists_them() {
    let (_outlet, _instance, daemon) = library().await;
    for (path, href) in [
        ("/outlets", "/outlets/ville"),
        ("/outlets", "/outlets/madina"),
        ("/tags", "/tags/le%20sud"),
        ("/languages", "/languages/fr"),
    ] {
        assert!(page(&daemon, path).await.contains(&format!("href=\"{href}\"")), "{href} on {path}");
    }
    assert!(page(&daemon, "/").await.contains("href=\"/outlets\""));
    let today = daemon.get("/days").await;
    assert!(today.url().path().starts_with("/days/20") && today.status() == 200);
    daemon.stop().await.unwrap();
}

#[tokio::test]
async fn an_open_page_learns_how_many_stories_are_new() {
    let (_outlet, _instance, daemon) = library().await;
    let front = page(&daemon, "/").await;
    let path = front.split("data-path=\"").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(daemon.get(path).await.status(), 204, "nothing is new: {path}");
    let older = path.replace("?after=20", "?after=19");
    let told = daemon.get(&older).await;
    assert_eq!(told.headers()["cache-control"], "no-store");
    let told = told.text().await.unwrap();
    assert!(told.starts_with("More than ") && told.trim_end().ends_with(" new stories"), "{told}");
    let arabic = http_client().build().unwrap().get(format!("{}{older}", daemon.base)).header("accept-language", "ar");
    assert!(arabic.send().await.unwrap().text().await.unwrap().starts_with("أكثر من "));
    // Filtered lists, and those of outlets, tags and searches, are read from the database.
    for list in ["/?min_outlets=2", "/outlets/ville", "/languages/fr", "/search?q=a*"] {
        let shown = page(&daemon, list).await;
        let path = shown.split("data-path=\"").nth(1).unwrap_or_else(|| panic!("{list}")).split('"').next().unwrap();
        assert_eq!(daemon.get(&path.replace("&#38;", "&")).await.status(), 204, "nothing is new: {path}");
    }
    daemon.stop().await.unwrap();
}

#[tokio::test]
async fn what_means_nothing_is_refused_and_what_has_an_address_is_sent_there() {
    let (_outlet, _instance, daemon) = library().await;
    for (path, status) in [
        ("/?page=2", 400),
        ("/?before=yesterday", 400),
        ("/channels/une?q=x", 400),
        ("/languages/ar?lang=fr", 400),
        ("/languages/ar.atom?lang=fr", 400),
        ("/outlets/ville.json?outlet=madina", 400),
        ("/tags/nord.rss?tag=le%20sud", 400),
        ("/channels/une.atom?limit=0", 400),
        ("/?hl=de", 400),
        ("/tags/unknown", 404),
        ("/tags/unknown.atom", 404),
        ("/outlets/unknown", 404),
        ("/outlets/%ff", 404),
        ("/stories/%c3%28", 404),
        ("/stories/01", 404),
        ("/stories/+1", 404),
        ("/archive/all/01.atom", 404),
        ("/days/2026-02-30", 404),
        ("/languages/xx", 404),
        ("/languages/xx.atom", 404),
        ("/outlets?page=2", 400),
        ("/feed.atom?page=2", 400),
        ("/channels/none.new", 404),
        ("/channels/une.new?after=7", 400),
        ("/days/2026-11-31.atom", 404),
        ("/days/2026-11-01.atom?q=pluie", 400),
    ] {
        assert_eq!(daemon.get(path).await.status(), status, "{path}");
    }
    let client = http_client().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    for (path, to) in [
        ("/?tag=nord", "/tags/nord"),
        ("/?lang=fr-MA", "/languages/fr"),
        ("/channels/all?outlet=ville&lang=fr", "/?outlet=ville&lang=fr"),
        ("/languages/ar?lang=ar", "/languages/ar"),
        ("/channels/une.atom?page=2", "/channels/une.atom"),
        ("/tags/nord?hl=fr&lang=ar", "/tags/nord?lang=ar"),
        ("/?utm_source=x", "/"),
        ("/feed.atom?utm_source=x", "/feed.atom"),
        ("/feed.atom?utm_source=x&lang=ar&fbclid=1", "/feed.atom?lang=ar"),
        ("/channels/une.atom?utm_source=x", "/channels/une.atom"),
        ("/search?q=a+b&gclid=z", "/search?q=a+b"),
        ("//evil.example/?utm_source=x", "/evil.example/"),
    ] {
        let answer = client.get(format!("{}{path}", daemon.base)).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.headers()["location"].to_str().unwrap()), (307, to), "{path}");
    }
    let chosen = client.get(format!("{}//evil.example/?hl=fr", daemon.base)).send().await.unwrap();
    assert_eq!(chosen.headers()["location"], "/evil.example/", "no other host");
    let cookie = chosen.headers()["set-cookie"].to_str().unwrap();
    let cookie = cookie.split(';').next().unwrap();
    let french = client.get(format!("{}/", daemon.base)).header("cookie", cookie).header("accept-language", "ar");
    let french = french.send().await.unwrap();
    assert!(french.headers()["vary"].to_str().unwrap().contains("Cookie"));
    assert!(french.text().await.unwrap().contains("<html lang=\"fr\""));
    daemon.stop().await.unwrap();
}

#[tokio::test]
async fn people_get_an_error_page_and_programs_plain_text() {
    let (_outlet, _instance, daemon) = library().await;
    for (path, status, words) in [
        ("/none", 404, "لا صفحة هنا"),
        ("/stories/999999", 404, "لا صفحة هنا"),
        ("/?x=%3Cb%3E", 400, "“x” is not a parameter of this page"),
    ] {
        let asked = http_client().build().unwrap().get(format!("{}{path}", daemon.base));
        let asked = asked.header("accept", "text/html,application/xhtml+xml").header("accept-language", "ar");
        let answer = asked.send().await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
        assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/html"), "{path}");
        let policies: Vec<_> = answer.headers().get_all("content-security-policy").iter().collect();
        assert!(policies.len() == 1 && policies[0].to_str().unwrap().contains("style-src 'self'"), "{policies:?}");
        let text = answer.text().await.unwrap();
        assert!(text.contains(words) && text.contains("dir=\"rtl\"") && !text.contains("<b>"), "{path}: {text}");
        let plain = daemon.get(path).await;
        assert!(plain.headers()["content-type"].to_str().unwrap().starts_with("text/plain"), "{path}");
    }
    daemon.stop().await.unwrap();
}
