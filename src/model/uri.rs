//! Addresses as the wire wants them: RFC 3986 characters only.

use std::borrow::Cow;
use std::fmt::Write as _;

/// `address` with every character that RFC 3986 does not allow percent-encoded as UTF-8; one that is a URI already comes
/// back as it is. Brackets stay only where an IPv6 host has them.
///
/// RSS knows no IRIs, and strict readers refuse raw Arabic, spaces or `|` in any format: an address is stored, shown and
/// published in this one form.
#[must_use]
pub fn as_uri(address: &str) -> Cow<'_, str> {
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

/// Whether `address` is an absolute http(s) URI with a host, in wire form.
#[must_use]
pub fn is_http(address: &str) -> bool {
    address
        .split_once("://")
        .is_some_and(|(scheme, rest)| matches!(scheme, "http" | "https") && !rest.is_empty() && !rest.starts_with('/'))
        && matches!(as_uri(address), Cow::Borrowed(_))
}

/// Where the authority ends: brackets are legal before it and nowhere else.
fn host_end(address: &str) -> usize {
    address.find("://").map_or(0, |at| {
        let start = at + 3;
        address[start..].find(['/', '?', '#']).map_or(address.len(), |end| start + end)
    })
}

/// RFC 3986 2.2 and 2.3 without the brackets, and `%`.
fn is_uri_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"-._~:/?#@!$&'()*+,;=%".contains(&b)
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
}
