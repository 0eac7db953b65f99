//! The id of an entry in published feeds.

use crate::model::{Entry, uri::without_userinfo};
use std::borrow::Cow;

/// Maximum length of an outlet's id that is published, in bytes. A longer one is probably text and not an id.
const MAX: usize = 1024;

/// Returns the outlet's own id if it is an absolute ASCII IRI (RFC 4287 4.2.6: a republished entry keeps its id) that no other
/// entry has, else an id that every installation generates alike.
#[must_use]
pub fn iri(entry: &Entry, feed_url: &str, is_held: bool) -> String {
    match &entry.source_id {
        // If the key is more than the id, another entry of the document has the same id.
        Some(own) if !is_held && *own == entry.key.0 && is_absolute(own) && is_shown(own) => own.clone(),
        _ => minted(feed_url, &entry.key.0),
    }
}

/// Returns whether an id may be shown: it holds no password, and is nothing that a reader would execute.
fn is_shown(id: &str) -> bool {
    !opens_something(id) && matches!(without_userinfo(id), Cow::Borrowed(_))
}

/// Returns whether a reader that opens an id as a link would execute it or open something on its own machine.
fn opens_something(id: &str) -> bool {
    let scheme = id.split_once(':').map_or("", |(scheme, _)| scheme);
    ["javascript", "data", "vbscript", "about", "file", "blob"].iter().any(|known| known.eq_ignore_ascii_case(scheme))
}

/// Generates a `urn:uuid:` of version 8 (RFC 9562 5.8) from a hash of the feed's configured address and the key.
fn minted(feed_url: &str, key: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(feed_url.len() as u64).to_le_bytes());
    hasher.update(feed_url.as_bytes()).update(key.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = u128::from_be_bytes(bytes);
    let text = format!("{hex:032x}");
    format!("urn:uuid:{}-{}-{}-{}-{}", &text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..])
}

/// Returns whether `text` is an absolute IRI of ASCII characters only that follows the grammar of its scheme (RFC 3986 3).
#[must_use]
pub fn is_absolute(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let scheme_bytes = scheme.as_bytes();
    let good_scheme = scheme_bytes.len() > 1
        && scheme_bytes[0].is_ascii_alphabetic()
        && scheme_bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(b));
    let good_rest = !rest.is_empty() && text.len() <= MAX && rest.bytes().all(is_iri_byte) && escapes_are_whole(rest);
    good_scheme && good_rest && scheme_allows(&scheme.to_ascii_lowercase(), rest)
}

fn is_iri_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&b)
}

fn escapes_are_whole(text: &str) -> bool {
    text.split('%').skip(1).all(|after| after.len() >= 2 && after.bytes().take(2).all(|b| b.is_ascii_hexdigit()))
}

/// Returns whether the rest follows the rules of the schemes that feeds use.
fn scheme_allows(scheme: &str, rest: &str) -> bool {
    match scheme {
        "http" | "https" => url::Url::parse(&format!("{scheme}:{rest}")).is_ok() && rest.starts_with("//"),
        // RFC 4151: tag:authority,date:specific
        "tag" => rest.split_once(',').is_some_and(|(who, rest)| !who.is_empty() && rest.contains(':')),
        // RFC 8141: urn:namespace:specific
        "urn" => rest.split_once(':').is_some_and(|(space, name)| match space.to_ascii_lowercase().as_str() {
            "uuid" => is_uuid(name),
            _ => space.len() > 1 && !name.is_empty(),
        }),
        _ => true,
    }
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|g| g.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|g| g.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::super::testing::arrival;
    use super::*;

    #[test]
    fn an_absolute_ascii_iri_is_kept() {
        for own in [
            "https://outlet.ma/a?p=7#x",
            "tag:outlet.ma,2026-11-02:/a/7",
            "urn:uuid:00000000-0000-8000-8000-00000000000a",
            "yt:video:abc",
            "x-javascript:a",
            "magnet:?xt=urn:btih:a",
        ] {
            let mut entry = std::sync::Arc::unwrap_or_clone(arrival(own, "t", "").entry);
            assert_eq!(iri(&entry, "https://outlet.ma/rss", false), own);
            assert!(iri(&entry, "https://outlet.ma/rss", true).starts_with("urn:uuid:"));
            entry.key.0.push_str(" https://outlet.ma/a");
            assert!(iri(&entry, "https://outlet.ma/rss", false).starts_with("urn:uuid:"));
        }
    }

    #[test]
    fn anything_else_is_minted() {
        for own in [
            "7",
            "",
            "12:30",
            "a b:c",
            "https://outlet.ma/ع",
            "https://outlet.ma/%4",
            "http:a",
            "C:\\a",
            "tag:a",
            "urn:uuid:7",
            "Avis : un",
            "https://",
        ] {
            assert!(!is_absolute(own), "{own}");
        }
    }

    #[test]
    fn an_id_that_a_reader_could_run_is_minted() {
        for own in [
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "about:blank",
            "data:text/html,x",
            "VBScript:x",
            "File:///etc/passwd",
            "blob:https://outlet.ma/7",
        ] {
            let entry = arrival(own, "t", "").entry;
            assert!(iri(&entry, "https://outlet.ma/rss", false).starts_with("urn:uuid:"), "{own}");
        }
    }

    #[test]
    fn a_minted_id_is_a_uuid_of_version_8_and_depends_on_feed_and_key() {
        let id = minted("https://outlet.ma/rss", "7");
        let uuid = id.strip_prefix("urn:uuid:").unwrap();
        assert!(is_uuid(uuid) && uuid.as_bytes()[14] == b'8' && b"89ab".contains(&uuid.as_bytes()[19]), "{id}");
        assert_eq!(id, minted("https://outlet.ma/rss", "7"));
        assert_ne!(id, minted("https://outlet.ma/rss", "8"));
        assert_ne!(minted("https://a/b", "c"), minted("https://a/", "bc"));
    }
}
