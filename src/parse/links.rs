//! Chooses the page among the addresses of an element. This is needed for every entry, even one that is known and not read.

use super::limits::LIST;
use super::names::Tag;
use super::text;
use super::tree::{NodeId, Tree};
use crate::model::{Enclosure, address, escape::escaped};
use std::borrow::Cow;

/// The addresses of an entry or a feed.
#[derive(Debug, Default)]
pub(super) struct Links {
    /// guid, `atom:id` or `rdf:about`, trimmed.
    pub id: Option<String>,
    /// Address of its page.
    pub page: Option<String>,
    /// Its own address (`rel=self`).
    pub own: Option<String>,
    /// WebSub hub (`rel=hub`).
    pub hub: Option<String>,
    /// The next older archive document (RFC 5005 4, `rel=prev-archive`).
    pub archive: Option<String>,
    /// The next page of a paged feed (RFC 5005 3, `rel=next`).
    pub next: Option<String>,
    /// Comments page (`rel=replies`).
    pub replies: Option<String>,
    /// Attached files (`rel=enclosure`).
    pub files: Vec<Enclosure>,
}

/// Candidates for the page, best last.
#[derive(Debug, Default)]
struct PageLinks {
    /// An `atom:id` or `rdf:about` that is an address. It need not be one of a page, but programs take it from there (RFC 4287 4.2.6,
    /// RSS 1.0 5.5).
    id: Option<String>,
    /// Content that is a page of its own.
    content: Option<String>,
    canonical: Option<String>,
    permalink: Option<String>,
    other_type: Option<String>,
    alternate: Option<String>,
    text: Option<String>,
    original: Option<String>,
}

impl Links {
    /// Returns the bytes that the addresses take in memory.
    pub fn weight(&self) -> usize {
        let Self { id, page, own, hub, archive, next, replies, files } = self;
        let texts = [id, page, own, hub, archive, next, replies].into_iter().flatten().map(String::len);
        size_of::<Self>() + texts.sum::<usize>() + files.iter().map(file_weight).sum::<usize>()
    }

    /// Reads the addresses in the children (and, in CDF, the attributes) of `id`.
    pub fn read(tree: &Tree<'_>, id: NodeId) -> Self {
        let mut links = Self::default();
        let mut pages = PageLinks::default();
        for (tag, child) in tree.elements(id) {
            match tag {
                Tag::Id => links.identity(tree, child, &mut pages),
                Tag::Link => links.link(tree, child, &mut pages),
                Tag::Content => links.content(tree, child, &mut pages),
                Tag::Loc => first(&mut pages.text, || absolute_text(tree, child)),
                Tag::OriginalLink => first(&mut pages.original, || address::absolute(None, &text::plain(tree, child)?)),
                _ => {}
            }
        }
        if links.id.is_none() {
            links.id = tree.attr(id, "about").map(|about| about.trim().to_owned()).filter(|about| !about.is_empty());
            let about = links.id.as_deref().filter(|about| address::is_absolute(about));
            first(&mut pages.id, || address::absolute(None, about?));
        }
        first(&mut pages.text, || address::absolute(tree.base(id), &tree.attr(id, "href")?));
        let page = pages.original.or(pages.text).or(pages.alternate).or(pages.other_type).or(pages.permalink);
        let page = page.or(pages.canonical).or(pages.content).or_else(|| player(tree, id));
        links.page = page.or_else(|| pages.id.filter(|_| tree.node(id).tag == Tag::Item));
        links
    }

    fn identity(&mut self, tree: &Tree<'_>, child: NodeId, pages: &mut PageLinks) {
        let Some(text) = text::plain(tree, child) else { return };
        // RSS 2.0: a guid is the address of the page unless it says otherwise. An `atom:id` never is.
        let guid = super::tree::local(tree.node(child).text).eq_ignore_ascii_case("guid");
        let said = tree.attr(child, "isPermaLink").map(|said| said.trim().eq_ignore_ascii_case("true"));
        if guid && said != Some(false) {
            // A relative guid is an address only if it says so or looks like one: `12345` is not a page.
            let base = tree.base(child).filter(|_| said == Some(true) || is_path(&text));
            first(&mut pages.permalink, || address::absolute(base, &text));
        }
        if !guid && address::is_absolute(&text) {
            first(&mut pages.id, || address::absolute(None, &text));
        }
        first(&mut self.id, || Some(text.into_owned()));
    }

