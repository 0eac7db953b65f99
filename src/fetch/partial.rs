//! Decides what can be used of a document whose transfer was interrupted.

use serde::de::IgnoredAny;
use std::borrow::Cow;

/// Returns whether a document is complete although its transfer failed: nothing follows the end of its root.
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    let bytes = &*ascii(bytes);
    let bytes = without_mark(bytes).trim_ascii();
    let end = memchr::memmem::rfind(bytes, b"</").map_or(&[][..], |at| &bytes[at..]);
    let root = [&b"</rss>"[..], b"</feed>", b"</rdf:RDF>", b"</urlset>", b"</sitemapindex>"]
        .iter()
        .any(|root| end.eq_ignore_ascii_case(root));
    root || bytes.starts_with(b"{") && bytes.ends_with(b"}") && serde_json::from_slice::<IgnoredAny>(bytes).is_ok()
}

/// Returns the bytes of a document in which its tags can be found: those of UTF-16 without the zeros beside ASCII characters.
fn ascii(bytes: &[u8]) -> Cow<'_, [u8]> {
    let bytes = match bytes {
        [0xFF, 0xFE, rest @ ..] | [0xFE, 0xFF, rest @ ..] => rest,
        [0, other, ..] | [other, 0, ..] if *other != 0 => bytes,
        _ => return Cow::Borrowed(bytes),
    };
    Cow::Owned(bytes.iter().copied().filter(|byte| *byte != 0).collect())
}

/// Returns a document without its byte order mark.
fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes)
}

/// Returns whether a truncated document contains a complete entry. With less it is useless.
pub(super) fn has_entry(bytes: &[u8]) -> bool {
    let bytes = &*ascii(bytes);
    let closes = [&b"</item>"[..], b"</entry>", b":item>", b":entry>", b"</url>"];
    let json = without_mark(bytes).trim_ascii_start().starts_with(b"{") && memchr::memmem::find(bytes, b"},").is_some();
    json || closes.iter().any(|end| memchr::memmem::find(bytes, end).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_root_is_the_end() {
        assert!(is_whole(b"<rss><item></item></rss>\n") && is_whole(b"{\"items\": []}"));
        assert!(is_whole("\u{feff}\n{\"items\": [{\"id\": \"1\"}]}\r\n".as_bytes()));
        assert!(!is_whole(b"{\"items\": [{\"id\": \"1\"}"), "the end of an item is not the end of the document");
        assert!(!is_whole(b"<rss><item></item>") && !is_whole(b"<feed></feed") && !is_whole(b""));
        assert!(has_entry(b"<rss><item></item><it") && has_entry(b"{\"items\": [{}, {"));
        assert!(!has_entry(b"<rss><channel><title>a</title>") && !has_entry(b"<html>"));
    }

    #[test]
    fn documents_in_utf_16_end_too() {
        for mark in ["", "\u{feff}"] {
            for (order, big) in [(u16::to_le_bytes as fn(u16) -> [u8; 2], false), (u16::to_be_bytes, true)] {
                let encoded = |text: &str| format!("{mark}{text}").encode_utf16().flat_map(order).collect::<Vec<u8>>();
                assert!(is_whole(&encoded("<rss><item>خبر</item></rss>\n")), "{mark:?} {big}");
                assert!(!is_whole(&encoded("<rss><item>خبر</item>")), "{mark:?} {big}");
                assert!(has_entry(&encoded("<rss><item>خبر</item><it")), "{mark:?} {big}");
                assert!(!has_entry(&encoded("<rss><item>خبر")), "{mark:?} {big}");
            }
        }
    }
}
