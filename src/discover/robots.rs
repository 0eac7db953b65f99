//! Reads the `Sitemap` lines of a `robots.txt` (sitemaps.org; RFC 9309 2.2.4 leaves them to the crawler).

use crate::model::FeedUrl;

/// Maximum number of bytes read of the file. RFC 9309 2.5 requires at least 500 KiB.
const LENGTH: usize = 512_000;
/// Maximum number of sitemaps taken from it.
const MOST: usize = 100;

/// Returns the sitemaps that the file at `from` names, in its order. They apply to all robots, wherever in the file the line is.
pub(super) fn sitemaps(bytes: &[u8], from: &FeedUrl) -> Vec<FeedUrl> {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(LENGTH)]);
    let text = text.trim_start_matches('\u{feff}');
    let named = text.split(['\n', '\r']).filter_map(|line| {
        let (name, target) = line.split_once(':')?;
        let target = target.split('#').next().unwrap_or_default().trim();
        (name.trim().eq_ignore_ascii_case("sitemap") && !target.is_empty()).then_some(target)
    });
    named.filter_map(|target| FeedUrl::new(from.url().join(target).ok()?).ok()).take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_in_all_their_spellings() {
        let text = "\u{feff}User-agent: *\r\nDisallow: /x\rsitemap : https://a.example/1.xml # news\nSITEMAP:/2.xml\n\
            Sitemap:\nSitemap: ftp://a.example/3.xml\nSitemaps: https://a.example/4.xml\n# Sitemap: /5.xml";
        let from = FeedUrl::parse("https://a.example/robots.txt").unwrap();
        let found: Vec<_> = sitemaps(text.as_bytes(), &from).iter().map(ToString::to_string).collect();
        assert_eq!(found, ["https://a.example/1.xml", "https://a.example/2.xml"]);
        let many = "Sitemap: /a.xml\n".repeat(100_000);
        assert_eq!(sitemaps(many.as_bytes(), &from).len(), MOST);
    }
}
