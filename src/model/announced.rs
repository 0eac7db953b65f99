//! Which links of a page or of its headers announce a feed.

/// Media types of feeds, registered or not.
const FEEDS: [&str; 11] = [
    "application/rss+xml",
    "application/atom+xml",
    "application/feed+json",
    "application/rdf+xml",
    "application/x-rss+xml",
    "application/x-rss",
    "application/x-atom+xml",
    "application/x.atom+xml",
    "text/rss+xml",
    "application/rss",
    "application/atom",
];

/// Media types of feeds and of much else.
const GENERAL: [&str; 3] = ["text/xml", "application/xml", "application/json"];

/// Returns whether a link with this media type and target leads to a feed. Where the type says only XML or JSON, the target decides.
#[must_use]
pub fn announces_feed(media_type: &str, target: &str) -> bool {
    let kind = media_type.split(';').next().unwrap_or_default().trim();
    let is_of = |kinds: &[&str]| kinds.iter().any(|known| known.eq_ignore_ascii_case(kind));
    is_of(&FEEDS) || is_of(&GENERAL) && looks_like_feed(target)
}

/// Returns whether outlets serve feeds under such an address.
#[must_use]
pub fn looks_like_feed(target: &str) -> bool {
    let target = target.to_ascii_lowercase();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let path = path.split('#').next().unwrap_or_default().trim_end_matches('/');
    let last = path.rsplit('/').next().unwrap_or_default();
    [".rss", ".atom", ".rdf"].iter().any(|ending| last.ends_with(ending))
        || matches!(last, "feed" | "rss" | "atom" | "feed.xml" | "rss.xml" | "atom.xml" | "index.xml" | "feed.json")
        || query.split('&').any(|part| part.starts_with("feed="))
}

#[cfg(test)]
mod tests {
    use super::announces_feed;

    #[test]
    fn a_general_type_needs_an_address_of_feeds() {
        for (media_type, target, want) in [
            ("application/rss+xml", "/x", true),
            ("Application/X.Atom+XML", "/x", true),
            ("application/x-atom+xml; charset=utf-8", "/x", true),
            ("text/xml", "/rss.xml", true),
            ("text/xml", "/sitemap.xml", false),
            ("application/json", "/wp-json/wp/v2/posts/1", false),
            ("application/json", "/feed.json", true),
            ("text/html", "/feed", false),
        ] {
            assert_eq!(announces_feed(media_type, target), want, "{media_type} {target}");
        }
    }
}
