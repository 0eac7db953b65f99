//! Finds the news sitemaps of sites whose pages announce no feed: in `robots.txt`, under common names, and in the indexes that
//! list them. Everything is bounded, whatever a site returns.

mod robots;

use crate::{
    fetch::{BodyShare, Fetched, Fetcher},
    model::{FeedUrl, Validators},
    parse::SitemapRef,
};
use jiff::Timestamp;
use std::{cmp::Reverse, collections::HashSet};

/// Maximum number of addresses tried for one site.
const TRIED: usize = 10;
/// Maximum number among them of sitemaps in `robots.txt` whose addresses do not mention news; they may be an index that lists a
/// news sitemap.
const UNSURE: usize = 2;
/// Maximum number of sitemaps of one index that are fetched in a poll.
pub const ASKED: usize = 5;
/// Maximum number of sitemaps that are fetched in a poll, those of indexes in an index included.
pub const ASKED_TOGETHER: usize = 10;
/// Common paths of news sitemaps, the most frequent first.
const USUAL: [&str; 6] = [
    "/sitemap-news.xml",
    "/news-sitemap.xml",
    "/googlenews.xml",
    "/sitemap_news.xml",
    "/sitemaps/news.xml",
    "/arc/outboundfeeds/sitemap-news/",
];

/// Returns the addresses at which the site of `page` may have a news sitemap, best first: those that its `robots.txt` names, then
/// the common ones. Fetches `robots.txt` and nothing else.
pub async fn sitemaps(fetcher: &Fetcher, page: &FeedUrl, now: Timestamp, share: &mut BodyShare) -> Vec<FeedUrl> {
    let at = |path: &str| FeedUrl::new(page.url().join(path).ok()?).ok();
    let mut named = Vec::new();
    if let Some(robots) = at("/robots.txt")
        && let Ok(Fetched::Document { body, .. }) =
            fetcher.get(&robots, &Validators::default(), now, share).await.result
    {
        named = robots::sitemaps(&body, &robots);
    }
    candidates(named, USUAL.iter().filter_map(|path| at(path)))
}

/// Returns addresses that mention news first, then a few others, then the common ones; each once.
fn candidates(named: Vec<FeedUrl>, usual: impl Iterator<Item = FeedUrl>) -> Vec<FeedUrl> {
    let (news, others): (Vec<_>, Vec<_>) = named.into_iter().partition(|url| is_about_news(url.url().path()));
    let mut seen = HashSet::new();
    let all = news.into_iter().take(TRIED / 2).chain(others.into_iter().take(UNSURE)).chain(usual);
    all.filter(|url| seen.insert(url.clone())).take(TRIED).collect()
}

/// Returns the sitemaps of an index to fetch, best first: only those at the index's own site, only those that mention news if any
/// does, the last changed first. Without dates the order of the index is kept.
#[must_use]
pub fn choose(index: &FeedUrl, listed: Vec<SitemapRef>) -> Vec<(FeedUrl, Option<Timestamp>)> {
    let mut seen = HashSet::from([index.clone()]);
    let own = listed.into_iter().filter_map(|sitemap| Some((FeedUrl::new(sitemap.url).ok()?, sitemap.changed)));
    let own = own.filter(|(url, _)| is_same_site(index, url) && seen.insert(url.clone()));
    let (mut news, others): (Vec<_>, Vec<_>) = own.partition(|(url, _)| is_about_news(url.url().path()));
    if news.is_empty() {
        news = others;
    }
    // The sort is stable: without dates the order of the index is kept.
    news.sort_by_key(|(_, changed)| Reverse(*changed));
    news.truncate(ASKED);
    news
}

/// Returns whether a path mentions news.
fn is_about_news(path: &str) -> bool {
    path.to_ascii_lowercase().contains("news")
}

/// Returns whether two addresses belong to one site: the hosts are the same, or one is a subdomain of the other. sitemaps.org
/// lets an index list only its own host; a sitemap elsewhere would make Warraq contact hosts that somebody else chose.
fn is_same_site(a: &FeedUrl, b: &FeedUrl) -> bool {
    let bare = |url: &FeedUrl| url.host().strip_prefix("www.").unwrap_or(url.host()).to_owned();
    let (one, other) = (bare(a), bare(b));
    let is_below = |host: &str, site: &str| site.contains('.') && host.ends_with(&format!(".{site}"));
    let are_names = a.url().domain().is_some() && b.url().domain().is_some();
    one == other || are_names && (is_below(&one, &other) || is_below(&other, &one))
}

#[cfg(test)]
mod tests {
    use super::*;
    use url::Url;

    fn url(text: &str) -> FeedUrl {
        FeedUrl::parse(text).unwrap()
    }

    fn chosen(listed: &[(&str, Option<&str>)]) -> Vec<String> {
        let listed = listed.iter().map(|(url, changed)| SitemapRef {
            url: Url::parse(url).unwrap(),
            changed: changed.map(|day| format!("{day}T00:00:00Z").parse().unwrap()),
        });
        choose(&url("https://www.a.example/sitemap.xml"), listed.collect()).iter().map(|c| c.0.to_string()).collect()
    }

    #[test]
    fn news_and_the_newest_come_first() {
        let found = chosen(&[
            ("https://www.a.example/posts-1.xml", Some("2026-11-02")),
            ("https://www.a.example/news-1.xml", Some("2026-10-01")),
            ("https://www.a.example/News-2.xml", Some("2026-11-01")),
            ("https://www.a.example/news-3.xml", None),
        ]);
        let names: Vec<_> = found.iter().map(|url| url.rsplit('/').next().unwrap()).collect();
        assert_eq!(names, ["News-2.xml", "news-1.xml", "news-3.xml"]);
        assert_eq!(chosen(&[("https://a.example/posts.xml", None)]), ["https://a.example/posts.xml"]);
    }

    #[test]
    fn an_index_leads_to_its_own_site_and_not_far() {
        let many: Vec<String> = (0..5_000).map(|n| format!("https://a.example/news-{n}.xml")).collect();
        let many: Vec<_> = many.iter().map(|url| (url.as_str(), None)).collect();
        assert_eq!(chosen(&many).len(), ASKED);
        for foreign in ["https://b.example/news.xml", "https://xa.example/news.xml", "ftp://a.example/news.xml"] {
            assert!(chosen(&[(foreign, None)]).is_empty(), "{foreign}");
        }
        assert!(chosen(&[("https://www.a.example/sitemap.xml", None)]).is_empty(), "the index itself");
        assert_eq!(chosen(&[("https://maps.a.example/news.xml", None)]).len(), 1);
        assert!(!is_same_site(&url("http://127.0.0.1/a"), &url("http://1.127.0.0.1.example/")));
        assert!(!is_same_site(&url("https://a.example/"), &url("https://example/")), "a whole top-level domain");
    }

    #[test]
    fn what_robots_names_comes_before_the_usual_names() {
        let named =
            ["posts.xml", "a.xml", "b.xml", "sitemap-news.xml"].map(|name| url(&format!("https://a.example/{name}")));
        let usual = USUAL.iter().map(|path| url(&format!("https://a.example{path}")));
        let found = candidates(named.to_vec(), usual);
        let paths: Vec<_> = found.iter().map(|url| url.url().path()).collect();
        assert_eq!(paths[..4], ["/sitemap-news.xml", "/posts.xml", "/a.xml", "/news-sitemap.xml"]);
        assert_eq!(paths.iter().filter(|path| **path == "/sitemap-news.xml").count(), 1);
        assert!(found.len() <= TRIED);
    }
}
