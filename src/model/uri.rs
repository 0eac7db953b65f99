//! Addresses as URIs (only characters of RFC 3986), and addresses as they may be shown.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Percent-encodes, as UTF-8, every character that RFC 3986 does not allow. An address that is already a URI is returned
/// unchanged. Brackets are kept only around an IPv6 host.
///
/// RSS has no IRIs, and strict readers reject raw Arabic, spaces or `|` in any format. So an address is stored, shown and
/// published in this form only. `user:password@` is removed.
#[must_use]
pub fn as_uri(address: &str) -> Cow<'_, str> {
    match without_userinfo(address) {
        Cow::Borrowed(address) => encoded(address),
        Cow::Owned(address) => Cow::Owned(encoded(&address).into_owned()),
    }
}

fn encoded(address: &str) -> Cow<'_, str> {
    let host_end = host_end(address);
    let fits = |at: usize, b: u8| is_uri_byte(b) || (at < host_end && matches!(b, b'[' | b']'));
    if address.bytes().enumerate().all(|(at, b)| fits(at, b)) {
        return Cow::Borrowed(address);
    }
    let mut out = String::with_capacity(address.len() * 2);
    for (at, b) in address.bytes().enumerate() {
        if fits(at, b) {
            out.push(char::from(b));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{b:02X}");
        }
    }
    Cow::Owned(out)
}

/// Returns whether `address` is an absolute http(s) URI with a host, in the form of [`as_uri`].
#[must_use]
pub fn is_http(address: &str) -> bool {
    address
        .split_once("://")
        .is_some_and(|(scheme, rest)| matches!(scheme, "http" | "https") && !rest.is_empty() && !rest.starts_with('/'))
        && matches!(as_uri(address), Cow::Borrowed(_))
}

/// Returns the position where the authority ends. Brackets are legal only before it.
fn host_end(address: &str) -> usize {
    address.find("://").map_or(0, |at| {
        let start = at + 3;
        address[start..].find(['/', '?', '#']).map_or(address.len(), |end| start + end)
    })
}

/// Returns whether a byte is a URI character: reserved or unreserved (RFC 3986 2.2 and 2.3) except brackets, or `%`.
fn is_uri_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"-._~:/?#@!$&'()*+,;=%".contains(&b)
}

/// Names of query parameters that select the content of a feed and contain no secret. A query with only these is shown.
const HARMLESS: [&str; 22] = [
    "cat",
    "category",
    "channel",
    "channel_id",
    "feed",
    "fmt",
    "format",
    "id",
    "lang",
    "language",
    "limit",
    "locale",
    "output",
    "p",
    "page",
    "paged",
    "playlist_id",
    "post_type",
    "rss",
    "section",
    "tag",
    "type",
];

/// Returns a feed's address as it may be shown: without `user:password@`, and without its query, which may contain a key,
/// unless all parameter names are on a short list of harmless ones.
#[must_use]
pub fn shown(address: &str) -> Cow<'_, str> {
    let address = without_userinfo(address);
    let Some(at) = address.find('?') else { return address };
    let end = address[at..].find('#').map_or(address.len(), |hash| at + hash);
    if is_harmless(&address[at + 1..end]) { address } else { Cow::Owned(address[..at].to_owned()) }
}

/// Returns whether a query has only harmless parameters. A value that could hide another parameter is not harmless.
fn is_harmless(query: &str) -> bool {
    let plain = |value: &str| !value.contains([';', '&', '=', '?', '@']);
    url::form_urlencoded::parse(query.as_bytes())
        .all(|(name, value)| HARMLESS.iter().any(|known| known.eq_ignore_ascii_case(&name)) && plain(&value))
}

/// Removes `user:password@` (RFC 3986 3.2.1) from an http(s) address; any other text is returned unchanged.
#[must_use]
pub fn without_userinfo(address: &str) -> Cow<'_, str> {
    let Some(start) = authority(address) else { return Cow::Borrowed(address) };
    let end = address[start..].find(['/', '\\', '?', '#']).map_or(address.len(), |end| start + end);
    match address[start..end].rfind('@') {
        Some(at) => Cow::Owned(format!("{}{}", &address[..start], &address[start + at + 1..])),
        None => Cow::Borrowed(address),
    }
}

/// Returns a text, HTML or plain, in which every http(s) address has lost its userinfo (see [`without_userinfo`]).
#[must_use]
pub fn without_userinfo_within(text: &str) -> Cow<'_, str> {
    if memchr::memchr(b'@', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let (mut out, mut copied) = (String::new(), 0);
    for at in memchr::memmem::find_iter(text.as_bytes(), b"://") {
        let is_web = |scheme: &str| {
            let start = at.checked_sub(scheme.len());
            start.and_then(|start| text.get(start..at)).is_some_and(|name| name.eq_ignore_ascii_case(scheme))
        };
        let start = at + 3;
        if start < copied || !(is_web("http") || is_web("https")) {
            continue;
        }
        let ends = |c: char| c.is_whitespace() || "/\\?#\"'<>“”«»".contains(c);
        let end = text[start..].find(ends).map_or(text.len(), |end| start + end);
        if let Some(host) = text[start..end].rfind('@') {
            out.push_str(&text[copied..start]);
            copied = start + host + 1;
        }
    }
    if copied == 0 { Cow::Borrowed(text) } else { Cow::Owned(out + &text[copied..]) }
}

