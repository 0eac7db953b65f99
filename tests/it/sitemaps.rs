//! News sitemaps over real HTTP: read as feeds, found where a page announces none, and bounded whatever they list.

use crate::{
    fake_outlet::{FakeOutlet, Reply},
    test_instance::{TestInstance, outcomes, sums},
};
use std::fmt::Write as _;

/// An article of a sitemap: address, language, title, minutes before noon.
type Article<'a> = (&'a str, &'a str, &'a str, u32);

fn sitemap(articles: &[Article<'_>]) -> String {
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\" \
         xmlns:news=\"http://www.google.com/schemas/sitemap-news/0.9\" \
         xmlns:image=\"http://www.google.com/schemas/sitemap-image/1.1\">\n",
    );
    for (link, language, title, minutes) in articles {
        let (hour, minute) = (11 - minutes / 60, 59 - minutes % 60);
        writeln!(
            text,
            "<url><loc>{link}</loc><news:news><news:publication><news:name>Al Marfa</news:name><news:language>{language}\
             </news:language></news:publication><news:publication_date>2026-11-02T{hour:02}:{minute:02}:00Z\
             </news:publication_date><news:title>{title}</news:title><news:keywords>port, sea</news:keywords></news:news>\
             <image:image><image:loc>{link}.jpg</image:loc></image:image></url>"
        )
        .unwrap();
    }
    text + "</urlset>\n"
}

fn xml(document: impl Into<Vec<u8>>) -> Reply {
    Reply::labelled("application/xml", document)
}

