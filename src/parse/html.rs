//! Documents that are not feeds: what they are, and which feeds a web page announces.

use super::limits::Limits;
use super::names::Tag;
use super::tree::{NodeId, TOP, Tree, local};
use super::{ParseContext, Repairs, charset, text};
use crate::model::{Fault, address, announces_feed, looks_like_feed, refresh_target};
use std::borrow::Cow;
use url::Url;

/// Maximum number of feeds taken from one page.
const ANNOUNCED: usize = 50;

/// A feed that a page announces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    /// Its address.
    pub url: Url,
    /// Its title on the page.
    pub title: Option<String>,
    /// Its media type, if the page states one.
    pub media_type: Option<String>,
    /// Whether the page sends its readers there at once.
    pub is_redirect: bool,
}

/// Returns why a document contains no feed.
pub(super) fn no_feed(tree: &Tree<'_>) -> Fault {
    let all = tree.descend(TOP, |_| true);
    // Proxies put elements of their own before a page.
    if tree.is_page() || all.iter().take(20).any(|(tag, _)| *tag == Tag::Html) {
        return Fault::Html;
    }
    match all.first() {
        Some((_, id)) if is_short_name(tree.node(*id).text) => {
            Fault::NotAFeed(format!("its root element is <{}>", tree.node(*id).text))
        }
        Some(_) => Fault::NotAFeed("it contains no feed elements".to_owned()),
        None => Fault::NotAFeed("neither XML nor JSON".to_owned()),
    }
}

/// Returns whether a message can repeat this name: it is short, and not bytes of a picture or an archive.
fn is_short_name(name: &str) -> bool {
    name.len() <= 40 && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | ':' | '.'))
}

/// Returns where a page redirects its readers to (`<meta http-equiv=refresh>`, HTML 4.2.5.3).
/// A page that reloads itself at once does so to see whether its cookie comes back.
fn refresh(tree: &Tree<'_>, id: NodeId, base: Option<&Url>, document: Option<&Url>) -> Option<Announced> {
    let directive = tree.attr(id, "http-equiv")?;
    let content = tree.attr(id, "content").filter(|_| directive.trim().eq_ignore_ascii_case("refresh"))?;
    let url = match refresh_target(&content) {
        Some(target) => address::join(base, target)?,
        None => document?.clone(),
    };
    // Longer waits are those of a page that reloads itself or says goodbye.
    let wait: f64 =
        content.trim_start().split([';', ',', ' ']).next().and_then(|wait| wait.parse().ok()).unwrap_or(0.0);
    let is_redirect = wait <= 5.0;
    (is_redirect || Some(&url) != document).then_some(Announced { url, title: None, media_type: None, is_redirect })
}

/// How far into a page its `<meta charset>` is searched for, in bytes. Browsers look at 1,024 (HTML 13.2.3.2); old pages have long
/// heads before it.
const META_WITHIN: usize = 8 * 1024;

/// Decodes a web page. Its encoding is decided as a feed's; where a feed has an XML declaration, a page has `<meta charset>`.
#[must_use]
pub fn page_text<'a>(bytes: &'a [u8], context: &ParseContext) -> Cow<'a, str> {
    let stated = meta_charset(&bytes[..bytes.len().min(META_WITHIN)]);
    let label = context.charset().or(stated.as_deref());
    charset::decode(bytes, label, context.tld(), &mut Repairs::default()).text
}

/// Returns the encoding that a `meta` tag names: `charset=…`, in an attribute of its own or in `content` (HTML 4.2.5.4).
fn meta_charset(head: &[u8]) -> Option<String> {
    let head = head.to_ascii_lowercase();
    memchr::memmem::find_iter(&head, b"<meta").find_map(|at| {
        let tag = &head[at..];
        let tag = &tag[..memchr::memchr(b'>', tag)?];
        let value = tag[memchr::memmem::find(tag, b"charset")? + 7..].trim_ascii_start().strip_prefix(b"=")?;
        let value = value.trim_ascii_start();
        let value = value.strip_prefix(b"\"").or_else(|| value.strip_prefix(b"'")).unwrap_or(value);
        let end = value.iter().position(|b| matches!(b, b'"' | b'\'' | b';' | b'/') || b.is_ascii_whitespace());
        String::from_utf8(value[..end.unwrap_or(value.len())].to_vec()).ok().filter(|label| !label.is_empty())
    })
}

