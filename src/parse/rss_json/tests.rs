use crate::model::{DocumentFormat, Markup, ParsedEntry};
use crate::parse::{ParseContext, read};

#[test]
fn rss_in_json_is_rss() {
    let text = r##"{"rss": {"version": "2.0", "channel": {"title": "Scripting", "link": "https://s.example/",
        "item": [{"title": "A & B", "description": "<p>x</p>", "link": "https://s.example/1", "categories": ["n"],
        "guid": {"isPermaLink": false, "#value": "g1"}, "pubDate": "Mon, 02 Nov 2026 10:30:00 GMT",
        "enclosure": {"url": "https://s.example/a.mp3", "type": "audio/mpeg", "length": 5}}, {"title": "C"}]}}}"##;
    let feed = read(text.as_bytes(), &ParseContext::default(), &|_| false).unwrap();
    assert_eq!((feed.format, feed.listed.len()), (DocumentFormat::Rss20, 2));
    let entry = feed.listed[0].entry.as_ref().unwrap();
    assert_eq!(entry.title.as_ref().unwrap().as_str(), "A & B");
    assert_eq!((entry.id.as_deref(), entry.link.as_deref()), (Some("g1"), Some("https://s.example/1")));
    assert_eq!((entry.enclosures[0].length, entry.categories[0].term.as_str()), (Some(5), "n"));
    assert!(entry.published.is_some());
}

#[test]
fn attributes_and_texts_as_converters_write_them() {
    for file in [
        r#"{"$": {"url": "/a.mp3", "type": "audio/mpeg"}}"#,
        r#"{"@attributes": {"url": "/a.mp3", "type": "audio/mpeg"}}"#,
        r#"[{"_attributes": {"url": "/a.mp3", "type": "audio/mpeg"}}]"#,
        r#"{"attributes": {"url": "/a.mp3", "type": "audio/mpeg"}}"#,
        r#"{"-url": "/a.mp3", "-type": "audio/mpeg"}"#,
        r#"{"@_url": "/a.mp3", "@type": "audio/mpeg"}"#,
        r#"{"url": "/a.mp3", "type": "audio/mpeg"}"#,
    ] {
        for text in [
            r#"{"_text": "A"}"#,
            r#"{"_cdata": "A"}"#,
            r##"{"#cdata-section": "A"}"##,
            r##"{"#text": "A"}"##,
            r#"["A"]"#,
            r#"{"_": "A", "$": {"type": "text"}}"#,
            r#"{"_cdata": ["", "A"]}"#,
            r#"{"$": "A"}"#,
        ] {
            let media = file.replace("/a.mp3", "/p.jpg").replace("audio/mpeg", "image/jpeg");
            let text = format!(
                r#"{{"rss": {{"$": {{"version": "2.0"}}, "channel": {{"title": "S", "item": [
                {{"title": {text}, "description": {text}, "enclosure": {file}, "media:content": {media}}}]}}}}}}"#
            );
            let entry = one(&text);
            assert_eq!(entry.title.as_ref().map(Markup::as_str), Some("A"), "{text}");
            assert_eq!(entry.summary.as_ref().map(Markup::as_str), Some("A"), "{text}");
            let files: Vec<_> = entry.enclosures.iter().map(|file| file.url.as_str()).collect();
            assert_eq!(files, ["https://s.example/a.mp3", "https://s.example/p.jpg"], "{text}");
            assert_eq!(entry.enclosures[0].media_type.as_deref(), Some("audio/mpeg"), "{text}");
        }
    }
}

fn one(text: &str) -> ParsedEntry {
    let context = ParseContext { base: "https://s.example/f".parse().ok(), ..ParseContext::default() };
    let feed = read(text.as_bytes(), &context, &|_| false).unwrap_or_else(|why| panic!("{why}: {text}"));
    assert_eq!(feed.title.as_ref().map(Markup::as_str), Some("S"), "{text}");
    *feed.listed.into_iter().next().unwrap().entry.unwrap()
}