    /// Reads content that is elsewhere (RFC 4287 4.1.3.2): a page, or a file such as a video.
    fn content(&mut self, tree: &Tree<'_>, child: NodeId, pages: &mut PageLinks) {
        let Some(src) = tree.attr(child, "src").filter(|src| !src.trim().is_empty()) else { return };
        let Some(url) = address::absolute(tree.base(child), &src) else { return };
        let media_type = tree.attr(child, "type").map(|t| t.trim().to_ascii_lowercase()).filter(|t| !t.is_empty());
        if media_type.as_deref().is_none_or(|t| t.contains("html")) {
            first(&mut pages.content, || Some(url));
        } else if self.files.len() <= LIST && self.files.iter().all(|file| file.url != url) {
            self.files.push(Enclosure { url, media_type, length: None, text: None, duration: None });
        }
    }

    fn link(&mut self, tree: &Tree<'_>, child: NodeId, pages: &mut PageLinks) {
        let stated = tree.attr(child, "href").or_else(|| tree.attr(child, "url"));
        let text = || text::plain(tree, child);
        let target = match stated {
            Some(stated) if leads_nowhere(&stated) => None,
            // `href=""` is the base itself (RFC 3986 4.4), unless the element contains the address as text.
            Some(stated) if !stated.trim().is_empty() => address::absolute(tree.base(child), &stated),
            Some(_) => match text() {
                Some(text) => address::absolute(tree.base(child), &text),
                None if tree.has_own_base(child) => tree.base(child).map(ToString::to_string),
                None if tree.attr(child, "rel").is_some_and(|rel| rel == "self") => {
                    tree.address().map(ToString::to_string)
                }
                None => None,
            },
            None => match tree.attr(child, "rel") {
                // The `link` of RSS.
                None => {
                    return first(&mut pages.text, || {
                        absolute_text(tree, child).filter(|_| text().is_none_or(|text| !leads_nowhere(&text)))
                    });
                }
                Some(_) => text().and_then(|text| address::absolute(tree.base(child), &text)),
            },
        };
        let Some(target) = target else { return };
        let rel = tree.attr(child, "rel").map_or(Cow::Borrowed("alternate"), |rel| relation(&rel).into());
        let media_type = tree.attr(child, "type").map(|t| t.trim().to_ascii_lowercase()).filter(|t| !t.is_empty());
        let html = media_type.as_deref().is_none_or(|t| t.contains("html"));
        let slot = match &*rel {
            "" | "alternate" if html => &mut pages.alternate,
            "" | "alternate" => &mut pages.other_type,
            "canonical" if html => &mut pages.canonical,
            "self" => &mut self.own,
            "hub" => &mut self.hub,
            "prev-archive" => &mut self.archive,
            "next" => &mut self.next,
            "replies" | "comments" if html => &mut self.replies,
            "enclosure" => {
                let length = tree.attr(child, "length").and_then(|length| length.trim().parse().ok());
                // One more than is kept, so that a longer list is noticed.
                if self.files.len() <= LIST {
                    let text = tree.attr(child, "title").map(|title| escaped(&title));
                    self.files.push(Enclosure { url: target, media_type, length, text, duration: None });
                }
                return;
            }
            _ => return,
        };
        first(slot, || Some(target));
    }
}

/// Returns whether a link is one that templates have until their address is known.
fn leads_nowhere(text: &str) -> bool {
    matches!(text.trim(), "#" | "#!")
}

/// Returns the address that a `comments` element states. Some writers state a number of comments there, or that they are closed.
pub(super) fn comments(tree: &Tree<'_>, id: NodeId) -> Option<String> {
    let text = text::plain(tree, id)?;
    let is_relative = || !text.contains(char::is_whitespace) && text.contains(['/', '?', '#']);
    let is_address = address::is_absolute(&text) || text.starts_with("www.") || is_relative();
    if is_address { address::absolute(tree.base(id), &text) } else { None }
}

/// Returns whether a text is written as the path of a page. Base64 may begin with a slash too.
fn is_path(text: &str) -> bool {
    let is_plain = !text.contains(|c: char| c.is_whitespace() || c == ':') && !text.ends_with('=');
    let path = text.split(['?', '#']).next().unwrap_or_default();
    let is_file = || path.contains('/') && [".html", ".htm", ".php", ".aspx"].iter().any(|end| path.ends_with(end));
    is_plain && (["/", "./", "../"].iter().any(|start| text.starts_with(start)) || is_file())
}

