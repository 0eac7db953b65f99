//! Reads news sitemaps (sitemaps.org 0.9 with `news:` elements) as feeds, and the indexes that list them.

use super::{
    ParseContext, Repairs, charset, dates,
    draft::{EntryDraft, FeedDraft},
    language::language,
    limits::Limits,
    links::{Links, absolute_text, first},
    names::Tag,
    people,
    text::{self, Else},
    tree::{NodeId, TOP, Tree},
};
use crate::model::Fault;
use jiff::Timestamp;
use url::Url;

/// Maximum number of sitemaps read from one index. sitemaps.org allows 50,000; those to fetch are chosen among them.
const LISTED: usize = 50_000;

/// A sitemap that an index lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SitemapRef {
    /// Its address.
    pub url: Url,
    /// When it last changed, if the index states it.
    pub changed: Option<Timestamp>,
}

/// Returns the sitemaps that an index lists, in its order, or `None` when the document is not an index.
#[must_use]
pub fn sitemap_index(bytes: &[u8], context: &ParseContext) -> Option<Vec<SitemapRef>> {
    let mut repairs = Repairs::default();
    let decoded = charset::decode(bytes, context.charset(), context.tld(), &mut repairs);
    // A search is cheaper than the tree, and most documents are not indexes.
    memchr::memmem::find(decoded.text.as_bytes(), b"sitemapindex")?;
    let tree = Tree::read(&decoded.text, context.base.as_ref(), &Limits::of(context), &mut repairs).ok()?;
    let (_, root) = tree.descend(TOP, |_| false).into_iter().find(|(tag, _)| *tag == Tag::SitemapIndex)?;
    let sitemaps = tree.descend(root, |tag| tag != Tag::Sitemap).into_iter().filter(|(tag, _)| *tag == Tag::Sitemap);
    let one = |id: NodeId| {
        let url = Url::parse(&absolute_text(&tree, tree.child(id, Tag::Loc)?)?).ok()?;
        let changed = tree.child(id, Tag::LastMod).and_then(|id| text::plain(&tree, id));
        Some(SitemapRef { url, changed: changed.and_then(|text| dates::instant(&text, &context.zone)) })
    };
    Some(sitemaps.take(LISTED).filter_map(|(_, id)| one(id)).collect())
}

/// Returns whether the page is described as a news article.
pub(super) fn is_news(tree: &Tree<'_>, id: NodeId) -> bool {
    tree.elements(id).any(|(tag, _)| matches!(tag, Tag::News | Tag::NewsTitle | Tag::NewsDate))
}

/// Reads what a sitemap says about its publication: the name and language stated by its first article.
///
/// # Errors
/// [`Fault::NotAFeed`] when it lists pages but no news.
pub(super) fn feed(tree: &Tree<'_>, root: NodeId) -> Result<FeedDraft, Fault> {
    let pages = || tree.elements(root).filter(|(tag, _)| *tag == Tag::Item).map(|(_, id)| id);
    let mut feed = FeedDraft::default();
    let Some(article) = pages().find(|id| is_news(tree, *id)) else {
        if pages().next().is_none() {
            return Ok(feed);
        }
        return Err(Fault::NotAFeed("a sitemap of pages without news".to_owned()));
    };
    for (tag, id) in tree.descend(article, |_| true) {
        match tag {
            Tag::NewsName => first(&mut feed.title, || text::markup(tree, id, Else::Guess)),
            Tag::NewsLanguage => first(&mut feed.language, || language(&text::plain(tree, id)?)),
            _ => {}
        }
    }
    Ok(feed)
}

