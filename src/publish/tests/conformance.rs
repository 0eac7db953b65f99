//! Checks of the rules of RFC 4287, RSS 2.0 with the Advisory Board's profile, and JSON Feed 1.1, written from their texts.

use super::super::Format;
use quick_xml::events::{BytesStart, Event};
use std::collections::HashSet;

/// An XML element with its attributes, text and children.
#[derive(Debug, Default)]
struct Node {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
    children: Vec<Node>,
}

impl Node {
    fn parse(xml: &str) -> Self {
        assert!(xml.chars().all(|c| matches!(c, '\t' | '\n' | ' '..='\u{7e}' | '\u{a0}'..='\u{fffc}' | '\u{10000}'..)));
        let mut reader = quick_xml::Reader::from_str(xml);
        let mut stack = vec![Self::default()];
        loop {
            match reader.read_event().unwrap() {
                Event::Start(e) => stack.push(Self::of(&e)),
                Event::Empty(e) => {
                    let node = Self::of(&e);
                    stack.last_mut().unwrap().children.push(node);
                }
                Event::End(_) => {
                    let node = stack.pop().unwrap();
                    stack.last_mut().unwrap().children.push(node);
                }
                Event::Text(t) => stack.last_mut().unwrap().text.push_str(&t),
                Event::CData(t) => stack.last_mut().unwrap().text.push_str(&t),
                Event::GeneralRef(r) => {
                    let text = quick_xml::escape::unescape(&format!("&{};", &*r)).unwrap().into_owned();
                    stack.last_mut().unwrap().text.push_str(&text);
                }
                Event::Decl(_) => {}
                Event::Eof => break,
                other => panic!("no such markup in our documents: {other:?}"),
            }
        }
        assert_eq!(stack.len(), 1, "every element is closed");
        stack.pop().unwrap().children.pop().unwrap()
    }

    fn of(e: &BytesStart<'_>) -> Self {
        let attributes: Vec<(String, String)> = e
            .attributes()
            .map(|a| a.unwrap())
            .map(|a| (a.key.0.to_owned(), quick_xml::escape::unescape(&a.value).unwrap().into_owned()))
            .collect();
        Self { name: e.name().0.to_owned(), attributes, ..Self::default() }
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Node> + 'a {
        self.children.iter().filter(move |c| c.name == name)
    }

    fn one<'a>(&'a self, name: &'a str) -> &'a Node {
        let found: Vec<_> = self.all(name).collect();
        assert_eq!(found.len(), 1, "exactly one {name} in {}", self.name);
        found[0]
    }

    fn at_most_one(&self, names: &[&str]) {
        for name in names {
            assert!(self.all(name).count() <= 1, "at most one {name} in {}", self.name);
        }
    }

    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn links<'a>(&'a self, rel: &'a str) -> impl Iterator<Item = &'a Node> + 'a {
        self.all("link").filter(move |l| l.attribute("rel") == Some(rel))
    }
}

/// Checks a document against its specification.
pub(super) fn check(format: Format, document: &str) {
    match format {
        Format::Atom => atom(&Node::parse(document)),
        Format::Rss => rss(&Node::parse(document)),
        Format::Json => json(document),
    }
}

/// Returns (id, title, link) of each entry.
pub(super) fn identities(format: Format, document: &str) -> Vec<(String, String, String)> {
    match format {
        Format::Atom => Node::parse(document)
            .all("entry")
            .map(|e| {
                let link = e.links("alternate").next().unwrap().attribute("href").unwrap();
                (e.one("id").text.clone(), e.one("title").text.clone(), link.to_owned())
            })
            .collect(),
        Format::Rss => Node::parse(document)
            .one("channel")
            .all("item")
            .map(|i| (i.one("guid").text.clone(), i.one("title").text.clone(), i.one("link").text.clone()))
            .collect(),
        Format::Json => serde_json::from_str::<serde_json::Value>(document).unwrap()["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|i| {
                let text = |key: &str| i[key].as_str().unwrap().to_owned();
                (text("id"), text("title"), text("url"))
            })
            .collect(),
    }
}