/// Returns the relation that a link states: a registered name or its full address (RFC 4287 4.2.7.2). Some writers state several, as
/// in HTML (`alternate nofollow`).
fn relation(rel: &str) -> String {
    let rel = rel.to_ascii_lowercase();
    let mut words = rel.split_ascii_whitespace().map(|word| word.rsplit('/').next().unwrap_or_default());
    let first = words.clone().next().unwrap_or_default();
    if words.any(|word| word == "alternate") { "alternate" } else { first }.to_owned()
}

/// Returns the page that plays the media of an entry (Media RSS, `media:player`): the only page that some video programs state.
fn player(tree: &Tree<'_>, id: NodeId) -> Option<String> {
    let media = tree.descend_by(id, |_, node| matches!(node.tag, Tag::MediaGroup | Tag::MediaContent));
    let mut players = media.filter(|(tag, _)| *tag == Tag::MediaPlayer);
    players.find_map(|(_, player)| address::absolute(tree.base(player), &tree.attr(player, "url")?))
}

/// Returns the bytes that an enclosure takes in memory.
pub(super) fn file_weight(file: &Enclosure) -> usize {
    let texts = [&file.media_type, &file.text].into_iter().flatten();
    size_of::<Enclosure>() + file.url.len() + texts.map(String::len).sum::<usize>()
}

/// Fills the slot if it is empty.
pub(super) fn first<T>(slot: &mut Option<T>, value: impl FnOnce() -> Option<T>) {
    if slot.is_none() {
        *slot = value();
    }
}