/// Reads one article.
pub(super) fn entry(tree: &Tree<'_>, id: NodeId, links: Links) -> EntryDraft {
    let mut draft = EntryDraft { link: links.page, ..EntryDraft::default() };
    let plain = |id| text::plain(tree, id).map(std::borrow::Cow::into_owned);
    for (tag, child) in tree.descend(id, |tag| tag != Tag::Item) {
        match tag {
            Tag::NewsTitle | Tag::Title => first(&mut draft.title, || text::markup(tree, child, Else::Guess)),
            Tag::NewsDate | Tag::PubDate => first(&mut draft.published, || plain(child)),
            Tag::LastMod => first(&mut draft.updated, || plain(child)),
            Tag::NewsLanguage | Tag::Language => first(&mut draft.language, || language(&plain(child)?)),
            Tag::NewsKeywords | Tag::Category => people::keywords(tree, child, None, &mut draft.categories),
            Tag::SitemapImage => {
                let picture = || absolute_text(tree, tree.child(child, Tag::Loc)?);
                first(&mut draft.image, picture);
            }
            _ => {}
        }
    }
    draft
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DocumentFormat, ParsedFeed};
    use crate::parse::read;

    const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\" \
        xmlns:news=\"http://www.google.com/schemas/sitemap-news/0.9\" \
        xmlns:image=\"http://www.google.com/schemas/sitemap-image/1.1\">";

    fn context() -> ParseContext {
        ParseContext { base: Url::parse("https://a.example/sitemap-news.xml").ok(), ..ParseContext::default() }
    }

    fn parsed(text: &str) -> Result<ParsedFeed, Fault> {
        read(text.as_bytes(), &context(), &|_| false)
    }

    fn article(path: &str, title: &str) -> String {
        format!(
            "<url><loc>https://a.example/{path}</loc><lastmod>2026-11-02T10:00:00Z</lastmod><news:news><news:publication>\
             <news:name>Le Quotidien</news:name><news:language>fr</news:language></news:publication>\
             <news:publication_date>2026-11-02T09:30:00+01:00</news:publication_date><news:title>{title}</news:title>\
             <news:keywords>Port, Pêche،سمك</news:keywords></news:news>\
             <image:image><image:loc>https://a.example/{path}.jpg</image:loc></image:image></url>"
        )
    }

    #[test]
    fn an_article_is_an_entry() {
        let page = "<url><loc>https://a.example/about</loc></url>";
        let feed = parsed(&format!("{HEAD}{}{page}</urlset>", article("1", "L&apos;été &amp; la mer"))).unwrap();
        assert_eq!((feed.format, feed.partial, feed.listed.len()), (DocumentFormat::NewsSitemap, false, 1));
        assert_eq!(feed.title.as_ref().unwrap().as_str(), "Le Quotidien");
        assert_eq!((feed.language.as_deref(), feed.repairs.as_slice()), (Some("fr"), &[][..]));
        let entry = feed.listed[0].entry.as_ref().unwrap();
        assert_eq!(entry.title.as_ref().unwrap().as_str(), "L'été & la mer");
        assert_eq!((entry.id.as_deref(), entry.link.as_deref()), (None, Some("https://a.example/1")));
        assert_eq!(entry.published.unwrap().to_string(), "2026-11-02T08:30:00Z");
        assert_eq!(entry.updated.unwrap().to_string(), "2026-11-02T10:00:00Z");
        assert_eq!(entry.image.as_deref(), Some("https://a.example/1.jpg"));
        assert_eq!(entry.language.as_deref(), Some("fr"));
        let terms: Vec<&str> = entry.categories.iter().map(|c| c.term.as_str()).collect();
        assert_eq!(terms, ["Port", "Pêche", "سمك"]);
        assert!(entry.summary.is_none() && entry.content.is_none());
    }

    #[test]
    fn broken_ones_are_read() {
        let two = article("1", "one") + &article("2", "two");
        let whole = format!("{HEAD}{two}</urlset>");
        for (name, text, entries) in [
            ("without namespaces", whole.replace(&HEAD[HEAD.find(" xmlns=").unwrap()..], ">"), 2),
            ("wrong address", whole.replace("google.com/schemas/sitemap-news/0.9", "example.com/news"), 2),
            ("https", whole.replace("http://www.google", "https://www.google"), 2),
            ("another prefix", whole.replace("news:", "n:").replace("xmlns:news", "xmlns:n"), 2),
            ("bare ampersand", whole.replace("one", "a & b &nbsp; c"), 2),
            ("no end of url", whole.replace("</url>", ""), 2),
            ("cut", whole[..whole.len() - 60].to_owned(), 1),
            ("blank before", format!("\n \u{feff}{whole}"), 2),
            ("relative", whole.replace("https://a.example/", "/"), 2),
            ("CDATA", whole.replace("one", "<![CDATA[a & <b>b</b>]]>"), 2),
            ("no title", whole.replace("<news:title>one</news:title>", ""), 2),
            ("empty", format!("{HEAD}</urlset>"), 0),
        ] {
            let feed = parsed(&text).unwrap_or_else(|why| panic!("{name}: {why}"));
            assert_eq!((feed.format, feed.listed.len()), (DocumentFormat::NewsSitemap, entries), "{name}");
            let links = feed.listed.iter().map(|l| l.entry.as_ref().unwrap().link.clone().unwrap());
            assert!(links.enumerate().all(|(n, link)| link == format!("https://a.example/{}", n + 1)), "{name}");
        }
    }

    #[test]
    fn pages_without_news_and_indexes_are_no_feeds() {
        let pages = format!("{HEAD}<url><loc>https://a.example/about</loc></url></urlset>");
        assert_eq!(parsed(&pages), Err(Fault::NotAFeed("a sitemap of pages without news".to_owned())));
        let index = "<sitemapindex xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\"><sitemap><loc> /a.xml.gz\n</loc>\
            <lastmod>2026-11-02</lastmod></sitemap><sitemap><loc>https://b.example/b.xml?a=1&amp;b=2</loc></sitemap>\
            <sitemap/></sitemapindex>";
        assert!(matches!(parsed(index), Err(Fault::NotAFeed(_))));
        let listed = sitemap_index(index.as_bytes(), &context()).unwrap();
        let listed: Vec<_> = listed.iter().map(|s| (s.url.as_str(), s.changed.map(|at| at.to_string()))).collect();
        let day = Some("2026-11-02T00:00:00Z".to_owned());
        assert_eq!(listed, [("https://a.example/a.xml.gz", day), ("https://b.example/b.xml?a=1&b=2", None)]);
        assert_eq!(sitemap_index(pages.as_bytes(), &context()), None);
    }

    #[test]
    fn a_url_element_is_an_entry_in_sitemaps_only() {
        let rss = "<rss version=\"2.0\"><channel><title>t</title><image><url>https://a.example/i.png</url></image>\
            <item><title>a</title><link>https://a.example/1</link></item></channel></rss>";
        let feed = parsed(rss).unwrap();
        assert_eq!((feed.format, feed.listed.len()), (DocumentFormat::Rss20, 1));
        assert_eq!(feed.image.as_deref(), Some("https://a.example/i.png"));
    }
}