/// Checks an Atom feed; the comments name sections of RFC 4287.
fn atom(feed: &Node) {
    assert_eq!(feed.attribute("xmlns"), Some("http://www.w3.org/2005/Atom"));
    // 4.1.1
    absolute(&feed.one("id").text);
    text_construct(feed.one("title"));
    rfc3339(&feed.one("updated").text);
    assert_eq!(feed.links("self").count(), 1);
    one_alternate_each(feed);
    feed.at_most_one(&["generator", "icon", "logo", "rights", "subtitle"]);
    language(feed);
    let mut ids = HashSet::new();
    let mut updated = HashSet::new();
    let mut entries = false;
    for child in &feed.children {
        entries |= child.name == "entry";
        assert!(!entries || child.name == "entry", "metadata come before entries");
    }
    for entry in feed.all("entry") {
        // 4.1.2
        assert!(ids.insert(&entry.one("id").text), "no id twice");
        absolute(&entry.one("id").text);
        assert!(updated.insert(&entry.one("updated").text), "the W3C validator warns of equal instants");
        rfc3339(&entry.one("updated").text);
        entry.all("published").for_each(|p| rfc3339(&p.text));
        text_construct(entry.one("title"));
        assert!(!entry.one("title").text.trim().is_empty());
        assert!(entry.all("author").count() >= 1);
        entry.at_most_one(&["content", "published", "rights", "source", "summary"]);
        one_alternate_each(entry);
        assert_eq!(entry.links("alternate").count(), 1);
        assert!(!entry.one("content").text.trim().is_empty());
        language(entry);
        for person in entry.all("author").chain(entry.all("contributor")) {
            // 3.2
            assert!(!person.one("name").text.trim().is_empty());
            assert!(!person.one("name").text.contains('<'));
            person.at_most_one(&["uri", "email"]);
            person.all("uri").for_each(|uri| absolute(&uri.text));
            person.all("email").for_each(|email| assert!(email.text.contains('@') && !email.text.contains(' ')));
        }
        for category in entry.all("category") {
            // 4.2.2
            assert!(!category.attribute("term").unwrap().trim().is_empty());
            if let Some(scheme) = category.attribute("scheme") {
                absolute(scheme);
            }
        }
        for link in entry.all("link") {
            // 4.2.7
            absolute(link.attribute("href").unwrap());
            if let Some(media_type) = link.attribute("type") {
                assert!(media_type.split_once('/').is_some_and(|(a, b)| !a.is_empty() && !b.is_empty()));
            }
            if let Some(length) = link.attribute("length") {
                length.parse::<u64>().unwrap();
            }
        }
        // 4.2.11
        let source = entry.one("source");
        absolute(&source.one("id").text);
        text_construct(source.one("title"));
        rfc3339(&source.one("updated").text);
        assert!(source.links("self").count() == 1);
    }
}

/// Checks the elements that RFC 5005 4 requires on an archive page.
pub(super) fn check_archive(document: &str) {
    let feed = Node::parse(document);
    assert_eq!(feed.attribute("xmlns:fh"), Some("http://purl.org/syndication/history/1.0"));
    feed.one("fh:archive");
    let this = feed.links("self").next().unwrap().attribute("href");
    for rel in ["current", "next-archive"] {
        assert_eq!(feed.links(rel).count(), 1, "{rel}");
        assert_ne!(feed.links(rel).next().unwrap().attribute("href"), this);
    }
    assert!(feed.links("prev-archive").count() <= 1);
    // The page has the id of the subscribed feed, because both are one logical feed.
    assert_eq!(Some(&*feed.one("id").text), feed.links("current").next().unwrap().attribute("href"));
}

fn one_alternate_each(node: &Node) {
    let mut seen = HashSet::new();
    for link in node.links("alternate") {
        assert!(seen.insert((link.attribute("type"), link.attribute("hreflang"))));
    }
}

/// Checks a text construct (3.1): text or HTML, without child elements.
fn text_construct(node: &Node) {
    assert!(node.children.is_empty());
    match node.attribute("type").unwrap_or("text") {
        "text" => assert!(!super::super::clean::has_end_tag(&node.text), "undeclared HTML: {}", node.text),
        "html" => {}
        other => panic!("no such type: {other}"),
    }
}