/// Returns the absolute address that is an element's text.
pub(super) fn absolute_text(tree: &Tree<'_>, id: NodeId) -> Option<String> {
    address::absolute(tree.base(id), &text::plain(tree, id)?)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_of_an_atom_entry_without_an_alternate_link() {
        let items = [
            ("<id>u:1</id><link rel='canonical' href='/c'/>", Some("/c"), 0),
            ("<id>u:1</id><link rel='alternate nofollow' href='/a'/><link rel='canonical' href='/c'/>", Some("/a"), 0),
            ("<id>http://a.example/1</id>", Some("/1"), 0),
            ("<id>http://a.example/1</id><link href='/2'/>", Some("/2"), 0),
            ("<id>tag:a.example,2026:1</id>", None, 0),
            // The address of the entry's own document, which is no page.
            ("<id>u:1</id><link rel='self' href='/e.atom'/>", None, 0),
            ("<id>u:1</id><content type='text/html' src='/page'/>", Some("/page"), 0),
            ("<id>u:1</id><content src='/page'/><link href='/2'/>", Some("/2"), 0),
            ("<id>u:1</id><content type='video/mp4' src='/v.mp4'/>", None, 1),
            ("<id>u:1</id><link rel='enclosure' href='/v.mp4'/><content type='video/mp4' src='v.mp4'/>", None, 1),
        ];
        for (inside, want, files) in items {
            let atom =
                format!("<feed xmlns='http://www.w3.org/2005/Atom'><entry><title>A</title>{inside}</entry></feed>");
            let context = crate::parse::ParseContext {
                base: url::Url::parse("http://a.example/feed").ok(),
                ..crate::parse::ParseContext::default()
            };
            let feed = crate::parse::read(atom.as_bytes(), &context, &|_| false).unwrap();
            let entry = feed.listed[0].entry.as_ref().unwrap();
            let want = want.map(|path| format!("http://a.example{path}"));
            assert_eq!((entry.link.clone(), entry.enclosures.len()), (want, files), "{inside}");
        }
    }

    fn links(document: &str, base: &str) -> crate::model::ParsedFeed {
        let base = url::Url::parse(base).ok();
        let context = crate::parse::ParseContext { base, ..crate::parse::ParseContext::default() };
        crate::parse::read(document.as_bytes(), &context, &|_| false).unwrap()
    }

    #[test]
    fn a_link_that_leads_nowhere_is_none() {
        for (inside, link, comments) in [
            ("<link>#</link><guid>https://s.example/a</guid>", Some("/a"), None),
            ("<link>#</link>", None, None),
            ("<a:link href='#!'/><guid>https://s.example/a</guid>", Some("/a"), None),
            ("<link>#a</link>", Some("/#a"), None),
            ("<link>/a</link><comments>12</comments>", Some("/a"), None),
            ("<link>/a</link><comments>Comments are closed.</comments>", Some("/a"), None),
            ("<link>/a</link><comments>Closed</comments>", Some("/a"), None),
            ("<link>/a</link><comments>/a#comments</comments>", Some("/a"), Some("/a#comments")),
            ("<link>/a</link><comments>\n https://s.example/a#c </comments>", Some("/a"), Some("/a#c")),
        ] {
            let rss = format!(
                "<rss xmlns:a='http://www.w3.org/2005/Atom'><channel><title>S</title><link>https://s.example/</link>\
                 <item><title>A</title>{inside}</item></channel></rss>"
            );
            let feed = links(&rss, "https://f.example/f");
            let entry = feed.listed[0].entry.as_ref().unwrap();
            let [link, comments] = [link, comments].map(|path| path.map(|path| format!("https://s.example{path}")));
            assert_eq!((&entry.link, &entry.comments), (&link, &comments), "{inside}");
        }
    }

    #[test]
    fn a_guid_in_the_form_of_a_path_is_an_address() {
        for (guid, want) in [
            ("/a/1", Some("/a/1")),
            ("../a/1?b=c", Some("/a/1?b=c")),
            ("2026/11/a.html", Some("/blog/2026/11/a.html")),
            ("12345", None),
            ("tag:s.example,2026:/a/1", None),
            ("abc/def", None),
            ("/9j4AAQ==", None),
            ("a title / of a post", None),
        ] {
            let item = format!("<item><title>A</title><guid>{guid}</guid></item>");
            let rss =
                format!("<rss><channel><title>S</title><link>https://s.example/blog/</link>{item}</channel></rss>");
            let want = want.map(|path| format!("https://s.example{path}"));
            let link = |rss: &str| links(rss, "https://f.example/f").listed[0].entry.as_ref().unwrap().link.clone();
            assert_eq!(link(&rss), want, "{guid}");
            assert_eq!(link(&rss.replace("<guid>", "<guid isPermaLink='false'>")), None, "{guid}");
        }
    }

    #[test]
    fn what_an_item_of_rss_1_is_about_is_its_page_where_it_has_no_link() {
        for (about, link, want) in [
            ("https://a.example/1", "", Some("https://a.example/1")),
            ("https://a.example/1", "<link/>", Some("https://a.example/1")),
            ("https://a.example/1", "<link>https://a.example/2</link>", Some("https://a.example/2")),
            ("urn:1", "", None),
        ] {
            let rdf = format!(
                "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'>\
                 <channel><title>S</title></channel><item rdf:about='{about}'><title>A</title>{link}</item></rdf:RDF>"
            );
            let feed = links(&rdf, "https://f.example/f");
            assert_eq!(feed.listed[0].entry.as_ref().unwrap().link.as_deref(), want, "{rdf}");
        }
    }

    #[test]
    fn an_empty_self_is_the_document() {
        for (site, base, want) in [
            ("https://s.example/blog/", "", "https://f.example/f.xml"),
            ("https://f.example/blog/", "", "https://f.example/f.xml"),
            ("https://s.example/blog/", " xml:base='https://b.example/f'", "https://b.example/f"),
        ] {
            let rss = format!(
                "<rss xmlns:atom='http://www.w3.org/2005/Atom'><channel><title>S</title><link>{site}</link>\
                 <atom:link rel='self' href=''{base}/><item><title>A</title></item></channel></rss>"
            );
            assert_eq!(links(&rss, "https://f.example/f.xml").self_link.as_deref(), Some(want), "{rss}");
        }
    }

    #[test]
    fn a_player_is_the_page_only_where_nothing_else_is() {
        let player = |n: u8| format!("<media:player url='/watch/{n}' width='1'/>");
        let in_group = format!("<media:group><media:content url='v.mp4'>{}</media:content></media:group>", player(3));
        let items = [
            (player(1), Some("https://v.example/watch/1")),
            (format!("{}<link>https://v.example/page</link>", player(2)), Some("https://v.example/page")),
            (in_group, Some("https://v.example/watch/3")),
            ("<media:player url=''/>".to_owned(), None),
            ("<media:player/>".to_owned(), None),
        ];
        for (inside, want) in items {
            let rss = format!(
                "<rss version='2.0' xmlns:media='http://search.yahoo.com/mrss/'><channel><title>V</title>\
                 <item><title>A</title><guid isPermaLink='false'>1</guid>{inside}</item></channel></rss>"
            );
            let context = crate::parse::ParseContext {
                base: url::Url::parse("https://v.example/feed").ok(),
                ..crate::parse::ParseContext::default()
            };
            let feed = crate::parse::read(rss.as_bytes(), &context, &|_| false).unwrap();
            assert_eq!(feed.listed[0].entry.as_ref().unwrap().link.as_deref(), want, "{inside}");
        }
    }
}