/// Returns the feeds that a web page announces, best first: the target of its redirect, which may be the page itself, then
/// `link rel=alternate` with the media type of a feed (HTML 4.6.7.1), then links that look like feeds. Feeds of comments come last.
#[must_use]
pub fn announced(bytes: &[u8], context: &ParseContext) -> Vec<Announced> {
    let text = page_text(bytes, context);
    let Ok(tree) = Tree::read(&text, context.base.as_ref(), &Limits::of(context), &mut Repairs::default()) else {
        return Vec::new();
    };
    let all = tree.descend(TOP, |_| true);
    let named = |name: &str| -> Vec<NodeId> {
        let ids = all.iter().map(|(_, id)| *id);
        ids.filter(|id| local(tree.node(*id).text).eq_ignore_ascii_case(name)).collect()
    };
    let base = named("base").into_iter().find_map(|id| address::join(context.base.as_ref(), &tree.attr(id, "href")?));
    let base = base.or_else(|| context.base.clone());
    let mut found: Vec<Announced> = Vec::new();
    let mut add = |announced: Option<Announced>| {
        if let Some(announced) = announced.filter(|a| found.len() < ANNOUNCED && !found.iter().any(|f| f.url == a.url))
        {
            found.push(announced);
        }
    };
    for id in named("meta") {
        add(refresh(&tree, id, base.as_ref(), context.base.as_ref()));
    }
    for id in named("link") {
        add(alternate(&tree, id, base.as_ref()));
    }
    for id in named("a") {
        add(anchor(&tree, id, base.as_ref()));
    }
    // The sort is stable, so each kind keeps the order of the page.
    found.sort_by_key(|a| a.url.path().contains("comment"));
    found
}

fn alternate(tree: &Tree<'_>, id: NodeId, base: Option<&Url>) -> Option<Announced> {
    let rel = tree.attr(id, "rel")?.to_ascii_lowercase();
    let media_type = tree.attr(id, "type").map(|t| t.trim().to_ascii_lowercase());
    let kind = media_type.clone().unwrap_or_default();
    let target = tree.attr(id, "href")?;
    let has = |name: &str| rel.split_ascii_whitespace().any(|word| word == name);
    let feed = announces_feed(&kind, &target) || kind.is_empty() && (has("feed") || looks_like_feed(&target));
    let related = has("alternate") || has("feed");
    if !related || !feed {
        return None;
    }
    let title = tree.attr(id, "title").map(|title| title.trim().to_owned()).filter(|title| !title.is_empty());
    Some(Announced { url: address::join(base, &target)?, title, media_type, is_redirect: false })
}