/// Returns the position where the authority of an http(s) address begins.
fn authority(address: &str) -> Option<usize> {
    let colon = address.find(':')?;
    let scheme = &address[..colon];
    let is_web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    (is_web && address[colon + 1..].starts_with("//")).then_some(colon + 3)
}

/// Replaces every http(s) address in a text by the result of [`shown`].
#[must_use]
pub fn shown_within(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = next_address(rest) {
        let end = rest[at..].find(|c: char| c.is_whitespace() || "\"'<>“”«»()".contains(c));
        let end = end.map_or(rest.len(), |end| at + end);
        out.push_str(&rest[..at]);
        out.push_str(&shown(&rest[at..end]));
        rest = &rest[end..];
    }
    if out.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(out + rest) }
}

/// Returns the position where the next http(s) address begins.
fn next_address(text: &str) -> Option<usize> {
    text.match_indices("://").find_map(|(at, _)| {
        ["https", "http"].iter().find_map(|scheme| {
            let start = at.checked_sub(scheme.len())?;
            text.get(start..at)?.eq_ignore_ascii_case(scheme).then_some(start)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_rfc_3986_forbids_is_encoded() {
        for (given, wire) in [
            ("https://a.example/x?y=1&z=%D8%AE#s", "https://a.example/x?y=1&z=%D8%AE#s"),
            ("https://a.example/خبر", "https://a.example/%D8%AE%D8%A8%D8%B1"),
            ("https://a.example/a b|c\"<>^`{}\\", "https://a.example/a%20b%7Cc%22%3C%3E%5E%60%7B%7D%5C"),
            ("https://me:s3cret@a.example/@x", "https://a.example/@x"),
            ("http://[::1]:8080/a[1]", "http://[::1]:8080/a%5B1%5D"),
        ] {
            assert_eq!(as_uri(given), wire);
            assert_eq!(as_uri(wire), wire, "encoding twice changes nothing");
        }
    }

    #[test]
    fn an_http_address_has_a_host_and_wire_form() {
        assert!(is_http("https://a.example/") && is_http("http://[::1]/"));
        for no in ["ftp://a/", "https:///x", "https://", "https://a.example/ب", "a.example", "javascript:1"] {
            assert!(!is_http(no), "{no}");
        }
    }

    #[test]
    fn a_query_is_shown_when_all_its_names_are_harmless() {
        for (given, seen) in [
            ("https://a.example/feed", "https://a.example/feed"),
            ("https://a.example/?feed=rss2&cat=7", "https://a.example/?feed=rss2&cat=7"),
            ("https://a.example/?format=xml&token=s3cret", "https://a.example/"),
            ("https://a.example/rss?s3cret", "https://a.example/rss"),
            ("https://a.example/rss?id=1;token=s3cret", "https://a.example/rss"),
            ("https://a.example/rss?id=1%26token%3Ds3cret", "https://a.example/rss"),
            ("https://a.example/rss?%74oken=s3cret#x", "https://a.example/rss"),
            ("https://me:s3cret@a.example/rss?p=1", "https://a.example/rss?p=1"),
            ("HTTPS://me@a.example", "HTTPS://a.example"),
            ("https://a.example/@me?page=2", "https://a.example/@me?page=2"),
            ("mailto:me@a.example?subject=x", "mailto:me@a.example"),
        ] {
            assert_eq!(shown(given), seen);
            assert_eq!(shown(seen), seen, "what may be shown stays");
        }
    }

    #[test]
    fn addresses_within_a_text_lose_their_userinfo_and_nothing_else() {
        for (given, open) in [
            (
                "see http://me:s3cret@a.example/x and HTTPS://k@b.example",
                "see http://a.example/x and HTTPS://b.example",
            ),
            (
                "<a href=\"https://u:p&amp;q@a.example/?m=a@b\">u@x.example</a>",
                "<a href=\"https://a.example/?m=a@b\">u@x.example</a>",
            ),
            ("https://a.example/@me, ftp://u@b.example, mailto:me@a.example", ""),
            ("http://u@b@c.example://x@y", "http://c.example://x@y"),
            ("http://me@", "http://"),
        ] {
            assert_eq!(without_userinfo_within(given), if open.is_empty() { given } else { open });
        }
    }

    #[test]
    fn addresses_within_a_sentence_are_shown_alike() {
        let told = "redirect to “HTTP://u:p@a.example/x?key=1”, then https://b.example/?k=2 (خبر)";
        assert_eq!(shown_within(told), "redirect to “HTTP://a.example/x”, then https://b.example/ (خبر)");
        assert!(matches!(shown_within("refused: a.example://?key=1"), Cow::Borrowed(_)));
    }
}