fn index(sitemaps: &[String]) -> Reply {
    let mut text = String::from("<sitemapindex xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">");
    for sitemap in sitemaps {
        write!(text, "<sitemap><loc>{sitemap}</loc></sitemap>").unwrap();
    }
    xml(text + "</sitemapindex>")
}

const THREE: [Article<'static>; 3] = [
    ("https://marfa.example/ar/1", "ar", "افتتاح الميناء الجديد", 10),
    ("https://marfa.example/fr/2", "fr", "Le nouveau port ouvre &amp; accueille", 20),
    ("https://marfa.example/en/3", "en", "The new harbour opens", 30),
];

#[tokio::test]
async fn a_sitemap_is_a_feed_in_three_languages() {
    let outlet = FakeOutlet::start().await;
    outlet.set("/sitemap-news.xml", xml(sitemap(&THREE)).etag("\"1\""));
    let mut warraq = TestInstance::over(&[("marfa", &outlet.url("/sitemap-news.xml"))]).await;
    assert_eq!(sums(&warraq.poll().await), [3, 0, 0]);
    let rows = warraq.sql("SELECT language, title, link, published_at FROM entries ORDER BY published_at DESC").await;
    assert_eq!(
        rows,
        [
            "ar|افتتاح الميناء الجديد|https://marfa.example/ar/1|2026-11-02T11:49:00Z",
            "fr|Le nouveau port ouvre & accueille|https://marfa.example/fr/2|2026-11-02T11:39:00Z",
            "en|The new harbour opens|https://marfa.example/en/3|2026-11-02T11:29:00Z",
        ]
    );
    assert_eq!(outcomes(&warraq.poll().await), ["not_modified"]);
    // Entries that leave the sitemap are kept, and a changed title of an article is a revision.
    let renamed = [THREE[0], ("https://marfa.example/fr/2", "fr", "Le nouveau port a ouvert ses portes", 20)];
    outlet.set("/sitemap-news.xml", xml(sitemap(&renamed)).etag("\"2\""));
    assert_eq!(sums(&warraq.poll().await), [0, 1, 0]);
    let atom = warraq.edition("all", warraq::publish::Format::Atom).await;
    assert_eq!(atom.matches("<entry").count(), 3);
}

#[tokio::test]
async fn a_packed_sitemap_of_a_thousand_addresses_is_read_once() {
    let outlet = FakeOutlet::start().await;
    let links: Vec<(String, String)> = (0..1_000)
        .map(|n| (format!("https://marfa.example/{n}"), format!("Report number {n} of ships {}", n * 7 % 1_001)))
        .collect();
    let articles: Vec<Article<'_>> =
        links.iter().zip(0..).map(|((link, title), n)| (link.as_str(), "en", title.as_str(), n % 700)).collect();
    let whole = sitemap(&articles);
    outlet.set("/news.xml.gz", Reply::labelled("application/octet-stream", gzip(whole.as_bytes())));
    let mut warraq = TestInstance::over(&[("marfa", &outlet.url("/news.xml.gz"))]).await;
    assert_eq!(sums(&warraq.poll().await), [1_000, 0, 0]);
    let mut next = vec![("https://marfa.example/new", "en", "Something else entirely", 0)];
    next.extend_from_slice(&articles[..999]);
    outlet.set("/news.xml.gz", Reply::labelled("application/x-gzip", gzip(sitemap(&next).as_bytes())));
    let reports = warraq.poll().await;
    assert_eq!((sums(&reports), reports[0].written.tally.known), ([1, 0, 0], 999));
}

#[tokio::test]
async fn an_index_is_its_news_sitemaps_together() {
    let outlet = FakeOutlet::start().await;
    let at = |path: &str| outlet.url(path).to_string();
    let listed = ["/posts-1.xml", "/news-a.xml", "/news-b.xml", "/pages.xml"].map(at);
    outlet.set("/sitemap.xml", index(&listed).etag("\"i\""));
    outlet.set("/news-a.xml", xml(sitemap(&THREE[..2])));
    outlet.set("/news-b.xml", xml(sitemap(&THREE[1..])));
    let mut warraq = TestInstance::over(&[("marfa", &outlet.url("/sitemap.xml"))]).await;
    assert_eq!(sums(&warraq.poll().await), [3, 0, 0]);
    assert!(outlet.requests("/posts-1.xml").is_empty(), "news first, and only news where there is some");
    assert_eq!(outcomes(&warraq.poll().await), ["same_bytes"], "an index without dates says nothing of its sitemaps");
    let more = [THREE[2], ("https://marfa.example/en/4", "en", "A fourth report", 5)];
    outlet.set("/news-b.xml", xml(sitemap(&more)));
    assert_eq!(sums(&warraq.poll().await), [1, 0, 0]);
    // One of them fails: its entries do not count as having left.
    outlet.set("/news-b.xml", Reply::status(500));
    assert_eq!(outcomes(&warraq.poll().await), ["fresh"]);
    assert_eq!(warraq.sql("SELECT count(*) FROM sighting WHERE left_at IS NULL").await, ["4"]);
    outlet.set("/news-a.xml", Reply::status(500));
    assert_eq!(outcomes(&warraq.poll().await), ["failed"]);
}

#[tokio::test]
async fn an_index_in_an_index_is_read_once_and_no_deeper() {
    let outlet = FakeOutlet::start().await;
    let at = |path: &str| outlet.url(path).to_string();
    let dated = |sitemaps: &[&str]| {
        let mut text = String::from("<sitemapindex xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">");
        for path in sitemaps {
            write!(text, "<sitemap><loc>{}</loc><lastmod>2026-11-02</lastmod></sitemap>", at(path)).unwrap();
        }
        xml(text + "</sitemapindex>")
    };
    outlet.set("/sitemap.xml", dated(&["/index-news.xml", "/news-b.xml"]).etag("\"outer\""));
    let inner = ["/news-a.xml", "/sitemap.xml", "/index-news.xml", "/news-index-3.xml", "/news-b.xml"];
    outlet.set("/index-news.xml", dated(&inner));
    outlet.set("/news-index-3.xml", dated(&["/news-c.xml"]));
    outlet.set("/news-a.xml", xml(sitemap(&THREE[..2])));
    outlet.set("/news-b.xml", xml(sitemap(&THREE[1..])));
    let mut warraq = TestInstance::over(&[("marfa", &outlet.url("/sitemap.xml"))]).await;
    assert_eq!(sums(&warraq.poll().await), [3, 0, 0]);
    let paths = ["/sitemap.xml", "/index-news.xml", "/news-a.xml", "/news-index-3.xml", "/news-b.xml", "/news-c.xml"];
    assert_eq!(paths.map(|path| outlet.requests(path).len()), [1, 1, 1, 1, 1, 0]);
    // The outer index stays as it is when a sitemap of the inner one changes.
    outlet.set("/news-a.xml", xml(sitemap(&[("https://marfa.example/en/4", "en", "A fourth report", 5)])));
    assert_eq!(sums(&warraq.poll().await), [1, 0, 0]);
    assert!(outlet.requests("/sitemap.xml")[1].header("if-none-match").is_none());
    // Indexes of indexes, each of which lists others, are bounded.
    let many: Vec<String> = (0..50).map(|n| format!("/news-{n}.xml")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let wide = FakeOutlet::start().await;
    let listed: Vec<String> = many.iter().map(|path| wide.url(path).to_string()).collect();
    wide.set("/news.xml", index(&listed));
    for (n, path) in many.iter().enumerate().take(5) {
        let listed: Vec<String> = (0..50).map(|m| wide.url(&format!("/news-{n}-{m}.xml")).to_string()).collect();
        wide.set(path, index(&listed));
    }
    let mut warraq = TestInstance::over(&[("wide", &wide.url("/news.xml"))]).await;
    assert_eq!(outcomes(&warraq.poll().await), ["failed"]);
    assert!(wide.paths().len() <= 1 + 10, "{:?}", wide.paths());
}

#[tokio::test]
async fn a_feed_and_a_sitemap_of_one_outlet_are_joined_by_link() {
    let outlet = FakeOutlet::start().await;
    let rss = format!(
        "<rss version=\"2.0\"><channel><title>Al Marfa</title><item><guid isPermaLink=\"false\">77</guid><title>The new harbour \
         opens</title><link>{}?utm_source=rss</link><description>{}</description><pubDate>Mon, 02 Nov 2026 11:29:00 GMT</pubDate>\
         </item></channel></rss>",
        THREE[2].0,
        "A long report about the harbour. ".repeat(10)
    );
    outlet.set("/feed", Reply::feed(rss));
    outlet.set("/news.xml", xml(sitemap(&THREE)));
    for feeds in [["/feed", "/news.xml"], ["/news.xml", "/feed"]] {
        let urls = feeds.map(|path| outlet.url(path).to_string());
        let text = crate::test_instance::config_text("", &[("marfa", &outlet.url("/x"))]);
        let text = text.replace(&format!("\"{}\"", outlet.url("/x")), &format!("\"{}\", \"{}\"", urls[0], urls[1]));
        let mut warraq = TestInstance::configured(text).await;
        for _ in 0..3 {
            warraq.poll().await;
        }
        let count = |what| warraq.sql(what);
        assert_eq!(count("SELECT count(*) FROM entries").await, ["3"], "{feeds:?}");
        assert_eq!(count("SELECT count(*) FROM latest").await, ["3"]);
        let atom = warraq.edition("all", warraq::publish::Format::Atom).await;
        assert!(atom.contains("A long report about the harbour"), "{feeds:?}: the feed's text is kept");
    }
}

#[tokio::test]
async fn a_page_without_a_feed_leads_to_its_sitemap() {
    for (case, robots, path) in [
        (
            "robots.txt",
            Some("User-agent: *\nSitemap: /posts.xml\nsitemap: /maps/google-news.xml\n"),
            "/maps/google-news.xml",
        ),
        ("an index in robots.txt", Some("Sitemap: /index.xml"), "/index.xml"),
        ("a usual name", None, "/googlenews.xml"),
    ] {
        let outlet = FakeOutlet::start().await;
        outlet.set("/", Reply::page("<!doctype html><title>Al Marfa</title><p>News"));
        if let Some(robots) = robots {
            outlet.set("/robots.txt", Reply::labelled("text/plain", robots));
        }
        outlet.set("/index.xml", index(&[outlet.url("/child-news.xml").to_string()]));
        outlet.set("/child-news.xml", xml(sitemap(&THREE)));
        outlet.set(
            path,
            if path == "/index.xml" {
                index(&[outlet.url("/child-news.xml").to_string()])
            } else {
                xml(sitemap(&THREE))
            },
        );
        let mut warraq = TestInstance::over(&[("marfa", &outlet.url("/"))]).await;
        assert_eq!(sums(&warraq.poll().await), [3, 0, 0], "{case}");
        let asked = outlet.paths().len();
        assert!(asked <= 14, "{case}: {asked} requests");
        warraq.poll().await;
        assert_eq!(outlet.requests("/").len(), 1, "{case}: the sitemap is asked from now on");
        assert_eq!(outlet.requests(path).len(), 2, "{case}");
    }
}

#[tokio::test]
async fn what_a_site_lists_is_bounded() {
    let outlet = FakeOutlet::start().await;
    let foreign = FakeOutlet::start_on("127.0.0.2").await;
    foreign.set("/news.xml", xml(sitemap(&THREE)));
    let own = outlet.url("/news-index.xml").to_string();
    let mut listed = vec![own.clone(), foreign.url("/news.xml").to_string(), "http://10.0.0.1/news.xml".to_owned()];
    listed.extend((0..5_000).map(|n| outlet.url(&format!("/news-{n}.xml")).to_string()));
    outlet.set("/news-index.xml", index(&listed));
    outlet.set("/news-0.xml", index(&[own]));
    outlet.set("/news-1.xml", xml(sitemap(&THREE)));
    let mut warraq = TestInstance::over(&[("marfa", &outlet.url("/news-index.xml"))]).await;
    assert_eq!(sums(&warraq.poll().await), [3, 0, 0]);
    assert_eq!(outlet.paths().len(), 1 + 5);
    assert!(foreign.paths().is_empty(), "another host's sitemaps are not its own");
    // A page of a site without a feed, whose robots.txt names thousands of sitemaps.
    let idle = FakeOutlet::start().await;
    idle.set("/", Reply::page("<!doctype html><title>x</title>"));
    let robots: String = (0..5_000)
        .map(|n| format!("Sitemap: /news-{n}.xml\nSitemap: http://10.0.0.1/{n}.xml"))
        .collect::<Vec<_>>()
        .join("\n");
    idle.set("/robots.txt", Reply::labelled("text/plain", robots));
    let mut warraq = TestInstance::over(&[("idle", &idle.url("/"))]).await;
    assert_eq!(outcomes(&warraq.poll().await), ["failed"]);
    assert!(idle.paths().len() <= 2 + 10, "{:?}", idle.paths());
}

#[tokio::test]
async fn a_broken_sitemap_is_read_as_far_as_it_goes() {
    let outlet = FakeOutlet::start().await;
    let whole = sitemap(&THREE);
    outlet.set("/news.xml", xml(whole.as_bytes()).cut_after(whole.len() - 200));
    let mut warraq = TestInstance::over(&[("marfa", &outlet.url("/news.xml"))]).await;
    assert_eq!(sums(&warraq.poll().await), [2, 0, 0]);
    outlet.set("/news.xml", xml(whole.replace("</url>", "").replace("&amp;", "&")));
    assert_eq!(sums(&warraq.poll().await)[0], 1);
    outlet.set("/news.xml", xml("<urlset><url><loc>https://marfa.example/about</loc></url></urlset>"));
    assert_eq!(outcomes(&warraq.poll().await), ["failed"]);
    assert_eq!(warraq.sql("SELECT count(*) FROM entries").await, ["3"]);
}

fn gzip(text: &[u8]) -> Vec<u8> {
    use std::io::Read as _;
    let mut packed = Vec::new();
    flate2::bufread::GzEncoder::new(text, flate2::Compression::fast()).read_to_end(&mut packed).unwrap();
    packed
}
