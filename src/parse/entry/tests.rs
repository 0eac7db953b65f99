use crate::model::{Markup, ParsedEntry};
use crate::parse::{ParseContext, read};

fn entry(inside: &str) -> ParsedEntry {
    let text = format!("<rss><channel><item><title>T</title>{inside}</item></channel></rss>");
    let mut feed = read(text.as_bytes(), &ParseContext::default(), &|_| false).unwrap();
    *feed.listed.remove(0).entry.unwrap()
}

#[test]
fn texts_for_services_are_texts() {
    let long = "The text for a service, which may lack pictures.";
    for (inside, summary, content) in [
        (format!("<yandex:full-text>{long}</yandex:full-text>"), None, Some(long)),
        (format!("<description>a</description><turbo:content>{long}</turbo:content>"), Some("a"), Some(long)),
        (
            format!(
                "<y:full-text xmlns:y='http://news.yandex.ru'>{long}</y:full-text><content:encoded>b</content:encoded>"
            ),
            None,
            Some("b"),
        ),
        (format!("<media:text>{long}</media:text>"), Some(long), None),
        (format!("<media:text>{long}</media:text><media:description>a</media:description>"), Some("a"), None),
    ] {
        let found = entry(&inside);
        let text = |markup: &Option<Markup>| markup.as_ref().map(|markup| markup.as_str().to_owned());
        assert_eq!(text(&found.summary).as_deref(), summary, "{inside}");
        assert_eq!(text(&found.content).as_deref(), content, "{inside}");
    }
}

#[test]
fn what_only_podcast_programs_state_is_read() {
    let (title, subtitle) = ("<itunes:title>IT</itunes:title>", "<itunes:subtitle>IS</itunes:subtitle>");
    for (inside, wanted) in [
        (format!("{title}{subtitle}"), (Some("IT"), Some("IS"))),
        (format!("{title}<title>T</title>"), (Some("T"), None)),
        (format!("{subtitle}<description>D</description>"), (None, Some("D"))),
        (format!("<media:title>M</media:title>{title}"), (Some("IT"), None)),
        (format!("{subtitle}<itunes:summary>S</itunes:summary>"), (None, Some("S"))),
    ] {
        let text = format!("<rss><channel><item><guid>1</guid>{inside}</item></channel></rss>");
        let feed = read(text.as_bytes(), &ParseContext::default(), &|_| false).unwrap();
        let found = feed.listed[0].entry.as_ref().unwrap();
        let [title, summary] = [&found.title, &found.summary].map(|text| text.as_ref().map(Markup::as_str));
        assert_eq!((title, summary), wanted, "{inside}");
    }
}

#[test]
fn line_ends_of_plain_writers_are_lines() {
    for (inside, want) in [
        ("<itunes:summary>a\n&lt;b>b&lt;/b></itunes:summary>", "a<br>\n<b>b</b>"),
        ("<media:description>a\n&lt;b>b&lt;/b></media:description>", "a<br>\n<b>b</b>"),
        ("<description>a\n\nb</description>", "a<br>\n<br>\nb"),
        ("<description>a\n&lt;b>b&lt;/b></description>", "a\n<b>b</b>"),
    ] {
        assert_eq!(entry(inside).summary, Some(Markup::Html(want.to_owned())), "{inside}");
    }
}

#[test]
fn pictures_of_other_vocabularies_are_pictures() {
    for inside in [
        "<News:Image>https://x.example/a.jpg</News:Image>",
        "<News:Image xmlns:News='https://www.bing.com/news/search?q=x&amp;format=rss'>https://x.example/a.jpg</News:Image>",
        "<g:image_link>https://x.example/a.jpg</g:image_link>",
        "<thumbnail>https://x.example/a.jpg</thumbnail>",
        "<thumbnail url='https://x.example/a.jpg'/>",
    ] {
        assert_eq!(entry(inside).image.as_deref(), Some("https://x.example/a.jpg"), "{inside}");
    }
}

#[test]
fn files_inside_a_file_are_files_too() {
    let inside = "<media:content url='https://x.example/a.jpg' medium='image'><media:thumbnail url='https://x.example/t.jpg'/>\
        <media:content url='https://x.example/b.jpg' medium='image'/></media:content>";
    let urls: Vec<String> = entry(inside).enclosures.into_iter().map(|file| file.url).collect();
    assert_eq!(urls, ["https://x.example/a.jpg", "https://x.example/b.jpg"]);
}

#[test]
fn a_credible_date_wins_over_others() {
    let published = |inside: &str| {
        let text = format!("<rss><channel><item><title>T</title>{inside}</item></channel></rss>");
        let context = ParseContext { now: "2026-11-02T10:00:00Z".parse().unwrap(), ..ParseContext::default() };
        let mut feed = read(text.as_bytes(), &context, &|_| false).unwrap();
        feed.listed.remove(0).entry.unwrap().published.map(|at| at.to_string())
    };
    let good = "<dc:date>2026-10-27T10:00:00Z</dc:date>";
    for (other, want) in [
        ("Thu, 01 Jan 1970 00:00:00 GMT", "2026-10-27T10:00:00Z"),
        ("Fri, 02 Jan 2037 00:00:00 GMT", "2026-10-27T10:00:00Z"),
        ("Mon, 01 Jan 0001 00:00:00 +0000", "2026-10-27T10:00:00Z"),
        ("Mon, 26 Oct 2026 10:00:00 GMT", "2026-10-26T10:00:00Z"),
    ] {
        assert_eq!(published(&format!("<pubDate>{other}</pubDate>{good}")).as_deref(), Some(want), "{other}");
    }
    let no = "<pubDate>Fri, 02 Jan 2037 00:00:00 GMT</pubDate><dc:date>1970-01-01T00:00:00Z</dc:date>";
    assert_eq!(published(no).as_deref(), Some("2037-01-02T00:00:00Z"), "the first where none is credible");
}

#[test]
fn dates_of_other_vocabularies_are_the_last_resort() {
    let (plain, prism) = ("<date>2026-11-02 10:30</date>", "<prism:publicationDate>2026-11-01</prism:publicationDate>");
    let bound = prism
        .replace("prism:", "p:")
        .replace("<p:publicationDate>", "<p:publicationDate xmlns:p='http://prismstandard.org/namespaces/basic/2.0/'>");
    for (inside, want) in [
        (plain.to_owned(), "2026-11-02T10:30:00Z"),
        (prism.to_owned(), "2026-11-01T00:00:00Z"),
        (bound, "2026-11-01T00:00:00Z"),
        (format!("{prism}{plain}<pubDate>Tue, 03 Nov 2026 10:00:00 GMT</pubDate>"), "2026-11-03T10:00:00Z"),
        (format!("{prism}<dc:date>2026-11-02</dc:date>"), "2026-11-02T00:00:00Z"),
    ] {
        assert_eq!(entry(&inside).published.map(|at| at.to_string()).as_deref(), Some(want), "{inside}");
    }
}