fn anchor(tree: &Tree<'_>, id: NodeId, base: Option<&Url>) -> Option<Announced> {
    let target = tree.attr(id, "href")?;
    if !looks_like_feed(&target) {
        return None;
    }
    let title = text::plain(tree, id).map(std::borrow::Cow::into_owned);
    Some(Announced { url: address::join(base, &target)?, title, media_type: None, is_redirect: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_announces_its_feeds() {
        let page = "<!DOCTYPE html><html><head><base href='/ar/'><link rel=stylesheet href=x.css>\
            <link rel='alternate' type='application/rss+xml' title='تعاليق' href='/comments/feed/'>\
            <link rel=\"ALTERNATE\" type=\"application/rss+xml\" title=\"الأخبار &amp; الرياضة\" href=\"xml/syndication.rss\">\
            <link rel=alternate hreflang=fr href=/fr><script>if (a<b) c();</script></head>\
            <body><a href='/about'>x</a><a href='https://x.example/feed/'>خلاصة</a></body></html>";
        let context = ParseContext { base: Url::parse("https://alalam.example/").ok(), ..ParseContext::default() };
        let found = announced(page.as_bytes(), &context);
        let urls: Vec<_> = found.iter().map(|a| a.url.as_str()).collect();
        assert_eq!(
            urls,
            [
                "https://alalam.example/ar/xml/syndication.rss",
                "https://x.example/feed/",
                "https://alalam.example/comments/feed/"
            ]
        );
        assert_eq!(found[0].title.as_deref(), Some("الأخبار & الرياضة"));
        assert_eq!(super::super::read(page.as_bytes(), &context, &|_| false), Err(Fault::Html));
    }

    #[test]
    fn a_page_about_feeds_is_no_feed() {
        let link = "<title>H</title><link rel=alternate type='application/rss+xml' href=/feed>";
        let context = ParseContext { base: Url::parse("https://x.example/a").ok(), ..ParseContext::default() };
        for (before, inside) in [
            ("<!doctype html><html><head>", "<script>var a=\"<rss>\";</script>"),
            (
                "<html>",
                "<script>a=\"<rss version=2.0><channel><item><title>Fake</title></item></channel></rss>\"</script>",
            ),
            ("<!doctype html>", "<SCRIPT>a='<![CDATA[<rss><channel><item><title>x</title></item>'</SCRIPT>"),
            ("<!doctype html>", "<textarea><rss><channel><item><title>x</title></item></channel></rss></textarea>"),
            ("<!doctype html>", "<p>The <rss>, <channel> and <item> elements</p>"),
            ("<head>", "<p>The <feed> element"),
            ("", "<script>a=\"<rss><channel><item><title>Fake</title></item></channel></rss>\"</script>"),
            ("<meta charset=utf-8>", "<p>The <rss> <channel> and <item> elements</p>"),
            ("<body>", "<textarea><rss><channel><item><title>x</title></item></channel></rss></textarea>"),
        ] {
            for page in [format!("{before}{inside}{link}"), format!("{before}{link}{inside}")] {
                assert_eq!(super::super::read(page.as_bytes(), &context, &|_| false), Err(Fault::Html), "{page}");
                assert_eq!(announced(page.as_bytes(), &context)[0].url.path(), "/feed", "{page}");
            }
        }
        let feed = "<rss><channel><title>F</title><item><title>A</title></item></channel></rss>";
        let page = format!("<!doctype html><html><head><script>a='<rss>'</script></head><body>{feed}</body></html>");
        for page in
            [page, format!("<br />\n<b>Warning</b>: no file in <b>a.php</b><br />\n<?xml version='1.0'?>{feed}")]
        {
            let read = super::super::read(page.as_bytes(), &context, &|_| false);
            assert_eq!(read.unwrap().listed.len(), 1, "{page}");
        }
    }

    #[test]
    fn entries_without_end_tags_in_a_page_are_entries() {
        let context = ParseContext { base: Url::parse("https://x.example/a").ok(), ..ParseContext::default() };
        let item = |n: u8| {
            format!("<item><title>T{n}</title><link>https://x.example/{n}</link><description>D</description>\n")
        };
        let items = [item(1), item(2), item(3)].concat();
        for (before, after, want) in [
            ("<!doctype html><html><body><rss><channel><title>F</title>", "</channel></rss></body></html>", 3),
            ("<!doctype html><html><body><div><rss><channel><title>F</title>", "</div></body></html>", 3),
            ("<!doctype html><html><body><rss><title>F</title>", "</rss></body></html>", 3),
            ("<!doctype html><rss version='2.0'><channel><title>F</title>", "</channel></rss>", 3),
            // The last one may have been broken off.
            ("<!doctype html><html><body><rss><channel><title>F</title>", "", 2),
        ] {
            let page = format!("{before}{items}{after}");
            let feed = super::super::read(page.as_bytes(), &context, &|_| false).unwrap();
            let titles: Vec<_> =
                feed.listed.iter().map(|e| e.entry.as_ref().unwrap().title.as_ref().unwrap().as_str()).collect();
            assert_eq!(titles, ["T1", "T2", "T3"][..want], "{page}");
        }
        for page in [
            "<!doctype html><p>An <item> has a <title> and a <link>.<p>The next <item> too",
            "<!doctype html><p>See <item> and <title>H</title><link rel=x href=/y><p>the next <item> too",
        ] {
            assert_eq!(super::super::read(page.as_bytes(), &context, &|_| false), Err(Fault::Html), "{page}");
        }
    }

    #[test]
    fn titles_are_in_the_encoding_that_the_page_states() {
        let title = encoding_rs::WINDOWS_1256.encode("خبر").0;
        let link = b"<meta charset=windows-1256><link rel=alternate type='application/rss+xml' href=/f title='";
        let page = [&b"<html>"[..], link, &*title, b"'>"].concat();
        let context = ParseContext { base: Url::parse("https://x.example/").ok(), ..ParseContext::default() };
        assert_eq!(announced(&page, &context)[0].title.as_deref(), Some("خبر"));
    }

    #[test]
    fn a_page_without_its_outer_tags_is_a_page() {
        let context = ParseContext { base: Url::parse("https://x.example/a").ok(), ..ParseContext::default() };
        for (page, want) in [
            (
                "<!doctype html><title>H</title><link rel=alternate type='application/rss+xml' href='/feed'><p>Hi",
                "/feed",
            ),
            ("<title>R</title><meta http-equiv=refresh content='0;url=/rss.xml'><a href=/x>x</a>", "/rss.xml"),
            ("<META HTTP-EQUIV='Refresh' CONTENT=\"5; URL='/b.xml'\">", "/b.xml"),
            ("<html><link rel=feed href=/c>", "/c"),
            ("<html><link rel=alternate href=/ar><link rel=alternate href='/ar/feed/'>", "/ar/feed/"),
        ] {
            let found = announced(page.as_bytes(), &context);
            assert_eq!(found[0].url.path(), want, "{page}");
            assert_eq!(super::super::read(page.as_bytes(), &context, &|_| false), Err(Fault::Html), "{page}");
        }
    }
}