#[test]
fn roots_of_several_kinds() {
    let item = r#"{"title": "A", "link": "/1", "guid": "g", "pubDate": "2026-11-02 10:30:00"}"#;
    let atom = r#"{"title": {"type": "html", "$t": "A"}, "id": {"$t": "g"}, "published": {"$t": "2026-11-02T10:30:00Z"},
        "link": [{"rel": "self", "href": "/s"}, {"rel": "alternate", "href": "/1"}], "media$thumbnail": {"url": "/t.jpg"},
        "author": [{"name": {"$t": "Ann"}}]}"#;
    for text in [
        format!(r#"{{"@attributes": {{"version": "2.0"}}, "channel": {{"title": "S", "item": {item}}}}}"#),
        format!(r#"{{"channel": [{{"title": "S", "item": [{item}, {item}]}}]}}"#),
        format!(r#"{{"feed": {{"title": "S", "entry": [{atom}]}}}}"#),
        format!(
            r#"{{"version": "1.0", "feed": {{"xmlns": "http://www.w3.org/2005/Atom", "title": {{"$t": "S"}}, "entry": {atom}}}}}"#
        ),
        format!(r#"{{"rdf:RDF": {{"channel": {{"title": "S"}}, "item": [{item}]}}}}"#),
        format!(r#"{{"status": "ok", "feed": {{"url": "u", "title": "S", "link": "/"}}, "items": [{item}]}}"#),
    ] {
        let entry = one(&text);
        assert_eq!(entry.title.as_ref().map(Markup::as_str), Some("A"), "{text}");
        let read = (entry.id.as_deref(), entry.link.as_deref(), entry.published.map(|at| at.to_string()));
        let want = "2026-11-02T10:30:00Z".to_owned();
        assert_eq!(read, (Some("g"), Some("https://s.example/1"), Some(want)), "{text}");
    }
    let entry = one(&format!(r#"{{"feed": {{"title": "S", "entry": [{atom}]}}}}"#));
    assert_eq!((entry.image.as_deref(), &*entry.authors[0].name), (Some("https://s.example/t.jpg"), "Ann"));
}

#[test]
fn an_answer_of_rss2json_is_rss() {
    let text = r#"{"status": "ok", "feed": {"title": "S", "image": "https://s.example/i.png"}, "items": [{"title": "A",
        "guid": "g", "author": "Ann", "thumbnail": "/t.jpg", "description": "<p>d</p>", "content": "<p>c</p>",
        "enclosure": {"link": "/a.mp3", "type": "audio/mpeg", "length": 5}, "categories": ["a", "b"]}, {"title": "B"}]}"#;
    let entry = one(text);
    let texts = (entry.summary.as_ref().map(Markup::as_str), entry.content.as_ref().map(Markup::as_str));
    assert_eq!(texts, (Some("<p>d</p>"), Some("<p>c</p>")));
    assert_eq!((entry.image.as_deref(), &*entry.authors[0].name), (Some("https://s.example/t.jpg"), "Ann"));
    assert_eq!((&*entry.enclosures[0].url, entry.enclosures[0].length), ("https://s.example/a.mp3", Some(5)));
    assert_eq!(entry.categories.len(), 2);
    let cut = text.find(", {\"title\": \"B").unwrap() + 9;
    let feed = read(&text.as_bytes()[..cut], &ParseContext::default(), &|_| false).unwrap();
    assert_eq!((feed.partial, feed.listed.len()), (true, 1));
}

#[test]
fn of_a_long_document_the_beginning_is_read() {
    let body = "x".repeat(99_900);
    let items: Vec<_> = (10..40).map(|n| format!("{{\"title\": \"A {n}\", \"description\": \"{body}\"}}")).collect();
    let text = format!("{{\"rss\": {{\"channel\": {{\"item\": [{}]}}}}}}", items.join(","));
    let feed = read(text.as_bytes(), &ParseContext::default(), &|_| false).unwrap();
    assert_eq!((feed.listed.len(), feed.partial), (20, true));
}

#[test]
fn converters_from_xml_write_it_in_their_own_ways() {
    for text in [
        r#"{"?xml": {"@version": "1.0"}, "rss": {"@version": "2.0", "channel": {"item": {"title": "A"}}}}"#,
        r#"{"rss": {"$": {"version": "2.0"}, "channel": [{"title": ["S"], "item": [{"title": ["A"]}]}]}}"#,
        r##"{"rss": {"channel": {"title": "S", "items": [{"title": {"#text": "A"}}]}}}"##,
    ] {
        let feed = read(text.as_bytes(), &ParseContext::default(), &|_| false).unwrap();
        let titles: Vec<_> = feed.listed.iter().map(|l| l.entry.as_ref().unwrap().title.as_ref().unwrap()).collect();
        assert_eq!(titles.iter().map(|t| t.as_str()).collect::<Vec<_>>(), ["A"], "{text}");
    }
}

#[test]
fn a_truncated_document_yields_its_complete_items() {
    let text = r##"{"rss": {"version": "2.0", "channel": {"title": "S", "image": {"url": "https://s.example/i.png"}, "item": [
        {"title": "A ] \" {", "guid": {"#value": "g1"}}, {"title": "B", "enclosure": {"url": "https://s.example/b"}, "guid": "g2"},
        {"title": "C", "enclosure": {"url": "https://s.example/c"}, "guid": "g3"}]}}}"##;
    let read_up_to = |end: usize| read(&text.as_bytes()[..end], &ParseContext::default(), &|_| false);
    let titles = |end: usize| -> Vec<String> {
        let feed = read_up_to(end).unwrap();
        assert_eq!(feed.partial, end < text.len(), "at {end}");
        feed.listed.iter().map(|l| l.entry.as_ref().unwrap().title.as_ref().unwrap().as_str().to_owned()).collect()
    };
    assert_eq!(titles(text.len()), ["A ] \" {", "B", "C"]);
    let (a, c) = (text.find("{\"title\": \"B").unwrap(), text.find("\"guid\": \"g3").unwrap());
    assert_eq!(titles(c), ["A ] \" {", "B"]);
    assert_eq!(titles(a + 40), ["A ] \" {"]);
    assert!(
        (0..text.len())
            .filter(|&end| text.is_char_boundary(end))
            .all(|end| read_up_to(end).is_err() || titles(end).len() <= 3)
    );
}

#[test]
fn a_list_of_categories_is_categories() {
    let text = "<rss><channel><item><title>a</title><categories><category>b</category><category>c</category>\
        </categories></item></channel></rss>";
    let feed = read(text.as_bytes(), &ParseContext::default(), &|_| false).unwrap();
    let terms: Vec<_> = feed.listed[0].entry.as_ref().unwrap().categories.iter().map(|c| c.term.as_str()).collect();
    assert_eq!(terms, ["b", "c"]);
}