fn rss(rss: &Node) {
    assert_eq!(rss.attribute("version"), Some("2.0"));
    let channel = rss.one("channel");
    for required in ["title", "link", "description"] {
        assert!(!channel.one(required).text.is_empty());
    }
    absolute(&channel.one("link").text);
    channel.at_most_one(&["language", "lastBuildDate", "pubDate", "generator", "docs", "ttl"]);
    channel.all("lastBuildDate").for_each(|d| rfc822(&d.text));
    assert!(channel.all("atom:link").any(|l| l.attribute("rel") == Some("self")), "the profile asks for it");
    let mut ids = HashSet::new();
    for item in channel.all("item") {
        item.at_most_one(&[
            "title",
            "link",
            "description",
            "author",
            "comments",
            "enclosure",
            "guid",
            "pubDate",
            "source",
            "content:encoded",
        ]);
        assert!(!item.one("title").text.trim().is_empty());
        assert!(!super::super::clean::has_end_tag(&item.one("title").text), "plain text");
        absolute(&item.one("link").text);
        let guid = item.one("guid");
        assert!(ids.insert(&guid.text), "no guid twice");
        match guid.attribute("isPermaLink") {
            Some("true") => assert_eq!(guid.text, item.one("link").text),
            other => assert_eq!(other, Some("false")),
        }
        item.all("pubDate").for_each(|d| rfc822(&d.text));
        absolute(item.one("source").attribute("url").unwrap());
        assert!(item.all("dc:creator").count() >= 1);
        let place = |name: &str| item.children.iter().position(|c| c.name == name).unwrap();
        assert!(place("description") < place("content:encoded"), "the profile's order");
        assert!(!item.one("description").text.is_empty());
        for enclosure in item.all("enclosure") {
            absolute(enclosure.attribute("url").unwrap());
            enclosure.attribute("length").unwrap().parse::<u64>().unwrap();
            assert!(enclosure.attribute("type").unwrap().contains('/'));
        }
    }
}

fn json(document: &str) {
    let feed: serde_json::Value = serde_json::from_str(document).unwrap();
    assert_eq!(feed["version"], "https://jsonfeed.org/version/1.1");
    assert!(feed["title"].is_string());
    absolute(feed["feed_url"].as_str().unwrap());
    absolute(feed["home_page_url"].as_str().unwrap());
    let mut ids = HashSet::new();
    for item in feed["items"].as_array().unwrap() {
        assert!(ids.insert(item["id"].as_str().unwrap()), "ids are strings, none twice");
        absolute(item["url"].as_str().unwrap());
        assert!(!item["content_html"].as_str().unwrap().is_empty());
        assert!(!item["authors"].as_array().unwrap().is_empty());
        for key in ["date_published", "date_modified"] {
            if let Some(date) = item.get(key) {
                rfc3339(date.as_str().unwrap());
            }
        }
        for file in item.get("attachments").and_then(|a| a.as_array()).into_iter().flatten() {
            absolute(file["url"].as_str().unwrap());
            assert!(file["mime_type"].as_str().unwrap().contains('/'));
        }
        let known = [
            "id",
            "url",
            "title",
            "content_html",
            "summary",
            "image",
            "date_published",
            "date_modified",
            "authors",
            "tags",
            "language",
            "attachments",
        ];
        for key in item.as_object().unwrap().keys() {
            assert!(known.contains(&key.as_str()) || key.starts_with('_'), "unknown key {key}");
        }
    }
}

fn language(node: &Node) {
    if let Some(tag) = node.attribute("xml:lang") {
        assert!(crate::model::Language::parse(tag).is_ok(), "{tag}");
    }
}

/// Checks that a URI is absolute and has only characters that RFC 3986 allows.
fn absolute(uri: &str) {
    assert!(uri.contains(':') && url::Url::parse(uri).is_ok(), "{uri}");
    assert!(matches!(crate::model::uri::as_uri(uri), std::borrow::Cow::Borrowed(_)), "{uri}");
}

fn rfc3339(text: &str) {
    let at: jiff::Timestamp = text.parse().unwrap();
    assert!(text.ends_with('Z') && at.as_second() >= 631_152_000, "{text}");
}

fn rfc822(text: &str) {
    let at = jiff::fmt::rfc2822::parse(text).unwrap().timestamp();
    assert!(at.as_second() >= 631_152_000, "{text}");
}
